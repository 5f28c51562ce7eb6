package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// exitCodeAlreadyExplained is what the shim exits with after it has shown the user an error.
const exitCodeAlreadyExplained = 32

// host serves the engine. What it does not implement (code generation, packing, linking) answers Unimplemented,
// as the protocol wants.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	shim string

	// lifetime ends when the host has to stop whatever it runs.
	lifetime context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	// lock guards arguments, and the start of processes against stop.
	lock      sync.Mutex
	arguments arguments
}

func newHost(ctx context.Context, from arguments, shim string) *host {
	lifetime, cancel := context.WithCancel(ctx)
	return &host{arguments: from, shim: shim, lifetime: lifetime, cancel: cancel}
}

// stop ends everything that the host runs, returns when nothing does any more, and lets nothing start again.
func (h *host) stop() {
	h.lock.Lock()
	h.cancel()
	h.lock.Unlock()
	h.running.Wait()
}

// begin returns the context in which one Python process runs: it ends with the request and with the host. The
// caller must call the returned function when the process has ended. After stop, begin refuses.
func (h *host) begin(request context.Context) (context.Context, func(), error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.lifetime.Err() != nil {
		return nil, nil, status.Error(codes.Canceled, "the language host is stopping")
	}
	h.running.Add(1)
	ctx, cancel := context.WithCancel(request)
	unlink := context.AfterFunc(h.lifetime, cancel)
	return ctx, func() {
		unlink()
		cancel()
		h.running.Done()
	}, nil
}

func (h *host) startArguments() arguments {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.arguments
}

func (h *host) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.arguments.engineAddress = request.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// Cancel ends what runs. The engine calls it when the user interrupts an update, and before it closes the host.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.stop()
	return &emptypb.Empty{}, nil
}

func (h *host) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	env, err := openInstalledEnvironment(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	packages, err := requiredPackages(ctx, env)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, nil
}

// Run runs a program to its end.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	if request.GetAttachDebugger() {
		return nil, status.Error(codes.Unimplemented, "this language host does not attach debuggers to programs")
	}
	ctx, done, err := h.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	env, err := openInstalledEnvironment(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	command, err := env.Command(ctx, programArguments(h.shim, h.startArguments(), request)...)
	if err != nil {
		return nil, err
	}
	variables, err := programVariables(request.GetConfig(), request.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	command.Env = append(command.Environ(), variables...)
	prepare(command, os.Stdout, os.Stderr)
	return runResponse(runProcess(ctx, command))
}

// runResponse says how a program ended in the words of the protocol.
func runResponse(err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.Is(err, context.Canceled):
		return nil, status.Error(codes.Canceled, "the program was stopped because the update was cancelled")
	case !errors.As(err, &exit):
		return nil, fmt.Errorf("could not run the program: %w", err)
	case exit.ExitCode() == exitCodeAlreadyExplained:
		return &pulumirpc.RunResponse{Bail: true}, nil
	}
	if state, ok := exit.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program was ended by a signal: %v", state.Signal())}, nil
	}
	return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program exited with code %d", exit.ExitCode())}, nil
}

// RunPlugin runs a policy pack, or another plugin written in Python, until it ends or the engine lets go of it.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	if request.GetAttachDebugger() {
		return status.Error(codes.Unimplemented, "this language host does not attach debuggers to plugins")
	}
	ctx, done, err := h.begin(stream.Context())
	if err != nil {
		return err
	}
	defer done()
	env, err := openInstalledEnvironment(ctx, request.GetInfo())
	if err != nil {
		return err
	}
	command, err := env.Command(ctx, pluginArguments(request)...)
	if err != nil {
		return err
	}
	command.Dir = request.GetPwd()
	command.Env = request.GetEnv()
	if path, err := env.VirtualEnvPath(ctx); err == nil && path != "" {
		command.Env = toolchain.ActivateVirtualEnv(command.Env, path)
	}
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(stream, false)
	if err != nil {
		return err
	}
	prepare(command, stdout, stderr)
	err = runProcess(ctx, command)
	return errors.Join(closer.Close(), sendExitCode(stream, err))
}

func sendExitCode(stream pulumirpc.LanguageRuntime_RunPluginServer, err error) error {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	code := 0
	if exit != nil {
		code = exit.ExitCode()
	}
	return stream.Send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(code)},
	})
}

// InstallDependencies serves `pulumi install`.
func (h *host) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, stream pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	env, err := openEnvironment(request.GetInfo())
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(stream, request.GetIsTerminal())
	if err != nil {
		return err
	}
	directory := request.GetInfo().GetProgramDirectory()
	err = env.InstallDependencies(
		stream.Context(), directory, request.GetUseLanguageVersionTools(), true, stdout, stderr)
	return errors.Join(err, closer.Close())
}

// About serves `pulumi about`.
func (h *host) About(ctx context.Context, request *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	env, err := openInstalledEnvironment(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	info, err := env.About(ctx)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{
		Executable: info.PythonExecutable,
		Version:    info.PythonVersion.String(),
	}, nil
}

// GetProgramDependencies serves `pulumi about`.
func (h *host) GetProgramDependencies(
	ctx context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	env, err := openInstalledEnvironment(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	packages, err := env.ListPackages(ctx, request.GetTransitiveDependencies())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, found := range packages {
		response.Dependencies = append(response.Dependencies,
			&pulumirpc.DependencyInfo{Name: found.Name, Version: found.Version})
	}
	return response, nil
}

// RuntimeOptionsPrompts serves `pulumi new`: there is nothing to ask.
func (h *host) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// Template serves `pulumi new`: a Python template is complete as it is.
func (h *host) Template(context.Context, *pulumirpc.TemplateRequest) (*pulumirpc.TemplateResponse, error) {
	return &pulumirpc.TemplateResponse{}, nil
}
