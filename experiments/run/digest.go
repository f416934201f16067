package run

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"reflect"
	"sort"
	"strconv"

	"github.com/ooovm/ooovm/isa"
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

func (d *digester) flag(set bool) {
	n := uint64(0)
	if set {
		n = 1
	}
	d.number(n)
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

// StateDigest sums up every account of a world.
func StateDigest(w *state.World) string {
	d := newDigester()
	d.world(w)
	return d.hex()
}

// Digest sums up a run: configuration, bundle, committed stream, post-state,
// cycles and every counter of the core. Two runs are equal when their digests are.
func Digest(configHash, bundleHash string, out *Outcome) string {
	d := newDigester()
	d.bytes([]byte(configHash))
	d.bytes([]byte(bundleHash))
	d.number(out.Core.StreamDigest())
	d.number(uint64(len(out.Results)))
	for i := range out.Results {
		r := &out.Results[i]
		d.number(r.GasUsed)
		d.flag(r.Success)
		d.number(uint64(len(r.Logs)))
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
	d.number(uint64(out.Core.Cycle()))
	d.counters(reflect.ValueOf(&out.Core.Stats).Elem(), "")
	return d.hex()
}

// counters feeds every counter of a structure that is not zero, with its name. Found by
// reflection, none can be forgotten; and a digest does not depend on how many counters
// there are that a run does not use.
func (d *digester) counters(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Uint64:
		if n := v.Uint(); n != 0 {
			d.bytes([]byte(name))
			d.number(n)
		}
	case reflect.Array:
		for i := range v.Len() {
			d.counters(v.Index(i), name+"."+strconv.Itoa(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			d.counters(v.Field(i), name+"."+v.Type().Field(i).Name)
		}
	default:
		panic(fmt.Sprintf("run: %s is no counter, but a %v", name, v.Kind()))
	}
}
