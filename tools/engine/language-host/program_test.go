package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestProgramArguments(t *testing.T) {
	info := &pulumirpc.ProgramInfo{RootDirectory: "/p", ProgramDirectory: "/p/src", EntryPoint: "."}
	cases := map[string]struct {
		from    arguments
		request *pulumirpc.RunRequest
		want    string
	}{
		"a preview": {
			arguments{engineAddress: "e:1"},
			&pulumirpc.RunRequest{MonitorAddress: "m:2", Project: "bedplate", Stack: "vision-dev",
				Organization: "organization", Pwd: "/p", DryRun: true, Parallel: 16, Info: info},
			"-u /shim --monitor m:2 --engine e:1 --project bedplate --root_directory /p --stack vision-dev " +
				"--organization organization --pwd /p --dry_run true --parallel 16 /p/src",
		},
		"an update with arguments, traced": {
			arguments{tracing: "file:t"},
			&pulumirpc.RunRequest{Args: []string{"a", "b"}, Info: info},
			"-u /shim --tracing file:t --root_directory /p --dry_run false --parallel 0 /p/src a b",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(programArguments("/shim", c.from, c.request), " ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestProgramPath(t *testing.T) {
	cases := map[string]*pulumirpc.ProgramInfo{
		"/p":        {ProgramDirectory: "/p"},
		"/p/src":    {ProgramDirectory: "/p", EntryPoint: "src"},
		"/p/run.py": {ProgramDirectory: "/p/", EntryPoint: "./run.py"},
	}
	for want, info := range cases {
		if got := programPath(info); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestProgramVariables(t *testing.T) {
	cases := map[string]struct {
		config map[string]string
		keys   []string
		want   []string
	}{
		"nil is written as empty, never as null": {
			nil, nil, []string{"PULUMI_CONFIG={}", "PULUMI_CONFIG_SECRET_KEYS=[]"},
		},
		"values and secrets": {
			map[string]string{"bedplate:stack": `{"team":"vision"}`}, []string{"bedplate:hf_token"},
			[]string{`PULUMI_CONFIG={"bedplate:stack":"{\"team\":\"vision\"}"}`, `PULUMI_CONFIG_SECRET_KEYS=["bedplate:hf_token"]`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := programVariables(c.config, c.keys)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPluginArguments(t *testing.T) {
	info := &pulumirpc.ProgramInfo{RootDirectory: "/pack", ProgramDirectory: "/pack", EntryPoint: "."}
	cases := map[string]string{
		"analyzer": "-u -m pulumi.policy e:1 /pack",
		"resource": "-u /pack e:1",
	}
	for kind, want := range cases {
		request := &pulumirpc.RunPluginRequest{Kind: kind, Args: []string{"e:1"}, Info: info}
		if got := strings.Join(pluginArguments(request), " "); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

func TestRunResponse(t *testing.T) {
	cases := map[string]struct {
		script  string
		bail    bool
		message string
	}{
		"success":                   {"exit 0", false, ""},
		"the user was told already": {"exit 32", true, ""},
		"failure":                   {"exit 3", false, "exited with code 3"},
		"ended from outside":        {"kill -KILL $$", false, "ended by a signal: killed"},
		"a crash":                   {"kill -SEGV $$", false, "segmentation fault"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			response, err := runResponse(exec.Command("sh", "-c", c.script).Run())
			if err != nil {
				t.Fatal(err)
			}
			if response.GetBail() != c.bail || !strings.Contains(response.GetError(), c.message) {
				t.Errorf("got %v", response)
			}
			if c.message == "" && response.GetError() != "" {
				t.Errorf("unexpected error %q", response.GetError())
			}
		})
	}
}
