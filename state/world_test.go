package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
)

// prestateReader gives go-ethereum's StateDB the contents of a Prestate.
type prestateReader struct {
	pre    Prestate
	byHash map[common.Hash][]byte
}

func newStateDB(t testing.TB, pre Prestate) *gethstate.StateDB {
	t.Helper()
	r := prestateReader{pre: pre, byHash: make(map[common.Hash][]byte)}
	for _, acct := range pre {
		r.byHash[crypto.Keccak256Hash(acct.Code)] = acct.Code
	}
	db, err := gethstate.NewWithReader(types.EmptyRootHash, gethstate.NewDatabaseForTesting(), r)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (r prestateReader) Account(a common.Address) (*types.StateAccount, error) {
	acct := r.pre[Address(a)]
	if acct == nil {
		return nil, nil
	}
	root := types.EmptyRootHash
	for _, value := range acct.Storage {
		if !value.IsZero() {
			root = common.Hash{1}
		}
	}
	return &types.StateAccount{
		Nonce: acct.Nonce, Balance: new(isa.Word).Set(&acct.Balance), Root: root,
		CodeHash: crypto.Keccak256(acct.Code),
	}, nil
}

func (r prestateReader) Storage(a common.Address, slot common.Hash) (common.Hash, error) {
	if acct := r.pre[Address(a)]; acct != nil {
		value := acct.Storage[*wordOf(slot)]
		return value.Bytes32(), nil
	}
	return common.Hash{}, nil
}

func (r prestateReader) Has(_ common.Address, hash common.Hash) bool { return r.byHash[hash] != nil }

func (r prestateReader) Code(_ common.Address, hash common.Hash) ([]byte, error) {
	return r.byHash[hash], nil
}

func (r prestateReader) CodeSize(_ common.Address, hash common.Hash) (int, error) {
	return len(r.byHash[hash]), nil
}

// The universe of the random tests: few addresses and slots, so that they meet.
// Address 3 is the RIPEMD-160 precompile with its special touch.
var (
	testAddresses = func() (list []common.Address) {
		for i := range 12 {
			list = append(list, common.Address{19: byte(i + 1)})
		}
		return list
	}()
	testSlots = func() (list []common.Hash) {
		for i := range 5 {
			list = append(list, common.Hash{31: byte(i)})
		}
		return list
	}()
)

func randomPrestate(r *rand.Rand) Prestate {
	pre := make(Prestate)
	for _, a := range testAddresses {
		if r.IntN(2) == 0 {
			continue
		}
		acct := &Account{Balance: isa.Word{uint64(r.IntN(3))}, Nonce: uint64(r.IntN(2)), Storage: make(map[isa.Word]isa.Word)}
		if r.IntN(2) == 0 {
			acct.Code = []byte{0x60, byte(r.IntN(256))}
			for _, slot := range testSlots {
				if r.IntN(2) == 0 {
					acct.Storage[*wordOf(slot)] = isa.Word{uint64(r.IntN(3))}
				}
			}
		}
		pre[Address(a)] = acct
	}
	return pre
}

// script applies one seeded sequence of calls to a StateDB. Decisions depend on
// what it reads, so that two that differ soon differ visibly.
type script struct {
	r         *rand.Rand
	db        vm.StateDB
	snapshots []int
	rules     params.Rules
}

func (s *script) address() common.Address { return testAddresses[s.r.IntN(len(testAddresses))] }
func (s *script) slot() common.Hash       { return testSlots[s.r.IntN(len(testSlots))] }

// step makes one call and says which, for the failure message.
func (s *script) step() string {
	a := s.address()
	switch op := s.r.IntN(24); op {
	case 0, 1:
		amount := isa.Word{uint64(s.r.IntN(3))}
		s.db.AddBalance(a, &amount, tracing.BalanceChangeUnspecified)
		return fmt.Sprintf("AddBalance %x %d", a, amount[0])
	case 2, 3:
		amount := isa.Word{uint64(s.r.IntN(3))}
		if s.db.GetBalance(a).Lt(&amount) {
			return "SubBalance skipped"
		}
		s.db.SubBalance(a, &amount, tracing.BalanceChangeUnspecified)
		return fmt.Sprintf("SubBalance %x %d", a, amount[0])
	case 4:
		s.db.SetNonce(a, uint64(s.r.IntN(3)), tracing.NonceChangeUnspecified)
		return fmt.Sprintf("SetNonce %x", a)
	case 5:
		s.db.GetCode(a) // go-ethereum undoes a code change right only when the code was loaded
		s.db.SetCode(a, make([]byte, s.r.IntN(3)), tracing.CodeChangeUnspecified)
		return fmt.Sprintf("SetCode %x", a)
	case 6, 7, 8:
		slot := s.slot()
		s.db.SetState(a, slot, common.Hash{31: byte(s.r.IntN(3))})
		return fmt.Sprintf("SetState %x %x", a, slot)
	case 9:
		s.db.SetTransientState(a, s.slot(), common.Hash{31: byte(s.r.IntN(3))})
		return fmt.Sprintf("SetTransientState %x", a)
	case 10:
		s.db.SelfDestruct(a)
		return fmt.Sprintf("SelfDestruct %x", a)
	case 11:
		_, done := s.db.SelfDestruct6780(a)
		return fmt.Sprintf("SelfDestruct6780 %x %v", a, done)
	case 12:
		if s.db.Exist(a) {
			return "CreateAccount skipped"
		}
		s.db.CreateAccount(a)
		return fmt.Sprintf("CreateAccount %x", a)
	case 13:
		if !s.db.Exist(a) {
			return "CreateContract skipped"
		}
		s.db.CreateContract(a)
		s.db.SetNonce(a, 1, tracing.NonceChangeUnspecified)
		return fmt.Sprintf("CreateContract %x", a)
	case 14:
		s.db.AddLog(&types.Log{Address: a, Topics: []common.Hash{s.slot()}, Data: []byte{byte(s.r.IntN(256))}})
		return "AddLog"
	case 15:
		s.db.AddRefund(uint64(s.r.IntN(100)))
		return "AddRefund"
	case 16:
		if s.db.GetRefund() > 0 {
			s.db.SubRefund(s.db.GetRefund() / 2)
		}
		return "SubRefund"
	case 17:
		s.db.AddAddressToAccessList(a)
		return fmt.Sprintf("AddAddressToAccessList %x", a)
	case 18:
		slot := s.slot()
		s.db.AddSlotToAccessList(a, slot)
		return fmt.Sprintf("AddSlotToAccessList %x %x", a, slot)
	case 19, 20:
		s.snapshots = append(s.snapshots, s.db.Snapshot())
		return "Snapshot"
	case 21:
		if len(s.snapshots) == 0 {
			return "Revert skipped"
		}
		k := s.r.IntN(len(s.snapshots))
		s.db.RevertToSnapshot(s.snapshots[k])
		s.snapshots = s.snapshots[:k]
		return "Revert"
	case 22:
		ripemd := common.Address{19: 3}
		s.db.AddBalance(ripemd, new(isa.Word), tracing.BalanceChangeTouchAccount)
		return "touch of RIPEMD-160"
	default:
		if s.r.IntN(4) > 0 {
			return "no boundary"
		}
		s.db.Finalise(s.rules.IsEIP158)
		s.db.Prepare(s.rules, s.address(), s.address(), nil, nil, types.AccessList{{Address: a, StorageKeys: testSlots[:1]}})
		s.snapshots = s.snapshots[:0]
		return "transaction boundary"
	}
}

// observe prints all that can be read of the universe.
func observe(db vm.StateDB) string {
	out := fmt.Sprintf("refund %d\n", db.GetRefund())
	for _, a := range testAddresses {
		out += fmt.Sprintf("%x exist %v empty %v balance %v nonce %d code %x hash %x destructed %v warm %v root %v",
			a[18:], db.Exist(a), db.Empty(a), db.GetBalance(a), db.GetNonce(a), db.GetCode(a), db.GetCodeHash(a),
			db.HasSelfDestructed(a), db.AddressInAccessList(a), db.GetStorageRoot(a) == common.Hash{})
		for _, slot := range testSlots {
			current, original := db.GetStateAndCommittedState(a, slot)
			_, warm := db.SlotInAccessList(a, slot)
			out += fmt.Sprintf(" %x/%x/%x/%v", current[31], original[31], db.GetTransientState(a, slot)[31], warm)
		}
		out += "\n"
	}
	return out
}

// The world must be indistinguishable from go-ethereum's state under any sequence
// of calls that a virtual machine can make.
func TestWorldEqualsStateDB(t *testing.T) {
	for _, fork := range []struct {
		name  string
		rules params.Rules
	}{
		{"frontier", params.Rules{IsEIP2929: true}}, // the list itself is the same before Berlin
		{"spurious dragon", params.Rules{IsEIP158: true, IsEIP2929: true}},
		{"shanghai", params.Rules{IsEIP158: true, IsEIP2929: true, IsShanghai: true}},
	} {
		t.Run(fork.name, func(t *testing.T) {
			for seed := range uint64(60) {
				pre := randomPrestate(rand.New(rand.NewPCG(seed, 1)))
				world, db := NewWorld(pre), newStateDB(t, pre)
				ours := &script{r: rand.New(rand.NewPCG(seed, 2)), db: host{world}, rules: fork.rules}
				theirs := &script{r: rand.New(rand.NewPCG(seed, 2)), db: db, rules: fork.rules}
				ours.db.Prepare(fork.rules, testAddresses[0], testAddresses[0], nil, nil, nil)
				theirs.db.Prepare(fork.rules, testAddresses[0], testAddresses[0], nil, nil, nil)
				for step := range 1500 {
					did, did2 := ours.step(), theirs.step()
					if did != did2 {
						t.Fatalf("seed %d step %d: world did %q, StateDB %q", seed, step, did, did2)
					}
					if did == "transaction boundary" || step%7 == 0 {
						if got, want := observe(ours.db), observe(theirs.db); got != want {
							t.Fatalf("seed %d step %d, after %s:\nworld:\n%s\nStateDB:\n%s", seed, step, did, got, want)
						}
					}
				}
			}
		})
	}
}

// A touch of the RIPEMD-160 precompile counts although the call that made it was
// undone, as it did on mainnet at block 1714175; one of any other account does not.
func TestOnlyRipemdTouchOutlivesRevert(t *testing.T) {
	pre := Prestate{{19: 2}: {}, {19: 3}: {}}
	for _, db := range []vm.StateDB{host{NewWorld(pre)}, newStateDB(t, pre)} {
		for _, a := range testAddresses {
			snapshot := db.Snapshot()
			db.AddBalance(a, new(isa.Word), tracing.BalanceChangeTouchAccount)
			db.RevertToSnapshot(snapshot)
		}
		db.Finalise(true)
		if !db.Exist(common.Address{19: 2}) || db.Exist(common.Address{19: 3}) {
			t.Errorf("%T: account 2 exists %v, RIPEMD-160 exists %v", db, db.Exist(common.Address{19: 2}), db.Exist(common.Address{19: 3}))
		}
	}
}

// Logs that a revert undoes are gone; those that stay come out at the end.
func TestLogsFollowReverts(t *testing.T) {
	w := NewWorld(nil)
	w.BeginTx()
	w.AddLog(Log{Data: []byte{1}})
	snapshot := w.Snapshot()
	w.AddLog(Log{Data: []byte{2}})
	w.Revert(snapshot)
	w.AddLog(Log{Data: []byte{3}})
	logs := w.EndTx(true)
	if len(logs) != 2 || logs[0].Data[0] != 1 || logs[1].Data[0] != 3 {
		t.Fatalf("logs = %v", logs)
	}
	w.BeginTx()
	if logs := w.EndTx(true); len(logs) != 0 {
		t.Fatalf("logs of an empty transaction = %v", logs)
	}
}

func TestReadsOutsidePrestateAreCounted(t *testing.T) {
	known, created, absent := Address{1}, Address{2}, Address{3}
	listed, unlisted := isa.Word{1}, isa.Word{2}
	w := NewWorld(Prestate{known: {Storage: map[isa.Word]isa.Word{listed: {}}}})
	w.BeginTx()
	w.CreateAccount(created)
	for _, c := range []struct {
		name string
		read func()
		want uint64
	}{
		{"balance of a known account", func() { w.PeekBalance(known) }, 0},
		{"balance of a created account", func() { w.PeekBalance(created) }, 0},
		{"balance of an absent account", func() { w.PeekBalance(absent) }, 1},
		{"code of an absent account", func() { w.PeekCode(absent) }, 1},
		{"emptiness of an absent account", func() { w.PeekEmpty(absent) }, 1},
		{"listed slot", func() { w.PeekStorage(known, &listed) }, 0},
		{"unlisted slot", func() { w.PeekStorage(known, &unlisted) }, 1},
		{"slot of a created account", func() { w.PeekStorage(created, &unlisted) }, 0},
		{"slot of an absent account", func() { w.PeekStorage(absent, &listed) }, 1},
		{"committed read of an absent account", func() { w.Balance(absent) }, 0},
	} {
		before := w.ReadsOutside()
		c.read()
		if got := w.ReadsOutside() - before; got != c.want {
			t.Errorf("%s: counted %d, want %d", c.name, got, c.want)
		}
	}
}

func TestNewWorldCopiesPrestate(t *testing.T) {
	a, slot, value := Address{1}, isa.Word{1}, isa.Word{9}
	pre := Prestate{a: {Storage: map[isa.Word]isa.Word{slot: {5}}}}
	w := NewWorld(pre)
	w.BeginTx()
	w.SetStorage(a, &slot, &value)
	w.AddBalance(a, &value)
	w.EndTx(true)
	if pre[a].Storage[slot] != (isa.Word{5}) || !pre[a].Balance.IsZero() {
		t.Fatalf("pre-state changed: %+v", pre[a])
	}
}

func TestAccountsAreSortedAndKeepTheDestroyed(t *testing.T) {
	w := NewWorld(Prestate{{3}: {}, {1}: {}})
	w.BeginTx()
	w.CreateAccount(Address{2})
	w.SelfDestruct(Address{3})
	w.EndTx(true)
	got := w.Accounts()
	if len(got) != 3 || got[0] != (Address{1}) || got[1] != (Address{2}) || got[2] != (Address{3}) {
		t.Fatalf("accounts = %x", got)
	}
	if _, exists := w.Dump(Address{3}); exists {
		t.Error("destroyed account exists")
	}
}

func BenchmarkRead(b *testing.B) {
	pre := make(Prestate)
	for i := range 500 {
		acct := &Account{Storage: make(map[isa.Word]isa.Word)}
		for k := range 20 {
			acct.Storage[isa.Word{uint64(k), 7, 7, 7}] = isa.Word{1}
		}
		pre[Address{byte(i), byte(i >> 8), 5}] = acct
	}
	w := NewWorld(pre)
	addresses := w.Accounts()
	slot := isa.Word{3, 7, 7, 7}
	b.Run("storage", func(b *testing.B) {
		for i := range b.N {
			w.PeekStorage(addresses[i%len(addresses)], &slot)
		}
	})
	b.Run("balance", func(b *testing.B) {
		for i := range b.N {
			w.PeekBalance(addresses[i%len(addresses)])
		}
	})
	b.Run("warm", func(b *testing.B) {
		w.BeginTx()
		for i := range b.N {
			w.SlotWarm(addresses[i%len(addresses)], &slot)
		}
	})
	b.Run("write and revert", func(b *testing.B) {
		w.BeginTx()
		for i := range b.N {
			snapshot := w.Snapshot()
			value := isa.Word{uint64(i) + 2}
			w.SetStorage(addresses[i%len(addresses)], &slot, &value)
			w.Revert(snapshot)
		}
	})
	b.Run("new world of 500 accounts", func(b *testing.B) {
		for range b.N {
			NewWorld(pre)
		}
	})
}
