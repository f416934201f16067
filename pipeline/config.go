package pipeline

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/price"
)

// Config describes one simulated core completely. Field tags are the schema: the
// key, the range or the choices, and a line of documentation with the unit.
// Sources of the default numbers are in docs/model.md.
type Config struct {
	Core      CoreConfig      `key:"core"`
	Fusion    FusionConfig    `key:"fusion"`
	Units     UnitConfig      `key:"units"`
	Latency   LatencyConfig   `key:"latency"`
	State     StateConfig     `key:"state"`
	Predictor PredictorConfig `key:"predictor"`
	Chaos     ChaosConfig     `key:"chaos"`
}

// CoreConfig has the widths and the sizes of the window.
type CoreConfig struct {
	InOrder      bool   `key:"inorder" doc:"issue in program order, stalling on use"`
	Stack        string `key:"stack" oneof:"execute rename fold" doc:"stack instructions: execute (slot and unit), rename (slot only), fold (nothing after decode)"`
	Decode       int    `key:"decode" range:"1..1048576" doc:"instructions decoded a cycle, folded ones included"`
	Width        int    `key:"width" range:"1..1048576" doc:"micro-ops fetched, renamed and dispatched a cycle"`
	Issue        int    `key:"issue" range:"1..1048576" doc:"micro-ops issued a cycle"`
	Commit       int    `key:"commit" range:"1..1048576" doc:"micro-ops committed a cycle"`
	Taken        int    `key:"taken" range:"1..1048576" doc:"taken jumps, calls and returns that fetch follows a cycle"`
	FrontEnd     int    `key:"frontend" range:"1..64" doc:"cycles from fetch to dispatch"`
	ROB          int    `key:"rob" range:"1..1048576" doc:"reorder buffer, micro-ops"`
	IQ           int    `key:"iq" range:"1..1048576" doc:"issue queue, micro-ops"`
	LoadQ        int    `key:"loadq" range:"1..1048576" doc:"load queue, loads"`
	StoreQ       int    `key:"storeq" range:"1..1048576" doc:"store queue, stores"`
	StateQ       int    `key:"stateq" range:"1..1048576" doc:"state queue, state loads and stores"`
	Regs         int    `key:"regs" range:"1..1048576" doc:"physical registers of uncommitted producers"`
	StackRegs    int    `key:"stackregs" range:"32..1048576" doc:"committed stack values kept in registers, over all frames; deeper ones are spilled"`
	Fill         int    `key:"fill" range:"0..1024" doc:"cycles to fill one spilled stack value"`
	Transactions int    `key:"transactions" range:"1..1048576" doc:"transactions in the window at once; 1: the core drains between them"`
	Gas          string `key:"gas" oneof:"serial prefix free" doc:"how an instruction that reads the gas left is answered: serial (its commit answers), prefix (once all that is older has executed), free (at once, from the golden run: an oracle)"`
	Status       string `key:"status" oneof:"predict rename" doc:"status registers of a register machine: predict (zero unless the mode allows another second result), rename (a result like any other)"`
	Watchdog     int    `key:"watchdog" range:"0..1000000000000" doc:"cycles without a commit after which a run is given up; 0 never"`
	ClockMHz     int    `key:"clock" range:"1..100000" doc:"clock in MHz, to give cycles as time"`
}

// FusionConfig says what instructions are fused into one micro-op.
type FusionConfig struct {
	Jump bool `key:"jump" doc:"a constant and the jump or branch to it; core.stack=fold folds it in any case"`
	Test bool `key:"test" doc:"a test for zero, a constant and the branch to it that the test decides"`
	Pair bool `key:"pair" doc:"a hash of the two words that the two stores before it have stored: it takes them from their registers"`
}

// UnitConfig has the number of ports of each kind.
type UnitConfig struct {
	ALU    int `key:"alu" range:"1..1048576" doc:"integer units"`
	Mul    int `key:"mul" range:"1..1048576" doc:"multipliers, pipelined"`
	Div    int `key:"div" range:"1..1048576" doc:"dividers, not pipelined unless latency.div is 1"`
	Hash   int `key:"hash" range:"1..1048576" doc:"hash units, not pipelined unless latency.hash is 1"`
	Load   int `key:"load" range:"1..1048576" doc:"memory load ports"`
	Store  int `key:"store" range:"1..1048576" doc:"memory store ports, for addresses and data"`
	State  int `key:"state" range:"1..1048576" doc:"state queue ports"`
	Branch int `key:"branch" range:"1..1048576" doc:"branch units"`
	Crypto int `key:"crypto" range:"1..1048576" doc:"units for built-ins, not pipelined; under latency.builtins=flat there is no limit"`
}

// LatencyConfig has the latencies, in cycles from issue to use.
type LatencyConfig struct {
	ALU    int `key:"alu" range:"1..1048576" doc:"add, compare, logic"`
	Shift  int `key:"shift" range:"1..1048576" doc:"shifts"`
	Mul    int `key:"mul" range:"1..1048576" doc:"256-bit multiply"`
	Div    int `key:"div" range:"1..1048576" doc:"256-bit divide and remainder"`
	MulMod int `key:"mulmod" range:"1..1048576" doc:"addmod and mulmod"`
	Exp    int `key:"exp" range:"0..1048576" doc:"exponentiation, per byte of the exponent, on top of mul"`
	Hash   int `key:"hash" range:"1..1048576" doc:"per 136-byte block of Keccak-256"`
	Load   int `key:"load" range:"1..1048576" doc:"frame memory load"`
	Store  int `key:"store" range:"1..1048576" doc:"store address and data"`
	Copy   int `key:"copy" range:"0..1048576" doc:"block copies, per 32 bytes, on top of load"`
	Branch int `key:"branch" range:"1..1048576" doc:"jumps and calls"`
	State  int `key:"state" range:"1..1048576" doc:"state queue and buffer lookup"`
	System int `key:"system" range:"1..1048576" doc:"creations, what a register machine's system executes as a whole, and every built-in under latency.builtins=flat"`

	Builtins    string `key:"builtins" oneof:"software accelerator flat" doc:"what built-ins take: software (measured clients), accelerator (published hardware, else software), flat (latency.system each, any number at once: not modeled)"`
	Microsecond int    `key:"microsecond" range:"1..100000" doc:"cycles that a microsecond of software stands for, of built-ins"`
}

// StateConfig describes the state hierarchy.
type StateConfig struct {
	// Hierarchy is a name for values of the others: the core does not read it.
	Hierarchy string `key:"hierarchy" oneof:"ideal dram nvme megaeth" doc:"what state is kept in: values for the keys of state (megaeth: of latency, too) that are not set by themselves"`
	Buffer    int    `key:"buffer" range:"0..1048576" doc:"on-chip state buffer, keys"`
	Near      int    `key:"near" range:"0..10000000" doc:"cycles added by a key that the buffer lost"`
	Far       int    `key:"far" range:"0..10000000" doc:"cycles added by a key touched for the first time in the block"`
	Interval  int    `key:"interval" range:"0..100000" doc:"cycles between the beginnings of two far accesses, the bandwidth of far state; 0: no limit"`
	Misses    int    `key:"misses" range:"1..1048576" doc:"outstanding misses"`
}

// PredictorConfig names the predictors and sizes their tables.
type PredictorConfig struct {
	Branch      string `key:"branch" registry:"predictor" doc:"branch direction"`
	Target      string `key:"target" registry:"predictor" doc:"jump target"`
	Call        string `key:"call" registry:"predictor" doc:"call target"`
	Memory      string `key:"memory" registry:"predictor" doc:"memory dependence"`
	State       string `key:"state" registry:"predictor" doc:"state dependence"`
	Keys        string `key:"keys" registry:"predictor" doc:"state keys, prefetched when a call is entered"`
	Value       string `key:"value" registry:"predictor" doc:"values of state loads, handed to their consumers ahead of the access"`
	ValueBy     string `key:"valueby" oneof:"site account key" doc:"what values are remembered by: site (code and position), account (these and the account), key (account and slot; not predicted where they are not known as the load enters the window)"`
	ValueBits   int    `key:"valuebits" range:"1..24" doc:"log2 of the table of values"`
	Confidence  int    `key:"confidence" range:"0..255" doc:"how often in a row a value has to have been right before it is used"`
	Runahead    bool   `key:"runahead" doc:"runahead execution behind a far miss that fills the window"`
	Prefetches  int    `key:"prefetches" range:"1..1048576" doc:"outstanding prefetches of state, of state.misses"`
	Ahead       int    `key:"ahead" range:"0..1024" doc:"transactions whose state keys are predicted before they begin; 0: when a call is entered"`
	KeyBits     int    `key:"keybits" range:"1..24" doc:"log2 of the calls that a predictor of state keys remembers"`
	BranchBits  int    `key:"branchbits" range:"1..24" doc:"log2 of the direction table"`
	HistoryBits int    `key:"historybits" range:"0..63" doc:"global history, branches"`
	TargetBits  int    `key:"targetbits" range:"1..24" doc:"log2 of the target tables"`
	ReturnStack int    `key:"returnstack" range:"1..1024" doc:"return stack entries"`
	DependBits  int    `key:"dependbits" range:"1..24" doc:"log2 of the store-set table"`
	Seed        uint64 `key:"seed" range:"0..18446744073709551615" doc:"seed of chaos predictors and squashes"`
}

// ChaosConfig makes the machine misbehave on purpose.
type ChaosConfig struct {
	Squash int `key:"squash" range:"0..1000000" doc:"random squashes, per million cycles"`
}

// ReadsGolden reports whether anything in the configuration is an oracle.
func (c *Config) ReadsGolden() bool { return c.Core.Gas == "free" || c.Predictor.readsGolden() }

// Prefetches reports whether state is prefetched.
func (c *Config) Prefetches() bool { return c.Predictor.Runahead || c.Predictor.Keys != "none" }

// Misbehaves reports whether anything in the configuration is chaos.
func (c *Config) Misbehaves() bool { return c.Chaos.Squash > 0 || c.Predictor.misbehaves() }

// Latencies returns the cycles of each latency class.
func (c *Config) Latencies() [isa.NumLatencies]isa.Cycle {
	l := &c.Latency
	return [isa.NumLatencies]isa.Cycle{
		isa.LatALU: isa.Cycle(l.ALU), isa.LatShift: isa.Cycle(l.Shift), isa.LatMul: isa.Cycle(l.Mul), isa.LatDiv: isa.Cycle(l.Div),
		isa.LatMulMod: isa.Cycle(l.MulMod), isa.LatExp: isa.Cycle(l.Exp), isa.LatHash: isa.Cycle(l.Hash), isa.LatLoad: isa.Cycle(l.Load),
		isa.LatStore: isa.Cycle(l.Store), isa.LatCopy: isa.Cycle(l.Copy), isa.LatBranch: isa.Cycle(l.Branch), isa.LatState: isa.Cycle(l.State),
		isa.LatSystem: isa.Cycle(l.System),
	}
}

// Prices returns what built-ins take.
func (c *Config) Prices() (price.Prices, error) {
	return price.New(c.Latency.Builtins, c.Latency.Microsecond, c.Latency.System)
}

// unlimited is more than a window can hold.
const unlimited = 1 << 20

func (c *Config) units() [isa.NumUnits]int {
	u := &c.Units
	crypto := u.Crypto
	if c.Latency.Builtins == "flat" {
		crypto = unlimited
	}
	return [isa.NumUnits]int{
		isa.UnitNone: 0, isa.UnitALU: u.ALU, isa.UnitMul: u.Mul, isa.UnitDiv: u.Div, isa.UnitHash: u.Hash,
		isa.UnitLoad: u.Load, isa.UnitStore: u.Store, isa.UnitState: u.State, isa.UnitBranch: u.Branch, isa.UnitCrypto: crypto,
	}
}
