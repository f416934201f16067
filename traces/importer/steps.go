package importer

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/traces/prestate"
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

// Ending is what a trace says behind a transaction's last step.
type Ending struct {
	Tx      int
	GasUsed uint64
	Known   bool // GasUsed is given
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
	Depth   int               `json:"depth"`
	Words   []json.RawMessage `json:"stack"`
	Memory  json.RawMessage   `json:"memory"`
	Error   json.RawMessage   `json:"error"`
	Section *int              `json:"section"`
	// of the last line of EIP-3155
	Output  *string  `json:"output"`
	GasUsed *anyUint `json:"gasUsed"`
	Root    *string  `json:"stateRoot"`
	Failed  *bool    `json:"failed"` // of a structLog's transaction
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

var errNoStep = errors.New("a step has to have pc, op, gas and depth")

func (r *rawStep) step(tx int) (*Step, error) {
	if r.PC == nil || r.Gas == nil || len(r.Op) == 0 || r.Depth < 1 {
		return nil, errNoStep
	}
	s := &Step{Tx: tx, PC: uint64(*r.PC), Gas: uint64(*r.Gas), Depth: r.Depth, NoCost: r.Cost == nil}
	if r.Cost != nil {
		s.Cost = uint64(*r.Cost)
	}
	var err error
	if s.Op, err = opcode(r.Op); err != nil {
		return nil, err
	}
	s.Failed = len(r.Error) > 0 && string(r.Error) != "null" && string(r.Error) != `""`
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
		return hexBytes(strings.Trim(string(raw), `"`))
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

// sink takes a trace, step by step.
type sink struct {
	step func(*Step) error
	end  func(Ending) error
}

// dialect gathers what a trace looks like.
type dialect struct {
	structLog, block, memory, section, noCost bool
	names, roots                              bool
}

func (d *dialect) String() string {
	if d.structLog {
		s := "geth structLog"
		if d.block {
			s += " of a block"
		}
		return s + d.with()
	}
	s := "EIP-3155"
	switch {
	case d.noCost:
		s += ", evmone (no gasCost)"
	case d.section:
		s += ", with code sections (besu, revm)"
	case d.roots:
		s += ", with a state root (revm, besu)"
	case d.names:
		s += ", go-ethereum"
	}
	return s + d.with()
}

func (d *dialect) with() string {
	if d.memory {
		return ", with memory"
	}
	return ""
}

// reader streams a trace: it holds one step at a time.
type reader struct {
	dec  *json.Decoder
	to   sink
	d    *dialect
	tx   int
	last *Step
}

// read passes the steps of a trace on.
func (r *reader) read() error {
	for {
		err := r.value()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("the trace ends too early")
		case err != nil:
			return err
		}
	}
}

// value reads one value at the outermost level: a line of EIP-3155, or the answer of a
// node, wrapped or not.
func (r *reader) value() error {
	token, err := r.dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		r.d.structLog, r.d.block = true, true
		for r.dec.More() {
			if err := r.value(); err != nil {
				return unexpected(err)
			}
		}
		_, err := r.dec.Token()
		return unexpected(err)
	case json.Delim('{'):
		return unexpected(r.object())
	}
	return fmt.Errorf("found %v where an object has to be", token)
}

// unexpected tells an end within a value from one between values.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
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
	}
	return nil
}

// object reads the rest of an object: a line of EIP-3155, or the answer of a node, of
// which structLogs and result are streamed.
func (r *reader) object() error {
	var raw rawStep
	streamed := false
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		switch name {
		case "structLogs":
			streamed, r.d.structLog = true, true
			err = r.structLogs()
		case "result":
			streamed = true
			err = r.value()
		default:
			to := raw.member(name)
			if to == nil {
				to = new(json.RawMessage)
			}
			err = r.dec.Decode(to)
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return err
	}
	switch {
	case raw.Failed != nil:
		return r.ending(raw.Gas)
	case streamed:
		return nil
	case raw.PC != nil:
		return r.pass(&raw)
	case len(raw.Error) > 0 && string(raw.Error) != "null" && raw.Output == nil && raw.GasUsed == nil && raw.Root == nil:
		return fmt.Errorf("transaction %d: the node answered with an error: %s", r.tx, prestate.NodeError(raw.Error))
	}
	return r.summary(&raw)
}

func (r *reader) ending(gas *anyUint) error {
	e := Ending{Tx: r.tx}
	if gas != nil {
		e.GasUsed, e.Known = uint64(*gas), true
	}
	r.tx++
	r.last = nil
	return r.to.end(e)
}

func (r *reader) structLogs() error {
	open, err := r.dec.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('[') {
		return fmt.Errorf("structLogs: found %v where a list has to be", open)
	}
	for r.dec.More() {
		var raw rawStep
		if err := r.dec.Decode(&raw); err != nil {
			return err
		}
		if err := r.pass(&raw); err != nil {
			return err
		}
	}
	_, err = r.dec.Token()
	return err
}

// summary takes the line behind a transaction's last step. go-ethereum writes one behind
// every frame: it ends the transaction only if the outermost frame can have ended.
func (r *reader) summary(raw *rawStep) error {
	r.d.roots = r.d.roots || raw.Root != nil
	switch l := r.last; {
	case raw.Output == nil && raw.GasUsed == nil && raw.Root == nil:
		return errNoStep
	case l == nil && raw.Root != nil: // a second one, of the state
		return nil
	case l != nil && (l.Depth > 1 || !l.Failed && l.Op >= vm.CREATE && l.Op <= vm.STATICCALL && l.Op != vm.RETURN):
		return nil
	}
	return r.ending(raw.GasUsed)
}

// pass hands a step on. A faulting instruction that is told twice, as some clients do,
// counts once: no instruction leaves pc and gas as they were.
func (r *reader) pass(raw *rawStep) error {
	s, err := raw.step(r.tx)
	if err != nil {
		return err
	}
	r.d.memory = r.d.memory || s.Memory != nil
	r.d.section = r.d.section || raw.Section != nil
	r.d.noCost = r.d.noCost || s.NoCost
	r.d.names = r.d.names || raw.OpName != ""
	if l := r.last; l != nil && l.PC == s.PC && l.Depth == s.Depth && l.Gas == s.Gas && l.Op == s.Op {
		l.Failed = l.Failed || s.Failed
		return nil
	}
	r.last = s
	return r.to.step(s)
}
