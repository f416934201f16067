package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestCount: a count takes one line, which whatever else is printed takes over, and is gone
// at the end.
func TestCount(t *testing.T) {
	var screen strings.Builder
	n := &counter{to: &screen, what: "blocks"}
	out := &aboveCount{n, &screen}
	n.show(1, 3)
	n.show(2, 3)
	fmt.Fprintln(out, "row")
	fmt.Fprintln(out, "row")
	n.show(3, 0)
	n.erase()
	n.erase()
	want := eraseLine + "1 of 3 blocks" + eraseLine + "2 of 3 blocks" + eraseLine + "row\nrow\n" + eraseLine + "3 blocks" + eraseLine
	if screen.String() != want {
		t.Errorf("%q, want %q", screen.String(), want)
	}
}

// TestNoCountInAPipe: what is no terminal gets no count.
func TestNoCountInAPipe(t *testing.T) {
	var stdout, stderr strings.Builder
	c := &cli{stdout: &stdout, stderr: &stderr}
	if err := c.counting("blocks", func(progress func(done, all int)) error {
		if progress != nil {
			t.Error("a count")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
