package main

import "syscall"

// childAttributes puts a child into a process group of its own, and lets the kernel kill it if this host dies
// without a chance to do so.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
