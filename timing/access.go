package timing

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// speculativeBytes is the longest range that is read before its micro-op is the
// oldest.
const speculativeBytes = 32 << 10

// memory finds the step's first read or its last write of memory.
func (b *builder) memory(write bool) (off, n uint64) {
	for _, a := range b.accesses {
		if a.Kind == traces.AccessMemory && a.Write == write {
			off, n = uint64(a.Off), uint64(a.Len)
			if !write {
				return off, n
			}
		}
	}
	return off, n
}

// writesFirst reports whether the step's first access to memory is a write. That of a built-in
// whose input is empty is its output's, of which the caller then reads a part.
func (b *builder) writesFirst() bool {
	for _, a := range b.accesses {
		if a.Kind == traces.AccessMemory {
			return a.Write
		}
	}
	return false
}

// stateKey finds the step's access of one of the kinds.
func (b *builder) stateKey(kinds ...traces.AccessKind) Key {
	for _, a := range b.accesses {
		for _, kind := range kinds {
			if a.Kind == kind {
				k := &b.Golden.Keys[a.Key]
				return Key{Account: k.Account, Slot: k.Slot, Storage: kind == traces.AccessStorage || kind == traces.AccessTransient}
			}
		}
	}
	return Key{}
}

// describe fills what a micro-op does in memory and state from what the golden
// run saw its instruction access.
func (b *builder) describe(u *Uop, row *decoder.Row, t *decoder.Uop) {
	f := b.top()
	u.imm = t.Imm
	self := int32(len(b.Uops)) // the number that u will have
	u.head = isa.Table[u.Op].Class == isa.ClassHead
	switch u.Op {
	case isa.Load, isa.Hash, isa.LoadInput:
		b.load(u, f.id)
		if u.Op == isa.LoadInput {
			u.frame = b.parent().id
		}
		u.bytes = u.n
		u.head = u.Op == isa.Hash && u.n > speculativeBytes
	case isa.StoreAddr, isa.StoreAddr1, isa.CopyAddr:
		off, n := b.memory(true)
		u.opens, u.store = true, b.addStore(store{addr: self, frame: f.id, off: off, n: n})
	case isa.StoreData, isa.StoreData1:
		b.data(u, self)
	case isa.CopyData:
		b.data(u, self)
		u.bytes = b.stores[u.store].n
		u.head = u.bytes > speculativeBytes
		switch isa.CopySource(t.Imm) {
		case isa.CopyMemory:
			b.load(u, f.id)
		case isa.CopyInput:
			b.load(u, b.parent().id)
		case isa.CopyReturn:
			b.load(u, f.source)
		}
		u.store = int32(len(b.stores) - 1)
	case isa.StateLoad:
		u.state = int32(len(b.states))
		u.key = b.stateKey(traces.AccessStorage, traces.AccessTransient)
		u.touches = isa.Space(t.Imm) == isa.Persistent
	case isa.StateKey:
		u.key = b.stateKey(traces.AccessStorage, traces.AccessTransient)
		u.touches = isa.Space(t.Imm) == isa.Persistent
		u.state = int32(len(b.states))
		b.states = append(b.states, stateStore{addr: self, space: isa.Space(t.Imm), key: u.key})
	case isa.StateData:
		u.state = int32(len(b.states) - 1)
		b.states[u.state].data = self
	case isa.AccountLoad:
		u.key, u.touches = b.stateKey(traces.AccessBalance, traces.AccessCode), true
		if row.Flags&decoder.ReadsBalance != 0 {
			u.after = b.mover
		}
	case isa.Enter:
		u.sources[0] = none // the gas that it forwards is read by its commit
	case isa.Builtin:
		b.load(u, b.parent().id)
		if b.writesFirst() {
			u.off, u.n = 0, 0
		}
		u.bytes = u.n
		u.head = u.n > speculativeBytes
	case isa.Destroy:
		u.touches = true
		for _, a := range b.accesses { // the heir's is the last
			if a.Kind == traces.AccessBalance {
				u.key = Key{Account: b.Golden.Keys[a.Key].Account}
			}
		}
	case isa.Target, isa.Touch:
		u.touches = true
		if t.Src[0] == decoder.Temp {
			u.key = b.stateKey(traces.AccessCode)
		} else {
			u.key = Key{Account: state.AddressOf(&b.env.Words[t.Src[0]-decoder.Context0])}
		}
	}
}

// parent is the caller of the running frame.
func (b *builder) parent() *frame { return b.frames[len(b.frames)-2] }

// load gives a micro-op a place in the load queue and the range it reads.
func (b *builder) load(u *Uop, frame int32) {
	u.loads, u.frame, u.store = true, frame, int32(len(b.stores))
	u.off, u.n = b.memory(false)
}

func (b *builder) addStore(s store) int32 {
	b.stores = append(b.stores, s)
	return int32(len(b.stores) - 1)
}

// data makes a micro-op the data part of the youngest store.
func (b *builder) data(u *Uop, self int32) {
	u.store, u.frees = int32(len(b.stores)-1), true
	b.stores[u.store].data = self
}
