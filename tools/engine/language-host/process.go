package main

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// gracePeriod is how long a Python process may take to end after it was asked to. The engine gives the host
// itself 5 seconds before it kills it (Plugin.Kill in pulumi/sdk), so this must stay below that.
const gracePeriod = 3 * time.Second

// prepare makes a command end with ctx, with which it must have been made: on SIGTERM, and by force when it has
// not ended within gracePeriod. Signals go to the group that the command leads, so what it started ends with it.
//
// Not on SIGINT: the SDK answers KeyboardInterrupt by waiting for calls to the engine that never return.
func prepare(command *exec.Cmd, stdout, stderr io.Writer) {
	command.SysProcAttr = childAttributes()
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = gracePeriod
	// Through a pipe of its own, also where the writer is a file: a process that the program leaves behind would
	// otherwise hold the host's output open, and the engine waits for the end of that.
	command.Stdout = struct{ io.Writer }{stdout}
	command.Stderr = struct{ io.Writer }{stderr}
}

// runProcess starts a prepared command and waits until it has ended.
func runProcess(ctx context.Context, command *exec.Cmd) error {
	// Linux ends the child when the thread that started it ends, not the process: the thread has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := command.Start(); err != nil {
		return err
	}
	err := command.Wait()
	if ctx.Err() != nil {
		// The leader has ended, perhaps without those it started. ESRCH, no such group, is the good case.
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		// The program succeeded and left a process behind that holds its output open.
		return nil
	}
	return err
}
