package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ooovm/ooovm/traces/corpustest"
)

// TestHostileInLittleMemory: with 4 GB of address space, of which the Go runtime reserves a
// part, and a limit for the garbage collector, every hostile input ends as it does with more.
// With -v it prints the table.
func TestHostileInLittleMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("ulimit -v bounds nothing here")
	}
	const limits = "ulimit -v 4194304"
	env := []string{"GOMEMLIMIT=3GiB"}
	if p := start(t, limits, env, "version"); p.code != exitOK {
		t.Fatalf("the runtime itself does not start: %s", p.stderr)
	}
	if p := start(t, limits, env, "validate", "-q"); p.code != exitOK {
		t.Fatalf("the embedded block does not run: %s", p.stderr)
	}
	type hostile struct {
		file  string
		args  []string
		code  int
		ctrlC time.Duration
	}
	var cases []hostile
	for _, file := range []string{"excess-blob-gas.json.gz", "whitespace.json.gz", "chain-id-0.json.gz", "forged-lines.json.gz"} {
		cases = append(cases, hostile{file, []string{"validate", "--timeout", "1s"}, exitUsage, 0}, hostile{file, []string{"validate", "--timeout", "5s", "--check=false"}, exitUsage, 0})
	}
	for _, command := range [][]string{{"trace", "info"}, {"run"}, {"limits"}, {"levels"}} {
		cases = append(cases, hostile{"chain-id-0.json.gz", command, exitUsage, 0})
	}
	for _, file := range []string{"endless.json.gz", "endless.fuel.json"} {
		for _, flags := range [][]string{nil, {"--check=false"}, {"--preset", "limit"}, {"--preset", "limit", "--check=false"}} {
			cases = append(cases, hostile{file, append([]string{"validate", "--timeout", "1s"}, flags...), exitTimeout, 0})
			cases = append(cases, hostile{file, append([]string{"validate"}, flags...), exitInterrupted, time.Second / 2})
		}
	}
	for _, c := range cases {
		t.Run(c.file+" "+strings.Join(c.args, " "), func(t *testing.T) {
			path := corpustest.Data(t, "cases", "hostile", c.file)
			p := interrupted(t, c.ctrlC, limits, env, append(slices.Clone(c.args), path)...)
			t.Logf("%s", fmt.Sprintf("| %s | %s | %d | %.1f | %.1f | %d |", c.file, strings.Join(c.args, " "), p.code, p.wall.Seconds(), p.cpu.Seconds(), p.peak>>20))
			if why := p.rude(); why != "" || p.code != c.code {
				t.Errorf("exit code %d, want %d: %s\n%s", p.code, c.code, why, shown(p.stderr))
			}
		})
	}
}
