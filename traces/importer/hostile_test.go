package importer

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestBrokenTraces: a trace of which lines or bytes are missing, doubled or changed is imported or
// refused in one line.
func TestBrokenTraces(t *testing.T) {
	_, lines := execute(t, scenes[len(scenes)-1])
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range clients {
		whole := c.write(lines)
		rows := bytes.SplitAfter(whole, []byte("\n"))
		for range 20 {
			var text []byte
			switch at := rng.IntN(len(rows)); rng.IntN(5) {
			case 0: // the rest is missing
				text = bytes.Join(rows[:at], nil)
			case 1: // a line is missing
				text = append(bytes.Join(rows[:at], nil), bytes.Join(rows[at+1:], nil)...)
			case 2: // a line is there twice
				text = append(bytes.Join(rows[:at+1], nil), bytes.Join(rows[at:], nil)...)
			case 3: // a byte is another one
				text = bytes.Clone(whole)
				text[rng.IntN(len(text))] ^= byte(1 << rng.IntN(7))
			case 4: // the text ends somewhere
				text = whole[:rng.IntN(len(whole))]
			}
			got, err := Import([]string{write(t, "trace.jsonl", text)}, Options{ChainID: 1, Fork: "Prague"})
			switch {
			case err == nil:
				reload(t, c.name, got.Bundle)
			case strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "runtime error"):
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

// TestDepthsThatCannotBe: a step deeper than any call is refused.
func TestDepthsThatCannotBe(t *testing.T) {
	for _, depth := range []string{"1026", "1000000000", "-1"} {
		_, err := Import([]string{write(t, "trace.jsonl", []byte(`{"pc":0,"op":1,"gas":"0x1","depth":`+depth+`}`))}, Options{})
		if err == nil || !strings.Contains(err.Error(), "depth") {
			t.Errorf("depth %s: %v", depth, err)
		}
	}
}
