package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRequiredPackages(t *testing.T) {
	cases := map[string]struct {
		files map[string]string
		want  []string
	}{
		"nothing installed": {nil, nil},
		"as the SDKs write it, sorted": {
			map[string]string{
				"pulumi_gcp/pulumi-plugin.json": `{"resource": true, "name": "gcp", "version": "10.2.0"}`,
				"pulumi_aws/pulumi-plugin.json": `{"resource": true, "name": "aws", "version": "7.51.1"}`,
			},
			[]string{"aws v7.51.1 ", "gcp v10.2.0 "},
		},
		"a package without a plugin": {
			map[string]string{"pulumi_policy/pulumi-plugin.json": `{"resource": false}`}, nil,
		},
		"name and version from the distribution": {
			map[string]string{
				"pulumi_azure_native/pulumi-plugin.json":          `{"resource": true, "server": "https://example.com"}`,
				"pulumi_azure_native-3.29.0.dist-info/METADATA":   "",
				"pulumi_azure_native_x-9.9.9.dist-info/METADATA":  "",
				"pulumi_azure_native-extra-1.0.dist-info/ignored": "",
			},
			[]string{"azure-native v3.29.0 https://example.com"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, "", root, ".venv", "bin", "python")
			for file, content := range c.files {
				write(t, content, root, ".venv", "lib", "python3.11", "site-packages", file)
			}
			env, err := openInstalledEnvironment(
				t.Context(), programInfo(t, root, map[string]any{"toolchain": "pip", "virtualenv": ".venv"}))
			if err != nil {
				t.Fatal(err)
			}
			packages, err := requiredPackages(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range packages {
				got = append(got, fmt.Sprintf("%s %s %s", p.Name, p.Version, p.Server))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestReadDependencyKeepsParameterization(t *testing.T) {
	file := write(t, `{"resource": true, "name": "terraform-provider", "version": "1.0.0",
		"parameterization": {"name": "random", "version": "3.6.0", "value": "e30="}}`,
		t.TempDir(), "pulumi_random", "pulumi-plugin.json")
	dependency, err := readDependency(file)
	if err != nil {
		t.Fatal(err)
	}
	got := dependency.GetParameterization()
	if got.GetName() != "random" || got.GetVersion() != "3.6.0" || string(got.GetValue()) != "{}" {
		t.Errorf("got %v", got)
	}
	if dependency.GetExtension() != nil {
		t.Errorf("an extension out of nowhere: %v", dependency.GetExtension())
	}
}

func TestReadDependencyNamesABrokenFile(t *testing.T) {
	file := write(t, "{", t.TempDir(), "pulumi_x", "pulumi-plugin.json")
	if _, err := readDependency(file); err == nil || !strings.HasPrefix(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}

func TestSharesSystemPackages(t *testing.T) {
	cases := map[string]bool{
		"home = /usr\ninclude-system-site-packages = true\n":  true,
		"home = /usr\ninclude-system-site-packages = True\n":  true,
		"home = /usr\ninclude-system-site-packages = false\n": false,
		"home = /usr\n": false,
	}
	for settings, want := range cases {
		virtualenv := t.TempDir()
		write(t, settings, virtualenv, "pyvenv.cfg")
		if got := sharesSystemPackages(virtualenv); got != want {
			t.Errorf("%q: got %v", settings, got)
		}
	}
}
