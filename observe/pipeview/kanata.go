package pipeview

import (
	"bufio"
	"fmt"
	"io"

	"github.com/ooovm/ooovm/isa"
)

// Kanata stages, in lane 0. Dependency arrows attach to stages with an X.
const (
	stageFront   = "F"  // fetch, decode, rename: on the way to dispatch
	stageWait    = "Is" // in the issue queue
	stageExecute = "X"
	stageDone    = "Cm" // complete, waiting to commit
)

// WriteKanata writes a Kanata 0004 log (docs/kanata-log-format.md of the Konata
// viewer). A micro-op's number is its place in fetch order. The second number of its R line
// counts retirements: Konata keeps retired micro-ops in a list by it, and moves along that
// list when it hides the others. Wrong paths end with a flush and take no such number: theirs
// is that of the next to retire, which is where they lie in that list.
func (r *Recorder) WriteKanata(w io.Writer) error {
	var steps []step
	for i := range r.records {
		rec := &r.records[i]
		add := func(cycle isa.Cycle, format string, args ...any) {
			steps = append(steps, step{cycle, i, len(steps), fmt.Sprintf(format, args...)})
		}
		add(rec.fetch, "I\t%d\t%d\t0", i, i)
		add(rec.fetch, "L\t%d\t0\t%s", i, rec.label)
		add(rec.fetch, "S\t%d\t0\t%s", i, stageFront)
		if rec.dispatch > 0 {
			add(rec.dispatch, "S\t%d\t0\t%s", i, stageWait)
		}
		if rec.issue > 0 {
			add(rec.issue, "S\t%d\t0\t%s", i, stageExecute)
			for _, p := range rec.sources {
				// An arrow joins two micro-ops in flight: who has retired kept nobody waiting.
				if r.records[p].end == 0 || r.records[p].end > rec.issue {
					add(rec.issue, "W\t%d\t%d\t0", i, p)
				}
			}
		}
		if rec.complete > 0 && rec.complete < rec.end {
			add(rec.complete, "S\t%d\t0\t%s", i, stageDone)
		}
		if rec.end > 0 {
			kind := 0
			if rec.squashed {
				kind = 1
			}
			add(rec.end, "R\t%d\t%d\t%d", i, rec.retired, kind)
		}
	}
	sortSteps(steps)
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "Kanata\t0004\nC=\t0\n")
	var now isa.Cycle
	for i := range steps {
		s := &steps[i]
		if s.cycle > now {
			fmt.Fprintf(out, "C\t%d\n", s.cycle-now)
			now = s.cycle
		}
		fmt.Fprintln(out, s.line)
	}
	return out.Flush()
}
