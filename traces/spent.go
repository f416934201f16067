package traces

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
)

// Spent is what the transactions of a block spend on one instruction or on one built-in contract.
// The price of a call is that of the call itself, without what the callee uses; a call of a
// built-in counts as the built-in's, with what it uses.
type Spent struct {
	Name    string // ADD, or what go-ethereum calls a built-in: ECREC
	Builtin bool
	Stack   bool // pushes, copies, swaps or pops, and nothing else
	Times   uint64
	Gas     uint64
}

// Spending runs the block and lists what it spends gas on, the most first. What a transaction
// costs before its first instruction is not in it.
func Spending(stop context.Context, b *Bundle) ([]Spent, error) {
	m := &meter{builtins: state.NewPrecompiles(b.Rules()), called: map[string]*Spent{}}
	if _, err := (&Execution{Bundle: b, Hooks: m.hooks(), Stop: stop}).Run(); err != nil {
		return nil, err
	}
	return m.list(), nil
}

type meter struct {
	builtins *state.Precompiles
	ops      [256]Spent
	called   map[string]*Spent // built-ins by name
	system   bool
	last     byte   // the latest instruction
	cost     uint64 // of it, with what a call forwards
	frames   []string
}

func (m *meter) hooks() *tracing.Hooks {
	return &tracing.Hooks{
		OnOpcode:          m.opcode,
		OnEnter:           m.enter,
		OnExit:            m.exit,
		OnSystemCallStart: func() { m.system = true },
		OnSystemCallEnd:   func() { m.system = false },
	}
}

func (m *meter) opcode(_ uint64, op byte, gas, cost uint64, _ tracing.OpContext, _ []byte, _ int, _ error) {
	if m.system {
		return
	}
	cost = min(cost, gas) // one that cannot be paid takes what is left
	m.ops[op].Times++
	m.ops[op].Gas += cost
	m.last, m.cost = op, cost
}

// enter takes what a call hands on from its price: go-ethereum charges both at once. Creations
// are charged without.
func (m *meter) enter(depth int, kind byte, _, to common.Address, _ []byte, gas uint64, value *big.Int) {
	if m.system || depth == 0 || vm.OpCode(kind) == vm.SELFDESTRUCT {
		m.frames = append(m.frames, "")
		return
	}
	name := ""
	if isCall := m.last != byte(vm.CREATE) && m.last != byte(vm.CREATE2); isCall {
		if (m.last == byte(vm.CALL) || m.last == byte(vm.CALLCODE)) && value != nil && value.Sign() > 0 {
			gas -= params.CallStipend // a present
		}
		forwarded := min(gas, m.cost)
		m.ops[m.last].Gas -= forwarded
		if builtin, ok := m.builtins.Lookup(state.Address(to)); ok {
			name = builtin.Name()
			own := m.cost - forwarded
			m.ops[m.last].Gas -= own
			m.ops[m.last].Times--
			s := m.called[name]
			if s == nil {
				s = &Spent{Name: name, Builtin: true}
				m.called[name] = s
			}
			s.Times++
			s.Gas += own
		}
	}
	m.frames = append(m.frames, name)
}

func (m *meter) exit(_ int, _ []byte, used uint64, _ error, _ bool) {
	name := m.frames[len(m.frames)-1]
	m.frames = m.frames[:len(m.frames)-1]
	if name != "" {
		m.called[name].Gas += used
	}
}

func (m *meter) list() (list []Spent) {
	for op := range m.ops {
		if s := m.ops[op]; s.Times > 0 {
			s.Name, s.Stack = vm.OpCode(op).String(), onlyMoves(vm.OpCode(op))
			list = append(list, s)
		}
	}
	for _, s := range m.called {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Spent) int {
		return cmp.Or(cmp.Compare(b.Gas, a.Gas), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func onlyMoves(op vm.OpCode) bool { return op == vm.POP || op >= vm.PUSH0 && op <= vm.SWAP16 }
