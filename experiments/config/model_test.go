package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/model.md gives every value of every preset with its source. The values
// there are those of the presets, and every source has a status.
func TestModelDocumentsEveryNumber(t *testing.T) {
	text, err := os.ReadFile("../../docs/model.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[strings.Trim(cells[1], "`")] = cells[2 : len(cells)-1]
	}
	known := map[string]bool{"documented": true, "measured": true, "derived": true, "assumed": true, "definition": true}
	for _, f := range Schema() {
		row := rows[f.Key]
		if len(row) != len(f.Default)+2 {
			t.Errorf("%s: no row, or one of %d cells", f.Key, len(row))
			continue
		}
		for i, d := range f.Default {
			if want := fmt.Sprint(d.Value); row[i] != want {
				t.Errorf("%s: %s is %s, documented as %s", f.Key, d.Preset, want, row[i])
			}
		}
		if status, source := row[len(row)-2], row[len(row)-1]; !known[status] || source == "" {
			t.Errorf("%s: status %q, source %q", f.Key, status, source)
		}
	}
}
