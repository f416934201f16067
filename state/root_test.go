package state

import (
	"testing"

	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
)

// The mainnet genesis has 8893 funded accounts and a root that everybody knows.
func TestRootOfMainnetGenesis(t *testing.T) {
	pre := make(Prestate)
	for address, acct := range core.DefaultGenesisBlock().Alloc {
		var balance isa.Word
		if err := setWord(&balance, acct.Balance); err != nil {
			t.Fatal(err)
		}
		pre[Address(address)] = &Account{Balance: balance, Nonce: acct.Nonce, Code: acct.Code}
	}
	block := core.DefaultGenesisBlock().ToBlock()
	if block.Hash() != params.MainnetGenesisHash {
		t.Fatal("go-ethereum's genesis has changed")
	}
	if got, err := Root(NewWorld(pre)); err != nil || got != Hash(block.Root()) {
		t.Fatalf("root = %x, %v, want %v", got, err, block.Root())
	}
}

// Code and storage, zero slots among it, must enter the root as go-ethereum has it.
func TestRootOfContracts(t *testing.T) {
	db, err := gethstate.New(types.EmptyRootHash, gethstate.NewDatabaseForTesting())
	if err != nil {
		t.Fatal(err)
	}
	pre := make(Prestate)
	for i := range uint64(50) {
		a := Address{1, byte(i)}
		acct := &Account{Balance: isa.Word{i}, Nonce: i, Code: make([]byte, i), Storage: make(map[isa.Word]isa.Word)}
		db.SetNonce(a.common(), i, tracing.NonceChangeUnspecified)
		db.SetBalance(a.common(), &acct.Balance, tracing.BalanceChangeUnspecified)
		db.SetCode(a.common(), acct.Code, tracing.CodeChangeUnspecified)
		for k := range i {
			slot, value := isa.Word{k, i}, isa.Word{k % 3, 0, k % 2}
			acct.Storage[slot] = value
			db.SetState(a.common(), slot.Bytes32(), value.Bytes32())
		}
		pre[a] = acct
	}
	want := Hash(db.IntermediateRoot(false))
	if got, err := Root(NewWorld(pre)); err != nil || got != want {
		t.Fatalf("root = %x, %v, want %x", got, err, want)
	}
}

func TestRootOfNothing(t *testing.T) {
	if got, err := Root(NewWorld(nil)); err != nil || got != Hash(types.EmptyRootHash) {
		t.Fatalf("root = %x, %v, want %v", got, err, types.EmptyRootHash)
	}
}

// State tests without logs give the hash of an empty RLP list.
func TestLogsHash(t *testing.T) {
	if got, err := LogsHash(nil); err != nil || got != Hash(types.EmptyUncleHash) {
		t.Errorf("hash of no logs = %x, %v, want %v", got, err, types.EmptyUncleHash)
	}
	one, _ := LogsHash([]Log{{Address: Address{1}}})
	other, _ := LogsHash([]Log{{Address: Address{1}, Topics: []Hash{{2}}}})
	if one == other {
		t.Error("topics do not enter the hash")
	}
}
