package experiments

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sort"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// digester feeds a hash with numbers and strings of stated length, so that no two
// different inputs have the same bytes.
type digester struct {
	hash.Hash
	buf [8]byte
}

func newDigester() *digester { return &digester{Hash: sha256.New()} }

func (d *digester) number(n uint64) {
	binary.LittleEndian.PutUint64(d.buf[:], n)
	_, _ = d.Write(d.buf[:])
}

func (d *digester) bytes(b []byte) {
	d.number(uint64(len(b)))
	_, _ = d.Write(b)
}

func (d *digester) word(w *isa.Word) {
	b := w.Bytes32()
	_, _ = d.Write(b[:])
}

func (d *digester) hex() string { return hex.EncodeToString(d.Sum(nil)) }

// world feeds every account that exists, in order.
func (d *digester) world(w *state.World) {
	for _, a := range w.Accounts() {
		acct, exists := w.Dump(a)
		if !exists {
			continue
		}
		_, _ = d.Write(a[:])
		d.word(&acct.Balance)
		d.number(acct.Nonce)
		d.bytes(acct.Code)
		slots := make([]isa.Word, 0, len(acct.Storage))
		for s := range acct.Storage {
			slots = append(slots, s)
		}
		sort.Slice(slots, func(i, j int) bool { return slots[i].Lt(&slots[j]) })
		d.number(uint64(len(slots)))
		for i := range slots {
			v := acct.Storage[slots[i]]
			d.word(&slots[i])
			d.word(&v)
		}
	}
}

// Digest sums up a run: configuration, bundle, committed stream, post-state,
// cycles and every counter. Two runs are equal when their digests are.
func Digest(configHash, bundleHash string, out *Outcome) string {
	d := newDigester()
	d.bytes([]byte(configHash))
	d.bytes([]byte(bundleHash))
	d.number(out.Core.StreamDigest())
	d.number(uint64(len(out.Results)))
	for i := range out.Results {
		r := &out.Results[i]
		d.number(r.GasUsed)
		success := uint64(0)
		if r.Success {
			success = 1
		}
		d.number(success)
		for j := range r.Logs {
			l := &r.Logs[j]
			_, _ = d.Write(l.Address[:])
			d.number(uint64(len(l.Topics)))
			for k := range l.Topics {
				_, _ = d.Write(l.Topics[k][:])
			}
			d.bytes(l.Data)
		}
	}
	d.world(out.World)
	d.number(out.Core.Cycle())
	for _, c := range counters(&out.Core.Stats) {
		d.number(c)
	}
	return d.hex()
}

// counters lists every counter of a core in the order of its declaration.
func counters(s *pipeline.Stats) []uint64 {
	list := []uint64{
		s.Width, s.Instructions, s.Uops, s.Executed, s.ExecutedUops, s.FetchedUops, s.SquashedUops, s.WrongPathUops, s.Skipped, s.Calls,
		s.Branches, s.CommittedBranches, s.CommittedJumps, s.ConstantJumps, s.ReturnJumps, s.DirectionMispredicts, s.TargetMispredicts, s.ReturnMispredicts, s.CallMispredicts, s.FrontEndRedirects,
		s.MemoryForwards, s.MemoryWaits, s.MemoryViolations, s.StateForwards, s.StateWaits, s.StateViolations,
		s.MemoryFalseWaits, s.StateFalseWaits, s.Transient.Forwards, s.Transient.Waits, s.Transient.FalseWaits, s.Transient.Violations,
		s.GasAnswers, s.Fused, s.Value.Loads, s.Value.Predicted, s.Value.Right, s.Value.Wrong, s.Value.Unread,
		s.StateHits, s.StateNear, s.StateFar, s.MissStalls, s.TransferWaits, s.StackFills,
		s.FullROB, s.FullIQ, s.FullRegs, s.FullLoadQ, s.FullStoreQ, s.FullStateQ,
	}
	list = append(list, prefetchCounters(&s.Prefetch)...)
	list = append(list, s.Slots[:]...)
	list = append(list, s.Serial[:isa.FirstRegisterOp]...)
	list = append(list, s.Squashes[:]...)
	// Those of register machines count where there are any: digests of other programs do not depend on how many such micro-ops exist.
	for i, n := range s.Serial[isa.FirstRegisterOp:] {
		if n != 0 {
			list = append(list, uint64(i), n)
		}
	}
	return list
}

func prefetchCounters(p *pipeline.PrefetchStats) []uint64 {
	return []uint64{
		p.Issued, p.Redundant, p.Refused, p.Dropped, p.Useful, p.Late,
		p.Touches, p.TouchesCovered, p.TouchesTimely, p.Loads, p.LoadsCovered, p.LoadsTimely,
		p.Seen, p.SeenCovered, p.SeenTimely, p.Known, p.KnownCovered, p.KnownTimely,
		p.Runaheads, p.RunaheadUops,
	}
}
