package rob

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
)

// renamed is the naive model: every frame of the call chain with the values that its
// stack and its registers hold, copied whole before each instruction.
type renamed struct {
	chain []naiveFrame // the running frame is the last
}

type naiveFrame struct {
	number FrameID
	stack  []uint64
	env    [NumEnv]uint64
	space  FrameID
}

func (r renamed) clone() renamed {
	c := renamed{slices.Clone(r.chain)}
	for i := range c.chain {
		c.chain[i].stack = slices.Clone(c.chain[i].stack)
	}
	return c
}

func (r *renamed) top() *naiveFrame { return &r.chain[len(r.chain)-1] }

// inFlight is an instruction between renaming and retirement.
type inFlight struct {
	before renamed
	frame  FrameID
	height int
	end    uint64 // of its undo records
	src    []Reg
	dst    Reg
	leaves FrameID // the frame that ends with it, -1 for none
}

// renamer drives Maps as a pipeline does, with the model beside it.
type renamer struct {
	regs  *Registers
	maps  *Maps
	model renamed

	window  []inFlight
	retired uint64 // end of the last retired instruction's undo records

	frameRefs map[FrameID]int // as the pipeline counts them: its execution, and who names its memory
	freeList  []FrameID
	frames    FrameID
	last      uint64 // value given out last
	consts    Reg
}

const constants = 4

func newRenamer() *renamer {
	r := &renamer{regs: NewRegisters(), frameRefs: map[FrameID]int{}}
	r.maps = NewMaps(r.regs)
	r.maps.Undone, r.maps.Dropped = r.drop, r.drop
	r.consts = r.regs.ShareConsts([]isa.Word{word(1), word(2), word(3), word(4)})
	r.last = constants
	root := r.newFrame()
	r.maps.InitFrame(root, [NumEnv]Reg{ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg})
	r.model.chain = []naiveFrame{{number: root, space: -1}}
	return r
}

func (r *renamer) newFrame() FrameID {
	var f FrameID
	if n := len(r.freeList); n > 0 {
		f, r.freeList = r.freeList[n-1], r.freeList[:n-1]
	} else {
		f = r.frames
		r.frames++
	}
	r.frameRefs[f] = 1
	return f
}

func (r *renamer) drop(f FrameID) {
	if r.frameRefs[f]--; r.frameRefs[f] > 0 {
		return
	}
	delete(r.frameRefs, f)
	r.maps.FreeFrame(f)
	r.freeList = append(r.freeList, f)
}

// value makes a register with a value that no other ever had.
func (r *renamer) value() (Reg, uint64) {
	reg := r.regs.Alloc()
	r.last++
	*r.regs.Value(reg) = word(r.last)
	return reg, r.last
}

// begin starts an instruction of the running frame; finish puts it into the window.
func (r *renamer) begin() *inFlight {
	f := r.model.top()
	return &inFlight{before: r.model.clone(), frame: f.number, height: len(f.stack), dst: NoReg, leaves: -1}
}

func (r *renamer) finish(e *inFlight) {
	for _, s := range e.src {
		r.regs.Retain(s)
	}
	e.end = r.maps.Position()
	r.window = append(r.window, *e)
}

// operands reads and drops the top values.
func (r *renamer) operands(e *inFlight, n int) {
	f := r.model.top()
	for i := range n {
		e.src = append(e.src, r.maps.Slot(f.number, i))
	}
	r.maps.Drop(f.number, n)
	f.stack = f.stack[:len(f.stack)-n]
}

func (r *renamer) push(reg Reg, value uint64) {
	f := r.model.top()
	r.maps.Push(f.number, reg)
	f.stack = append(f.stack, value)
}

// squash undoes all but the oldest n instructions.
func (r *renamer) squash(n int) {
	for len(r.window) > n {
		e := &r.window[len(r.window)-1]
		end := r.retired
		if len(r.window) > 1 {
			end = r.window[len(r.window)-2].end
		}
		r.maps.UndoTo(end)
		r.maps.Map[e.frame].Height = e.height
		for _, s := range e.src {
			r.regs.Release(s)
		}
		r.regs.Release(e.dst)
		r.model = e.before
		r.window = r.window[:len(r.window)-1]
	}
}

// retire makes the oldest n instructions final.
func (r *renamer) retire(n int) {
	for range n {
		e := r.window[0]
		r.window = r.window[1:]
		r.maps.RetireTo(e.end)
		r.retired = e.end
		for _, s := range e.src {
			r.regs.Release(s)
		}
		r.regs.Release(e.dst)
		if e.leaves >= 0 {
			r.drop(e.leaves)
		}
	}
}

// check compares the maps with the model, and the reference counts with a recount.
func (r *renamer) check() error {
	for _, want := range r.model.chain {
		got := &r.maps.Map[want.number]
		if got.Height != len(want.stack) || got.ReturnSpace != want.space {
			return fmt.Errorf("frame %d: height %d, returned memory of %d; want %d and %d", want.number, got.Height, got.ReturnSpace, len(want.stack), want.space)
		}
		for i, v := range want.stack {
			if have := r.regs.Value(got.Slots[i]).Uint64(); have != v {
				return fmt.Errorf("frame %d: slot %d holds %d, want %d", want.number, i, have, v)
			}
		}
		for i, v := range want.env {
			if have := r.regs.Value(got.Env[i]).Uint64(); have != v {
				return fmt.Errorf("frame %d: register %d holds %d, want %d", want.number, i, have, v)
			}
		}
		if want.space >= 0 && r.frameRefs[want.space] == 0 {
			return fmt.Errorf("frame %d: its returned memory, frame %d, is free", want.number, want.space)
		}
	}
	refs := map[Reg]int{}
	count := func(reg Reg) {
		if reg != NoReg && !reg.IsConst() {
			refs[reg]++
		}
	}
	for f := range r.frameRefs {
		for _, reg := range r.maps.Map[f].Slots {
			count(reg)
		}
		for _, reg := range r.maps.Map[f].Env {
			count(reg)
		}
	}
	for _, e := range r.window {
		count(e.dst)
		for _, s := range e.src {
			count(s)
		}
	}
	r.maps.Log(count)
	for reg, n := range refs {
		if got := r.regs.Refs(reg); got != n {
			return fmt.Errorf("register %d has %d references, want %d", reg, got, n)
		}
	}
	if r.regs.Live() != len(refs) {
		return fmt.Errorf("%d registers in use, %d are referred to", r.regs.Live(), len(refs))
	}
	return nil
}

// actions are what a program can do to the maps.
func (r *renamer) actions() map[string]func(*rapid.T) {
	need := func(t *rapid.T, n int) {
		if len(r.model.top().stack) < n {
			t.Skip("the stack is too low")
		}
	}
	return map[string]func(*rapid.T){
		"compute": func(t *rapid.T) {
			n := rapid.IntRange(0, 4).Draw(t, "operands")
			need(t, n)
			e := r.begin()
			r.operands(e, n)
			if rapid.Bool().Draw(t, "result") {
				reg, v := r.value()
				e.dst = reg
				r.push(reg, v)
			}
			r.finish(e)
		},
		"stack run": func(t *rapid.T) { // what folding puts into one entry
			e := r.begin()
			for range rapid.IntRange(1, 12).Draw(t, "length") {
				f := r.model.top()
				h := len(f.stack)
				switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
				case kind == 0 || h == 0:
					c := rapid.IntRange(0, constants-1).Draw(t, "constant")
					r.push(r.consts+Reg(c), uint64(c+1))
				case kind == 1:
					d := rapid.IntRange(0, h-1).Draw(t, "distance")
					r.push(r.maps.Slot(f.number, d), f.stack[h-1-d])
				case kind == 2 && h > 1:
					d := rapid.IntRange(1, h-1).Draw(t, "distance")
					r.maps.Swap(f.number, d)
					f.stack[h-1], f.stack[h-1-d] = f.stack[h-1-d], f.stack[h-1]
				default:
					r.maps.Drop(f.number, 1)
					f.stack = f.stack[:h-1]
				}
			}
			r.finish(e)
		},
		"set register": func(t *rapid.T) {
			e := r.begin()
			env := Env(rapid.IntRange(0, int(NumEnv)-1).Draw(t, "register"))
			reg, v := r.value()
			e.dst = reg
			f := r.model.top()
			r.maps.SetEnv(f.number, env, reg)
			f.env[env] = v
			r.finish(e)
		},
		"enter": func(t *rapid.T) {
			need(t, 3)
			if len(r.model.chain) > 6 {
				t.Skip("deep enough")
			}
			e := r.begin()
			r.operands(e, 3)
			caller := r.model.top().number
			child := r.newFrame()
			var env [NumEnv]Reg
			frame := naiveFrame{number: child, space: -1}
			for i := range env {
				env[i] = e.src[i%len(e.src)]
				frame.env[i] = r.regs.Value(env[i]).Uint64()
			}
			r.maps.InitFrame(child, env)
			r.maps.LogFrame(child)
			e.frame = caller
			r.model.chain = append(r.model.chain, frame)
			r.finish(e)
		},
		"leave": func(t *rapid.T) {
			if len(r.model.chain) == 1 {
				t.Skip("the outermost frame")
			}
			need(t, 2)
			e := r.begin()
			r.operands(e, 2)
			child := r.model.top().number
			r.model.chain = r.model.chain[:len(r.model.chain)-1]
			f := r.model.top()
			reg, v := r.value()
			e.dst, e.leaves = reg, child
			r.maps.LogHeight(f.number)
			r.push(reg, v)
			r.maps.SetEnv(f.number, EnvReturnOffset, e.src[0])
			r.maps.SetEnv(f.number, EnvReturnLength, e.src[1])
			f.env[EnvReturnOffset], f.env[EnvReturnLength] = r.regs.Value(e.src[0]).Uint64(), r.regs.Value(e.src[1]).Uint64()
			f.space = -1
			if rapid.Bool().Draw(t, "returns data") {
				r.frameRefs[child]++
				f.space = child
			}
			r.maps.SetReturn(f.number, f.space)
			r.finish(e)
		},
		"squash": func(t *rapid.T) { r.squash(rapid.IntRange(0, len(r.window)).Draw(t, "kept")) },
		"retire": func(t *rapid.T) { r.retire(rapid.IntRange(0, len(r.window)).Draw(t, "n")) },
		"": func(t *rapid.T) {
			if err := r.check(); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// TestMaps: whatever is renamed, squashed and retired in whatever order, the maps
// hold what snapshots would have held, every reference is counted, and in the end
// every register is free.
func TestMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRenamer()
		t.Repeat(r.actions())
		if rapid.Bool().Draw(t, "retire the rest") {
			r.retire(len(r.window))
		} else {
			r.squash(0)
		}
		r.maps.RetireTo(r.maps.Position())
		for _, f := range slices.Backward(r.model.chain) {
			r.drop(f.number)
		}
		if n := r.regs.Live(); n != 0 || len(r.frameRefs) != 0 {
			t.Fatalf("%d registers and frames %v are not free", n, slices.Sorted(maps.Keys(r.frameRefs)))
		}
		free := slices.Clone(r.regs.free)
		slices.Sort(free)
		if len(slices.Compact(free)) != r.regs.Size() {
			t.Fatalf("the free list has %d different registers of %d", len(slices.Compact(free)), r.regs.Size())
		}
	})
}

// TestUndoLogGrows: more records than the ring holds at first, wrapped before.
func TestUndoLogGrows(t *testing.T) {
	r := newRenamer()
	for range 700 {
		e := r.begin()
		r.push(ZeroReg, 0)
		r.finish(e)
	}
	r.retire(650)
	for range 3000 {
		e := r.begin()
		reg, v := r.value()
		e.dst = reg
		r.push(reg, v)
		r.maps.SetEnv(r.model.top().number, EnvSelf, reg)
		r.model.top().env[EnvSelf] = v
		r.finish(e)
	}
	if err := r.check(); err != nil {
		t.Fatal(err)
	}
	r.squash(60)
	if err := r.check(); err != nil {
		t.Fatal(err)
	}
}
