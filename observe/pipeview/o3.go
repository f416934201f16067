package pipeview

import (
	"bufio"
	"fmt"
	"io"
)

// ticksPerCycle is what util/o3-pipeview.py of gem5 assumes.
const ticksPerCycle = 1000

// WriteO3 writes gem5's O3PipeView lines, one group a micro-op in fetch order.
// Decode and rename happen with fetch here: all three show the fetch cycle. Retire
// at tick 0 is a squashed micro-op, as in gem5.
func (r *Recorder) WriteO3(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i := range r.records {
		rec := &r.records[i]
		retire := rec.end
		if rec.squashed {
			retire = 0
		}
		complete := rec.complete
		if complete == 0 && rec.issue == 0 && !rec.squashed {
			complete = rec.dispatch // no execution
		}
		fmt.Fprintf(out, "O3PipeView:fetch:%d:0x%08x:0:%d:%s\n", rec.fetch*ticksPerCycle, rec.pc, i+1, rec.label)
		fmt.Fprintf(out, "O3PipeView:decode:%d\n", rec.fetch*ticksPerCycle)
		fmt.Fprintf(out, "O3PipeView:rename:%d\n", rec.fetch*ticksPerCycle)
		fmt.Fprintf(out, "O3PipeView:dispatch:%d\n", rec.dispatch*ticksPerCycle)
		fmt.Fprintf(out, "O3PipeView:issue:%d\n", rec.issue*ticksPerCycle)
		fmt.Fprintf(out, "O3PipeView:complete:%d\n", complete*ticksPerCycle)
		fmt.Fprintf(out, "O3PipeView:retire:%d:store:0\n", retire*ticksPerCycle)
	}
	return out.Flush()
}
