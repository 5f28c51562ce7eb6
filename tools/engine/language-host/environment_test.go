package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file with its folders and returns its path.
func write(t *testing.T, content string, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHasInstallTarget(t *testing.T) {
	cases := map[string]bool{
		"install: deps\n\techo\n":      true,
		"all:\n\ninstall:":             true,
		"install-dev: x\n":             false,
		"# install: see below\n":       false,
		"\tinstall: not a target\n":    false,
		"":                             false,
		".PHONY: install\nbuild: x\n":  false,
		"build: x\ninstall: build ## ": true,
	}
	for makefile, want := range cases {
		if got := hasInstallTarget(makefile); got != want {
			t.Errorf("hasInstallTarget(%q) = %v", makefile, got)
		}
	}
}

func TestMissingEnvironmentNamesTheRemedy(t *testing.T) {
	withTarget, without := t.TempDir(), t.TempDir()
	write(t, "install: ## packages\n", withTarget, "Makefile")
	write(t, "build:\n", withTarget, "policies", "Makefile")
	cases := map[string]struct{ root, remedy string }{
		"the project's own Makefile": {withTarget, "run `make install` in " + withTarget},
		"a Makefile further up":      {filepath.Join(withTarget, "policies"), "run `make install` in " + withTarget},
		"no Makefile":                {without, "run `pulumi install` in " + without},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			message := missingEnvironment("/gone/.venv", c.root, isFile).Error()
			if !strings.Contains(message, "/gone/.venv does not exist; "+c.remedy) {
				t.Error(message)
			}
		})
	}
}

func TestMissingEnvironmentTellsARemovedPython(t *testing.T) {
	virtualenv := t.TempDir()
	write(t, "home = /gone\n", virtualenv, "pyvenv.cfg")
	message := missingEnvironment(virtualenv, t.TempDir(), isFile).Error()
	if !strings.Contains(message, "has no Python interpreter any more") {
		t.Error(message)
	}
}

func TestOpenInstalledEnvironment(t *testing.T) {
	root := t.TempDir()
	info := programInfo(t, root, map[string]any{"toolchain": "pip", "virtualenv": ".venv"})
	if _, err := openInstalledEnvironment(t.Context(), info); err == nil {
		t.Fatal("a virtual environment that does not exist was accepted")
	}
	write(t, "", root, ".venv", "bin", "python")
	if _, err := openInstalledEnvironment(t.Context(), info); err != nil {
		t.Fatal(err)
	}
}
