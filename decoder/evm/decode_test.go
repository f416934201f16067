package evm

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

func TestDecode(t *testing.T) {
	p := Decode([]byte{PUSH1, 4, JUMP, JUMPDEST, JUMPDEST, PUSH2, JUMPDEST, JUMPDEST, PUSH1, 4, STOP}, Table(Osaka))
	want := []decoder.Inst{
		{PC: 0, Aux: 0, Code: PUSH1, Kind: decoder.KindPush, Size: 2},
		{PC: 2, Aux: 3, Code: JUMP, Kind: decoder.KindJump, Size: 1},
		{PC: 3, Aux: -1, Code: JUMPDEST, Kind: decoder.KindNop, Size: 1},
		{PC: 4, Aux: -1, Code: JUMPDEST, Kind: decoder.KindNop, Size: 1},
		{PC: 5, Aux: 1, Code: PUSH2, Kind: decoder.KindPush, Size: 3},
		{PC: 8, Aux: 0, Code: PUSH1, Kind: decoder.KindPush, Size: 2},
		{PC: 10, Aux: -1, Code: STOP, Kind: decoder.KindLeave, Size: 1},
		{PC: 11, Aux: -1, Code: STOP, Kind: decoder.KindLeave},
	}
	if len(p.Insts) != len(want) {
		t.Fatalf("%d instructions, want %d", len(p.Insts), len(want))
	}
	for i := range want {
		if p.Insts[i] != want[i] {
			t.Errorf("instruction %d is %+v, want %+v", i, p.Insts[i], want[i])
		}
	}
	for pc, label := range p.Label {
		wanted := map[int]isa.InstIndex{3: 2, 4: 3}[pc]
		if wanted == 0 {
			wanted = -1
		}
		if label != wanted {
			t.Errorf("label at %d is %d, want %d", pc, label, wanted)
		}
	}
	if len(p.Consts) != 2 {
		t.Errorf("%d constants, want 2: the same word is kept once", len(p.Consts))
	}
}

func TestDecodeTruncatedPush(t *testing.T) {
	p := Decode([]byte{PUSH0 + 4, 0x12, 0x34}, Table(Osaka))
	if got := p.Consts[p.Insts[0].Aux]; got != (isa.Word{0x12340000}) {
		t.Errorf("pushes %s, want 0x12340000", got.Hex())
	}
	if stop := p.Insts[1]; stop.PC != 5 || stop.Size != 0 {
		t.Errorf("stop is %+v, want at 5, where go-ethereum's program counter is", stop)
	}
}

func TestDecodePush0ByFork(t *testing.T) {
	for fork := range NumForks {
		in := Decode([]byte{PUSH0}, Table(fork)).Insts[0]
		want := decoder.KindInvalid
		if fork >= Shanghai {
			want = decoder.KindPush
		}
		if in.Kind != want {
			t.Errorf("%s: PUSH0 has kind %d, want %d", fork, in.Kind, want)
		}
	}
}

func TestDecodeEmpty(t *testing.T) {
	p := Decode(nil, Table(Osaka))
	if len(p.Insts) != 1 || p.Insts[0].Kind != decoder.KindLeave || p.Rows[p.Insts[0].Code].Flags&decoder.Uncounted == 0 {
		t.Errorf("no code decodes to %+v, want one uncounted leave", p.Insts)
	}
}

func TestDecodeJumpIntoPushData(t *testing.T) {
	p := Decode([]byte{PUSH1, JUMPDEST, PUSH1, 1, JUMP}, Table(Osaka))
	if aux := p.Insts[2].Aux; aux != -1 {
		t.Errorf("a jump into push data goes to instruction %d, want nowhere", aux)
	}
}

// TestConstantPool checks interning against a map on words that collide often.
func TestConstantPool(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 5000
	pool, seen := newConstantPool(n), map[isa.Word]int32{}
	for range n {
		w := isa.Word{r.Uint64N(40), 0, r.Uint64N(3), r.Uint64N(20) << 60}
		at := pool.index(w)
		if pool.words[at] != w {
			t.Fatalf("%v is at %d, where %v stands", w, at, pool.words[at])
		}
		if before, ok := seen[w]; ok && before != at {
			t.Fatalf("%v is at %d and at %d", w, before, at)
		}
		seen[w] = at
	}
	if len(pool.words) != len(seen) {
		t.Errorf("%d words in the pool, want %d", len(pool.words), len(seen))
	}
}

func TestCacheGivesOneProgram(t *testing.T) {
	cache := NewCache()
	got := make([]*decoder.Program, 64)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = cache.Program(state.Hash{1}, []byte{ADD}, Table(Osaka)) })
	}
	wg.Wait()
	for _, p := range got {
		if p != got[0] || p.Hash != (state.Hash{1}) {
			t.Fatal("callers of one hash got different programs")
		}
	}
	if other := cache.Program(state.Hash{1}, []byte{ADD}, Table(London)); other == got[0] {
		t.Error("two forks share a program")
	}
}

func BenchmarkDecode24K(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	code := make([]byte, maxCodeSize)
	for pc := 0; pc < len(code); {
		switch r.IntN(10) {
		case 0, 1: // a jump label or a selector
			code[pc] = PUSH2
			copy(code[pc+1:], []byte{byte(r.IntN(4)), byte(r.IntN(256))})
		case 2:
			code[pc] = PUSH1
			copy(code[pc+1:], []byte{byte(r.IntN(256))})
		case 3:
			code[pc] = JUMPDEST
		case 4:
			code[pc] = JUMPI
		default:
			code[pc] = byte(DUP1 + r.IntN(32))
		}
		pc += size(code[pc])
	}
	b.SetBytes(int64(len(code)))
	for b.Loop() {
		Decode(code, Table(Osaka))
	}
}
