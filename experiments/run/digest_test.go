package run_test

import (
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// TestDigestCovers: whatever a run is said to be, changing it changes the digest.
func TestDigestCovers(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "ooo-4")
	address := state.Address(p.Bundle.Senders[0])
	one, slot := isa.Word{1}, isa.Word{12345}
	plain, _ := runtest.Run(t, p, s, run.Options{})
	want := run.Digest("config", "bundle", plain)
	for _, c := range []struct {
		name   string
		change func(*run.Outcome)
	}{
		{"gas used", func(o *run.Outcome) { o.Results[7].GasUsed++ }},
		{"success", func(o *run.Outcome) { o.Results[7].Success = !o.Results[7].Success }},
		{"log", func(o *run.Outcome) {
			r := &o.Results[7]
			r.Logs = append(r.Logs[:len(r.Logs):len(r.Logs)], state.Log{})
		}},
		{"balance", func(o *run.Outcome) { o.World.AddBalance(address, &one) }},
		{"nonce", func(o *run.Outcome) { o.World.SetNonce(address, 777) }},
		{"code", func(o *run.Outcome) { o.World.SetCode(address, []byte{1}) }},
		{"storage", func(o *run.Outcome) { o.World.SetStorage(address, &slot, &one) }},
		{"overlapped", func(o *run.Outcome) { o.Core.Stats.Overlapped++ }},
		{"stale reads", func(o *run.Outcome) { o.Core.Stats.StaleReads++ }},
		{"account", func(o *run.Outcome) { o.World.CreateAccount(state.Address{1, 2, 3}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := runtest.Run(t, p, s, run.Options{})
			if got := run.Digest("config", "bundle", out); got != want {
				t.Fatalf("two runs have digests %s and %s", want, got)
			}
			c.change(out)
			if run.Digest("config", "bundle", out) == want {
				t.Error("the digest does not change")
			}
		})
	}
	if run.Digest("another", "bundle", plain) == want || run.Digest("config", "another", plain) == want {
		t.Error("the digest does not cover configuration and bundle")
	}
}
