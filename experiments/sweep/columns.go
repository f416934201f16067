package sweep

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine"
)

// Kind is what the cells of a column hold.
type Kind string

// The kinds. A cell of any kind may be empty: what is not defined or does not apply.
const (
	Text     Kind = "text"
	Integer  Kind = "integer"  // of 63 bits, not negative
	Unsigned Kind = "unsigned" // of 64 bits
	Real     Kind = "real"     // rounded to nine significant digits
	Flag     Kind = "flag"     // true or false
)

// Column describes one column of the results. The names of columns that are not axes
// have no dot, so they never meet a configuration key.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Unit string `json:"unit"`
	Doc  string `json:"doc"`
	Axis bool   `json:"axis,omitempty"` // a configuration key that the sweep varies
}

// row is what the cells of one line are taken from.
type row struct {
	point  *Point
	status Status
	err    string
	trace  *run.TraceInfo // nil when there is no result
	run    *run.Result    // nil unless one core ran
	levels *levels.Result // nil unless several cores shared the block
}

// source is a column and where its cells come from: nil, a string, an int, a uint64, a
// float64 or a bool.
type source struct {
	Column
	cell func(*row) any
}

// Columns lists the columns of a sweep over these axes, in the order of the result
// files.
func Columns(axes []Column) []Column { return columnsOf(sources(axes)) }

func columnsOf(list []source) []Column {
	columns := make([]Column, len(list))
	for i := range list {
		columns[i] = list[i].Column
	}
	return columns
}

// sources is the one table of columns: result files, documentation and `sweep columns`
// are made from it.
func sources(axes []Column) []source {
	list := append([]source(nil), identity...)
	list = append(list, axisSources(axes)...)
	for _, group := range [][]source{machineColumns, status, counts, cpiSlots(), squashes(), predictors, stateColumns, prefetch, stalls(), severalCores(), {digest}} {
		list = append(list, group...)
	}
	return list
}

// axisSources are the columns of the axes.
func axisSources(axes []Column) (list []source) {
	for i, axis := range axes {
		list = append(list, source{axis, func(r *row) any { return r.point.Values[i] }})
	}
	return list
}

func text(name, doc string, cell func(*row) any) source {
	return source{Column{Name: name, Kind: Text, Doc: doc}, cell}
}

// ofTrace is a fact of the block, empty when the block could not be read.
func ofTrace(kind Kind, name, unit, doc string, cell func(*run.TraceInfo) any) source {
	return source{Column{Name: name, Kind: kind, Unit: unit, Doc: doc}, func(r *row) any {
		if r.trace == nil {
			return nil
		}
		return cell(r.trace)
	}}
}

// counter is a counter of a run on one core.
func counter(name, unit, doc string, n func(*run.Result) uint64) source {
	return ofRun(Integer, name, unit, doc, func(r *run.Result) any { return n(r) })
}

// ratio is a ratio of a run on one core.
func ratio(name, unit, doc string, x func(*run.Result) *float64) source {
	return ofRun(Real, name, unit, doc, func(r *run.Result) any { return optional(x(r)) })
}

func ofRun(kind Kind, name, unit, doc string, cell func(*run.Result) any) source {
	return source{Column{Name: name, Kind: kind, Unit: unit, Doc: doc}, func(r *row) any {
		if r.run == nil {
			return nil
		}
		return cell(r.run)
	}}
}

// ofEither is what runs on one core and on several both have.
func ofEither(kind Kind, name, unit, doc string, one func(*run.Result) any, several func(*levels.Result, *levels.Row) any) source {
	return source{Column{Name: name, Kind: kind, Unit: unit, Doc: doc}, func(r *row) any {
		switch {
		case r.run != nil:
			return one(r.run)
		case r.levels != nil:
			return several(r.levels, &r.levels.Rows[0])
		}
		return nil
	}}
}

func optional[T any](x *T) any {
	if x == nil {
		return nil
	}
	return *x
}

var identity = []source{
	text("point", "sha256 of executable, configuration, block, policy, cores and seed; the first 16 digits", func(r *row) any { return r.point.ID }),
	{Column{Name: "index", Kind: Integer, Doc: "place in points.csv, from 0"}, func(r *row) any { return uint64(r.point.Index) }},
	text("block", "name of the block: its file without folder and extensions", func(r *row) any { return r.point.Block.Name }),
	ofTrace(Text, "block_hash", "", "sha256 of the block's content (trace.hash of `ooovm run --json`)", func(t *run.TraceInfo) any { return t.Hash }),
	ofTrace(Integer, "block_number", "", "number of the block in its chain", func(t *run.TraceInfo) any { return t.Number }),
	ofTrace(Text, "fork", "", "rules that the block runs under", func(t *run.TraceInfo) any { return t.Fork }),
	ofTrace(Integer, "transactions", "transactions", "in the block", func(t *run.TraceInfo) any { return uint64(t.Transactions) }),
	ofTrace(Integer, "gas", "gas", "used by the block", func(t *run.TraceInfo) any { return t.GasUsed }),
}

var machineColumns = []source{
	text("preset", "preset under the configuration", func(r *row) any { return r.point.Preset }),
	text("config", "sha256 of the configuration's values", func(r *row) any { return r.point.Hash }),
	text("stack", "core.stack: how stack instructions are treated", func(r *row) any { return r.point.Stack }),
	text("policy", "who runs which transaction when", func(r *row) any { return r.point.Policy }),
	text("mapping", "what transactions conflict on; empty on one core", func(r *row) any { return nonEmpty(r.point.Mapping) }),
	text("crediting", "which changes of balances commute; empty on one core", func(r *row) any { return nonEmpty(r.point.Crediting) }),
	{Column{Name: "cores", Kind: Integer, Unit: "cores", Doc: "that share the block; 0: as many as it has transactions"}, func(r *row) any { return uint64(r.point.Cores) }},
	{Column{Name: "seed", Kind: Unsigned, Doc: "predictor.seed"}, func(r *row) any { return r.point.Seed }},
	{Column{Name: "oracle", Kind: Flag, Doc: "reads the golden run or access sets that only a run tells"}, func(r *row) any { return r.point.Oracle }},
	{Column{Name: "chaos", Kind: Flag, Doc: "misbehaves on purpose"}, func(r *row) any { return r.point.Chaos }},
	{Column{Name: "schedule", Kind: Flag, Doc: "the time of a schedule of what ran in order, not of a simulated run"}, func(r *row) any { return r.point.Schedule }},
}

func nonEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

var status = []source{
	text("status", "ok, wrong (validation found a difference) or failed (no result)", func(r *row) any { return string(r.status) }),
	text("error", "what went wrong", func(r *row) any { return nonEmpty(r.err) }),
	ofEither(Flag, "valid", "", "everything that was compared agrees", func(r *run.Result) any { return r.Valid.OK },
		func(_ *levels.Result, l *levels.Row) any { return l.Valid }),
	ofRun(Integer, "instructions_checked", "instructions", "compared in lockstep; empty when not compared", func(r *run.Result) any { return optional(r.Valid.InstructionsChecked) }),
}

var counts = []source{
	ofEither(Integer, "cycles", "cycles", "of the block", func(r *run.Result) any { return r.Counts.Cycles },
		func(_ *levels.Result, l *levels.Row) any { return l.Cycles }),
	ofEither(Integer, "baseline_cycles", "cycles", "of one in-order core, preset scalar", func(r *run.Result) any { return baselineCycles(r.Baseline) },
		func(s *levels.Result, _ *levels.Row) any { return s.BaselineCycles }),
	ofRun(Integer, "baseline_folded_cycles", "cycles", "of one in-order core that folds stack instructions", func(r *run.Result) any { return baselineCycles(r.Folded) }),
	ofEither(Real, "speedup", "", "baseline_cycles / cycles", func(r *run.Result) any { return optional(r.Speedup) },
		func(_ *levels.Result, l *levels.Row) any { return optional(l.Speedup) }),
	ratio("speedup_folded", "", "baseline_folded_cycles / cycles", func(r *run.Result) *float64 {
		if r.Folded == nil {
			return nil
		}
		return r.Folded.Speedup
	}),
	ofEither(Integer, "instructions", "instructions", "committed", func(r *run.Result) any { return r.Counts.Instructions },
		func(_ *levels.Result, l *levels.Row) any { return l.Committed }),
	counter("uops", "micro-ops", "committed, envelope included", func(r *run.Result) uint64 { return r.Counts.Uops }),
	counter("executed_uops", "micro-ops", "committed that took a unit", func(r *run.Result) uint64 { return r.Counts.ExecutedUops }),
	ratio("ipc", "instructions/cycle", "committed", func(r *run.Result) *float64 { return r.IPC }),
	ratio("uipc", "micro-ops/cycle", "committed", func(r *run.Result) *float64 { return r.UIPC }),
	ratio("microseconds", "us", "cycles at core.clock", func(r *run.Result) *float64 { return &r.Time.Microseconds }),
	ratio("mgas_per_second", "Mgas/s", "at core.clock", func(r *run.Result) *float64 { return r.Time.MgasPerSec }),
	counter("squashes", "squashes", "of all causes", func(r *run.Result) uint64 { return r.Counts.Squashes }),
	counter("squashed_uops", "micro-ops", "squashed", func(r *run.Result) uint64 { return r.Counts.SquashedUops }),
	counter("wrong_path_uops", "micro-ops", "executed, then squashed", func(r *run.Result) uint64 { return r.Counts.WrongPathUops }),
	counter("reads_outside_bundle", "reads", "of state that the bundle does not have", func(r *run.Result) uint64 { return r.Counts.ReadsOutsideBundle }),
	counter("calls", "calls", "predicted", func(r *run.Result) uint64 { return r.Counts.Calls }),
	counter("stack_fills", "values", "spilled stack values brought back", func(r *run.Result) uint64 { return r.Counts.StackFills }),
}

func baselineCycles(b *run.Baseline) any {
	if b == nil {
		return nil
	}
	return b.Cycles
}

// cpiSlots are the parts of the CPI stack; they are empty in a limit study.
func cpiSlots() (list []source) {
	for _, cause := range run.Causes() {
		list = append(list, ofRun(Integer, "slots_"+snake(cause), "commit slots", "of the CPI stack, cause "+cause, func(r *run.Result) any {
			if r.CPIStack == nil {
				return nil
			}
			return r.CPIStack[cause]
		}))
	}
	return list
}

func squashes() (list []source) {
	for _, cause := range run.Causes() {
		list = append(list, counter("squashes_"+snake(cause), "squashes", "of cause "+cause, func(r *run.Result) uint64 { return r.Squashes[cause] }))
	}
	return list
}

var predictors = func() (list []source) {
	for _, p := range []struct {
		name, of string
		get      func(*run.PredictorInfo) *run.Prediction
	}{
		{"branch", "branch directions", func(p *run.PredictorInfo) *run.Prediction { return &p.Branch }},
		{"target", "jump targets", func(p *run.PredictorInfo) *run.Prediction { return &p.Target }},
		{"call", "call targets", func(p *run.PredictorInfo) *run.Prediction { return &p.Call }},
		{"gas", "gas left, answered ahead of commit", func(p *run.PredictorInfo) *run.Prediction { return &p.Gas }},
	} {
		list = append(list,
			counter(p.name+"_predictions", "predictions", "of "+p.of, func(r *run.Result) uint64 { return p.get(&r.Predictors).Made }),
			counter(p.name+"_mispredicts", "mispredicts", "of "+p.of+", wrong paths included", func(r *run.Result) uint64 { return p.get(&r.Predictors).Mispredicts }),
			ratio(p.name+"_accuracy", "", "1 - mispredicts / predictions", func(r *run.Result) *float64 { return p.get(&r.Predictors).Accuracy }),
			ratio(p.name+"_mpki", "mispredicts/1000 instructions", "of "+p.of, func(r *run.Result) *float64 { return p.get(&r.Predictors).MPKI }))
	}
	list = append(list,
		counter("jumps_constant", "jumps", "whose target rename saw", func(r *run.Result) uint64 { return r.Predictors.Jumps.Constant }),
		counter("jumps_return", "jumps", "predicted by the return stack", func(r *run.Result) uint64 { return r.Predictors.Jumps.Returns }),
		counter("jumps_dynamic", "jumps", "all others", func(r *run.Result) uint64 { return r.Predictors.Jumps.Dynamic }),
		counter("return_mispredicts", "mispredicts", "of the return stack", func(r *run.Result) uint64 { return r.Predictors.Jumps.ReturnMispredicts }),
		ratio("return_mpki", "mispredicts/1000 instructions", "of the return stack", func(r *run.Result) *float64 { return r.Predictors.Jumps.ReturnMPKI }),
		ratio("dynamic_mpki", "mispredicts/1000 instructions", "of dynamic jumps", func(r *run.Result) *float64 { return r.Predictors.Jumps.DynamicMPKI }),
		counter("front_end_redirects", "redirects", "of jumps resolved at rename", func(r *run.Result) uint64 { return r.Predictors.FrontEndRedirects }))
	for _, d := range []struct {
		name string
		get  func(*run.PredictorInfo) *run.Dependence
	}{
		{"memory", func(p *run.PredictorInfo) *run.Dependence { return &p.Memory }},
		{"state", func(p *run.PredictorInfo) *run.Dependence { return &p.State.Dependence }},
	} {
		list = append(list,
			counter(d.name+"_forwards", "loads", d.name+" loads that an older store in flight answered", func(r *run.Result) uint64 { return d.get(&r.Predictors).Forwards }),
			counter(d.name+"_waits", "loads", d.name+" loads that waited for an older store", func(r *run.Result) uint64 { return d.get(&r.Predictors).Waits }),
			counter(d.name+"_false_waits", "loads", d.name+" loads that waited for a store of something else", func(r *run.Result) uint64 { return d.get(&r.Predictors).FalseWaits }),
			counter(d.name+"_violations", "loads", d.name+" loads that had read too early", func(r *run.Result) uint64 { return d.get(&r.Predictors).Violations }))
	}
	for _, d := range []struct {
		name string
		get  func(*run.PredictorInfo) *run.DependenceCounts
	}{
		{"persistent", func(p *run.PredictorInfo) *run.DependenceCounts { return &p.State.Persistent }},
		{"transient", func(p *run.PredictorInfo) *run.DependenceCounts { return &p.State.Transient }},
	} {
		list = append(list,
			counter(d.name+"_forwards", "loads", "of these, of "+d.name+" storage", func(r *run.Result) uint64 { return d.get(&r.Predictors).Forwards }),
			counter(d.name+"_waits", "loads", "of these, of "+d.name+" storage", func(r *run.Result) uint64 { return d.get(&r.Predictors).Waits }),
			counter(d.name+"_false_waits", "loads", "of these, of "+d.name+" storage", func(r *run.Result) uint64 { return d.get(&r.Predictors).FalseWaits }),
			counter(d.name+"_violations", "loads", "of these, of "+d.name+" storage", func(r *run.Result) uint64 { return d.get(&r.Predictors).Violations }))
	}
	for _, v := range []struct {
		name, doc string
		get       func(*run.ValueInfo) uint64
	}{
		{"loads", "of the state whose value could have been predicted", func(v *run.ValueInfo) uint64 { return v.Loads }},
		{"predicted", "of these, predicted", func(v *run.ValueInfo) uint64 { return v.Predicted }},
		{"right", "of these, rightly", func(v *run.ValueInfo) uint64 { return v.Right }},
		{"wrong", "found wrong, wrong paths included", func(v *run.ValueInfo) uint64 { return v.Wrong }},
		{"unread", "of these, before anything had read the value", func(v *run.ValueInfo) uint64 { return v.Unread }},
	} {
		list = append(list, counter("value_"+v.name, "loads", v.doc, func(r *run.Result) uint64 { return v.get(&r.Predictors.Value) }))
	}
	list = append(list,
		ratio("value_coverage", "", "predicted / loads", func(r *run.Result) *float64 { return r.Predictors.Value.Coverage }),
		ratio("value_accuracy", "", "right / predicted", func(r *run.Result) *float64 { return r.Predictors.Value.Accuracy }))
	for _, w := range []struct {
		name, unit, doc string
		get             func(*run.WindowInfo) uint64
	}{
		{"transactions", "transactions", "in the window at most, where it reaches across", func(w *run.WindowInfo) uint64 { return uint64(w.Transactions) }},
		{"overlapped", "transactions", "fetched behind one that had not committed", func(w *run.WindowInfo) uint64 { return w.Overlapped }},
		{"stale_reads", "squashes", "of what had read the state before its transaction's turn", func(w *run.WindowInfo) uint64 { return w.StaleReads }},
	} {
		list = append(list, ofRun(Integer, "window_"+w.name, w.unit, w.doc, func(r *run.Result) any {
			if r.Window == nil {
				return nil
			}
			return w.get(r.Window)
		}))
	}
	return list
}()

var stateColumns = []source{
	counter("state_hits", "accesses", "found in the state buffer", func(r *run.Result) uint64 { return r.State.Hits }),
	counter("state_near", "accesses", "that the buffer had lost", func(r *run.Result) uint64 { return r.State.Near }),
	counter("state_far", "accesses", "of keys touched for the first time", func(r *run.Result) uint64 { return r.State.Far }),
	counter("state_miss_stalls", "stalls", "for want of a miss register", func(r *run.Result) uint64 { return r.State.MissStalls }),
	counter("state_transfer_waits", "reads", "of balances that waited for older transfers", func(r *run.Result) uint64 { return r.State.TransferWaits }),
}

// ofPrefetch is empty without state prefetching.
func ofPrefetch(kind Kind, name, unit, doc string, cell func(*run.PrefetchInfo) any) source {
	return ofRun(kind, "prefetch_"+name, unit, doc, func(r *run.Result) any {
		if r.Prefetch == nil {
			return nil
		}
		return cell(r.Prefetch)
	})
}

var prefetch = func() (list []source) {
	for _, c := range []struct {
		name, doc string
		get       func(*run.PrefetchInfo) uint64
	}{
		{"issued", "prefetches sent", func(p *run.PrefetchInfo) uint64 { return p.Issued }},
		{"useful", "of these, touched later", func(p *run.PrefetchInfo) uint64 { return p.Useful }},
		{"late", "useful, but less than one far latency ahead", func(p *run.PrefetchInfo) uint64 { return p.Late }},
		{"useless", "never touched", func(p *run.PrefetchInfo) uint64 { return p.Useless }},
		{"redundant", "of what was there or on its way", func(p *run.PrefetchInfo) uint64 { return p.Redundant }},
		{"dropped", "for want of a place", func(p *run.PrefetchInfo) uint64 { return p.Dropped }},
		{"refused", "whose code is not what runs there now", func(p *run.PrefetchInfo) uint64 { return p.Refused }},
	} {
		list = append(list, ofPrefetch(Integer, c.name, "prefetches", c.doc, func(p *run.PrefetchInfo) any { return c.get(p) }))
	}
	list = append(list, ofPrefetch(Real, "accuracy", "", "useful / issued", func(p *run.PrefetchInfo) any { return optional(p.Accuracy) }),
		ofPrefetch(Real, "useless_share", "", "useless / issued", func(p *run.PrefetchInfo) any { return optional(p.Wasted) }))
	for _, c := range []struct {
		name, doc string
		get       func(*run.PrefetchInfo) *run.Coverage
	}{
		{"touches", "first touches of any key", func(p *run.PrefetchInfo) *run.Coverage { return &p.Touches }},
		{"loads", "first touches by a storage load", func(p *run.PrefetchInfo) *run.Coverage { return &p.Loads }},
		{"seen", "first touches by a storage load in code seen before", func(p *run.PrefetchInfo) *run.Coverage { return &p.Seen }},
		{"known", "first touches by a storage load under a selector seen before", func(p *run.PrefetchInfo) *run.Coverage { return &p.Known }},
	} {
		list = append(list,
			ofPrefetch(Integer, c.name, "touches", c.doc, func(p *run.PrefetchInfo) any { return c.get(p).All }),
			ofPrefetch(Integer, c.name+"_covered", "touches", "of these, with a prefetch before", func(p *run.PrefetchInfo) any { return c.get(p).Covered }),
			ofPrefetch(Integer, c.name+"_timely", "touches", "of these, at least one far latency before", func(p *run.PrefetchInfo) any { return c.get(p).Timely }),
			ofPrefetch(Real, c.name+"_share", "", "timely / all", func(p *run.PrefetchInfo) any { return optional(c.get(p).Share) }))
	}
	return append(list,
		ofPrefetch(Integer, "runaheads", "intervals", "of runahead execution", func(p *run.PrefetchInfo) any { return p.Runaheads }),
		ofPrefetch(Integer, "runahead_uops", "micro-ops", "executed in runahead", func(p *run.PrefetchInfo) any { return p.RunaheadUops }))
}()

func stalls() (list []source) {
	for _, s := range []struct{ name, doc string }{
		{"rob", "reorder buffer"}, {"iq", "issue queue"}, {"regs", "register file"}, {"loadq", "load queue"}, {"storeq", "store queue"}, {"stateq", "state queue"},
	} {
		list = append(list, counter("stalls_"+s.name, "cycles", "in which a full "+s.doc+" stopped dispatch", func(r *run.Result) uint64 { return r.Stalls[s.name] }))
	}
	return list
}

// ofLevels is empty on one core.
func ofLevels(kind Kind, name, unit, doc string, cell func(*levels.Result, *levels.Row) any) source {
	return source{Column{Name: name, Kind: kind, Unit: unit, Doc: doc}, func(r *row) any {
		if r.levels == nil {
			return nil
		}
		return cell(r.levels, &r.levels.Rows[0])
	}}
}

func severalCores() []source {
	list := []source{
		ofLevels(Text, "level", "", "of parallelism that the policy works on", func(_ *levels.Result, l *levels.Row) any { return l.Level }),
		ofLevels(Integer, "reexecutions", "incarnations", "executed beyond one a transaction", func(_ *levels.Result, l *levels.Row) any { return l.Reexecutions }),
		ofLevels(Integer, "wasted_cycles", "core cycles", "on incarnations that were not committed", func(_ *levels.Result, l *levels.Row) any { return l.WastedCycles }),
		ofLevels(Integer, "instructions_all", "instructions", "of all incarnations", func(_ *levels.Result, l *levels.Row) any { return l.Instructions }),
		ofLevels(Integer, "repaired_uops", "micro-ops", "executed again by repairs", func(_ *levels.Result, l *levels.Row) any { return l.RepairedUops }),
		ofLevels(Real, "t1_over_tinf", "", "work over longest chain, on scalar cores, by key", func(s *levels.Result, _ *levels.Row) any { return optional(s.T1OverTinf) }),
	}
	for _, name := range machine.LossNames {
		list = append(list, ofLevels(Integer, "lost_"+snake(name), "core cycles", "of the speedup stack, part "+name, func(_ *levels.Result, l *levels.Row) any {
			if l.Lost == nil { // a bound, which no cores have run
				return nil
			}
			return l.Lost[name]
		}))
	}
	for _, name := range machine.GuardNames[1:] {
		list = append(list, ofLevels(Integer, "repairs_"+snake(name), "repairs", "by outcome: "+name, func(_ *levels.Result, l *levels.Row) any { return l.Repairs[name] }))
	}
	for _, name := range levels.Definitions() {
		list = append(list, ofLevels(Real, "independent_"+snake(name), "", "share of transactions that wait for none, conflicts by "+name, func(s *levels.Result, _ *levels.Row) any {
			return optional(s.IndependentShare[name])
		}))
	}
	return list
}

var digest = ofRun(Text, "digest", "", "of the run: two runs are equal when their digests are", func(r *run.Result) any { return r.Digest })

// snake spells a name of a report as the name of a column: memoryOrder is memory_order.
func snake(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case unicode.IsUpper(c):
			b.WriteByte('_')
			b.WriteRune(unicode.ToLower(c))
		case c == ' ', c == '-', c == '.':
			b.WriteByte('_')
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// cellText spells a cell as result files have it; an empty one is the empty text.
func cellText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		if abs := math.Abs(v); abs != 0 && abs < 1e-6 || abs >= 1e21 {
			return strconv.FormatFloat(v, 'e', -1, 64)
		}
		return strconv.FormatFloat(v, 'f', -1, 64) // as JSON has it
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
