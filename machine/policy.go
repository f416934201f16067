package machine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/suggest"
)

// TaskKind says what a core is asked to do.
type TaskKind uint8

// The kinds of tasks.
const (
	Execute  TaskKind = iota // run the transaction's next incarnation
	Validate                 // look again at all that its latest incarnation has read
	Redo                     // execute again what depends on its stale reads
)

// Task is one assignment to one core. Free tasks cost no scheduling.
type Task struct {
	Kind TaskKind
	Tx   int
	Free bool
}

// Policy decides who runs which transaction when. The machine calls it at the end of
// a cycle, for the cores in order of their numbers; what it does is seen in the next.
type Policy interface {
	// Next gives an idle core a task; ok is false when there is none for it now, for
	// the stated reason.
	Next(core int) (t Task, why Loss, ok bool)
	// Executed follows the end of an incarnation on a core.
	Executed(core int, x *Incarnation)
	// Validated follows the end of a validation. x is the incarnation that was looked
	// at; it may not be the latest any more.
	Validated(core int, x *Incarnation)
	// Stopped follows the end of an incarnation that was given up because it needs
	// what transaction on is about to write.
	Stopped(core int, x *Incarnation, on int)
	// Done reports whether every transaction has been committed.
	Done() bool
}

// Uniform is a Policy to which idle cores are alike, all but a few: when it has no task for
// one core it has none for any other, for the same reason, except for those that Own names.
// The machine asks it no more often than there are tasks, however many cores are idle; a
// policy that does not say so is asked for every idle core whenever anything has changed.
type Uniform interface {
	Policy
	// Own gives the first core, from the given one on, for which Next may have another
	// answer than for the rest; -1 for none.
	Own(from int) int
}

// PolicyInfo is a row of the table of policies.
type PolicyInfo struct {
	Name     string
	Level    string   // of parallelism: account, object, transaction, vm, instruction; or bound
	Mappings []string // what transactions conflict on; the first is the default
	Log      bool     // needs the log of what incarnations commit
	Oracle   bool     // reads access sets that only a run of the block tells
	OneCore  bool     // runs on one core, whose window reaches across (core.transactions); Machine does not run it
	Source   string   // whose published mechanism it is
	// Bounds, of a row that is read as a bound on the others, says on which; PassedBy says
	// what is faster all the same.
	Bounds, PassedBy string
	// Make makes the policy for one run. What it commits it publishes, in block order
	// unless nothing that comes before can conflict; the rest it discards.
	Make func(m *Machine, mapping string) Policy
	// Model, of a policy that is a schedule model, rearranges the timeline of a run in
	// order; nil: the policy is simulated.
	Model func(m *Machine, mapping string) Stats
}

// LevelBound is the level of a row that no cores can run: a bound on the others.
const LevelBound = "bound"

// SequentialPolicy is the policy of one core that runs one transaction after the other, Window
// that of one whose window reaches across transactions.
const (
	SequentialPolicy = "sequential"
	Window           = "window"
)

// policies is the table of all policies, in the order of reports.
var policies = []PolicyInfo{
	{
		Name: SequentialPolicy, Level: "none", Mappings: []string{"key"},
		Source: "one transaction after the other on the first core",
		Make:   newSequential,
	},
	{
		Name: "sealevel", Level: "account", Mappings: []string{"address", "holder"}, Oracle: true,
		Source: "Solana: prio-graph 0.3, agave prio_graph_scheduler.rs",
		Make:   newSealevel,
	},
	{
		Name: "sui", Level: "object", Mappings: []string{"holder"}, Oracle: true,
		Source: "Sui: docs.sui.io, object ownership",
		Make:   newSui,
	},
	{
		Name: "two-phase-occ", Level: "transaction", Mappings: []string{"key"},
		Source: "Saraph and Herlihy, arXiv 1901.01376",
		Make:   newTwoPhase,
	},
	{
		Name: "block-stm", Level: "transaction", Mappings: []string{"key", "key-sets", "key-always"},
		Source: "Gelashvili et al., PPoPP 2023; aptos-core block-executor",
		Make:   newBlockSTM,
	},
	{
		Name: "monad", Level: "transaction", Mappings: []string{"key"},
		Source: "category-labs/monad: state2/block_state.cpp can_merge",
		Make:   newMonad,
	},
	{
		Name: "repair", Level: "instruction", Mappings: []string{"key"}, Log: true,
		Source: "ParallelEVM, EuroSys 2025",
		Make:   newRepair,
	},
	{
		Name: "frame", Level: "vm", Mappings: []string{"schedule", PerfectFrames}, Log: true, Model: scheduleFrames,
		Source: "hypothetical, after the idea attributed to MegaETH",
	},
	{
		Name: Window, Level: "instruction", Mappings: []string{"key"}, OneCore: true,
		Source: "one out-of-order core whose window reaches across transactions",
	},
	{
		Name: "fuel", Level: "transaction", Mappings: []string{"contract", "key"}, Oracle: true,
		Source: "FuelLabs/fuel-core: parallel-executor scheduler.rs",
		Make:   newAccessList,
	},
	{
		Name: "tinf", Level: LevelBound, Mappings: []string{"key"}, Log: true, Oracle: true, Model: scheduleSpan,
		Source:   "the longest chain: unbounded cores, each load waits until its writer has finished",
		Bounds:   "schedules whose loads wait for their writers, at times of the run in order",
		PassedBy: "values known before the writer ends; cores faster the second time",
	},
	{
		Name: "dag-oracle", Level: "transaction", Mappings: []string{"key"}, Oracle: true,
		Source:   "the block's true dataflow, transaction by transaction",
		Bounds:   "no row: a list schedule of whole transactions after their writers",
		PassedBy: "starting before a writer ends, and being right; another order",
		Make:     newDAG,
	},
}

// Register adds a policy; it is then a legal value of machine.policy, and a row of
// reports, wherever it is defined. Call it in an init function. It panics on a policy
// that is not complete, and on a name used twice: errors of the program.
func Register(p PolicyInfo) {
	if p.Name == "" || p.Level == "" || len(p.Mappings) == 0 || p.Make == nil {
		panic(fmt.Sprintf("machine: policy %q needs a name, a level, a mapping and Make", p.Name))
	}
	if slices.Contains(PolicyNames(), p.Name) {
		panic(fmt.Sprintf("machine: policy %q registered twice", p.Name))
	}
	policies = append(policies, p)
}

// Policies lists the policies.
func Policies() []PolicyInfo { return append([]PolicyInfo(nil), policies...) }

// PolicyNames lists their names.
func PolicyNames() []string {
	names := make([]string, len(policies))
	for i := range policies {
		names[i] = policies[i].Name
	}
	return names
}

// FindPolicy looks a policy up and settles its mapping; no mapping is the default one.
func FindPolicy(name, mapping string) (PolicyInfo, string, error) {
	for _, p := range policies {
		if p.Name != name {
			continue
		}
		if mapping == "" {
			return p, p.Mappings[0], nil
		}
		for _, m := range p.Mappings {
			if m == mapping {
				return p, m, nil
			}
		}
		return PolicyInfo{}, "", fmt.Errorf("policy %s has no mapping %q, but %s%s", name, mapping, strings.Join(p.Mappings, ", "), suggest.Text(mapping, p.Mappings))
	}
	return PolicyInfo{}, "", suggest.Unknown("no policy", name, PolicyNames())
}

// Config says how several cores share a block.
type Config struct {
	Policy    string
	Mapping   string // what transactions conflict on; empty: the policy's default
	Cores     int    // 0: as many as there are transactions
	Crediting state.Crediting
	Schedule  isa.Cycle // cycles that taking a task costs a core
	Check     isa.Cycle // cycles that a validation takes for each key
	Lookahead int       // transactions in block order that a scheduler looks at (sealevel)
	Budget    uint64    // gas that the transactions given to a core may use (sealevel); 0: the block's limit by the cores
	// Retries is how many incarnations of a transaction it takes until the block is run
	// again in order (block-stm); 0: Aptos's limit.
	Retries int
	// Restart gives an incarnation up as soon as it needs a value that is about to be
	// replaced; otherwise it waits in place while somebody computes that value.
	Restart bool
	// Oracle is what the policies with declared access sets read.
	Oracle []oracle.Footprint
	// Watch is told what happens, in order; nil for nobody.
	Watch func(Event)
}

// Event is one thing that happens at the end of a cycle: an incarnation begins, ends,
// waits, is stopped or found invalid before it began; a validation begins.
type Event struct {
	Cycle       isa.Cycle
	Core        int
	What        string
	Tx          int
	Incarnation int
}
