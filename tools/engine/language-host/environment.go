package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// environment is the Python environment of one program or plugin.
type environment struct {
	toolchain.Toolchain
	options toolchain.PythonOptions
}

func openEnvironment(info *pulumirpc.ProgramInfo) (environment, error) {
	options, err := parseOptions(info)
	if err != nil {
		return environment{}, err
	}
	tools, err := toolchain.ResolveToolchain(options)
	if err != nil {
		return environment{}, err
	}
	return environment{tools, options}, nil
}

// openInstalledEnvironment is openEnvironment for a caller that is about to run Python: a virtual environment
// that is named but not there is an error, which says how to create it.
func openInstalledEnvironment(ctx context.Context, info *pulumirpc.ProgramInfo) (environment, error) {
	env, err := openEnvironment(info)
	if err != nil {
		return environment{}, err
	}
	if err := env.ValidateVenv(ctx); err != nil {
		path, pathErr := env.VirtualEnvPath(ctx)
		if pathErr != nil || path == "" {
			return environment{}, err
		}
		return environment{}, missingEnvironment(path, env.options.Root, isFile)
	}
	return env, nil
}

// missingEnvironment explains that the virtual environment at path cannot be used, and names the command that
// makes it. `make install` is named where a Makefile above the project has that target, because it installs
// pinned packages; `pulumi install` works for every project.
func missingEnvironment(path, root string, exists func(string) bool) error {
	trouble := "does not exist"
	if exists(filepath.Join(path, "pyvenv.cfg")) {
		trouble = "has no Python interpreter any more (was that Python removed or upgraded?)"
	}
	remedy := fmt.Sprintf("run `pulumi install` in %s", root)
	if directory := directoryWithInstallTarget(root); directory != "" {
		remedy = fmt.Sprintf("run `make install` in %s", directory)
	}
	return fmt.Errorf("the Python environment %s %s; %s", path, trouble, remedy)
}

// directoryWithInstallTarget returns the nearest directory, from directory upwards, whose Makefile has a target
// `install`, or an empty string.
func directoryWithInstallTarget(directory string) string {
	for {
		if makefile, err := os.ReadFile(filepath.Join(directory, "Makefile")); err == nil && hasInstallTarget(string(makefile)) {
			return directory
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return ""
		}
		directory = parent
	}
}

func hasInstallTarget(makefile string) bool {
	for line := range strings.Lines(makefile) {
		if strings.HasPrefix(line, "install:") {
			return true
		}
	}
	return false
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
