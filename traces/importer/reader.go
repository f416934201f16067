package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/traces/prestate"
)

// sink takes a trace, step by step.
type sink struct {
	step func(*Step) error
	end  func(Ending) error
}

// reader streams a trace: it holds one step at a time, and of the frames that are open
// where each of them is.
type reader struct {
	dec  *json.Decoder
	to   sink
	d    *dialect
	tx   int
	last *Step   // read and not passed on, nil between transactions
	open []place // by depth, the latest instruction of each frame
	zero int     // what is added to depths: 1 where the first is 0
	some bool    // a step was read
	deep int     // frames that old evmone has announced, while they run

	summed  bool // a summary was read after the latest step,
	well    bool // and had no error
	between bool // the latest transaction has ended with a summary
}

// place is an instruction of a frame.
type place struct {
	op   vm.OpCode
	next uint64 // where code goes on
	gas  uint64
}

func newReader(text io.Reader, d *dialect, to sink) *reader {
	return &reader{dec: budget.NewDecoder(newValues(text), budget.OfRun(), 0), to: to, d: d}
}

// read passes the steps of a trace on.
func (r *reader) read() error {
	for {
		err := r.value()
		switch {
		case errors.Is(err, io.EOF):
			if r.last == nil {
				return nil
			}
			r.d.unfinished = !r.summed && !(r.last.Depth == 1 && (halts(r.last.Op) || r.last.Failed))
			return r.ending(false, r.summed && r.well, nil)
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
	case json.Delim('['): // a block's transactions, or a runner's results
		for r.dec.More() {
			if err := r.value(); err != nil {
				return unexpected(err)
			}
			r.d.block = r.d.structLog
		}
		_, err := r.dec.Token()
		return unexpected(err)
	case json.Delim('{'):
		return unexpected(r.object())
	}
	return nil // of a list of something else
}

// unexpected tells an end within a value from one between values.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// malformed tells an error of the text from one of what it says.
func malformed(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// object reads the rest of an object: a line of EIP-3155, or the answer of a node, of
// which structLogs and result are streamed.
func (r *reader) object() error {
	var raw rawStep
	var wrong error // of a member, which matters in a step
	streamed, step, answer := false, false, false
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
			step, answer = step || name == "pc", answer || name == "txHash"
			to := raw.member(name)
			if to == nil {
				to = new(json.RawMessage)
			}
			if err = r.dec.Decode(to); err != nil && !malformed(err) {
				if wrong == nil {
					wrong = fmt.Errorf("%s: %w", name, err)
				}
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return err
	}
	switch {
	case step && wrong != nil:
		return wrong
	case step:
		return r.pass(&raw)
	case raw.Failed != nil && (streamed || raw.Gas != nil):
		return r.ending(*raw.Failed, !*raw.Failed, raw.Gas)
	case streamed:
		return nil
	case given(raw.Error) && (answer || raw.Error[0] == '{'):
		return fmt.Errorf("transaction %d: the node answered with an error: %s", r.tx, prestate.NodeError(raw.Error))
	}
	return r.summary(&raw)
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

// summary takes an object that is no step: the line after a transaction's last step or after a
// frame's, as go-ethereum writes it, or one that a runner has written of its own.
func (r *reader) summary(raw *rawStep) error {
	failed := given(raw.Error)
	if raw.Fork != nil {
		r.d.fork = *raw.Fork
	}
	l := r.last
	switch {
	case raw.Rev != nil && raw.Depth != nil:
		r.d.announced = true
		r.deep = *raw.Depth + 1
		return nil
	case r.deep > 0 && raw.GasUsed != nil && raw.Gas != nil:
		if l != nil && l.Depth == r.deep {
			l.Failed = l.Failed || failed && l.Op != vm.REVERT
		}
		if r.deep--; r.deep > 0 {
			return nil
		}
	case raw.Output == nil && raw.GasUsed == nil && raw.Root == nil:
		return nil // no summary
	case raw.Name != nil: // a runner's result
		return nil
	case l == nil && raw.Root != nil && (r.between || raw.Output == nil && raw.GasUsed == nil):
		return nil // a second one, of the state
	case l != nil && raw.Root == nil && (l.Depth > 1 || !l.Failed && (calls(l.Op) || creates(l.Op))):
		r.summed, r.well = true, !failed // of a frame, or of the transaction: what comes next tells
		return nil
	}
	err := r.ending(failed, !failed, nil)
	r.between = true
	return err
}

// pass takes a step. A faulting instruction that is told twice, as some clients do, counts
// once: no instruction leaves pc and gas as they were.
func (r *reader) pass(raw *rawStep) error {
	depth := r.deep
	if raw.Depth != nil {
		if !r.some && *raw.Depth == 0 { // EthereumJS counts from 0
			r.zero = 1
		}
		depth = *raw.Depth + r.zero
	}
	s, err := raw.step(r.tx, depth)
	if err != nil {
		return err
	}
	r.some, r.between = true, false
	r.d.memory = r.d.memory || s.Memory != nil
	r.d.section = r.d.section || raw.Section != nil
	r.d.costs = r.d.costs || !s.NoCost
	r.d.withoutCost = r.d.withoutCost || s.NoCost
	if l := r.last; l != nil && l.PC == s.PC && l.Depth == s.Depth && l.Gas == s.Gas && l.Op == s.Op {
		l.Failed = l.Failed || s.Failed
		return nil
	}
	if r.last != nil && r.restarts(s) {
		if err := r.ending(false, r.summed && r.well, nil); err != nil {
			return err
		}
		s.Tx = r.tx
	}
	if r.last != nil {
		r.d.frames, r.summed = r.d.frames || r.summed, false
		r.d.compare(r.last, s)
		if err := r.leave(s.Depth, s, false); err != nil {
			return err
		}
	}
	r.last = s
	for len(r.open) < s.Depth {
		r.open = append(r.open, place{})
	}
	r.open = r.open[:s.Depth]
	r.open[s.Depth-1] = place{s.Op, s.next(), s.Gas}
	return nil
}

// restarts tells the first step of a transaction from a jump to 0, where the one before it had no
// summary.
func (r *reader) restarts(s *Step) bool {
	if s.PC != 0 || s.Depth != 1 {
		return false
	}
	before := r.open[0]
	jumped := r.last.Depth == 1 && !r.last.Failed && (before.op == vm.JUMP || before.op == vm.JUMPI)
	return !jumped || s.Gas > before.gas
}

// leave passes the latest step on, and a STOP for every frame that has ended since without telling
// how: Besu, Nimbus, Nethermind and evmone have no step for running off the end of the
// code. next is the step at the depth that is gone back to, nil for the end of the transaction,
// of which well says that it ended well.
func (r *reader) leave(depth int, next *Step, well bool) error {
	l := r.last
	stops := l.Depth > depth && !l.Failed && !halts(l.Op)
	if next != nil && len(next.Stack) > 0 {
		well = !next.at(0).IsZero() // what the caller sees
		if stops && !well && l.Depth == depth+1 {
			l.Failed, stops = true, false // a fault that is not told, as with evmone
		}
	}
	if err := r.to.step(l); err != nil {
		return err
	}
	for d := l.Depth; d > depth; d-- {
		if d == l.Depth && !stops {
			continue
		}
		// A call that is the last step of its frame has not faulted, as there are steps of its callee. Of
		// the innermost frame only the one that called it could tell.
		stop := &Step{Tx: l.Tx, PC: r.open[d-1].next, Op: vm.STOP, NoCost: true, Depth: d, Implied: true}
		stop.Guess = d == l.Depth && (d > depth+1 || !well)
		if err := r.to.step(stop); err != nil {
			return err
		}
	}
	return nil
}

// ending ends a transaction that is said to have failed, or to have ended well, or neither.
func (r *reader) ending(failed, well bool, gas *anyUint) error {
	if l := r.last; l != nil {
		l.Failed = l.Failed || failed && l.Depth == 1 && !halts(l.Op)
		if err := r.leave(0, nil, well); err != nil {
			return err
		}
	}
	e := Ending{Tx: r.tx}
	if gas != nil {
		e.GasUsed, e.Known = uint64(*gas), true
	}
	r.tx++
	r.last, r.open, r.deep, r.summed = nil, r.open[:0], 0, false
	return r.to.end(e)
}
