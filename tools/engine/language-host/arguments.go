package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// arguments is what the engine puts on the command line of a language host.
type arguments struct {
	// engineAddress is where the engine listens for log messages of programs and plugins.
	engineAddress string
	// tracing is an endpoint for traces; it is handed on to programs.
	tracing string
}

// parseArguments reads `[--logtostderr] [--logflow] [-v=N] [--tracing ENDPOINT] ENGINE_ADDRESS`, the form that
// the engine uses (buildPluginArguments in pulumi/sdk, go/common/resource/plugin/plugin.go).
//
// The address may be absent: an engine that attaches to a running host sends it with the Handshake call.
func parseArguments(line []string) (arguments, error) {
	var parsed arguments
	flags := flag.NewFlagSet("pulumi-language-python", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&parsed.tracing, "tracing", "", "endpoint for traces")
	// The host logs nothing of its own, so these are read and ignored.
	flags.Bool("logtostderr", false, "")
	flags.Bool("logflow", false, "")
	flags.Int("v", 0, "")
	if err := flags.Parse(line); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return arguments{}, errors.New("this is a Pulumi plugin: `pulumi` starts it, people do not")
		}
		return arguments{}, err
	}
	if flags.NArg() > 1 {
		return arguments{}, fmt.Errorf("expected one engine address, got %q", flags.Args())
	}
	parsed.engineAddress = flags.Arg(0)
	return parsed, nil
}
