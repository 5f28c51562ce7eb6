package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// requiredPackages returns the provider plugins that the installed Python packages ask for, sorted by name.
//
// It reads the pulumi-plugin.json of each package. The alternative, asking `pip list`, costs a Python process
// on every command and fails in environments that uv made, which have no pip.
func requiredPackages(ctx context.Context, env environment) ([]*pulumirpc.PackageDependency, error) {
	directories, err := packageDirectories(ctx, env)
	if err != nil {
		return nil, err
	}
	found := map[string]*pulumirpc.PackageDependency{}
	for _, directory := range directories {
		files, err := filepath.Glob(filepath.Join(directory, "*", "pulumi-plugin.json"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			dependency, err := readDependency(file)
			if err != nil {
				return nil, err
			}
			// As in Python's own search, the first directory that has a package wins.
			if dependency != nil && found[dependency.Name] == nil {
				found[dependency.Name] = dependency
			}
		}
	}
	return sortedByName(found), nil
}

// packageDirectories returns where Python packages are installed, in the order in which Python searches them.
func packageDirectories(ctx context.Context, env environment) ([]string, error) {
	path, err := env.VirtualEnvPath(ctx)
	if err == nil && path != "" && !sharesSystemPackages(path) {
		return filepath.Glob(filepath.Join(path, "lib", "python*", "site-packages"))
	}
	// No virtual environment of its own: only the interpreter knows.
	command, err := env.Command(ctx, "-c", "import json, sys; print(json.dumps(sys.path[1:]))")
	if err != nil {
		return nil, err
	}
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("asking %s where its packages are: %w", command.Path, err)
	}
	var directories []string
	if err := json.Unmarshal(output, &directories); err != nil {
		return nil, fmt.Errorf("asking %s where its packages are: %w", command.Path, err)
	}
	return directories, nil
}

// sharesSystemPackages reports whether a virtual environment also sees the packages of the Python it was made
// from (`python -m venv --system-site-packages`).
func sharesSystemPackages(virtualenv string) bool {
	settings, err := os.ReadFile(filepath.Join(virtualenv, "pyvenv.cfg"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(settings)) {
		key, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) == "include-system-site-packages" {
			return strings.EqualFold(strings.TrimSpace(value), "true")
		}
	}
	return false
}

// readDependency reads one pulumi-plugin.json. It returns nil for a package that needs no plugin.
func readDependency(file string) (*pulumirpc.PackageDependency, error) {
	description, err := plugin.LoadPulumiPluginJSON(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // uninstalled since the directory was listed
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if !description.Resource {
		return nil, nil
	}
	folder := filepath.Dir(file)
	dependency := &pulumirpc.PackageDependency{
		Name:             description.Name,
		Kind:             "resource",
		Version:          description.Version,
		Server:           description.Server,
		Parameterization: parameterization(description.Parameterization),
		Extension:        parameterization(description.ExtensionParameterization),
	}
	if dependency.Name == "" {
		dependency.Name = pluginName(filepath.Base(folder))
	}
	if dependency.Version == "" {
		dependency.Version = distributionVersion(folder)
	}
	if dependency.Version != "" && !strings.HasPrefix(dependency.Version, "v") {
		dependency.Version = "v" + dependency.Version
	}
	return dependency, nil
}

func parameterization(from *plugin.PulumiParameterizationJSON) *pulumirpc.PackageParameterization {
	if from == nil {
		return nil
	}
	return &pulumirpc.PackageParameterization{Name: from.Name, Version: from.Version, Value: from.Value}
}

// pluginName returns the plugin that a Python package wraps: pulumi_azure_native wraps azure-native.
func pluginName(pythonPackage string) string {
	return strings.ReplaceAll(strings.TrimPrefix(pythonPackage, "pulumi_"), "_", "-")
}

// distributionVersion returns the version of the installed distribution whose package lies in folder, taken from
// the name of its NAME-VERSION.dist-info directory, or an empty string.
func distributionVersion(folder string) string {
	matches, err := filepath.Glob(folder + "-*.dist-info")
	if err != nil || len(matches) == 0 {
		return ""
	}
	version := strings.TrimPrefix(matches[0], folder+"-")
	return strings.TrimSuffix(version, ".dist-info")
}

func sortedByName(found map[string]*pulumirpc.PackageDependency) []*pulumirpc.PackageDependency {
	sorted := make([]*pulumirpc.PackageDependency, 0, len(found))
	for _, dependency := range found {
		sorted = append(sorted, dependency)
	}
	slices.SortFunc(sorted, func(a, b *pulumirpc.PackageDependency) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}
