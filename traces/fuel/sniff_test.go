package fuel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIsProgramFile(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"a.fuel.json", "anything", true},
		{"a.fuel.json.gz", "", true},
		{"program.json", file, true},
		{"marked.json", "\uFEFF" + file, true},
		{"new.json", `{"block": {}, "schema": "ooovm.fuel/9"}`, true},
		{"vectors.json", `{"meta": {"vectors": 3}, "vectors": [`, true},
		{"programs.json", `{"programs": []}`, true},
		{"results.json", `{"schema": "ooovm.run/1"}`, false},
		{"bundle.json", `{"chainId": 1, "vectors": []}`, false},
		{"other.json", `{"vectors": 5}`, false},
		{"list.json", `[]`, false},
		{"text.txt", file, false},
		{"empty.json", "", false},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := IsProgramFile(path); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if IsProgramFile("nowhere.json") {
		t.Error("a file that is not there")
	}
}

// TestHashNamesWhatRuns: the name and what is expected are not part of it, everything else is.
func TestHashNamesWhatRuns(t *testing.T) {
	hash := func(text string) string {
		p, err := Read(strings.NewReader(text), "name")
		if err != nil {
			t.Fatal(err)
		}
		return p[0].Hash()
	}
	first := hash(file)
	for _, c := range []struct {
		old, replacement string
		same             bool
	}{
		{`"example"`, `"other"`, true},
		{`"val": "1"`, `"val": "2"`, true},
		{`"script": "24040000"`, `"script": "24000000"`, false},
		{`"gas_limit": 1000`, `"gas_limit": 1001`, false},
		{`"height": 12`, `"height": 13`, false},
		{`"chain_id": 7`, `"chain_id": 8`, false},
		{`"standard-v7"`, `"mainnet-v7"`, false},
		{`"00ff"`, `"00fe"`, false},
		{`"5"`, `"6"`, false},
		{`"0102"`, `"0103"`, false},
		{`["00"]`, `["01"]`, false},
	} {
		text := strings.Replace(file, c.old, c.replacement, 1)
		if text == file {
			t.Fatalf("%s is not in the file", c.old)
		}
		if got := hash(text); (got == first) != c.same {
			t.Errorf("%s for %s: equal %v", c.replacement, c.old, got == first)
		}
	}
}
