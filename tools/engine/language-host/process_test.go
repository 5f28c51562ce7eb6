package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// alive reports whether a process runs. One that has ended and that nobody waited for does not: in a container
// whose first process does not wait for orphans, it stays in the table for ever.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(state), ") Z ")
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}

// startScript runs a shell script that first prints the process ids it wants watched, and returns those.
func startScript(t *testing.T, ctx context.Context, script string) ([]int, <-chan error) {
	t.Helper()
	reader, writer := io.Pipe()
	command := exec.CommandContext(ctx, "sh", "-c", script)
	prepare(command, writer, io.Discard)
	ended := make(chan error, 1)
	go func() { ended <- runProcess(ctx, command) }()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, field := range strings.Fields(line) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids, ended
}

func TestCancellationEndsAProcessAndWhatItStarted(t *testing.T) {
	cases := map[string]string{
		"a well-behaved one":         `sleep 300 & echo $$ $!; wait`,
		"one that leaves a child":    `sh -c 'trap "" TERM; sleep 300; sleep 300' & echo $$ $!; wait`,
		"one that ignores a request": `trap "" TERM; sleep 300 & echo $$ $!; while :; do sleep 1; done`,
	}
	for name, script := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			pids, ended := startScript(t, ctx, script)
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			for _, pid := range pids {
				eventually(t, "every process has ended", func() bool { return !alive(pid) })
			}
		})
	}
}

func TestAProcessLeftBehindDoesNotBlock(t *testing.T) {
	pids, ended := startScript(t, t.Context(), `sleep 300 & echo $!`)
	defer func() { _ = syscall.Kill(pids[0], syscall.SIGKILL) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(gracePeriod + 5*time.Second):
		t.Error("still waiting for a process that the program left behind")
	}
}

func TestUntilParentEnds(t *testing.T) {
	var parent atomic.Int64
	parent.Store(100)
	current := func() int { return int(parent.Load()) }
	ctx := untilParentEnds(t.Context(), 100, current, time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	if err := ctx.Err(); err != nil {
		t.Fatalf("ended while the parent lives: %v", err)
	}
	parent.Store(1)
	eventually(t, "the context has ended", func() bool { return ctx.Err() != nil })
	if cause := context.Cause(ctx); !errors.Is(cause, errParentGone) {
		t.Errorf("got cause %v", cause)
	}
}

func TestStopEndsWhatRunsAndRefusesMore(t *testing.T) {
	h := newHost(t.Context(), arguments{}, "/shim")
	ctx, done, err := h.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, ended := startScript(t, ctx, `sleep 300 & echo $!; wait`)
	go func() {
		<-ended
		done()
	}()
	h.stop()
	if ctx.Err() == nil {
		t.Error("stop returned while something ran")
	}
	if _, _, err := h.begin(t.Context()); err == nil {
		t.Error("a stopped host started something")
	}
}
