package main

import (
	"strings"
	"testing"
)

func TestParseArguments(t *testing.T) {
	cases := map[string]struct {
		line string
		want arguments
	}{
		"address only":       {"127.0.0.1:1", arguments{engineAddress: "127.0.0.1:1"}},
		"nothing, attached":  {"", arguments{}},
		"logging is ignored": {"--logtostderr --logflow -v=9 127.0.0.1:1", arguments{engineAddress: "127.0.0.1:1"}},
		"tracing endpoint":   {"--tracing file:t 127.0.0.1:1", arguments{engineAddress: "127.0.0.1:1", tracing: "file:t"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseArguments(strings.Fields(c.line))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestParseArgumentsRefuses(t *testing.T) {
	cases := map[string]struct{ line, message string }{
		"a second address": {"a b", "expected one engine address"},
		"an unknown flag":  {"--surprise a", "surprise"},
		"a person":         {"--help", "people do not"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := parseArguments(strings.Fields(c.line))
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got error %v, want one with %q", err, c.message)
			}
		})
	}
}
