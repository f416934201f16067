package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTutorial runs docs/tutorial.md: files are written, commands are run in order, and what they print is what the page
// says they print, where the page does not leave it out.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	blocks := regexp.MustCompile("(?ms)^```(yaml|console) ?(\\S*)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	commands := 0
	for _, b := range blocks {
		kind, name, body := b[1], b[2], b[3]
		if kind == "yaml" {
			if err := os.WriteFile(name, []byte(body), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, c := range strings.Split("\n"+body, "\n$ ooovm ")[1:] {
			line, said, _ := strings.Cut(c, "\n")
			commands++
			var out bytes.Buffer
			if code := execute(strings.Fields(line), &out, &out, nil); code != exitOK {
				t.Fatalf("ooovm %s: exit code %d:\n%s", line, code, out.String())
			}
			if missing := lacks(out.String(), said); missing != "" {
				t.Errorf("ooovm %s does not print, or not there:\n%s\nit prints:\n%s", line, missing, out.String())
			}
		}
	}
	if commands < 5 {
		t.Errorf("the tutorial has %d commands", commands)
	}
}

// lacks is the first line of what a page says that a command does not print after the line before it; immediately after,
// unless the page leaves lines out between the two.
func lacks(printed, said string) string {
	rest := strings.Split(strings.TrimSpace(printed), "\n")
	skip := false
	for _, line := range strings.Split(strings.TrimSpace(said), "\n") {
		if line == "..." {
			skip = true
			continue
		}
		for skip && len(rest) > 0 && strings.TrimSpace(rest[0]) != strings.TrimSpace(line) {
			rest = rest[1:]
		}
		if len(rest) == 0 || strings.TrimSpace(rest[0]) != strings.TrimSpace(line) {
			return line
		}
		rest, skip = rest[1:], false
	}
	return ""
}
