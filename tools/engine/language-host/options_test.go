package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

func programInfo(t *testing.T, root string, options map[string]any) *pulumirpc.ProgramInfo {
	t.Helper()
	encoded, err := structpb.NewStruct(options)
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.ProgramInfo{RootDirectory: root, ProgramDirectory: root, EntryPoint: ".", Options: encoded}
}

func TestParseOptions(t *testing.T) {
	cases := map[string]struct {
		options map[string]any
		want    toolchain.PythonOptions
	}{
		"none":            {nil, toolchain.PythonOptions{Toolchain: toolchain.Auto}},
		"auto":            {map[string]any{"toolchain": "auto"}, toolchain.PythonOptions{Toolchain: toolchain.Auto}},
		"uv":              {map[string]any{"toolchain": "uv"}, toolchain.PythonOptions{Toolchain: toolchain.Uv}},
		"poetry":          {map[string]any{"toolchain": "poetry"}, toolchain.PythonOptions{Toolchain: toolchain.Poetry}},
		"no type checker": {map[string]any{"typechecker": "none"}, toolchain.PythonOptions{}},
		"pip with a virtual environment": {
			map[string]any{"toolchain": "pip", "virtualenv": ".venv"},
			toolchain.PythonOptions{Toolchain: toolchain.Pip, Virtualenv: ".venv"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.want.Root, c.want.ProgramDir = "/project", "/project"
			got, err := parseOptions(programInfo(t, "/project", c.options))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestParseOptionsRefuses(t *testing.T) {
	cases := map[string]struct {
		options map[string]any
		message string
	}{
		"an unknown option":    {map[string]any{"virtualenvironment": "x"}, "allowed: toolchain, typechecker, virtualenv"},
		"an unknown toolchain": {map[string]any{"toolchain": "conda"}, "allowed: auto, pip, poetry, uv"},
		"a type checker":       {map[string]any{"typechecker": "mypy"}, "run mypy on its own"},
		"a number":             {map[string]any{"virtualenv": 3}, `"virtualenv" must be a string`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := parseOptions(programInfo(t, "/project", c.options))
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got error %v, want one with %q", err, c.message)
			}
		})
	}
}
