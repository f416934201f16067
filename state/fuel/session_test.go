package fuel

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// example is a transaction whose encoding is written out below.
func example() *Transaction {
	t := &Transaction{
		GasLimit: 0x1234, Script: []byte{0x24, 4, 0, 0}, ScriptData: []byte{1, 2, 3},
		Inputs: []Input{
			{Type: InputCoin, TxID: ID{0xaa}, OutputIndex: 2, Owner: ID{0xbb}, Amount: 1000, WitnessIndex: 0},
			{Type: InputContract, Contract: ID{0xcc}},
		},
		Outputs:   []Output{{Type: OutputContract, InputIndex: 1}, {Type: OutputChange, To: ID{0xdd}}, {Type: OutputVariable}},
		Witnesses: [][]byte{{7, 8, 9}},
	}
	t.Policies.Put(PolicyMaxFee, 5)
	return t
}

// TestTransactionID hashes an encoding built by hand: chain, words, padded parts.
func TestTransactionID(t *testing.T) {
	var b []byte
	word := func(values ...uint64) {
		for _, v := range values {
			b = binary.BigEndian.AppendUint64(b, v)
		}
	}
	id := func(first byte) { b = append(append(b, first), make([]byte, 31)...) }
	word(9889)      // chain
	word(0, 0x1234) // script, gas limit
	id(0)           // receipts root
	word(4, 3, 8)   // script, data, policies: the highest fee
	word(2, 3, 0)   // inputs, outputs, no witnesses
	b = append(b, 0x24, 4, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0)
	word(5)
	word(0) // coin
	id(0xaa)
	word(2)
	id(0xbb)
	word(1000)
	id(0)
	word(0, 0, 0, 0, 0, 0)
	word(1) // contract
	id(0)
	word(0)
	id(0)
	id(0)
	word(0, 0)
	id(0xcc)
	word(1, 1) // contract output
	id(0)
	id(0)
	word(2) // change
	id(0xdd)
	word(0)
	id(0)
	word(3) // variable
	id(0)
	word(0)
	id(0)
	if got, want := example().TransactionID(9889), ID(sha256.Sum256(b)); got != want {
		t.Errorf("%v where %v is expected", got, want)
	}
	encoded, _ := example().Encode()
	if want := append(b[8:len(b):len(b)], 0, 0, 0, 0, 0, 0, 0, 3, 7, 8, 9, 0, 0, 0, 0, 0); len(encoded) != len(want) {
		t.Errorf("%d bytes in memory where %d are expected", len(encoded), len(want))
	}
}

func session(t *testing.T, w *World, tx *Transaction) *Session {
	t.Helper()
	s, err := NewSession(Standard(), &Block{Height: 5}, w, tx, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestInitialMemory looks at the image from 0 on.
func TestInitialMemory(t *testing.T) {
	tx := example()
	tx.Inputs = append(tx.Inputs, Input{Type: InputCoin, Amount: 3, AssetID: ID{1}}, Input{Type: InputCoin, Amount: 4, AssetID: ID{1}})
	w := NewWorld()
	w.Deploy(ID{0xcc}, nil)
	s := session(t, w, tx)
	for _, c := range []struct {
		name string
		at   uint64
		want string
	}{
		{"base asset", 32, "0000000000000000"},
		{"what is free of it: less the highest fee", 96, "00000000000003e3"},
		{"the next asset", 104, "0100000000000000"},
		{"what is free of it", 136, "0000000000000007"},
		{"no third asset", 176, "0000000000000000"},
		{"script type", TxOffset, "0000000000000000"},
		{"gas limit", TxOffset + 8, "0000000000001234"},
		{"script", ScriptOffset, "2404000000000000"},
		{"data", ScriptOffset + 8, "0102030000000000"},
	} {
		b, p := s.Memory.Read(c.at, 8)
		if p != NoPanic || hex.EncodeToString(b) != c.want {
			t.Errorf("%s: %x, %v", c.name, b, p)
		}
	}
	if b, _ := s.Memory.Read(0, 32); !bytes.Equal(b, s.ID[:]) {
		t.Error("memory does not begin with the id")
	}
	if ScriptOffset != 10368 || s.Reg[RegPC] != ScriptOffset || s.Reg[RegSP] != s.Memory.StackEnd() {
		t.Errorf("script at %d, $pc %d, $sp %d", ScriptOffset, s.Reg[RegPC], s.Reg[RegSP])
	}
}

// TestCallAndReturn enters a contract with coins and gas and comes back.
func TestCallAndReturn(t *testing.T) {
	w := NewWorld()
	contract := ID{0xcc}
	w.Deploy(contract, []byte{0x24, 4, 0, 0, 0x47})
	s := session(t, w, example())
	sp := s.Reg[RegSP]
	if p := s.Memory.GrowStack(sp + 48); p != NoPanic {
		t.Fatal(p)
	}
	s.Reg[RegSP] += 48
	if p := s.Memory.PutSystem(sp, contract[:]); p != NoPanic {
		t.Fatal(p)
	}
	s.Reg[20] = 77
	// The asset is the base asset, whose id lies at 32. 8 bytes of padded code cost nothing beside the base; a new balance costs 40.
	if p := s.Call(sp, 100, 32, 1000); p != NoPanic {
		t.Fatal(p)
	}
	r := &s.Reg
	if r[RegFP] != sp+48 || r[RegPC] != sp+48+FrameSize || r[RegSSP] != r[RegPC]+8 || r[RegBal] != 100 || r[RegCGas] != 1000 {
		t.Errorf("$fp %d, $pc %d, $ssp %d, $bal %d, $cgas %d", r[RegFP], r[RegPC], r[RegSSP], r[RegBal], r[RegCGas])
	}
	if got := w.Balance(Slot{contract, ID{}}); got != (Balance{100, true}) {
		t.Errorf("the contract has %+v", got)
	}
	if b, _ := s.Memory.Read(96, 8); binary.BigEndian.Uint64(b) != 1000-5-100 {
		t.Errorf("the script has %x left", b)
	}
	r[20], r[RegHP] = 1, r[RegHP]-64
	if done, p := s.Return(9); done || p != NoPanic {
		t.Fatal(done, p)
	}
	if r[20] != 77 || r[RegRet] != 9 || r[RegHP] != MemorySize-64 || r[RegPC] != ScriptOffset+4 || r[RegCGas] != 0x1234-40 {
		t.Errorf("$r20 %d, $ret %d, $hp %d, $pc %d, $cgas %d", r[20], r[RegRet], r[RegHP], r[RegPC], r[RegCGas])
	}
	if gas := s.Finish(Ending{Result: ResultRevert}); gas != 40 {
		t.Errorf("%d gas", gas)
	}
	if w.Balance(Slot{contract, ID{}}).Set {
		t.Error("a failed transaction leaves its coins behind")
	}
	if s.Outputs[1].Amount != 1000-5+5 { // the gas price is 0: the fee comes back
		t.Errorf("change: %d", s.Outputs[1].Amount)
	}
}

// TestStorageGas charges by the schedule standard-v7: read cold 100 + n/123, hot 10 +
// n/123, write 10 + n/1234, clear 10 + n/4, 1 a new byte.
func TestStorageGas(t *testing.T) {
	w := NewWorld()
	contract := ID{0xcc}
	w.Deploy(contract, nil)
	w.SetSlot(Slot{contract, ID{31: 1}}, Value{make([]byte, 246), true})
	tx := example()
	tx.GasLimit = 1 << 40
	s := session(t, w, tx)
	s.Frames = append(s.Frames, Frame{Contract: contract})
	at := s.Reg[RegSP]
	if p := s.Memory.GrowStack(at + 4096); p != NoPanic {
		t.Fatal(p)
	}
	s.Reg[RegSP] += 4096
	if p := s.Memory.PutSystem(at+31, []byte{1}); p != NoPanic { // key 1 at at, key 0 at at+64
		t.Fatal(p)
	}
	for _, c := range []struct {
		name string
		do   func() Panic
		gas  uint64
		want Panic
	}{
		{"cold", func() Panic { _, _, p := s.ReadWord(at, 0); return p }, 100 + 2, NoPanic},
		{"hot", func() Panic { _, _, p := s.ReadWord(at, 0); return p }, 10 + 2, NoPanic},
		{"behind the end", func() Panic { _, _, p := s.ReadWord(at, 63); return p }, 10 + 2, PanicStorageOutOfBounds},
		{"a new slot", func() Panic { _, p := s.WriteWord(at+64, 7); return p }, 100 + 10 + 32, NoPanic},
		{"the same again", func() Panic { _, p := s.WriteWord(at+64, 7); return p }, 10 + 10, NoPanic},
		{"shorter", func() Panic { return s.WriteBytes(at, at, 32) }, 10, NoPanic},
		{"longer by 8", func() Panic { return s.UpdateBytes(at, at, Append, 8) }, 10 + 10 + 8, NoPanic},
		{"a gap", func() Panic { return s.UpdateBytes(at, at, 41, 8) }, 10, PanicStorageOutOfBounds},
		{"clear 8", func() Panic { return s.ClearSlots(at, 8) }, 10 + 2, NoPanic},
		{"hot though gone", func() Panic { _, _, p := s.SlotLength(at); return p }, 10, NoPanic},
		{"past the last key", func() Panic {
			if p := s.Memory.PutSystem(at, bytes.Repeat([]byte{0xff}, 32)); p != NoPanic {
				return p
			}
			return s.ClearSlots(at, 2)
		}, 0, PanicTooManySlots},
	} {
		before := s.Reg[RegGGas]
		if p := c.do(); p != c.want || before-s.Reg[RegGGas] != c.gas {
			t.Errorf("%s: %v, %d gas where %v, %d is expected", c.name, p, before-s.Reg[RegGGas], c.want, c.gas)
		}
	}
}

func TestWorldRevert(t *testing.T) {
	w := NewWorld()
	a, b := Slot{ID{1}, ID{2}}, Slot{ID{1}, ID{3}}
	w.SetSlot(a, Value{[]byte{1}, true})
	before := w.Snapshot()
	w.SetSlot(a, Value{})
	w.SetSlot(b, Value{nil, true})
	w.SetBalance(a, 5)
	slots, balances := w.Since(before)
	if len(slots) != 2 || slots[0].Slot != a || slots[0].New.Set || !slots[1].New.Set || len(balances) != 1 {
		t.Errorf("%+v, %+v", slots, balances)
	}
	w.Revert(before)
	if v := w.Slot(a); !v.Set || w.Slot(b).Set || w.Balance(a).Set {
		t.Errorf("%+v, %+v, %+v", v, w.Slot(b), w.Balance(a))
	}
}

func TestMerkleRoot(t *testing.T) {
	leaf := func(b ...byte) ID { return hashOf([]byte{0}, b) }
	node := func(l, r ID) ID { return hashOf([]byte{1}, l[:], r[:]) }
	a, b, c := leaf(1), leaf(2), leaf(3)
	for _, x := range []struct {
		leaves [][]byte
		want   ID
	}{
		{nil, sha256.Sum256(nil)},
		{[][]byte{{1}}, a},
		{[][]byte{{1}, {2}}, node(a, b)},
		{[][]byte{{1}, {2}, {3}}, node(node(a, b), c)},
		{[][]byte{{1}, {2}, {3}, {1}, {2}}, node(node(node(a, b), node(c, a)), b)},
	} {
		if got := MerkleRoot(x.leaves); got != x.want {
			t.Errorf("%d leaves: %v where %v is expected", len(x.leaves), got, x.want)
		}
	}
}
