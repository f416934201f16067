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

// TestCountersAreAll: every counter of a core is in the digest.
func TestCountersAreAll(t *testing.T) {
	var s pipeline.Stats
	n := uint64(0)
	seen := map[uint64]string{}
	var fill func(name string, v reflect.Value)
	fill = func(name string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Uint64:
			n++
			v.SetUint(n)
			seen[n] = name
		case reflect.Array:
			for i := range v.Len() {
				fill(fmt.Sprintf("%s[%d]", name, i), v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				fill(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
		default:
			t.Fatalf("%s is no counter: %v", name, v.Kind())
		}
	}
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		fill(v.Type().Field(i).Name, v.Field(i))
	}
	for _, c := range counters(&s) {
		delete(seen, c)
	}
	for _, name := range seen {
		t.Errorf("%s is not in the digest", name)
	}
}
