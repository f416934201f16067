package pipeview

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ooovm/ooovm/isa"
)

// WritePerfetto writes Chrome trace event JSON; one cycle is one microsecond. A
// micro-op lies on the lowest lane that is free for its whole life, so that slices
// of a lane never overlap; its stages nest inside it.
func (r *Recorder) WritePerfetto(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `{"displayTimeUnit":"ns","otherData":{"unit":"1 us is 1 cycle"},"traceEvents":[`)
	fmt.Fprint(out, `{"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"core 0"}}`)
	var free []isa.Cycle // by lane: first cycle that is free
	for i := range r.records {
		rec := &r.records[i]
		end := max(rec.end, rec.fetch+1)
		lane := 0
		for lane < len(free) && free[lane] > rec.fetch {
			lane++
		}
		if lane == len(free) {
			free = append(free, 0)
		}
		free[lane] = end
		name, err := json.Marshal(rec.label)
		if err != nil {
			return err
		}
		category := "committed"
		if rec.squashed {
			category = "squashed"
		}
		fmt.Fprintf(out, ",\n"+`{"ph":"X","pid":1,"tid":%d,"ts":%d,"dur":%d,"name":%s,"cat":%q,"args":{"n":%d}}`,
			lane+1, rec.fetch, end-rec.fetch, name, category, i)
		stage := func(name string, from, to isa.Cycle) {
			if from > 0 && to > from {
				fmt.Fprintf(out, ",\n"+`{"ph":"X","pid":1,"tid":%d,"ts":%d,"dur":%d,"name":%q,"cat":"stage"}`, lane+1, from, to-from, name)
			}
		}
		until := func(c isa.Cycle) isa.Cycle {
			if c == 0 || c > end {
				return end
			}
			return c
		}
		stage("front end", rec.fetch, until(rec.dispatch))
		stage("wait", rec.dispatch, until(rec.issue))
		stage("execute", rec.issue, until(rec.complete))
		stage("done", rec.complete, end)
	}
	fmt.Fprintln(out, "]}")
	return out.Flush()
}
