package experiments

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// TestDigestCovers: whatever a run is said to be, changing it changes the digest.
func TestDigestCovers(t *testing.T) {
	p, s := embedded(t), setup(t, "ooo-4")
	address := p.txs[0].From
	one, slot := isa.Word{1}, isa.Word{12345}
	plain, _ := run(t, p, s, Options{})
	want := Digest("config", "bundle", plain)
	for _, c := range []struct {
		name   string
		change func(*Outcome)
	}{
		{"gas used", func(o *Outcome) { o.Results[7].GasUsed++ }},
		{"success", func(o *Outcome) { o.Results[7].Success = !o.Results[7].Success }},
		{"log", func(o *Outcome) {
			r := &o.Results[7]
			r.Logs = append(r.Logs[:len(r.Logs):len(r.Logs)], state.Log{})
		}},
		{"balance", func(o *Outcome) { o.World.AddBalance(address, &one) }},
		{"nonce", func(o *Outcome) { o.World.SetNonce(address, 777) }},
		{"code", func(o *Outcome) { o.World.SetCode(address, []byte{1}) }},
		{"storage", func(o *Outcome) { o.World.SetStorage(address, &slot, &one) }},
		{"overlapped", func(o *Outcome) { o.Core.Stats.Overlapped++ }},
		{"stale reads", func(o *Outcome) { o.Core.Stats.StaleReads++ }},
		{"account", func(o *Outcome) { o.World.CreateAccount(state.Address{1, 2, 3}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := run(t, p, s, Options{})
			if got := Digest("config", "bundle", out); got != want {
				t.Fatalf("two runs have digests %s and %s", want, got)
			}
			c.change(out)
			if Digest("config", "bundle", out) == want {
				t.Error("the digest does not change")
			}
		})
	}
	if Digest("another", "bundle", plain) == want || Digest("config", "another", plain) == want {
		t.Error("the digest does not cover configuration and bundle")
	}
}

// TestCountersAreAll: every counter of a core is in the digest, each under a name of
// its own.
func TestCountersAreAll(t *testing.T) {
	var s pipeline.Stats
	digest := func() string {
		d := newDigester()
		d.counters(reflect.ValueOf(&s).Elem(), "")
		return d.hex()
	}
	const value = 1 << 32 // the same for all: only the name tells them apart
	seen := map[string]string{digest(): "no counter"}
	var visit func(name string, v reflect.Value)
	visit = func(name string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Uint64:
			v.SetUint(value)
			if other, twice := seen[digest()]; twice {
				t.Errorf("%s has the digest of %s", name, other)
			}
			seen[digest()] = name
			v.SetUint(0)
		case reflect.Array:
			for i := range v.Len() {
				visit(fmt.Sprintf("%s[%d]", name, i), v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				visit(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
		default:
			t.Fatalf("%s is no counter: %v", name, v.Kind())
		}
	}
	visit("Stats", reflect.ValueOf(&s).Elem())
	if len(seen) < 100 {
		t.Errorf("only %d counters found", len(seen))
	}
}
