package hierarchy

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
)

// TestKeyTable: every key has one number, in the order of first touch, however many
// there are and however alike they look.
func TestKeyTable(t *testing.T) {
	word := rapid.Custom(func(t *rapid.T) isa.Word {
		small := rapid.Uint64Range(0, 5)
		return isa.Word{small.Draw(t, "w0"), 0, 0, small.Draw(t, "w3")}
	})
	key := rapid.Custom(func(t *rapid.T) Key {
		return Key{word.Draw(t, "owner"), word.Draw(t, "slot"), isa.Space(rapid.Uint8Range(0, uint8(Account)).Draw(t, "kind"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		var table Keys
		table.Reset()
		numbers := map[Key]int32{}
		for _, k := range rapid.SliceOfN(key, 0, 200).Draw(t, "keys") {
			want, known := numbers[k]
			if !known {
				want = int32(len(numbers))
				numbers[k] = want
			}
			if got := table.Number(&k); got != want {
				t.Fatalf("key %v has number %d, want %d", k, got, want)
			}
		}
	})
}

// TestKeyTableGrows: more keys than it has room for at first; after a reset none.
func TestKeyTableGrows(t *testing.T) {
	var table Keys
	for range 2 {
		table.Reset()
		for pass := range 2 {
			for n := range int32(5000) {
				k := Key{Owner: isa.Word{uint64(n / 70)}, Slot: isa.Word{0, 0, 0, uint64(n % 70)}, Kind: Account}
				if got := table.Number(&k); got != n {
					t.Fatalf("pass %d: key %d has number %d", pass, n, got)
				}
			}
		}
		if len(table.keys) != 5000 {
			t.Fatalf("%d keys", len(table.keys))
		}
	}
}
