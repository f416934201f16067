package importer

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/budget"
)

// scan is what the first pass over a trace finds: everything that does not depend on what
// executing it does.
type scan struct {
	memory   *budget.Budget
	txs      []scannedTx
	codes    map[common.Address]*code
	created  map[int]common.Address  // by number of the creating step
	nowhere  map[common.Address]bool // made by no nonce of its creator
	searched int                     // nonces, for these
	making   map[int]int             // creating step by the depth of its frame, while that runs
	hashes   map[uint64]common.Hash  // that BLOCKHASH found
	context  map[vm.OpCode]uint256.Int
	ops      map[vm.OpCode]*Step // the first of each that is seen to have executed
	clash    error               // of transactions that cannot be of one block
	whole    bool                // gasCost is the whole cost of a step, as far as other steps show
	zero     bool                // address 0 is looked at or called
	steps    int

	stacks    bool // some step has words on its stack
	stackless bool // some step took words that its stack does not show

	frames []scanFrame
	last   *Step
	number int // of last
}

// scannedTx is what the steps tell of their transaction.
type scannedTx struct {
	gas    uint64 // at the first step
	has    bool   // any step
	data   map[uint64]byte
	size   uint64
	sized  bool
	origin *common.Address
	price  *uint256.Int
	blobs  map[uint64]common.Hash // by index
	outer  *identity
	ending Ending
	warm   types.AccessList // what costs as if it had been used before
}

// identity is what is known of a frame's address, caller and value. Frames share what a DELEGATECALL
// passes on, and tell of each other: whoever calls is the caller.
type identity struct {
	address, caller *common.Address
	value           *uint256.Int
	parent          *identity // of the frame that called, nil for none
	same            bool      // the address is the parent's, too (CALLCODE)
}

func (id *identity) isAt(a common.Address) {
	if id.address = &a; id.same {
		id.parent.isAt(a)
	}
}

func (id *identity) isCalledBy(a common.Address) {
	if id.caller = &a; id.parent != nil {
		id.parent.isAt(a)
	}
}

// code is what was seen of an account's code.
type code struct {
	memory *budget.Budget
	bytes  map[uint64]byte
	end    uint64 // after the last byte seen
	size   uint64 // as CODESIZE or EXTCODESIZE gave it
	sized  bool
}

// What is kept of a trace, in bytes: a byte of code or data in a map, and what has a number
// or an address of its own.
const (
	mappedByte = 40
	mappedItem = 512
)

// keeping is what an error calls it.
const keeping = "what is kept of the trace"

func (c *code) set(at uint64, b byte) {
	if _, known := c.bytes[at]; !known {
		c.memory.Need(mappedByte, keeping)
	}
	c.bytes[at] = b
	c.end = max(c.end, at+1)
}

// invalid stands for code that was never seen: executing it ends the frame.
const invalid = byte(vm.INVALID)

// assemble returns the code, and how many of its bytes were not seen.
func (c *code) assemble() (out []byte, unseen uint64) {
	size := c.end
	for ; c.sized && size > c.size && c.bytes[size-1] == 0; size-- {
		// what is read as zeros after the end of the code
	}
	if c.sized {
		size = max(size, c.size)
	}
	out = make([]byte, min(size, maxCode))
	for i := range out {
		b, ok := c.bytes[uint64(i)]
		if !ok {
			b = invalid
			unseen++
		}
		out[i] = b
	}
	return out, unseen
}

// maxCode bounds what a trace can make of a code's size: no chain allows more.
const maxCode = 1 << 20

type scanFrame struct {
	code *code // nil in a creation
	id   *identity
}

func newScan() *scan {
	return &scan{
		memory: budget.OfRun(), codes: make(map[common.Address]*code), created: make(map[int]common.Address), making: make(map[int]int), nowhere: make(map[common.Address]bool),
		hashes: make(map[uint64]common.Hash), context: make(map[vm.OpCode]uint256.Int), ops: make(map[vm.OpCode]*Step),
	}
}

func (s *scan) sink() sink { return sink{step: s.step, end: s.end} }

func (s *scan) codeOf(a common.Address) *code {
	c := s.codes[a]
	if c == nil {
		s.memory.Need(mappedItem, keeping)
		c = &code{memory: s.memory, bytes: make(map[uint64]byte)}
		s.codes[a] = c
	}
	return c
}

// tx is the transaction with a number, made when it is new.
func (s *scan) tx(i int) *scannedTx {
	for len(s.txs) <= i {
		s.memory.Need(mappedItem, keeping)
		s.txs = append(s.txs, scannedTx{data: make(map[uint64]byte), blobs: make(map[uint64]common.Hash), outer: new(identity)})
	}
	return &s.txs[i]
}

func (s *scan) end(e Ending) error {
	if s.last != nil {
		s.outcome(nil)
	}
	s.last = nil
	s.tx(e.Tx).ending = e // it may have had no step
	return nil
}

// top is the code of a transaction's own frame. Whose it is is known only at its end, so
// it is kept under an address of the importer until then.
func top(tx int) common.Address {
	return common.BytesToAddress(append([]byte("importer tx"), byte(tx>>24), byte(tx>>16), byte(tx>>8), byte(tx)))
}

func (s *scan) step(n *Step) error {
	t := s.tx(n.Tx)
	if !t.has {
		t.has, t.gas = true, n.Gas
		s.frames = append(s.frames[:0], scanFrame{s.codeOf(top(n.Tx)), t.outer})
		s.last = nil
	}
	s.stacks = s.stacks || len(n.Stack) > 0
	if s.last != nil {
		s.stackless = s.stackless || len(s.last.Stack) == 0 && n.Depth >= s.last.Depth && takes(s.last.Op)
		s.outcome(n)
	}
	if n.Depth > len(s.frames) { // a trace that begins in the middle
		for len(s.frames) < n.Depth {
			s.frames = append(s.frames, scanFrame{nil, new(identity)})
		}
	}
	s.frames = s.frames[:n.Depth]
	if c := s.frames[n.Depth-1].code; c != nil {
		if _, seen := c.bytes[n.PC]; !seen || !n.Implied {
			c.set(n.PC, byte(n.Op))
		}
	}
	s.zero = s.zero || n.Op == vm.BALANCE && n.at(0).IsZero() || calls(n.Op) && n.at(1).IsZero() ||
		(n.Op == vm.EXTCODESIZE || n.Op == vm.EXTCODEHASH || n.Op == vm.EXTCODECOPY || n.Op == vm.SELFDESTRUCT) && n.at(0).IsZero()
	s.last, s.number = n, s.steps
	s.steps++
	return nil
}

// outcome looks at what the latest step has done, now that the next one is known: nil
// for none.
func (s *scan) outcome(n *Step) {
	l := s.last
	frame := s.frames[l.Depth-1]
	switch {
	case n == nil || l.Failed:
		return
	case n.entered(l):
		s.executed(l)
		s.frames = append(s.frames[:l.Depth], s.entered(l))
		return
	case n.Depth < l.Depth:
		s.returned(n)
		return
	}
	if !n.Guess {
		s.executed(l)
	}
	if n.Implied {
		return
	}
	if creates(l.Op) {
		s.creates(s.number, n)
	}
	result, _ := n.top()
	t := s.tx(l.Tx)
	switch op := l.Op; {
	case op >= vm.PUSH1 && op <= vm.PUSH32:
		if size := uint64(op - vm.PUSH0); frame.code != nil {
			b := result.Bytes32()
			for i := range size {
				frame.code.set(l.PC+1+i, b[32-size+i])
			}
		}
	case op == vm.CODESIZE && frame.code != nil:
		frame.code.size, frame.code.sized = result.Uint64(), true
	case op == vm.EXTCODESIZE && !result.IsZero():
		c := s.codeOf(common.Address(l.at(0).Bytes20()))
		c.size, c.sized = result.Uint64(), true
	case op == vm.CODECOPY && frame.code != nil:
		copySeen(frame.code, l.at(0), l.at(1), l.at(2), n.Memory)
	case op == vm.EXTCODECOPY:
		copySeen(s.codeOf(common.Address(l.at(0).Bytes20())), l.at(1), l.at(2), l.at(3), n.Memory)
	case op == vm.BLOCKHASH && l.at(0).IsUint64() && !result.IsZero():
		s.memory.Need(mappedItem, keeping)
		s.hashes[l.at(0).Uint64()] = result.Bytes32()
	case op == vm.BLOBHASH && l.at(0).IsUint64() && !result.IsZero():
		s.memory.Need(mappedItem, keeping)
		t.blobs[l.at(0).Uint64()] = result.Bytes32()
	case op == vm.ORIGIN:
		from := common.Address(result.Bytes20())
		t.origin = &from
	case op == vm.GASPRICE:
		t.price = result.Clone()
	case op == vm.ADDRESS:
		frame.id.isAt(result.Bytes20())
	case op == vm.CALLER:
		frame.id.isCalledBy(result.Bytes20())
	case op == vm.CALLVALUE:
		frame.id.value = result.Clone()
	case ofBlock[op]:
		if before, ok := s.context[op]; ok && before != result && s.clash == nil {
			s.clash = fmt.Errorf("transaction %d finds %v to be %s, and %s was found before: one block cannot have both", l.Tx, op, result.Hex(), before.Hex())
		}
		s.context[op] = result
	case l.Depth == 1:
		t.callData(l, n, result)
	}
}

// executed notes that a step's instruction is one that the fork has.
func (s *scan) executed(l *Step) {
	if s.ops[l.Op] == nil {
		first := *l
		first.Stack, first.Memory = nil, nil
		s.ops[l.Op] = &first
	}
}

// ofBlock lists the instructions whose result is the same everywhere in a block.
var ofBlock = map[vm.OpCode]bool{
	vm.COINBASE: true, vm.TIMESTAMP: true, vm.NUMBER: true, vm.DIFFICULTY: true, vm.GASLIMIT: true, vm.CHAINID: true, vm.BASEFEE: true, vm.BLOBBASEFEE: true,
}

// callData looks at what the transaction's own frame reads of its call data.
func (t *scannedTx) callData(l, n *Step, result uint256.Int) {
	switch l.Op {
	case vm.CALLDATASIZE:
		t.size, t.sized = result.Uint64(), true
	case vm.CALLDATALOAD:
		if off := l.at(0); off.IsUint64() && off.Uint64() < maxData {
			for i, b := range result.Bytes32() {
				t.data[off.Uint64()+uint64(i)] = b
			}
		}
	case vm.CALLDATACOPY:
		to, from, size := l.at(0), l.at(1), l.at(2)
		if !to.IsUint64() || !from.IsUint64() || !size.IsUint64() || from.Uint64() > maxData || to.Uint64()+size.Uint64() > uint64(len(n.Memory)) {
			return
		}
		for i, b := range n.Memory[to.Uint64() : to.Uint64()+size.Uint64()] {
			t.data[from.Uint64()+uint64(i)] = b
		}
	}
}

// maxData bounds call data.
const maxData = 1 << 20

// input returns the call data, and how many of its bytes were not seen.
func (t *scannedTx) input() (data []byte, unseen int) {
	size := t.size
	if !t.sized {
		for at, b := range t.data {
			if b != 0 {
				size = max(size, at+1)
			}
		}
	}
	data = make([]byte, min(size, maxData))
	for i := range data {
		b, ok := t.data[uint64(i)]
		if !ok {
			unseen++
		}
		data[i] = b
	}
	return data, unseen
}

// copySeen keeps what a copy of code has put into memory.
func copySeen(c *code, to, from, size *uint256.Int, memory []byte) {
	if !to.IsUint64() || !from.IsUint64() || !size.IsUint64() || from.Uint64() > maxCode || to.Uint64()+size.Uint64() > uint64(len(memory)) {
		return
	}
	for i, b := range memory[to.Uint64() : to.Uint64()+size.Uint64()] {
		at := from.Uint64() + uint64(i)
		if c.sized && at >= c.size || !c.sized && b == 0 {
			continue // after the code there are zeros
		}
		c.set(at, b)
	}
}

// entered is the frame of a call or creation.
func (s *scan) entered(l *Step) scanFrame {
	s.waiting(l)
	caller := s.frames[l.Depth-1].id
	if !calls(l.Op) {
		return scanFrame{nil, &identity{parent: caller}}
	}
	code := s.codeOf(common.Address(l.at(1).Bytes20()))
	if l.Op == vm.DELEGATECALL {
		return scanFrame{code, caller}
	}
	return scanFrame{code, &identity{parent: caller, same: l.Op == vm.CALLCODE}}
}

// waiting remembers which creation a frame belongs to.
func (s *scan) waiting(l *Step) {
	if creates(l.Op) {
		s.making[l.Depth] = s.number
	} else {
		delete(s.making, l.Depth)
	}
}

// returned looks whether a frame that has ended has made a contract.
func (s *scan) returned(n *Step) {
	if step, ok := s.making[n.Depth]; ok {
		s.creates(step, n)
		delete(s.making, n.Depth)
	}
}

// creates notes the address that a creation has put on the stack.
func (s *scan) creates(step int, n *Step) {
	if result, ok := n.top(); ok && !result.IsZero() {
		s.memory.Need(mappedItem, keeping)
		s.created[step] = common.Address(result.Bytes20())
	}
}

// made lists the contracts that the trace creates: their code is not in the pre-state.
func (s *scan) made() map[common.Address]bool {
	m := make(map[common.Address]bool)
	for _, a := range s.created {
		m[a] = true
	}
	return m
}
