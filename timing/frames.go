package timing

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/price"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// The bodies of callees that execute no instruction of the trace.
var (
	emptyRow = decoder.Row{Name: "empty", Kind: decoder.KindLeave, Uops: []decoder.Uop{{
		Op: isa.Leave, Src: [4]decoder.Operand{decoder.Zero, decoder.Zero, decoder.None, decoder.None},
	}}}
	builtinRow = decoder.Row{Name: "builtin", Kind: decoder.KindBuiltin, Uops: []decoder.Uop{{
		Op: isa.Builtin, Src: [4]decoder.Operand{decoder.InputOffset, decoder.InputLength, decoder.None, decoder.None},
	}}}
)

// enter emits a call or a creation and opens its frame; k is its step, or the one
// before the transaction's first for the envelope's own. A callee that executes
// nothing is left again at once.
func (b *builder) enter(row *decoder.Row, k, end int) error {
	caller := b.top()
	envelope := len(b.frames) == 1
	if !envelope {
		b.accesses = b.at(k)
	}
	in := b.newInst(row)
	in.taken, in.serial = true, row.Flags&decoder.Serial != 0
	b.run = 0
	last, temp := b.micro(row)
	child := &frame{self: ready, caller: ready, value: ready, input: [2]value{knownZero, knownZero}, source: none}
	child.returned, child.out = child.input, child.input
	if s := row.Call; s != nil {
		child.self, child.caller, child.value = b.operand(s.Self, temp), b.operand(s.Caller, temp), b.operand(s.Value, temp)
		child.input = [2]value{b.operand(s.InputOffset, temp), b.operand(s.InputLength, temp)}
		child.out = [2]value{b.operand(s.OutputOffset, temp), b.operand(s.OutputLength, temp)}
	} else {
		child.creation = true
	}
	if row.Flags&decoder.Transfer != 0 && (envelope || child.creation || !child.value.zero) {
		b.mover = last
	}
	caller.stack = caller.stack[:len(caller.stack)-int(row.Pops)]
	child.base = caller.base + len(caller.stack)
	in.end = len(b.Uops)
	b.insts = append(b.insts, in)

	if envelope && k+1 < end || !envelope && b.Golden.Steps.At(k+1).Depth > b.Golden.Steps.At(k).Depth {
		b.pushFrame(child)
		return nil
	}
	callee := state.AddressOf(&b.env.Target)
	if !envelope {
		callee = b.stateKey(traces.AccessCode).Account
		if b.Golden.Steps.At(k + 1).Top.IsZero() {
			if !child.creation {
				return b.uncovered("a call fails before it begins")
			}
			// Fetch has waited for the creation: the caller simply goes on.
			caller.stack = append(caller.stack, knownZero)
			caller.returned, caller.source = [2]value{knownZero, knownZero}, none
			return nil
		}
	}
	b.pushFrame(child)
	body := &emptyRow
	contract, ok := b.Env.Precompiles.Lookup(callee)
	if !ok || child.creation {
		b.leave(body, b.accesses)
		return nil
	}
	if row := price.RowOf(contract.Number()); !row.Measure.OfLength() {
		return b.uncovered("the time of a built-in depends on the content of its input")
	}
	b.leave(&builtinRow, b.accesses)
	b.Uops[len(b.Uops)-1].builtin = contract.Number()
	return nil
}

// leave emits the end of the running frame and closes it.
func (b *builder) leave(row *decoder.Row, accesses []traces.Access) {
	f, caller := b.top(), b.parent()
	b.accesses = accesses
	in := b.newInst(row)
	in.taken, in.serial = true, row.Flags&decoder.Serial != 0 || f.creation
	in.keeps = caller.base + len(caller.stack)
	b.run = 0
	last, _ := b.micro(row)
	in.end = len(b.Uops)
	b.insts = append(b.insts, in)

	u := &b.Uops[last]
	if row.Flags&decoder.Transfer != 0 {
		b.mover = last
	}
	returned, source := [2]value{{by: u.sources[0]}, {by: u.sources[1]}}, f.id
	switch {
	case row.Kind == decoder.KindBuiltin:
		returned = [2]value{knownZero, {by: last}}
	case row.Kind == decoder.KindDestroy, f.creation && row.Kind != decoder.KindAbort:
		returned, source = [2]value{knownZero, knownZero}, none
	}
	if row.Kind != decoder.KindDestroy {
		u.sources[2], u.sources[3] = f.out[0].by, f.out[1].by
		s := store{addr: last, data: last, frame: caller.id, alias: true, source: f.id}
		s.off, s.n = b.written(row.Kind == decoder.KindBuiltin)
		s.sourceOff, _ = b.memory(false)
		u.opens, u.frees, u.store = true, true, b.addStore(s)
	}
	b.frames = b.frames[:len(b.frames)-1]
	caller.stack = append(caller.stack, value{by: last})
	caller.returned, caller.source = returned, source
}

// written is the range of the caller's memory that a frame's end writes. The
// golden run sees a built-in write its own output first.
func (b *builder) written(builtin bool) (off, n uint64) {
	writes := 0
	for _, a := range b.accesses {
		if a.Kind == traces.AccessMemory && a.Write {
			writes++
		}
	}
	if builtin && writes < 2 {
		return 0, 0
	}
	return b.memory(true)
}
