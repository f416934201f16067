package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// pages reads the project's documents, by path from its root. The changelog tells of what was.
func pages(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	out := make(map[string]string)
	read := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.ToSlash(name)] = string(text)
	}
	read(filepath.Join(root, "README.md"))
	if err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			read(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestMeasuredPages: every measured page says of which commit and by which command it is.
func TestMeasuredPages(t *testing.T) {
	commit := regexp.MustCompile(`(?m)^\| commit \| [0-9a-f]{7,}\b.* \|$`)
	command := regexp.MustCompile("(?m)^\\| command \\| `[^`]+`.* \\|$")
	found := 0
	for name, text := range pages(t) {
		if !strings.HasPrefix(name, "docs/measured/") || name == "docs/measured/README.md" {
			continue
		}
		found++
		if !commit.MatchString(text) || !command.MatchString(text) {
			t.Errorf("%s does not begin with the commit and the command that its tables are of", name)
		}
	}
	if found == 0 {
		t.Error("there are no measured pages")
	}
}

var (
	figure   = regexp.MustCompile(`\b[0-9]{1,3}(,[0-9]{3}){2,}\b`)
	rounded  = regexp.MustCompile(`,000$`)
	constant = map[string]bool{"16,777,216": true, "1,048,576": true} // powers of two: sizes, not results
)

// TestFiguresHaveOneHome: a measured figure of more than six digits stands on one page, and others link to it.
func TestFiguresHaveOneHome(t *testing.T) {
	home := make(map[string]string)
	for name, text := range pages(t) {
		for _, f := range figure.FindAllString(text, -1) {
			if rounded.MatchString(f) || constant[f] {
				continue
			}
			if before, ok := home[f]; ok && before != name {
				t.Errorf("%s stands in %s and in %s", f, before, name)
			}
			home[f] = name
		}
	}
}

// TestTotalsStandOnce: the cycles of a preset over the corpus stand on one line of all pages.
func TestTotalsStandOnce(t *testing.T) {
	all := pages(t)
	row := regexp.MustCompile("(?m)^\\| `[a-z0-9-]+` \\|.*$")
	var cycles []string
	for _, r := range row.FindAllString(all["docs/measured/totals.md"], -1) {
		cycles = append(cycles, strings.TrimSpace(strings.Split(r, "|")[5]))
	}
	if len(cycles) < 5 {
		t.Fatalf("totals.md has %d rows", len(cycles))
	}
	for _, c := range cycles {
		n := 0
		for _, text := range all {
			n += strings.Count(text, c)
		}
		if n != 1 {
			t.Errorf("%s stands in %d places", c, n)
		}
	}
}

// TestLinks: what a page links to is there, headings included.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	all := pages(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, ":") {
				continue
			}
			to := name
			if path != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(name), path))
			}
			if _, err := os.Stat(filepath.Join("..", "..", to)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if page, ok := all[to]; ok && anchor != "" && !anchors(page)[anchor] {
				t.Errorf("%s links to %s, which has no such heading", name, m[1])
			}
		}
	}
}

// anchors are the names of a page's headings as GitHub makes them.
func anchors(page string) map[string]bool {
	names := make(map[string]bool)
	for line := range strings.Lines(page) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, strings.ToLower(strings.TrimSpace(heading)))
		names[name] = true
	}
	return names
}

// TestPagesAreForReaders: no page names what only the project's own machine has.
func TestPagesAreForReaders(t *testing.T) {
	for name, text := range pages(t) {
		if strings.Contains(text, "../shared") {
			t.Errorf("%s names ../shared, which a reader does not have", name)
		}
	}
}

// TestProseIsWrapped: lines of prose have 100 columns at most. Tables, code and what has no blank to break at are as long
// as they are; measured pages are as the command wrote them.
func TestProseIsWrapped(t *testing.T) {
	for name, text := range pages(t) {
		if strings.HasPrefix(name, "docs/measured/") {
			continue
		}
		code, n := false, 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "```") {
				code = !code
			}
			if code || utf8.RuneCountInString(line) <= 100 || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "![") || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "#") || !strings.Contains(strings.TrimSpace(line), " ") {
				continue
			}
			t.Errorf("%s:%d has %d columns", name, n, utf8.RuneCountInString(line))
		}
	}
}
