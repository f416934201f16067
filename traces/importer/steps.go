package importer

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// Step is one instruction of a trace, as it was before it executed.
type Step struct {
	Tx        int
	PC        uint64
	Op        vm.OpCode
	Gas, Cost uint64
	NoCost    bool // the dialect has no costs
	Depth     int
	Stack     []uint256.Int // the top comes last
	Memory    []byte        // nil where the trace has none
	Failed    bool

	// Implied is a STOP that the trace does not tell: code that is run off the end of ends with one
	// (Yellow Paper, 9.4.1). Nothing but its place is known, and if it is a Guess, it may be that there
	// was none: the instruction before it may have faulted.
	Implied, Guess bool
}

func (s *Step) top() (uint256.Int, bool) {
	if len(s.Stack) == 0 {
		return uint256.Int{}, false
	}
	return s.Stack[len(s.Stack)-1], true
}

// at is the nth word from the top.
func (s *Step) at(n int) *uint256.Int {
	if n >= len(s.Stack) {
		return new(uint256.Int)
	}
	return &s.Stack[len(s.Stack)-1-n]
}

// follows tells whether a step is of the same frame as an earlier one, and was told.
func (s *Step) follows(earlier *Step) bool {
	return s != nil && !s.Implied && s.Tx == earlier.Tx && s.Depth == earlier.Depth
}

// entered tells whether a step is of the frame that the step before it has made.
func (s *Step) entered(caller *Step) bool {
	return s != nil && s.Tx == caller.Tx && s.Depth == caller.Depth+1
}

// next is where code goes on after a step that does not jump.
func (s *Step) next() uint64 {
	if s.Op.IsPush() {
		return s.PC + 1 + uint64(s.Op-vm.PUSH0)
	}
	return s.PC + 1
}

// callStipend is the gas that a callee gets with value, on top of what is forwarded.
const callStipend = params.CallStipend

func calls(op vm.OpCode) bool {
	return op == vm.CALL || op == vm.CALLCODE || op == vm.DELEGATECALL || op == vm.STATICCALL
}

func creates(op vm.OpCode) bool { return op == vm.CREATE || op == vm.CREATE2 }

// halts lists the instructions that end a frame whenever they execute.
func halts(op vm.OpCode) bool {
	switch op {
	case vm.STOP, vm.RETURN, vm.REVERT, vm.INVALID, vm.SELFDESTRUCT:
		return true
	}
	return false
}

// Ending is the end of a transaction.
type Ending struct {
	Tx      int
	GasUsed uint64 // as a structLog tells it
	Known   bool   // that it is told
}

// rawStep is a step in any dialect: EIP-3155 writes numbers in hexadecimal strings and the
// opcode as a number, a structLog numbers and the opcode's name. Memory is a string of
// bytes, or a list of words.
type rawStep struct {
	PC      *anyUint          `json:"pc"`
	Op      json.RawMessage   `json:"op"`
	OpName  string            `json:"opName"`
	Gas     *anyUint          `json:"gas"`
	Cost    *anyUint          `json:"gasCost"`
	Depth   *int              `json:"depth"`
	Words   []json.RawMessage `json:"stack"`
	Memory  json.RawMessage   `json:"memory"`
	Error   json.RawMessage   `json:"error"`
	Section *int              `json:"section"`
	// of the last line of EIP-3155
	Output  *string  `json:"output"`
	GasUsed *anyUint `json:"gasUsed"`
	Root    *string  `json:"stateRoot"`
	Failed  *bool    `json:"failed"` // of a structLog's transaction
	Fork    *string  `json:"fork"`   // of a summary, or of a runner's result
	Name    *string  `json:"name"`   // of a runner's result
	Rev     *string  `json:"rev"`    // of the line with which old evmone announces a frame
}

// anyUint is a JSON number, or one in a string, decimal or hexadecimal.
type anyUint uint64

// UnmarshalJSON is that of json.Unmarshaler.
func (n *anyUint) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	v, err := strconv.ParseUint(string(bytes.Trim(text, `"`)), 0, 64)
	if err != nil {
		return fmt.Errorf("%.40s is not a 64-bit number", text)
	}
	*n = anyUint(v)
	return nil
}

// maxDepth is that of the innermost frame there can be (Yellow Paper, 9.1), where the outermost is at 1.
const maxDepth = int(params.CallCreateDepth) + 1

var errNoStep = errors.New("a step has to have pc, op, gas and depth")

func (r *rawStep) step(tx, depth int) (*Step, error) {
	if r.PC == nil || r.Gas == nil || len(r.Op) == 0 || depth < 1 {
		return nil, errNoStep
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("a step at depth %d: no call is deeper than %d", depth, maxDepth)
	}
	s := &Step{Tx: tx, PC: uint64(*r.PC), Gas: uint64(*r.Gas), Depth: depth, NoCost: r.Cost == nil}
	if r.Cost != nil {
		s.Cost = uint64(*r.Cost)
	}
	var err error
	if s.Op, err = opcode(r.Op); err != nil {
		return nil, err
	}
	// revm tells how every frame ended, well or not.
	s.Failed = given(r.Error) && !(halts(s.Op) && s.Op != vm.INVALID && endings[strings.Trim(string(r.Error), `"`)])
	s.Stack = make([]uint256.Int, len(r.Words))
	for i, w := range r.Words {
		digits := strings.TrimLeft(strings.TrimPrefix(strings.Trim(string(w), `"`), "0x"), "0")
		if digits == "" {
			continue
		}
		if err := s.Stack[i].SetFromHex("0x" + digits); err != nil {
			return nil, fmt.Errorf("stack[%d]: %.80s: %w", i, w, err)
		}
	}
	if s.Memory, err = memory(r.Memory); err != nil {
		return nil, err
	}
	return s, nil
}

// endings are what revm writes as the error of a step that ends its frame as it ought to.
var endings = map[string]bool{"Stop": true, "Return": true, "Revert": true, "SelfDestruct": true}

// given tells an error from the absence of one.
func given(text json.RawMessage) bool {
	return len(text) > 0 && string(text) != "null" && string(text) != `""`
}

func opcode(raw json.RawMessage) (vm.OpCode, error) {
	text := strings.Trim(string(raw), `"`)
	if n, err := strconv.ParseUint(text, 0, 8); err == nil {
		return vm.OpCode(n), nil
	}
	switch text { // names of other clients and of old versions
	case "SHA3":
		return vm.KECCAK256, nil
	case "DIFFICULTY", "PREVRANDAO":
		return vm.DIFFICULTY, nil
	case "SUICIDE":
		return vm.SELFDESTRUCT, nil
	case "INVALID":
		return vm.INVALID, nil
	}
	if n, ok := strings.CutPrefix(text, "opcode "); ok { // "opcode 0xfe not defined"
		if v, err := strconv.ParseUint(strings.Fields(n)[0], 0, 8); err == nil {
			return vm.OpCode(v), nil
		}
	}
	if op := vm.StringToOp(text); op != vm.STOP || text == "STOP" {
		return op, nil
	}
	return 0, fmt.Errorf("op %.40s is not known", raw)
}

func memory(raw json.RawMessage) ([]byte, error) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case raw[0] == '"':
		b, err := hexBytes(strings.Trim(string(raw), `"`))
		if len(b) == 0 { // of no size, or not told: Erigon writes "0x" for any memory
			return nil, err
		}
		return b, err
	}
	var words []string
	if err := json.Unmarshal(raw, &words); err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	all := []byte{}
	for _, w := range words {
		b, err := hexBytes(w)
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

func hexBytes(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		return nil, fmt.Errorf("%.40q is not hexadecimal: %w", s, err)
	}
	return b, nil
}

// member is where a member of an object is decoded to, nil for one that does not matter.
func (r *rawStep) member(name string) any {
	switch name {
	case "pc":
		return &r.PC
	case "op":
		return &r.Op
	case "opName":
		return &r.OpName
	case "gas":
		return &r.Gas
	case "gasCost":
		return &r.Cost
	case "depth":
		return &r.Depth
	case "stack":
		return &r.Words
	case "memory":
		return &r.Memory
	case "error":
		return &r.Error
	case "section":
		return &r.Section
	case "output":
		return &r.Output
	case "gasUsed":
		return &r.GasUsed
	case "stateRoot":
		return &r.Root
	case "failed":
		return &r.Failed
	case "fork":
		return &r.Fork
	case "name":
		return &r.Name
	case "rev":
		return &r.Rev
	}
	return nil
}
