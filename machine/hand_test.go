package machine_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/decoder/evm/asm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// scene is a block made by hand, what a policy makes of it, and when. One wei of value
// or more goes to every account called.
//
// On handCore a plain transfer takes 16 cycles from begin to end. Its micro-ops are
// fetched in cycles 1 to 8: touch touch target enter leave touch touch nop. In order,
// one a cycle, they issue from cycle 3 on; the last touch issues in 9, completes 5
// cycles later, commits in 15, and the nop in 16. A transaction that increments a slot
// takes 24: its load issues in cycle 7 and completes in 12, when the addition issues;
// key and data of the store in 13 and 14, leave in 15, the touches in 16 and 17, which
// commits in 23; then the nop. From the load to the end it is 17 cycles.
//
// Each of them reads 8 keys: existence, nonce, code and balance of the sender, existence
// and code of what it calls, then the balance there or the slot, and the existence of
// the coinbase. Taking a task costs 10 cycles here and looking at a key 1: a
// validation takes 18.
type scene struct {
	name  string
	block block
	mc    machine.Config
	core  func(*pipeline.Config)
	want  string // a line each: cycle, core, what, transaction.incarnation
	slot  uint64 // slot 0 of contract 0xc0 in the end

	again        uint64 // transactions executed again
	instructions uint64 // of all incarnations
	committed    uint64
}

// block makes a block: transaction i comes from sender i, who calls
// account to[i] with value[i] wei.
type block struct {
	code    []string   // of the contracts 0xc0, 0xc1, ...
	storage []isa.Word // slots 0, 1, ... of contract 0xc0
	from    []int      // sender of each transaction; the one of its number where there is none
	to      []byte     // account called: 0xc0.. a contract, others plain accounts
	value   []uint64
}

// send is a sender's address, and at is the account with a one-byte name.
func send(i int) state.Address { return state.Address{0: 0xee, 19: byte(i)} }
func at(b byte) state.Address  { return state.Address{0: 1, 19: b} }
func word(n uint64) isa.Word   { return isa.Word{n} }
func ether(n uint64) isa.Word  { return *new(uint256.Int).Mul(uint256.NewInt(n), uint256.NewInt(1e18)) }

var coinbase = state.Address{19: 0xcb}

// handCore is an in-order core one instruction wide. All state is in the buffer from
// the start, a jump is predicted not to be taken, and a state access takes 5 cycles.
func handCore() pipeline.Config {
	const n = 1 << 10
	return pipeline.Config{
		Core: pipeline.CoreConfig{
			InOrder: true, Stack: "fold", Decode: 16, Width: 1, Issue: 1, Commit: 1, Taken: 1, FrontEnd: 1, ROB: 16, IQ: 16,
			LoadQ: 16, StoreQ: 16, StateQ: 16, Regs: 64, StackRegs: 64, Gas: "serial", ClockMHz: 1000,
		},
		Units:   pipeline.UnitConfig{ALU: 1, Mul: 1, Div: 1, Hash: 1, Load: 1, Store: 1, State: 1, Branch: 1},
		Latency: pipeline.LatencyConfig{ALU: 1, Shift: 1, Mul: 1, Div: 1, MulMod: 1, Exp: 1, Hash: 1, Load: 1, Store: 1, Copy: 1, Branch: 1, State: 5, System: 1, Builtins: "flat"},
		State:   pipeline.StateConfig{Buffer: n, Misses: n},
		Predictor: pipeline.PredictorConfig{
			Branch: "not-taken", Target: "btb+ras", Call: "last", Memory: "wait", State: "wait", Keys: "none", Value: "none", Prefetches: 16, KeyBits: 4,
			BranchBits: 4, HistoryBits: 4, TargetBits: 4, ReturnStack: 4, DependBits: 4,
		},
	}
}

// build makes the block's state and transactions.
func (s *block) build(t *testing.T) (pre state.Prestate, env *state.BlockEnv, txs []*state.Tx) {
	t.Helper()
	pre = state.Prestate{coinbase: {Balance: ether(1)}}
	for i, text := range s.code {
		acct := &state.Account{Nonce: 1, Code: assemble(t, text), Storage: map[isa.Word]isa.Word{}}
		for slot := range uint64(8) {
			acct.Storage[word(slot)] = isa.Word{}
		}
		if i == 0 {
			for slot, v := range s.storage {
				acct.Storage[word(uint64(slot))] = v
			}
		}
		pre[at(0xc0+byte(i))] = acct
	}
	sent := map[int]uint64{}
	for i, to := range s.to {
		account := at(to)
		if pre[account] == nil {
			pre[account] = &state.Account{Balance: ether(1)}
		}
		sender := i
		if i < len(s.from) {
			sender = s.from[i]
		}
		pre[send(sender)] = &state.Account{Balance: ether(1)}
		tx := &state.Tx{Type: types.DynamicFeeTxType, From: send(sender), Nonce: sent[sender], To: &account, Gas: 200_000, GasPrice: word(10), FeeCap: word(10), TipCap: word(3)}
		sent[sender]++
		if i < len(s.value) {
			tx.Value = word(s.value[i])
		}
		txs = append(txs, tx)
	}
	excess := uint64(0)
	header := &types.Header{
		Number: big.NewInt(19_500_000), Time: 1_711_000_000, GasLimit: 30_000_000, BaseFee: big.NewInt(7), Difficulty: new(big.Int),
		ExcessBlobGas: &excess,
	}
	copy(header.Coinbase[:], coinbase[:])
	env, err := state.NewBlockEnv(header, params.MainnetChainConfig, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pre, env, txs
}

// play runs the block and gives the machine with what happened.
func (s *block) play(t *testing.T, mc machine.Config, set func(*pipeline.Config)) (m *machine.Machine, events []string, world *state.World) {
	return s.playBy(t, mc, set, (*machine.Machine).Run)
}

// playBy is play with another loop.
func (s *block) playBy(t *testing.T, mc machine.Config, set func(*pipeline.Config), run func(*machine.Machine) error) (m *machine.Machine, events []string, world *state.World) {
	t.Helper()
	pre, env, txs := s.build(t)
	cache := evm.NewCache()
	world = state.NewWorld(pre)
	simulated := machine.Block{
		Transactions: len(txs), Origin: world,
		First:    func(int) uint64 { return 0 },
		Gas:      func(tx int) uint64 { return txs[tx].Gas },
		GasLimit: env.GasLimit,
		Class:    func(tx int) uint64 { return uint64(s.to[tx]) },
		NewCore: func(i int) (*pipeline.Core, machine.System, machine.Observer, error) {
			sys := evm.NewSpeculative(env, txs, cache, mc.Crediting)
			cfg := handCore()
			if set != nil {
				set(&cfg)
			}
			cfg.Predictor.Seed += uint64(i)
			core, err := pipeline.New(cfg, sys, nil)
			if err == nil {
				core.VerifyEvery, core.MaxCycles = 1, 100_000
			}
			return core, sys, nil, err
		},
	}
	if mc.Policy != machine.SequentialPolicy && mc.Oracle == nil {
		ref, _, _ := s.play(t, machine.Config{Policy: machine.SequentialPolicy, Cores: 1, Crediting: mc.Crediting}, set)
		mc.Oracle = ref.Footprints()
	}
	mc.Lookahead = 256
	mc.Watch = func(e machine.Event) {
		events = append(events, fmt.Sprintf("%d c%d %s %d.%d", e.Cycle, e.Core, e.What, e.Tx, e.Incarnation))
	}
	m, err := machine.New(mc, simulated)
	if err == nil {
		err = run(m)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(events, "\n"))
	}
	for _, x := range m.Incarnations() {
		world.Apply(x.Writes)
	}
	return m, events, world
}

// assemble turns mnemonics and the operands of PUSHes into code.
func assemble(t *testing.T, text string) []byte {
	t.Helper()
	code, err := asm.Assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// increment adds one to slot 0.
const increment = "PUSH1 0 SLOAD PUSH1 1 ADD PUSH1 0 SSTORE"

// sharing is the costs of all scenes.
func sharing(policy string, cores int) machine.Config {
	return machine.Config{Policy: policy, Cores: cores, Schedule: 10, Check: 1, Crediting: state.LazyBeneficiary}
}

func mapped(mapping string) machine.Config {
	mc := sharing("block-stm", 2)
	mc.Mapping = mapping
	return mc
}

func crediting(c state.Crediting) machine.Config {
	mc := sharing("block-stm", 2)
	mc.Crediting = c
	return mc
}

func budget(gas uint64) machine.Config {
	mc := sharing("sealevel", 2)
	mc.Budget = gas
	return mc
}

func retries(n int) machine.Config {
	mc := sharing("block-stm", 2)
	mc.Retries = n
	return mc
}

func restarting() machine.Config {
	mc := sharing("block-stm", 2)
	mc.Restart = true
	return mc
}

var (
	apart = block{to: []byte{1, 2, 3, 4}, value: []uint64{5, 5, 5, 5}}
	// Two that conflict, and three that do not.
	lopsided = block{code: []string{increment}, to: []byte{0xc0, 0xc0, 1, 2, 3}, value: []uint64{0, 0, 5, 5, 5}}
	counter  = block{code: []string{increment}, to: []byte{0xc0, 0xc0, 0xc0}}
	// The same where no store is the first one, which costs other gas.
	counting = block{code: []string{increment}, storage: []isa.Word{word(7)}, to: []byte{0xc0, 0xc0, 0xc0}}
	// The first sender sets slot 0, which the others only load.
	readers = block{
		code: []string{"CALLER PUSH1 255 AND PUSH1 13 JUMPI PUSH1 1 PUSH1 0 SSTORE STOP JUMPDEST PUSH1 0 SLOAD POP"},
		to:   []byte{0xc0, 0xc0, 0xc0, 0xc0},
	}
	// Each transaction goes on with what the one before has left.
	chain   = block{code: []string{"PUSH1 255 CALLER AND SLOAD PUSH1 1 ADD PUSH1 255 CALLER AND PUSH1 1 ADD SSTORE"}, to: []byte{0xc0, 0xc0, 0xc0}}
	silent  = block{code: []string{"PUSH1 7 PUSH1 0 SSTORE"}, storage: []isa.Word{word(7)}, to: []byte{0xc0, 0xc0}}
	shared  = block{to: []byte{1, 1}, value: []uint64{5, 6}}
	forking = block{
		code: []string{"CALLER PUSH1 255 AND PUSH1 13 JUMPI PUSH1 1 PUSH1 0 SSTORE STOP " +
			"JUMPDEST PUSH1 0 SLOAD PUSH1 30 JUMPI PUSH1 1 PUSH1 1 SSTORE PUSH1 2 PUSH1 2 SSTORE JUMPDEST"},
		to: []byte{0xc0, 0xc0},
	}
	// The first sender sets slot 0. The others jump over a load of it, which the
	// predictor does not expect.
	shadowed = block{
		code: []string{"CALLER PUSH1 255 AND PUSH1 13 JUMPI PUSH1 1 PUSH1 0 SSTORE STOP JUMPDEST CALLER PUSH1 22 JUMPI PUSH1 0 SLOAD POP JUMPDEST"},
		to:   []byte{0xc0, 0xc0},
	}
)

func TestScenes(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			m, events, world := s.block.play(t, s.mc, s.core)
			events = append(events, fmt.Sprintf("%d done", m.Stats.Cycles))
			var want []string
			for line := range strings.Lines(s.want) {
				want = append(want, strings.TrimSpace(line))
			}
			if !slices.Equal(events, want) {
				t.Errorf("happened:\n%s\nby hand:\n%s", strings.Join(events, "\n"), strings.Join(want, "\n"))
			}
			var slot isa.Word
			if got := world.Storage(at(0xc0), &slot); got != word(s.slot) {
				t.Errorf("slot 0 is %s in the end, want %d", got.Dec(), s.slot)
			}
			st := &m.Stats
			if st.Reexecutions() != s.again || st.Instructions != s.instructions || st.Committed != s.committed {
				t.Errorf("%d executed again, %d instructions, %d of them committed; want %d, %d, %d",
					st.Reexecutions(), st.Instructions, st.Committed, s.again, s.instructions, s.committed)
			}
		})
	}
}

// TestWrongPathReads: transaction 1 loads slot 0 only on a wrong path, which a slow
// jump leaves time for. That transaction 0 writes it meanwhile is no conflict.
func TestWrongPathReads(t *testing.T) {
	slow := func(c *pipeline.Config) { c.Latency.Branch = 8 }
	m, _, _ := shadowed.play(t, sharing("block-stm", 2), slow)
	if m.Cores()[1].Stats.WrongPathUops == 0 {
		t.Error("nothing was executed on a wrong path")
	}
	if n := m.Stats.Reexecutions(); n != 0 {
		t.Errorf("%d executed again", n)
	}
	// Existence, nonce, code and balance of the sender, existence and code of the
	// contract, existence of the coinbase: no slot.
	if n := m.Incarnations()[1].Reads(); n != 7 {
		t.Errorf("it depends on %d keys, want 7", n)
	}
}

// TestOneCore: on one core nothing is executed twice under the policies that commit
// as they go, and the time is that of the block in order, plus 10 for each task and 1
// for each key of each validation.
func TestOneCore(t *testing.T) {
	for _, policy := range []string{"block-stm", "monad"} {
		for _, b := range []*block{&apart, &counter, &readers, &chain, &silent, &shared, &forking} {
			alone, _, _ := b.play(t, machine.Config{Policy: machine.SequentialPolicy, Cores: 1, Crediting: state.LazyBeneficiary}, nil)
			m, _, _ := b.play(t, sharing(policy, 1), nil)
			want := alone.Stats.Cycles
			for _, x := range m.Incarnations() {
				want += 10 + 10 + uint64(x.Reads())
			}
			if m.Stats.Cycles != want || m.Stats.Reexecutions() != 0 {
				t.Errorf("%s: %d cycles and %d executed again, want %d and none", policy, m.Stats.Cycles, m.Stats.Reexecutions(), want)
			}
		}
	}
}
