// pulumi-language-python runs Pulumi programs and policy packs written in Python for a Pulumi engine that is
// built from Go modules. The official host is not published as a module; where it is installed, it is used.
//
// It is a plugin: the engine starts it, reads the port it listens on from the first line of its output, and
// talks to it over gRPC (proto/pulumi/language.proto in the Pulumi SDK).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// shimName is the script of the Pulumi SDK that runs a program inside Python. It lies beside this program.
const shimName = "pulumi-language-python-exec"

// drainPeriod is how long calls that are still open may take to finish once nothing runs any more.
const drainPeriod = time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(line []string) error {
	parsed, err := parseArguments(line)
	if err != nil {
		return err
	}
	shim, err := findShim()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx = untilParentEnds(ctx, parentAtStart, os.Getppid, parentPollInterval)
	return serve(ctx, newHost(ctx, parsed, shim))
}

// serve answers the engine until ctx ends, then leaves nothing running.
func serve(ctx context.Context, server *host) error {
	quit := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: quit,
		Init: func(registrar *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(registrar, server)
			return nil
		},
		Options: rpcutil.TracingServerInterceptorOptions(nil),
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	select {
	case err := <-handle.Done:
		server.stop()
		return err
	case <-ctx.Done():
	}
	server.stop()
	close(quit)
	select {
	case err := <-handle.Done:
		return err
	case <-time.After(drainPeriod):
		return nil // the engine keeps a connection open, or is gone
	}
}

// findShim returns the path of the script that runs programs.
func findShim() (string, error) {
	executable, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(executable), shimName)
	if !isFile(path) {
		return "", fmt.Errorf("%s is missing; run `bedplate engine install`", path)
	}
	return path, nil
}
