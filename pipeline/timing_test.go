package pipeline_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/decoder/evm/asm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/timing"
	"github.com/ooovm/ooovm/traces"
)

// program is a few instructions whose times were computed by hand, by the rules of
// docs/timing.md. Every line of want is one micro-op, in the order of fetch:
//
//	name  fetch dispatch issue complete commit  why
//
// with "-" for a stage that it does not pass and x15 for one squashed in cycle 15.
// The envelope's micro-ops are left out unless envelope is set. Under the base
// configuration those at its beginning are fetched in 1, dispatched in 2, issue in
// 3, complete in 4 and commit in 5, and the program is fetched from 2 on. Those at
// its end (two touches, and a nop that completes as it is dispatched) are fetched
// in the cycle after the program's last and close the transaction.
type program struct {
	name     string
	set      func(*pipeline.Config) // what differs from the base configuration
	code     string
	callee   string // code of account 0xbbbb
	gas      uint64 // of the transaction, 0 for 200,000
	want     string
	cycles   isa.Cycle // of the whole transaction
	envelope bool
}

// base has room for everything, one cycle between fetch and dispatch, small
// latencies that tell operations apart, and oracles: no program waits for anything
// that its test is not about.
func base() pipeline.Config {
	const n = timing.Unlimited
	return pipeline.Config{
		Core: pipeline.CoreConfig{
			Stack: "fold", Decode: 128, Width: 8, Issue: 8, Commit: 8, Taken: 1, FrontEnd: 1, ROB: 64, IQ: 64,
			LoadQ: 64, StoreQ: 64, StateQ: 64, Regs: 64, StackRegs: 64, Gas: "serial", ClockMHz: 1000,
		},
		Units: pipeline.UnitConfig{ALU: 8, Mul: 8, Div: 8, Hash: 8, Load: 8, Store: 8, State: 8, Branch: 8, Crypto: 8},
		Latency: pipeline.LatencyConfig{
			ALU: 1, Shift: 1, Mul: 3, Div: 10, MulMod: 12, Exp: 2, Hash: 6, Load: 2, Store: 1, Copy: 1, Branch: 1, State: 1, System: 5, Builtins: "flat",
		},
		State: pipeline.StateConfig{Buffer: n, Misses: n},
		Predictor: pipeline.PredictorConfig{
			Branch: "oracle", Target: "oracle", Call: "oracle", Memory: "oracle", State: "oracle", Keys: "none", Value: "none", Prefetches: 16, KeyBits: 4,
			BranchBits: 4, HistoryBits: 4, TargetBits: 4, ReturnStack: 4, DependBits: 4,
		},
	}
}

func TestHandPrograms(t *testing.T) {
	seen := map[string]bool{}
	for _, group := range [][]program{computePrograms, windowPrograms, memoryPrograms, statePrograms, jumpPrograms, framePrograms, gasPrograms, fusionPrograms, valuePrograms, builtinPrograms} {
		for _, p := range group {
			if seen[p.name] {
				t.Errorf("two programs are called %q", p.name)
			}
			seen[p.name] = true
			t.Run(p.name, func(t *testing.T) { p.check(t) })
		}
	}
}

// check runs the program on the core, compares every time with the table, and
// every committed one with the scheduler where the scheduler covers the program.
func (p *program) check(t *testing.T) {
	cfg := base()
	if p.set != nil {
		p.set(&cfg)
	}
	b := p.bundle(t)
	golden, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	sys, env := begin(t, b)
	core, err := pipeline.New(cfg, sys, golden.Oracle())
	if err != nil {
		t.Fatal(err)
	}
	check := lockstep.NewEVM(golden, sys)
	check.BeginTx(0)
	core.SetChecker(check)
	rec := &recorder{byUID: map[uint32]*row{}}
	core.SetProbe(rec, pipeline.AllTransactions)
	if err := core.Run(&env, 0); err != nil {
		t.Fatal(err)
	}
	if want := golden.Results[0]; sys.Results[0].GasUsed != want.GasUsed || sys.Results[0].Success != want.Success {
		t.Fatalf("the machine has %+v, go-ethereum %+v", sys.Results[0], want)
	}
	p.compare(t, rec, core.Cycle(), env.Program)
	source := &timing.Source{Golden: golden, Env: sys.Env}
	compareSchedule(t, source, &env, &cfg, rec)
}

func (p *program) compare(t *testing.T, rec *recorder, cycles isa.Cycle, envelope *decoder.Program) {
	t.Helper()
	var got []string
	for _, r := range rec.rows {
		if p.envelope || r.prog != envelope {
			got = append(got, r.String())
		}
	}
	var want []string
	for line := range strings.Lines(p.want) {
		if f := strings.Fields(line); len(f) >= 6 {
			want = append(want, strings.Join(f[:6], " "))
		}
	}
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("micro-op %d: the core has %s, by hand %s", i, g, w)
		}
	}
	if cycles != p.cycles {
		t.Errorf("the transaction takes %d cycles, by hand %d", cycles, p.cycles)
	}
}

// compareSchedule compares the committed micro-ops with the scheduler's.
func compareSchedule(t *testing.T, source *timing.Source, env *decoder.Envelope, cfg *pipeline.Config, rec *recorder) {
	t.Helper()
	scheduler, err := timing.New(cfg)
	if err != nil {
		return // a configuration that only the table above checks
	}
	stream, err := source.Build(0, env, cfg.Core.Stack, cfg.Core.Decode)
	if not := (*timing.NotCovered)(nil); errors.As(err, &not) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	times, err := scheduler.Run(stream)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rec.rows {
		if i >= len(times) || times[i] != r.Times || stream.Uops[i].Op != r.op {
			t.Fatalf("the scheduler differs from the core in micro-op %d, %s", i, r)
		}
	}
	if len(times) != len(rec.rows) {
		t.Errorf("the scheduler has %d micro-ops, the core %d", len(times), len(rec.rows))
	}
}

// recorder is a probe that keeps the times of every micro-op fetched.
type recorder struct {
	rows  []*row
	byUID map[uint32]*row
}

type row struct {
	timing.Times
	op       isa.Op
	prog     *decoder.Program
	squashed isa.Cycle // cycle
}

func (r *recorder) Fetch(cycle isa.Cycle, _ rob.Seq, prog *decoder.Program, e *rob.Entry) {
	x := &row{op: e.Op, prog: prog}
	x.Times.Fetch = cycle
	r.rows = append(r.rows, x)
	r.byUID[e.UID] = x
}

func (r *recorder) Dispatch(cycle isa.Cycle, e *rob.Entry) {
	x := r.byUID[e.UID]
	x.Times.Dispatch = cycle
	if isa.Table[e.Op].Class == isa.ClassNone {
		x.Times.Complete = cycle
	}
}

func (r *recorder) Issue(cycle isa.Cycle, e *rob.Entry, completes isa.Cycle) {
	x := r.byUID[e.UID]
	x.Times.Issue, x.Times.Complete = cycle, completes
}

func (r *recorder) Commit(cycle isa.Cycle, e *rob.Entry) { r.byUID[e.UID].Times.Commit = cycle }

// Squash also comes for an entry that commits as a fault; its commit counts.
func (r *recorder) Squash(cycle isa.Cycle, e *rob.Entry) { r.byUID[e.UID].squashed = cycle }

func (r *row) String() string {
	number := func(n isa.Cycle) string {
		if n == 0 {
			return "-"
		}
		return strconv.FormatUint(uint64(n), 10)
	}
	t := &r.Times
	end := number(t.Commit)
	if t.Commit == 0 {
		end = "x" + number(r.squashed)
	}
	return fmt.Sprintf("%s %s %s %s %s %s", isa.Table[r.op].Name, number(t.Fetch), number(t.Dispatch), number(t.Issue), number(t.Complete), end)
}

var (
	key       = crypto.ToECDSAUnsafe(common.FromHex("0x0101010101010101010101010101010101010101010101010101010101010101"))
	sender    = state.Address(crypto.PubkeyToAddress(key.PublicKey))
	contractA = common.HexToAddress("0xaaaa")
	contractB = common.HexToAddress("0xbbbb")
)

// bundle is a Cancun block with one transaction, which calls the program.
func (p *program) bundle(t testing.TB) *traces.Bundle {
	t.Helper()
	var beaconRoot common.Hash
	var zero uint64
	b := &traces.Bundle{
		Name: p.name, ChainID: 1, Config: params.MainnetChainConfig,
		Header: &types.Header{
			Coinbase: common.HexToAddress("0xc0"), Difficulty: new(big.Int), Number: big.NewInt(20_000_000), Time: 1_715_000_000,
			GasLimit: 30_000_000, BaseFee: big.NewInt(7), Extra: []byte{}, BlobGasUsed: &zero, ExcessBlobGas: &zero, ParentBeaconRoot: &beaconRoot,
		},
		Prestate: state.Prestate{
			sender:                   {Balance: *uint256.NewInt(params.Ether)},
			state.Address(contractA): {Nonce: 1, Code: assemble(t, p.code)},
			state.Address(contractB): {Nonce: 1, Code: assemble(t, p.callee)},
		},
	}
	tx, err := types.SignNewTx(key, types.MakeSigner(b.Config, b.Header.Number, b.Header.Time), &types.DynamicFeeTx{
		ChainID: b.Config.ChainID, To: &contractA, Gas: cmp.Or(p.gas, 200_000), GasFeeCap: big.NewInt(10), GasTipCap: big.NewInt(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Txs = types.Transactions{tx}
	return b
}

// begin makes the system that runs a bundle, with its only transaction begun.
func begin(t testing.TB, b *traces.Bundle) (*evm.System, decoder.Envelope) {
	t.Helper()
	block, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := state.NewTx(b.Txs[0], sender, b.Header.BaseFee)
	if err != nil {
		t.Fatal(err)
	}
	world := state.NewWorld(b.Prestate)
	sys := evm.NewSystem(world, block, []*state.Tx{tx}, evm.NewCache())
	if err := state.BeginBlock(world, block, b.Header); err != nil {
		t.Fatal(err)
	}
	env, err := sys.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	return sys, env
}

// assemble turns mnemonics and the operands of PUSHes into code.
func assemble(t testing.TB, text string) []byte {
	t.Helper()
	code, err := asm.Assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
