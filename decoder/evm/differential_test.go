package evm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// The accounts of generated scenarios.
var (
	testSender    = state.Address{0: 0x5e, 19: 0x01}
	testContracts = []state.Address{{0: 0xc0, 19: 1}, {0: 0xc0, 19: 2}, {0: 0xc0, 19: 3}}
	testDelegated = state.Address{0: 0xde, 19: 1} // EIP-7702, to the second contract
	testEmpty     = state.Address{0: 0xee, 19: 1} // exists, empty
	testAbsent    = state.Address{0: 0xab, 19: 1}
	testRich      = state.Address{0: 0xf0, 19: 1}
)

// generator makes random but mostly sensible bytecode.
type generator struct {
	*rand.Rand
	fork Fork
	out  []byte
}

func (g *generator) emit(op ...byte) { g.out = append(g.out, op...) }

// push pushes a word with the shortest PUSH there is at every fork.
func (g *generator) push(w isa.Word) {
	b := w.Bytes()
	if len(b) == 0 {
		b = []byte{0}
	}
	g.emit(byte(PUSH0 + len(b)))
	g.emit(b...)
}

func (g *generator) pushUint(n uint64) { g.push(isa.Word{n}) }

func (g *generator) address() isa.Word {
	pool := append([]state.Address{testSender, testEmpty, testAbsent, testRich, testDelegated, testCoinbase, {19: 4}, {19: 2}, {19: 3}, {19: 9}}, testContracts...)
	w := pool[g.IntN(len(pool))].Word()
	if g.IntN(8) == 0 { // high bits are ignored
		w[3] |= 0xdead << 40
	}
	return w
}

func (g *generator) word() isa.Word {
	switch g.IntN(8) {
	case 0, 1, 2:
		return isa.Word{g.Uint64N(8)}
	case 3:
		return isa.Word{g.Uint64N(1 << 10)}
	case 4:
		return g.address()
	case 5:
		return isa.Word{g.Uint64(), g.Uint64() >> g.IntN(64), g.Uint64() >> g.IntN(64), g.Uint64() >> g.IntN(64)}
	case 6:
		var w isa.Word
		w.SetAllOne()
		return *w.Rsh(&w, uint(g.IntN(256)))
	}
	return isa.Word{^uint64(0) - g.Uint64N(40), g.Uint64N(2)}
}

// offset is a place in memory, now and then an absurd one.
func (g *generator) offset() isa.Word {
	if g.IntN(40) == 0 {
		return g.word()
	}
	return isa.Word{g.Uint64N(200)}
}

func (g *generator) value() isa.Word {
	if g.IntN(2) == 0 {
		return isa.Word{}
	}
	return isa.Word{g.Uint64N(20)}
}

func (g *generator) callGas() isa.Word {
	switch g.IntN(4) {
	case 0:
		return isa.Word{g.Uint64N(5000)}
	case 1:
		return g.word()
	}
	return isa.Word{20000 + g.Uint64N(100000)}
}

// operands pushes what fits an instruction, its top operand last.
func (g *generator) operands(op byte) {
	var words []isa.Word
	switch op {
	case MLOAD:
		words = []isa.Word{g.offset()}
	case MSTORE, MSTORE8:
		words = []isa.Word{g.offset(), g.word()}
	case KECCAK256, RETURN, REVERT, LOG0, LOG1, LOG2, LOG3, LOG4:
		words = []isa.Word{g.offset(), g.offset(), g.word(), g.word(), g.word(), g.word()}
	case CALLDATACOPY, CODECOPY, MCOPY:
		words = []isa.Word{g.offset(), g.word(), g.offset()}
		if op == MCOPY {
			words[1] = g.offset()
		}
	case RETURNDATACOPY:
		words = []isa.Word{g.offset(), {g.Uint64N(8)}, {g.Uint64N(16)}}
	case EXTCODECOPY:
		words = []isa.Word{g.address(), g.offset(), g.word(), g.offset()}
	case SLOAD, TLOAD, SSTORE, TSTORE:
		words = []isa.Word{{g.Uint64N(6)}, {g.Uint64N(3)}}
	case BALANCE, EXTCODESIZE, EXTCODEHASH, SELFDESTRUCT:
		words = []isa.Word{g.address()}
	case BLOCKHASH:
		words = []isa.Word{{740 + g.Uint64N(265)}}
	case CALL, CALLCODE:
		words = []isa.Word{g.callGas(), g.address(), g.value(), g.offset(), g.offset(), g.offset(), g.offset()}
	case DELEGATECALL, STATICCALL:
		words = []isa.Word{g.callGas(), g.address(), g.offset(), g.offset(), g.offset(), g.offset()}
	case CREATE, CREATE2:
		g.initCode()
		words = []isa.Word{g.value(), {}, {g.Uint64N(33)}, {g.Uint64N(2)}}
	}
	n := int(Table(g.fork)[op].Pops)
	for len(words) < n {
		words = append(words, g.word())
	}
	for k := n - 1; k >= 0; k-- {
		g.push(words[k])
	}
}

// initCode stores a word of initialization code at the start of memory.
func (g *generator) initCode() {
	codes := [][]byte{
		{PUSH1, byte(g.IntN(70)), PUSH1, 0, RETURN},                           // deposits zeros
		{PUSH1, 0xef, PUSH1, 0, MSTORE8, PUSH1, 1, PUSH1, 0, RETURN},          // EIP-3541
		{PUSH0 + 3, 0, 0x60, 0x01, PUSH1, 0, RETURN},                          // exceeds EIP-170
		{PUSH1, 1, PUSH1, 2, SSTORE, PUSH1, 3, PUSH1, 0, RETURN},              // writes
		{PUSH1, 40, PUSH1, 0, REVERT},                                         // fails with data
		{ADDRESS, SELFDESTRUCT},                                               // destroys itself
		{CALLER, SELFDESTRUCT},                                                //
		{INVALID},                                                             //
		{PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, CALLER, GAS, CALL}, // calls back
	}
	var word [32]byte
	copy(word[:], codes[g.IntN(len(codes))])
	var w isa.Word
	g.push(*w.SetBytes32(word[:]))
	g.emit(PUSH1, 0, MSTORE)
}

var frequent = []byte{
	CALL, CALL, CALL, CALLCODE, DELEGATECALL, STATICCALL, SSTORE, SSTORE, SSTORE, SLOAD, CREATE, CREATE2,
	EXTCODECOPY, RETURNDATACOPY, RETURNDATASIZE, BALANCE, EXTCODEHASH, EXTCODESIZE, TSTORE, TLOAD, MCOPY, LOG1, LOG4, GAS,
}

// program makes the code of one contract.
func (g *generator) program() []byte {
	g.out = nil
	for range 10 + g.IntN(50) {
		op := byte(g.IntN(256))
		if g.IntN(2) == 0 {
			op = frequent[g.IntN(len(frequent))]
		}
		row := &Table(g.fork)[op]
		switch row.Kind {
		case decoder.KindInvalid, decoder.KindLeave, decoder.KindAbort, decoder.KindDestroy, decoder.KindJump:
			if g.IntN(12) != 0 {
				continue
			}
		}
		switch {
		case op == JUMPI: // over a few bytes
			g.pushUint(g.Uint64N(2))
			g.emit(PUSH2, 0, 0)
			at := len(g.out)
			g.emit(JUMPI, ADDRESS, POP, JUMPDEST)
			target := at + 3
			g.out[at-2], g.out[at-1] = byte(target>>8), byte(target)
		case op >= PUSH0 && op <= PUSH32:
			g.push(g.word())
		default:
			g.operands(op)
			g.emit(op)
			if row.Pushes > 0 && g.IntN(3) == 0 {
				g.emit(PUSH1, byte(g.IntN(6)), SSTORE)
			}
		}
	}
	return g.out
}

func (g *generator) scenario() *scenario {
	sc := &scenario{fork: g.fork, pre: state.Prestate{
		testSender: {Balance: isa.Word{0, 1}},
		testRich:   {Balance: isa.Word{1000}},
		testEmpty:  {},
	}}
	for _, a := range testContracts {
		sc.pre[a] = &state.Account{
			Balance: isa.Word{g.Uint64N(60)}, Nonce: 1, Code: g.program(),
			Storage: map[isa.Word]isa.Word{{1}: {1}, {2}: {2}, {g.Uint64N(6)}: {1}},
		}
	}
	if g.fork >= Prague {
		sc.pre[testDelegated] = &state.Account{Nonce: 1, Code: append(delegationPrefix[:], testContracts[1][:]...)}
	}
	data := make([]byte, g.IntN(80))
	for i := range data {
		data[i] = byte(g.Uint32())
	}
	sc.tx = state.Tx{
		From: testSender, To: &testContracts[0], Value: g.value(), Gas: 120000 + g.Uint64N(600000), Data: data,
		GasPrice: isa.Word{10}, FeeCap: isa.Word{10}, TipCap: isa.Word{3},
	}
	if g.IntN(8) == 0 {
		sc.tx.To, sc.tx.Data = nil, g.program()
	}
	return sc
}

// TestRandomTransactionsAgainstReference compares random transactions instruction
// by instruction with go-ethereum: stack, memory size, gas, refunds, faults, logs
// and what is left in the state.
func TestRandomTransactionsAgainstReference(t *testing.T) {
	n := uint64(400)
	if testing.Short() {
		n = 40
	}
	for fork := range NumForks {
		t.Run(fork.String(), func(t *testing.T) {
			cache := NewCache()
			for seed := range n {
				g := &generator{Rand: rand.New(rand.NewPCG(seed, uint64(fork))), fork: fork}
				if !compare(t, g.scenario(), cache) {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// TestEveryOpcodeAgainstReference runs each opcode of each fork on assorted
// operands, in a frame of its own and in a static one.
func TestEveryOpcodeAgainstReference(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	for fork := range NumForks {
		t.Run(fork.String(), func(t *testing.T) {
			cache := NewCache()
			for op := range 256 {
				for round := range rounds {
					g := &generator{Rand: rand.New(rand.NewPCG(uint64(op), uint64(round))), fork: fork}
					sc := g.scenario()
					sc.tx.To = &testContracts[0]
					g.out = nil
					for range 17 { // for DUP and SWAP
						g.push(g.word())
					}
					g.operands(byte(op))
					g.emit(byte(op))
					sc.pre[testContracts[1]].Code = g.out
					g.out = nil
					for _, call := range []byte{CALL, STATICCALL} {
						if Table(fork)[call].Kind == decoder.KindInvalid {
							continue
						}
						g.operands(call)
						g.emit(POP, POP) // gas, account
						g.push(testContracts[1].Word())
						g.pushUint(40000)
						g.emit(call)
					}
					sc.pre[testContracts[0]].Code = g.out
					if !compare(t, sc, cache) {
						t.Fatalf("opcode %#x round %d", op, round)
					}
				}
			}
		})
	}
}

// TestDepthLimit calls and creates until the call stack is full, which before
// EIP-150 gas does not prevent.
func TestDepthLimit(t *testing.T) {
	var g generator
	for _, test := range []struct {
		name string
		code []byte
	}{
		{"call", []byte{PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, ADDRESS, PUSH1, 200, GAS, SUB, CALL, PUSH1, 0, MSTORE, MSIZE, PUSH1, 0, RETURN}},
		{"create", []byte{CODESIZE, PUSH1, 0, PUSH1, 0, CODECOPY, CODESIZE, PUSH1, 0, PUSH1, 0, CREATE, PUSH1, 1, SSTORE}},
	} {
		for _, fork := range []Fork{Frontier, Homestead, SpuriousDragon, Byzantium, London, Prague} {
			t.Run(fmt.Sprintf("%s/%s", test.name, fork), func(t *testing.T) {
				g.fork = fork
				sc := &scenario{fork: fork, pre: state.Prestate{
					testSender:       {Balance: isa.Word{0, 1}},
					testContracts[0]: {Nonce: 1, Code: test.code},
				}}
				sc.tx = state.Tx{From: testSender, To: &testContracts[0], Gas: 1 << 36, GasPrice: isa.Word{10}, FeeCap: isa.Word{10}}
				if fork < TangerineWhistle {
					sc.tx.Gas = 1 << 28
				}
				compare(t, sc, NewCache())
			})
		}
	}
}
