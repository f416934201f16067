package traces

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/isa"
)

// Detail runs the block again and describes one recorded step in full: the stack
// before it, and what it changed in the stack and memory of its frame.
func (g *Golden) Detail(step int) (string, error) {
	if step < 0 || step >= g.Instructions() {
		return "", fmt.Errorf("%s: no step %d: there are %d", g.bundle.Name, step, g.Instructions())
	}
	w := &watcher{step: step}
	again := &Golden{bundle: g.bundle}
	if err := again.run(&Execution{Bundle: g.bundle, Hooks: w.hooks()}); err != nil {
		return "", err
	}
	return w.text.String(), nil
}

// watcher counts steps as recorder does and describes one.
type watcher struct {
	step   int // to describe
	count  int // steps so far
	system bool
	depth  int // of the described step while its outcome is awaited, else 0
	stack  []isa.Word
	memory []byte
	text   strings.Builder
}

func (w *watcher) hooks() *tracing.Hooks {
	return &tracing.Hooks{
		OnOpcode:          w.opcode,
		OnFault:           w.fault,
		OnSystemCallStart: func() { w.system = true },
		OnSystemCallEnd:   func() { w.system = false },
	}
}

func (w *watcher) opcode(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, _ []byte, depth int, err error) {
	if w.system {
		return
	}
	if w.depth > 0 && depth <= w.depth {
		if depth == w.depth {
			w.outcome(scope)
		} else {
			w.text.WriteString("the frame ended\n")
		}
		w.depth = 0
	}
	if w.count == w.step {
		w.stack = append(w.stack, scope.StackData()...)
		w.memory = bytes.Clone(scope.MemoryData())
		w.depth = depth
		fmt.Fprintf(&w.text, "step %d: depth %d, account %v, pc %#x %v, gas %d, cost %d, memory %d bytes\nstack, top first:\n",
			w.step, depth, scope.Address(), pc, vm.OpCode(op), gas, cost, len(w.memory))
		w.words(w.stack)
		if err != nil {
			fmt.Fprintf(&w.text, "failed: %v\n", err)
			w.depth = 0
		}
	}
	w.count++
}

func (w *watcher) fault(_ uint64, _ byte, _, _ uint64, _ tracing.OpContext, depth int, err error) {
	if !w.system && w.depth == depth && w.depth > 0 {
		fmt.Fprintf(&w.text, "failed: %v\n", err)
		w.depth = 0
	}
}

func (w *watcher) words(stack []isa.Word) {
	for i := len(stack) - 1; i >= 0; i-- {
		fmt.Fprintf(&w.text, "  %s\n", stack[i].Hex())
	}
}

func (w *watcher) outcome(scope tracing.OpContext) {
	after := scope.StackData()
	same := 0
	for same < len(after) && same < len(w.stack) && after[same] == w.stack[same] {
		same++
	}
	fmt.Fprintf(&w.text, "stack afterwards, down to the first unchanged word:\n")
	w.words(after[same:])
	now := scope.MemoryData()
	if len(now) != len(w.memory) {
		fmt.Fprintf(&w.text, "memory grew to %d bytes\n", len(now))
	}
	before := make([]byte, len(now))
	copy(before, w.memory)
	for off := 0; off < len(now); off += 32 {
		end := min(off+32, len(now))
		if !bytes.Equal(before[off:end], now[off:end]) {
			fmt.Fprintf(&w.text, "memory %#06x: %x\n", off, now[off:end])
		}
	}
}
