package price

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

var osaka = params.Rules{IsByzantium: true, IsIstanbul: true, IsBerlin: true, IsLondon: true, IsCancun: true, IsPrague: true, IsOsaka: true}

// Every precompiled contract has a row, and every row is one.
func TestTableIsComplete(t *testing.T) {
	all := state.NewPrecompiles(osaka)
	for _, a := range all.Addresses() {
		if contract, _ := all.Lookup(a); RowOf(contract.Number()) == nil {
			t.Errorf("%s has no row", contract.Name())
		}
	}
	seen := map[int]bool{}
	for i := range Table {
		r := &Table[i]
		if _, ok := all.Numbered(r.Number); !ok || seen[r.Number] {
			t.Errorf("row %s: there is no such contract, or it has two", r.Name)
		}
		seen[r.Number] = true
		if r.Software == (Cost{}) || (r.Measure == Once) != (r.Software.Each == 0) || (r.Measure == Pieces) != (r.Size != 0) {
			t.Errorf("row %s: its prices and its measure do not fit", r.Name)
		}
	}
}

// The prices of a microsecond of 1000 cycles, and of published hardware.
func TestPrices(t *testing.T) {
	rounds := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for _, c := range []struct {
		name                  string
		number                int
		length, gas           uint64
		input                 []byte
		software, accelerator isa.Cycle
	}{
		{"recovery", 1, 128, 3000, nil, 46_900, 190_000},
		{"sha256, one block", 2, 55, 0, nil, 230, 66},
		{"sha256, padding in a block of its own", 2, 56, 0, nil, 460, 132},
		{"ripemd160, 128 bytes", 3, 128, 0, nil, 2361, 2361},
		{"identity, nothing", 4, 0, 0, nil, 15, 15},
		{"identity, 33 bytes", 4, 33, 0, nil, 17, 17},
		{"pairing, none", 8, 0, 0, nil, 578_000, 1},
		{"pairing, two", 8, 384, 0, nil, 1_516_000, 164_680},
		{"blake2f, 12 rounds", 9, 213, 12, rounds(12), 840, 840},
		{"blake2f, all rounds", 9, 213, 0, rounds(1<<32 - 1), 600 + 20*(1<<32-1), 600 + 20*(1<<32-1)},
		{"point evaluation", 0xa, 192, 50_000, nil, 1_486_000, 1_486_000},
		{"a product in g1", 0xc, 160, 12_000, nil, 106_992, 106_992},
		{"a product in g2", 0xe, 288, 22_500, nil, 200_610, 200_610},
		{"bls pairing, one", 0xf, 384, 0, nil, 626_794, 626_794},
		{"p256", 0x100, 160, 6900, nil, 75_000, 190_000},
	} {
		for set, want := range map[string]isa.Cycle{"software": c.software, "accelerator": c.accelerator, "flat": 7} {
			p, err := New(set, 1000, 7)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Of(c.number, c.length, c.gas, c.input); got != want {
				t.Errorf("%s, %s: %d cycles, want %d", c.name, set, got, want)
			}
		}
	}
	if _, err := New("free", 1, 1); err == nil {
		t.Error("a set that there is not is accepted")
	}
}

// Nothing takes no time, and nothing is longer than the bound, whatever the input says.
func TestPricesAreBounded(t *testing.T) {
	huge := make([]byte, 96)
	for i := range huge {
		huge[i] = 0xff
	}
	for _, micro := range []int{1, 100_000} {
		p, _ := New("software", micro, 1)
		for i := range Table {
			for _, length := range []uint64{0, ^uint64(0)} {
				for _, input := range [][]byte{nil, huge} {
					if got := p.Of(Table[i].Number, length, length, input); got < 1 || got > longest {
						t.Errorf("%s: %d cycles", Table[i].Name, got)
					}
				}
			}
		}
	}
}

// Under Berlin the gas of an exponentiation is a third of the work, and at least 200: so
// go-ethereum's price checks the estimate.
func TestWorkIsThatOfTheGasRule(t *testing.T) {
	modexp, _ := state.NewPrecompiles(params.Rules{IsByzantium: true, IsIstanbul: true, IsBerlin: true}).Numbered(5)
	rng := rand.New(rand.NewPCG(5, 1))
	for range 20_000 {
		input := make([]byte, rng.IntN(300))
		for i := range 3 {
			if 32*i+32 <= len(input) {
				binary.BigEndian.PutUint16(input[32*i+30:], uint16(rng.IntN(1<<rng.IntN(12))))
			}
		}
		for i := 96; i < len(input); i++ {
			input[i] = byte(rng.IntN(256) >> rng.IntN(9))
		}
		if got, want := max(work(input)/3, 200), modexp.RequiredGas(input); got != want {
			t.Fatalf("input %x: work %d, gas %d", input, work(input), want)
		}
	}
}

// Prices are found without allocation.
func TestPricesDoNotAllocate(t *testing.T) {
	p, _ := New("software", 195, 1)
	input := make([]byte, 256)
	input[31], input[63], input[95] = 64, 33, 64
	if n := testing.AllocsPerRun(100, func() { p.Of(5, uint64(len(input)), 0, input) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
