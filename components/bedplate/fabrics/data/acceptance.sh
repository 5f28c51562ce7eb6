#!/bin/bash
# One pod per node. The first starts all-reduce over every accelerator, and its exit code is the verdict of the Job.
set -euo pipefail

say() { echo "$*"; echo "$*" >"${TERMINATION_LOG:-/dev/termination-log}"; }

# Judge what the test printed: verdict OUTPUT FLOOR NETWORK
verdict() {
  local best wrong
  if [ "$3" != Socket ] && grep -q 'NET/Socket' "$1"; then
    say "NCCL used TCP sockets, not $3"
    return 1
  fi
  if ! grep -q -i -F -e "Using network $3" -e "Assigned NET plugin $3 to comm" "$1"; then
    say "NCCL did not say that it used the network $3"
    return 1
  fi
  # A line of results: size, count, type, operation, root, then time, algorithm and bus bandwidth and wrong values,
  # first from one buffer into another, then in place.
  wrong=$(awk '$1 ~ /^[0-9]+$/ && NF >= 13 && ($9 ~ /^[1-9]/ || $13 ~ /^[1-9]/)' "$1" | wc -l)
  if [ "$wrong" -gt 0 ]; then
    say "all-reduce gave wrong results in $wrong sizes"
    return 1
  fi
  best=$(awk '$1 ~ /^[0-9]+$/ && NF >= 13 && $8 + 0 > best + 0 { best = $8 } END { print best + 0 }' "$1")
  if awk -v best="$best" -v floor="$2" 'BEGIN { exit !(best >= floor) }' && [ "$best" != 0 ]; then
    say "bus bandwidth $best GB/s over $3, at least $2 GB/s were wanted"
    return 0
  fi
  say "bus bandwidth $best GB/s over $3, and at least $2 GB/s were wanted"
  return 1
}

SSH_OPTIONS="-p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5"

pod() { echo "$JOB_NAME-$1.$SERVICE"; }

# No key is handed out: each pod makes its own, and every pod lets in only the first one, whose public key it asks for.
start_ssh() {
  mkdir -p ~/.ssh /run/sshd
  chmod 700 ~/.ssh
  ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519 <<<y >/dev/null
  /usr/sbin/sshd -p 2222 -h ~/.ssh/id_ed25519 -o PasswordAuthentication=no -o PermitRootLogin=prohibit-password \
    -o AuthorizedKeysFile="$HOME/.ssh/authorized_keys"
}

let_the_first_in() {
  until ssh-keyscan -t ed25519 -p 2222 "$(pod 0)" 2>/dev/null | cut -d' ' -f2- >~/.ssh/authorized_keys &&
    [ -s ~/.ssh/authorized_keys ]; do sleep 5; done
}

# The first pod tells the others when it has ended; one that vanishes fails the Job by itself.
wait_for_the_first() { until [ -e /tmp/ended ]; do sleep 5; done; }

run_test() {
  local index passed=()
  for ((index = 0; index < NODES; index++)); do
    if ((index > 0)); then until ssh $SSH_OPTIONS "$(pod $index)" true; do sleep 5; done; fi
    echo "$(pod $index) slots=$ACCELERATORS" >>/tmp/hosts
  done
  for name in $PASSED; do passed+=(-x "$name"); done
  export OMPI_MCA_plm_rsh_args="$SSH_OPTIONS" PRTE_MCA_plm_ssh_args="$SSH_OPTIONS"
  export OMPI_MCA_pml=ob1 OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0
  export NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=INIT,NET
  "$MPIRUN" --allow-run-as-root --hostfile /tmp/hosts -np $((NODES * ACCELERATORS)) -npernode "$ACCELERATORS" \
    --bind-to none -x NCCL_DEBUG -x NCCL_DEBUG_SUBSYS "${passed[@]}" \
    "$PROGRAM" -b 512M -e 8G -f 2 -g 1 -n 20 -c 1 | tee /tmp/output
}

main() {
  start_ssh
  if [ "$JOB_COMPLETION_INDEX" != 0 ]; then
    let_the_first_in
    wait_for_the_first
    return 0
  fi
  local result=1
  if run_test; then
    if verdict /tmp/output "$FLOOR" "$NETWORK"; then result=0; fi
  else
    say "the test did not run; its log says why"
  fi
  for ((index = 1; index < NODES; index++)); do ssh $SSH_OPTIONS "$(pod $index)" touch /tmp/ended || true; done
  return $result
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then main; fi
