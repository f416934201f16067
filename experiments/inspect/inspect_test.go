package inspect

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
)

func total(list []Share, but ...string) (count uint64, share float64) {
	for _, s := range list {
		if !slices.Contains(but, s.Name) {
			count += s.Count
			share += s.Share
		}
	}
	return count, share
}

// TestCountersAreTheWorkload: what is in a block made to measure is what it was made of.
func TestCountersAreTheWorkload(t *testing.T) {
	const transactions = 12
	code := []byte{0x5f, 0x54, 0x60, 0x01, 0x01, 0x5f, 0x55, 0x00} // slot 0 += 1
	b, err := generator.Code("counter", generator.DefaultFork, code, transactions, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	in, err := of(context.Background(), runtest.Prepare(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if in.Instructions != 7*transactions {
		t.Errorf("%d instructions, want 7 a transaction", in.Instructions)
	}
	if len(in.Kinds) != 1 || in.Kinds[0] != (Share{"call", transactions, 1}) {
		t.Errorf("kinds %+v", in.Kinds)
	}
	if len(in.Contracts) != 1 || in.Contracts[0].Transactions != transactions || in.Contracts[0].CodeBytes != len(code) {
		t.Errorf("contracts %+v", in.Contracts)
	}
	slot := slices.IndexFunc(in.Hot, func(k HotKey) bool { return k.Kind == traces.AccessStorage.String() })
	if slot < 0 {
		t.Fatalf("no slot among the hot keys %+v", in.Hot)
	}
	if k := in.Hot[slot]; k.Reads != transactions || k.Writes != transactions || k.Transactions != transactions {
		t.Errorf("the slot: %+v", k)
	}
	// Each needs what the one before has written: only the first waits for none.
	if got := in.Shares["key"]; math.Abs(got-1.0/transactions) > 1e-8 {
		t.Errorf("by key, %g are independent, want 1 of %d", got, transactions)
	}
}

// TestEmbedded: the parts of a block add up to the whole.
func TestEmbedded(t *testing.T) {
	p := runtest.Embedded(t)
	in, err := of(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if n, share := total(in.Kinds, "failed"); n != uint64(in.Trace.Transactions) || math.Abs(share-1) > 1e-6 {
		t.Errorf("the kinds are %d of %d transactions, a share of %g", n, in.Trace.Transactions, share)
	}
	if n, share := total(in.Mix); n != in.Instructions || math.Abs(share-1) > 1e-6 {
		t.Errorf("the mix has %d of %d instructions, a share of %g", n, in.Instructions, share)
	}
	for i := 1; i < len(in.Hot); i++ {
		if in.Hot[i].Transactions > in.Hot[i-1].Transactions {
			t.Errorf("hot key %d is hotter than the one before", i)
		}
	}
	if in.Accounts != len(p.Bundle.Prestate) {
		t.Errorf("%d accounts, want %d", in.Accounts, len(p.Bundle.Prestate))
	}
}
