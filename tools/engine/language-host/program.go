package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// programArguments returns what follows `python` on the command line that runs a program. The options are those
// of shim, the script pulumi-language-python-exec of the Pulumi SDK.
func programArguments(shim string, from arguments, request *pulumirpc.RunRequest) []string {
	line := []string{"-u", shim}
	option := func(name, value string) {
		if value != "" {
			line = append(line, "--"+name, value)
		}
	}
	option("monitor", request.GetMonitorAddress())
	option("engine", from.engineAddress)
	option("tracing", from.tracing)
	option("project", request.GetProject())
	option("root_directory", request.GetInfo().GetRootDirectory())
	option("stack", request.GetStack())
	option("organization", request.GetOrganization())
	option("pwd", request.GetPwd())
	option("dry_run", strconv.FormatBool(request.GetDryRun()))
	option("parallel", strconv.Itoa(int(request.GetParallel())))
	line = append(line, programPath(request.GetInfo()))
	return append(line, request.GetArgs()...)
}

// programPath returns the file or folder that Python runs.
func programPath(info *pulumirpc.ProgramInfo) string {
	entryPoint := info.GetEntryPoint()
	if entryPoint == "" {
		entryPoint = "."
	}
	return filepath.Join(info.GetProgramDirectory(), entryPoint)
}

// programVariables returns the environment variables that carry a stack's configuration to the program.
func programVariables(config map[string]string, secretKeys []string) ([]string, error) {
	// A stack without configuration arrives as nil. JSON would call that null, which the Python SDK refuses.
	if config == nil {
		config = map[string]string{}
	}
	if secretKeys == nil {
		secretKeys = []string{}
	}
	values, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encoding the configuration: %w", err)
	}
	keys, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, fmt.Errorf("encoding the names of the secrets: %w", err)
	}
	return []string{"PULUMI_CONFIG=" + string(values), "PULUMI_CONFIG_SECRET_KEYS=" + string(keys)}, nil
}
