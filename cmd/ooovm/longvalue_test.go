package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// longText writes a file, compressed: what comes before and behind a value of so many
// letters, or of so many small values.
func longText(t *testing.T, name, before, item string, n int, behind string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(z, before); err != nil {
		t.Fatal(err)
	}
	many := strings.Repeat(item, 1<<20/len(item))
	for n > 0 {
		k := min(n, len(many)/len(item))
		if _, err := io.WriteString(z, many[:k*len(item)]); err != nil {
			t.Fatal(err)
		}
		n -= k
	}
	if _, err := io.WriteString(z, behind); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLongValues: a value of hundreds of megabytes in a file of one is refused, in every format
// and within the memory of a run.
func TestLongValues(t *testing.T) {
	const letters = 160 << 20
	for _, c := range []struct {
		name, file, before, item string
		n                        int
		behind                   string
		args                     []string
		folder                   bool // it is found in one
	}{
		{"a block's extra data", "b.json.gz", `{"chainId":1,"block":{"extraData":"`, "a", letters, `"}}`, []string{"validate", "-q"}, false},
		{"a block of small values", "b.json.gz", `{"chainId":1,"block":{"transactions":[`, "0,", letters / 2, `0]}}`, []string{"validate", "-q"}, false},
		{"what nobody reads", "b.json.gz", `{"chainId":1,"comment":[`, "0,", letters / 2, `0]}`, []string{"trace", "info"}, false},
		{"an account's code", "b.json.gz", `{"chainId":1,"prestate":{"0x00000000000000000000000000000000deadbeef":{"code":"0x`, "00", letters / 2, `"}}}`, []string{"run"}, false},
		{"a folder's file", "x.json.gz", `{"comment":"`, "a", letters, `"}`, []string{"validate", "-q"}, true},
		{"a FuelVM script", "p.fuel.json.gz", `{"schema":"ooovm.fuel/1","transactions":[{"script":"`, "00", letters / 2, `"}]}`, []string{"validate", "-q"}, false},
		{"another JSON file", "p.json.gz", `{"comment":"`, "a", letters, `"}`, []string{"validate", "-q"}, false},
		{"a step's memory", "t.jsonl.gz", `{"pc":0,"op":1,"gas":"0x1","depth":1,"memory":"0x`, "00", letters / 2, `"}`, []string{"trace", "import", "-o", "OUT"}, false},
		{"a step's stack", "t.jsonl.gz", `{"pc":0,"op":1,"gas":"0x1","depth":1,"stack":[`, `"0",`, letters / 4, `"0"]}`, []string{"trace", "import", "-o", "OUT"}, false},
		{"an unknown member of a structLog", "t.json.gz", `{"structLogs":[{"pc":0,"op":"ADD","gas":1,"depth":1,"x":[`, "0,", letters / 2, `0]}]}`, []string{"trace", "import", "-o", "OUT"}, false},
		{"a prestate", "p.json.gz", `{"0x00000000000000000000000000000000deadbeef":{"code":"0x`, "00", letters / 2, `"}}`, []string{"trace", "import", "-o", "OUT"}, false},
		{"members without end", "m.json.gz", `{`, `"x":0,`, letters / 6, `"y":0}`, []string{"trace", "import", "-o", "OUT"}, false},
		{"a state test in an archive", "a.tar.gz", "", "a", letters, "", []string{"statetest", "-q"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := longText(t, c.file, c.before, c.item, c.n, c.behind)
			if c.folder {
				path = filepath.Dir(path)
			}
			args := []string{"--memory", fmt.Sprint(mutantMemory)}
			for _, arg := range c.args {
				args = append(args, strings.Replace(arg, "OUT", path+".out", 1))
			}
			p := start(t, "", nil, append(args, path)...)
			t.Logf("exit code %d, %v of processor time, %d MiB: %s", p.code, p.cpu, p.peak>>20, shown(p.stderr))
			if why := p.rude(); why != "" || p.code != exitUsage || p.peak > mutantMemory+mutantBase {
				t.Errorf("exit code %d, %d MiB: %s\n%s", p.code, p.peak>>20, why, shown(p.stderr))
			}
		})
	}
}

// TestLongWordsAreCut: what a command line or a configuration says is not echoed at length
// either.
func TestLongWordsAreCut(t *testing.T) {
	const most = 500 // of a line
	digits := strings.Repeat("9", 3000)
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("core:\n  rob: "+digits+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"run", "-s", "core.rob=" + digits}, {"run", "--config", file}, {"run", "--preset", digits}, {"trace", "info", digits[:250]}, {"sweep", "status", digits[:250]},
	} {
		var stderr bytes.Buffer
		code := execute(args, io.Discard, &stderr, nil)
		for line := range strings.Lines(stderr.String()) {
			if len(line) > most {
				t.Errorf("%s %s: a line of %d bytes", args[0], args[1], len(line))
			}
		}
		if code != exitUsage || stderr.Len() == 0 {
			t.Errorf("%s %s: exit code %d", args[0], args[1], code)
		}
	}
}
