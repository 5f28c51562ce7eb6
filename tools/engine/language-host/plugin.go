package main

import (
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// kindAnalyzer is what the engine calls a policy pack.
const kindAnalyzer = "analyzer"

// pluginArguments returns what follows `python` on the command line that runs a plugin: a policy pack through
// the SDK's runner, anything else as a folder with a __main__.py.
func pluginArguments(request *pulumirpc.RunPluginRequest) []string {
	directory := programPath(request.GetInfo())
	if request.GetKind() == kindAnalyzer {
		line := append([]string{"-u", "-m", "pulumi.policy"}, request.GetArgs()...)
		return append(line, directory)
	}
	return append([]string{"-u", directory}, request.GetArgs()...)
}
