// Package pipeview writes the passage of micro-ops through the stages in the
// formats that pipeline viewers read: Kanata (the Konata viewer), gem5's
// O3PipeView, and Chrome trace JSON (Perfetto).
package pipeview

import (
	"fmt"
	"sort"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/rob"
)

// record is the life of one micro-op. Cycles are relative to the first fetch, which
// is cycle 1; zero means that it never got there.
type record struct {
	pc       uint32
	label    string
	fetch    isa.Cycle
	dispatch isa.Cycle
	issue    isa.Cycle
	complete isa.Cycle
	end      isa.Cycle // commit or squash
	squashed bool
	retired  int   // micro-ops committed before its end
	sources  []int // producers, by record
}

// Recorder is a probe that keeps every micro-op of one transaction.
type Recorder struct {
	records []record
	byUID   map[uint32]int // records in flight; entries of other transactions lie between them
	start   isa.Cycle
	retired int
	writer  map[rob.Reg]int // last producer of each register
}

var _ pipeline.Probe = (*Recorder)(nil)

// NewRecorder makes an empty recorder.
func NewRecorder() *Recorder { return &Recorder{byUID: map[uint32]int{}, writer: map[rob.Reg]int{}} }

// Len is the number of micro-ops recorded.
func (r *Recorder) Len() int { return len(r.records) }

func (r *Recorder) at(e *rob.Entry) *record { return &r.records[r.byUID[e.UID]] }

func (r *Recorder) rel(cycle isa.Cycle) isa.Cycle { return cycle - r.start }

// Fetch begins a record.
func (r *Recorder) Fetch(cycle isa.Cycle, _ rob.Seq, prog *decoder.Program, e *rob.Entry) {
	if len(r.records) == 0 {
		r.start = cycle - 1
	}
	in := &prog.Insts[e.Inst]
	label := fmt.Sprintf("%04x: %s", in.PC, isa.Table[e.Op].Name)
	if row := &prog.Rows[in.Code]; e.Op != isa.Nop || e.Flags&rob.Last != 0 {
		label = fmt.Sprintf("%04x: %s %s", in.PC, row.Name, isa.Table[e.Op].Name)
	}
	if n := e.Inst - e.RunStart; n > 0 {
		label += fmt.Sprintf(" (+%d folded)", n)
	}
	me := len(r.records)
	rec := record{pc: in.PC, label: label, fetch: r.rel(cycle)}
	for _, s := range e.Src {
		if s == rob.NoReg || s.IsConst() {
			continue
		}
		if w, ok := r.writer[s]; ok {
			rec.sources = append(rec.sources, w)
		}
	}
	r.records = append(r.records, rec)
	r.byUID[e.UID] = me
	if e.Dst != rob.NoReg {
		r.writer[e.Dst] = me
	}
	if e.Dst2 != rob.NoReg {
		r.writer[e.Dst2] = me
	}
}

// Dispatch notes the cycle.
func (r *Recorder) Dispatch(cycle isa.Cycle, e *rob.Entry) { r.at(e).dispatch = r.rel(cycle) }

// Issue notes the cycle and when the result is there.
func (r *Recorder) Issue(cycle isa.Cycle, e *rob.Entry, completes isa.Cycle) {
	rec := r.at(e)
	rec.issue, rec.complete = r.rel(cycle), r.rel(completes)
}

// Commit ends a record.
func (r *Recorder) Commit(cycle isa.Cycle, e *rob.Entry) {
	rec := r.at(e)
	rec.end, rec.retired = r.rel(cycle), r.retired
	r.retired++
}

// Squash ends a record that never happened.
func (r *Recorder) Squash(cycle isa.Cycle, e *rob.Entry) {
	rec := r.at(e)
	if rec.end > 0 {
		return // it committed as a fault, which squashes its own entry too
	}
	rec.end, rec.squashed, rec.retired = r.rel(cycle), true, r.retired
	if rec.complete > rec.end {
		rec.complete = 0
	}
}

// step is one stage that a record enters, for formats ordered by time.
type step struct {
	cycle  isa.Cycle
	record int
	order  int
	line   string
}

func sortSteps(steps []step) {
	sort.Slice(steps, func(i, j int) bool {
		a, b := &steps[i], &steps[j]
		if a.cycle != b.cycle {
			return a.cycle < b.cycle
		}
		if a.record != b.record {
			return a.record < b.record
		}
		return a.order < b.order
	})
}
