package traces

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// AccessKind says what an instruction accessed.
type AccessKind uint8

// Access kinds.
const (
	AccessMemory    AccessKind = iota // bytes of a frame's memory
	AccessStorage                     // a storage slot
	AccessTransient                   // a transient storage slot (EIP-1153)
	AccessBalance                     // an account's balance
	AccessCode                        // an account's code, its size or its hash
)

// String names the kind.
func (k AccessKind) String() string {
	return [...]string{"memory", "storage", "transient", "balance", "code"}[k]
}

// Access is one thing that an instruction read or wrote. Accesses stand in the order
// of their steps. Faulting instructions have none.
//
// Memory has no copies: call data is a range of the caller's memory and return data
// one of the callee's, so a CALLDATALOAD reads the caller's frame. The input of a
// transaction and the output of a built-in count as memory of frames of their own,
// which execute nothing. The output range of a call is written by the step that ends
// the callee (by the call itself where the callee executes nothing).
type Access struct {
	Step  uint32
	Kind  AccessKind
	Write bool
	Frame uint32 // AccessMemory: number of the frame in the block
	Off   uint32 // AccessMemory: first byte
	Len   uint32 // AccessMemory: bytes, never 0
	Key   uint32 // other kinds: index into Golden.Keys
}

// StateKey names one piece of state.
type StateKey struct {
	Kind    AccessKind
	Account state.Address
	Slot    isa.Word // storage kinds only
}

// span is a range of a frame's memory.
type span struct {
	frame    uint32
	off, len uint64
}

// part cuts [off, off+n) out of a span, without what lies behind its end.
func (s span) part(off *isa.Word, n uint64) span {
	if !off.IsUint64() || off.Uint64() >= s.len {
		return span{}
	}
	o := off.Uint64()
	return span{s.frame, s.off + o, min(n, s.len-o)}
}

func (r *recorder) ranged(write bool, s span) {
	if s.len == 0 || r.lean {
		return
	}
	r.access(Access{
		Step: uint32(r.steps() - 1), Kind: AccessMemory, Write: write,
		Frame: s.frame, Off: uint32(s.off), Len: uint32(s.len),
	})
}

func (r *recorder) state(kind AccessKind, write bool, account state.Address, slot isa.Word) {
	if r.lean {
		return
	}
	k := StateKey{kind, account, slot}
	n, ok := r.keys[k]
	if !ok {
		n = uint32(len(r.g.Keys))
		r.need(keyBytes)
		r.keys[k] = n
		r.g.Keys = append(r.g.Keys, k)
	}
	r.access(Access{Step: uint32(r.steps() - 1), Kind: kind, Write: write, Key: n})
}

func (r *recorder) access(a Access) {
	if r.g.Accesses.full() {
		r.need(pieceSize * accessBytes)
	}
	r.g.Accesses.Append(a)
}

// retract drops the accesses of the latest step, which has failed.
func (r *recorder) retract(step int) {
	n := r.g.Accesses.Len()
	for n > 0 && int(r.g.Accesses.At(n-1).Step) == step {
		n--
	}
	r.g.Accesses.Cut(n)
}
