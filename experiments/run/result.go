package run

import "github.com/ooovm/ooovm/traces"

// ResultSchema is the schema of Result.
const ResultSchema = "ooovm.run/1"

// Result describes one run of one block. docs/formats.md explains every field. A
// check that does not apply or was not made is null; so is a ratio that is not
// defined.
type Result struct {
	Schema     string            `json:"schema"`
	Trace      TraceInfo         `json:"trace"`
	Config     ConfigInfo        `json:"config"`
	Valid      Validity          `json:"valid"`
	Counts     Counts            `json:"counts"`
	IPC        *float64          `json:"ipc"`
	UIPC       *float64          `json:"uipc"`
	Speedup    *float64          `json:"speedup"`
	Baseline   *Baseline         `json:"baseline"`
	Folded     *Baseline         `json:"baselineFolded"`
	Time       TimeInfo          `json:"time"`
	CPIStack   map[string]uint64 `json:"cpiStack"`
	Serial     map[string]uint64 `json:"serial"` // slots of cause serial, by the micro-op waited for
	Squashes   map[string]uint64 `json:"squashes"`
	Predictors PredictorInfo     `json:"predictors"`
	State      StateInfo         `json:"state"`
	Prefetch   *PrefetchInfo     `json:"prefetch"` // null without state prefetching
	Window     *WindowInfo       `json:"window"`   // null where the core drains between transactions
	Stalls     map[string]uint64 `json:"stalls"`
	Digest     string            `json:"digest"`
}

// TraceInfo names the block.
type TraceInfo struct {
	Name         string `json:"name"`
	Hash         string `json:"hash"` // of the bundle's content
	Number       uint64 `json:"number"`
	Fork         string `json:"fork"`
	Transactions int    `json:"transactions"`
	GasUsed      uint64 `json:"gasUsed"`
}

// ConfigInfo names the configuration.
type ConfigInfo struct {
	Preset   string `json:"preset"`
	Hash     string `json:"hash"`
	Stack    string `json:"stack"`    // stack policy: the headline moves with it
	Builtins string `json:"builtins"` // what built-ins take: it moves with that, too
	Oracle   bool   `json:"oracle"`   // reads the golden run
	Chaos    bool   `json:"chaos"`    // misbehaves on purpose
	Carry    bool   `json:"carry"`    // predictors have learned from the blocks before
}

// Validity is what was compared and what came out.
type Validity struct {
	traces.Verdict
	InstructionsChecked *uint64 `json:"instructionsChecked"`
	Difference          string  `json:"difference,omitempty"`
}

// Counts of one run.
type Counts struct {
	Instructions       uint64 `json:"instructions"` // committed, system calls not counted
	Uops               uint64 `json:"uops"`         // committed micro-ops, envelope included
	ExecutedUops       uint64 `json:"executedUops"` // of these, those that took a unit
	Cycles             uint64 `json:"cycles"`
	Squashes           uint64 `json:"squashes"`
	SquashedUops       uint64 `json:"squashedUops"`
	WrongPathUops      uint64 `json:"wrongPathUops"` // executed, then squashed
	ReadsOutsideBundle uint64 `json:"readsOutsideBundle"`
	Calls              uint64 `json:"calls"`
	StackFills         uint64 `json:"stackFills"` // spilled stack values brought back
}

// Baseline is the in-order core on the same block.
type Baseline struct {
	Preset  string   `json:"preset"`
	Stack   string   `json:"stack"`
	Cycles  uint64   `json:"cycles"`
	IPC     *float64 `json:"ipc"`
	UIPC    *float64 `json:"uipc"`
	Speedup *float64 `json:"speedup"` // of the run over it
}

// TimeInfo gives cycles as time at the configured clock.
type TimeInfo struct {
	ClockMHz     int      `json:"clockMHz"`
	Microseconds float64  `json:"microseconds"`
	MgasPerSec   *float64 `json:"mgasPerSecond"`
}

// Prediction is the record of one predictor.
type Prediction struct {
	Name        string   `json:"name"`
	Made        uint64   `json:"made"`
	Mispredicts uint64   `json:"mispredicts"` // found in the back end, wrong paths included
	Accuracy    *float64 `json:"accuracy"`
	MPKI        *float64 `json:"mpki"` // mispredicts per thousand committed instructions
}

// JumpInfo splits the committed jumps that Target predicts.
type JumpInfo struct {
	Constant          uint64 `json:"constant"` // rename saw the target
	Returns           uint64 `json:"returns"`  // predicted by the return stack
	Dynamic           uint64 `json:"dynamic"`  // the others
	ReturnMispredicts uint64 `json:"returnMispredicts"`
	// Mispredicts per thousand committed instructions, of returns and of the others.
	ReturnMPKI  *float64 `json:"returnMpki"`
	DynamicMPKI *float64 `json:"dynamicMpki"`
}

// Dependence is the record of a memory or state dependence predictor.
type Dependence struct {
	Name       string `json:"name"`
	Forwards   uint64 `json:"forwards"`
	Waits      uint64 `json:"waits"`
	Violations uint64 `json:"violations"`
	// FalseWaits are those for a store that turned out to write something else.
	FalseWaits uint64 `json:"falseWaits"`
}

// StateDependence is the record for state, split by what holds it.
type StateDependence struct {
	Dependence
	Persistent DependenceCounts `json:"persistent"`
	Transient  DependenceCounts `json:"transient"`
}

// DependenceCounts are the counts of Dependence.
type DependenceCounts struct {
	Forwards   uint64 `json:"forwards"`
	Waits      uint64 `json:"waits"`
	FalseWaits uint64 `json:"falseWaits"`
	Violations uint64 `json:"violations"`
}

// PredictorInfo has the record of every predictor.
type PredictorInfo struct {
	Branch            Prediction      `json:"branch"`
	Target            Prediction      `json:"target"`
	Call              Prediction      `json:"call"`
	Jumps             JumpInfo        `json:"jumps"`
	FrontEndRedirects uint64          `json:"frontEndRedirects"`
	Memory            Dependence      `json:"memory"`
	State             StateDependence `json:"state"`
	Value             ValueInfo       `json:"value"`
	Gas               Prediction      `json:"gas"` // reads of the gas left that were answered ahead of their commit
}

// ValueInfo is the record of the predictor of state values.
type ValueInfo struct {
	Name      string   `json:"name"`
	Loads     uint64   `json:"loads"`     // committed loads of storage and of account fields
	Predicted uint64   `json:"predicted"` // of these
	Right     uint64   `json:"right"`     // of these
	Wrong     uint64   `json:"wrong"`     // found wrong, wrong paths included
	Unread    uint64   `json:"unread"`    // of these, before anything had read the value: no squash
	Coverage  *float64 `json:"coverage"`  // predicted / loads
	Accuracy  *float64 `json:"accuracy"`  // right / predicted
}

// Counts are a dependence predictor's counts alone.
func (d *Dependence) Counts() DependenceCounts {
	return DependenceCounts{d.Forwards, d.Waits, d.FalseWaits, d.Violations}
}

// Returns is the record of jumps that the return stack predicted.
func (p *PredictorInfo) Returns() Prediction {
	return p.jumps(p.Jumps.Returns, p.Jumps.ReturnMispredicts, p.Jumps.ReturnMPKI)
}

// DynamicJumps says how jumps fared that the return stack did not predict.
func (p *PredictorInfo) DynamicJumps() Prediction {
	return p.jumps(p.Jumps.Dynamic, p.Target.Mispredicts-p.Jumps.ReturnMispredicts, p.Jumps.DynamicMPKI)
}

func (p *PredictorInfo) jumps(made, wrong uint64, mpki *float64) Prediction {
	x := prediction(p.Target.Name, made, wrong, 0)
	x.MPKI = mpki
	return x
}

// StateInfo counts accesses of the state hierarchy.
type StateInfo struct {
	Hits       uint64 `json:"hits"`
	Near       uint64 `json:"near"`
	Far        uint64 `json:"far"`
	MissStalls uint64 `json:"missStalls"`
	// TransferWaits counts reads of balances that waited for older instructions which may move value.
	TransferWaits uint64 `json:"transferWaits"`
}

// PrefetchInfo is the record of state prefetching.
type PrefetchInfo struct {
	Keys      string   `json:"keys"`     // the predictor
	Runahead  bool     `json:"runahead"` // runahead execution
	Issued    uint64   `json:"issued"`
	Useful    uint64   `json:"useful"`
	Late      uint64   `json:"late"` // useful, but less than one far latency ahead
	Useless   uint64   `json:"useless"`
	Redundant uint64   `json:"redundant"`
	Dropped   uint64   `json:"dropped"`
	Refused   uint64   `json:"refused"`      // recipes whose code is not what runs there now
	Accuracy  *float64 `json:"accuracy"`     // useful / issued
	Wasted    *float64 `json:"uselessShare"` // useless / issued

	Touches Coverage `json:"touches"` // first touches of any key
	Loads   Coverage `json:"loads"`   // of these, by SLOAD
	Seen    Coverage `json:"seen"`    // of these, in code that an earlier call of the block ran
	Known   Coverage `json:"known"`   // of these, under a selector that an earlier call of the code had

	Runaheads    uint64 `json:"runaheads"`
	RunaheadUops uint64 `json:"runaheadUops"`
}

// Coverage is how many first touches a prefetch came before, and how many by at least
// one far latency.
type Coverage struct {
	All     uint64   `json:"all"`
	Covered uint64   `json:"covered"`
	Timely  uint64   `json:"timely"`
	Share   *float64 `json:"share"` // timely / all
}

// WindowInfo is the record of a window that reaches across transactions.
type WindowInfo struct {
	Transactions int    `json:"transactions"` // that it holds at most
	Overlapped   uint64 `json:"overlapped"`   // fetched behind one that had not committed yet, again after a squash
	StaleReads   uint64 `json:"staleReads"`   // squashes of what had read the state before its transaction's turn
}
