// Package predictor holds everything that guesses: branch directions, jump and
// call targets, and the order of memory and state accesses. Each predictor is one
// file that registers itself by name; the pipeline sees only the interfaces here.
// A prediction can change when things happen, never what is committed.
package predictor

import (
	"fmt"
	"sort"
	"strings"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/suggest"
)

// Ref names one dynamic instruction to a predictor.
type Ref struct {
	// Site identifies the static instruction: program and instruction index.
	Site uint64
	// Dynamic is the instruction's number in program order of the block, counted
	// along the path being fetched. On a wrong path it is meaningless; only
	// predictors that read the golden stream look at it.
	Dynamic uint64
	// Backward: a direct branch to itself or to an earlier instruction. Only Predict is told.
	Backward bool
	// Path names the calls that led to the instruction's frame: sites and accounts. Only
	// predictors of call targets are told.
	Path uint64
}

// Direction predicts conditional branches. The pipeline calls Predict and then
// Shift for every branch it fetches, Restore when it squashes, and Train when
// the branch commits.
type Direction interface {
	Predict(r Ref) bool
	// Shift appends an outcome to the speculative history.
	Shift(r Ref, taken bool)
	// Checkpoint gives the history's present state, to be handed to Restore.
	Checkpoint() uint64
	Restore(checkpoint uint64)
	// Train learns from a committed branch; checkpoint is the history it was predicted with.
	Train(r Ref, checkpoint uint64, predicted, taken bool)
}

// FaultOracle is a Direction that also knows which instructions will fault, or are
// calls that fail without running code. What follows one of them is squashed in any
// case, so fetch stops behind it.
type FaultOracle interface {
	Faults(r Ref) bool
}

// Target predicts the target instruction of jumps whose target is not in the code
// beside them. Call and Return feed a return stack where there is one.
type Target interface {
	// Predict returns the instruction index, a CodePosition, or -1 for no prediction.
	Predict(r Ref) isa.InstIndex
	// Call notes a jump that looks like a subroutine call, with its return point.
	Call(r Ref, returnTo isa.InstIndex)
	// Shift appends a target to the speculative history: of each jump that Predict is
	// asked about, what fetch follows.
	Shift(r Ref, target isa.InstIndex)
	Checkpoint() uint64
	Restore(checkpoint uint64)
	Train(r Ref, checkpoint uint64, target isa.InstIndex)
}

// StackUser is a Target that has a return stack: it tells whether its last prediction
// came from there.
type StackUser interface {
	FromStack() bool
}

// CodePosition encodes a target that is known as a position in the code rather
// than as an instruction index: Predict may return it.
func CodePosition(pc uint32) isa.InstIndex { return -2 - isa.InstIndex(pc) }

// IsCodePosition undoes CodePosition.
func IsCodePosition(target isa.InstIndex) (pc uint32, ok bool) {
	return uint32(-2 - target), target <= -2
}

// CallTarget predicts the account that a call enters.
type CallTarget interface {
	Predict(r Ref) (account isa.Word, ok bool)
	Train(r Ref, account *isa.Word)
}

// Dependence decides the bets of loads on older stores whose address is not known
// yet. Memory and state have one each.
type Dependence interface {
	// Bypass reports whether the load may go before the store.
	Bypass(load, store Ref) bool
	// Violation tells of a bet that was lost.
	Violation(load, store Ref)
}

// Golden is what oracle predictors may ask of the golden run. Nothing else in the
// simulator reads it while simulating.
type Golden interface {
	// Taken tells whether branch number dynamic jumps.
	Taken(dynamic uint64) bool
	// Next is the code position that follows instruction number dynamic in its own
	// frame, or false when it is not known.
	NextPC(dynamic uint64) (uint32, bool)
	// Callee is the account entered by call number dynamic.
	Callee(dynamic uint64) (isa.Word, bool)
	// Overlap reports whether load and store touch a common byte or key.
	Overlap(load, store uint64) bool
	// Faults tells whether instruction number dynamic faults, or is a call that fails
	// without running code.
	Faults(dynamic uint64) bool
	// Gas is what GAS number dynamic yields.
	Gas(dynamic uint64) (uint64, bool)
	// Value is the word that instruction number dynamic, a load of state, pushes.
	Value(dynamic uint64) (isa.Word, bool)
}

// Params are what a predictor is made from.
type Params struct {
	TableBits   int // log2 of the number of entries of its main table
	HistoryBits int // length of the global history, in branches
	StackDepth  int // return stack entries
	Confidence  int // rights in a row before a value is used
	Seed        uint64
	Golden      Golden // nil when there is none
}

// Maker makes a predictor of one kind.
type Maker[T any] struct {
	Name   string
	Doc    string // one line, with its source
	Oracle bool   // reads the golden run
	// Params are the configuration keys, within the section predictor, that size it.
	Params []string
	New    func(Params) T
}

// Registry lists the predictors of one kind by name.
type Registry[T any] struct {
	Kind   string
	makers map[string]Maker[T]
}

// Info describes a registered predictor without making it.
type Info struct {
	Kind, Name, Doc string
	Oracle          bool
	Params          []string // configuration keys, within the section predictor, that size it
}

// Catalog is a Registry of any kind, for those that only look.
type Catalog interface {
	Names() []string
	Info(name string) (Info, error)
}

// The registries. A predictor adds itself in an init function of its file.
var (
	Directions  = Registry[Direction]{Kind: "branch direction"}
	Targets     = Registry[Target]{Kind: "jump target"}
	CallTargets = Registry[CallTarget]{Kind: "call target"}
	Dependences = Registry[Dependence]{Kind: "dependence"}
	// KeyPredictors may make nil: no prediction.
	KeyPredictors = Registry[Keys]{Kind: "state keys"}
	// ValuePredictors may make nil: no prediction.
	ValuePredictors = Registry[Values]{Kind: "state value"}
)

// Register adds a predictor. It panics on a name used twice, which only a
// programming error can cause.
func (r *Registry[T]) Register(m Maker[T]) {
	if r.makers == nil {
		r.makers = map[string]Maker[T]{}
	}
	if _, dup := r.makers[m.Name]; dup {
		panic(fmt.Sprintf("predictor: %s %q registered twice", r.Kind, m.Name))
	}
	r.makers[m.Name] = m
}

// Names lists the registered names in order.
func (r *Registry[T]) Names() []string {
	names := make([]string, 0, len(r.makers))
	for n := range r.makers {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Lookup finds a maker by name.
func (r *Registry[T]) Lookup(name string) (Maker[T], error) {
	m, ok := r.makers[name]
	if !ok {
		return m, fmt.Errorf("no %s predictor %q; there are: %s%s", r.Kind, name, strings.Join(r.Names(), ", "), suggest.Text(name, r.Names()))
	}
	return m, nil
}

// Info implements Catalog.
func (r *Registry[T]) Info(name string) (Info, error) {
	m, err := r.Lookup(name)
	return Info{r.Kind, m.Name, m.Doc, m.Oracle, m.Params}, err
}

// New makes the named predictor.
func (r *Registry[T]) New(name string, p Params) (T, error) {
	var none T
	m, err := r.Lookup(name)
	if err != nil {
		return none, err
	}
	if m.Oracle && p.Golden == nil {
		return none, fmt.Errorf("%s predictor %q reads the golden run, and there is none", r.Kind, name)
	}
	return m.New(p), nil
}
