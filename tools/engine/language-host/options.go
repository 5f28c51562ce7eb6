package main

import (
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// The settings that may stand under `runtime.options` in Pulumi.yaml and PulumiPolicy.yaml.
const (
	optionToolchain   = "toolchain"
	optionVirtualenv  = "virtualenv"
	optionTypechecker = "typechecker"
)

// parseOptions reads `runtime.options` of a project.
//
// An option that this host does not know or cannot honour is an error: ignoring it would run the program in
// another way than its project file says.
func parseOptions(info *pulumirpc.ProgramInfo) (toolchain.PythonOptions, error) {
	options := toolchain.PythonOptions{Root: info.GetRootDirectory(), ProgramDir: info.GetProgramDirectory()}
	for name, value := range info.GetOptions().AsMap() {
		text, isText := value.(string)
		if !isText {
			return options, fmt.Errorf("runtime option %q must be a string, not %v", name, value)
		}
		if err := setOption(&options, name, text); err != nil {
			return options, err
		}
	}
	return options, nil
}

func setOption(options *toolchain.PythonOptions, name, value string) error {
	switch name {
	case optionVirtualenv:
		options.Virtualenv = value
		return nil
	case optionToolchain:
		return setToolchain(options, value)
	case optionTypechecker:
		if value == "" || value == "none" {
			return nil
		}
		return fmt.Errorf("this language host does not run type checkers; "+
			"take `typechecker: %s` out of runtime.options and run %s on its own", value, value)
	}
	known := []string{optionToolchain, optionTypechecker, optionVirtualenv}
	return fmt.Errorf("unknown runtime option %q; allowed: %s", name, strings.Join(known, ", "))
}

func setToolchain(options *toolchain.PythonOptions, name string) error {
	switch name {
	case "", "auto":
		options.Toolchain = toolchain.Auto
	case "pip":
		options.Toolchain = toolchain.Pip
	case "poetry":
		options.Toolchain = toolchain.Poetry
	case "uv":
		options.Toolchain = toolchain.Uv
	default:
		known := []string{"auto", "pip", "poetry", "uv"}
		return fmt.Errorf("unknown toolchain %q; allowed: %s", name, strings.Join(known, ", "))
	}
	return nil
}
