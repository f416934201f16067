package sweep

import (
	"strings"

	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine"
)

// recordSchema is the schema of record.
const recordSchema = "ooovm.sweep-point/1"

// record is what a point's folder holds: nothing in it varies between hosts or runs.
type record struct {
	Schema string         `json:"schema"`
	Point  string         `json:"point"` // its whole identity
	Status Status         `json:"status"`
	Error  string         `json:"error,omitempty"`
	Run    *run.Result    `json:"run,omitempty"`    // as `ooovm run --json` has it
	Levels *levels.Result `json:"levels,omitempty"` // as `ooovm run --policy --json` has it

	fault []byte // a dump, of a fault of ours
}

// unsound says why a record is not one of a point, empty when it is.
func (rec *record) unsound(pt *Point) string {
	switch rec.Status {
	case OK, Wrong:
		shared := pt.Policy != machine.SequentialPolicy
		if shared != (rec.Levels != nil) || shared == (rec.Run != nil) || shared && len(rec.Levels.Rows) != 1 {
			return "it has no result of policy " + pt.Policy
		}
	case Failed:
		if rec.Error == "" || rec.Run != nil || rec.Levels != nil {
			return "not that of a point that has failed"
		}
	default:
		return "it has no status"
	}
	if rec.Schema != recordSchema || len(rec.Point) != len(blank) || !strings.HasPrefix(rec.Point, pt.ID) || pt.Identity != "" && rec.Point != pt.Identity {
		return "not the result of point " + pt.ID
	}
	return ""
}

// row gives the record of a point its place in the table.
func (rec *record) row(pt *Point) *row {
	r := &row{point: pt, status: rec.Status, err: rec.Error, run: rec.Run, levels: rec.Levels}
	switch {
	case rec.Run != nil:
		r.trace = &rec.Run.Trace
	case rec.Levels != nil:
		r.trace = &rec.Levels.Trace
	}
	return r
}
