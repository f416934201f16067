package prestate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/core/vm/program"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

var (
	reader   = common.HexToAddress("0xbea0000000000000000000000000000000000002") // looks at other accounts
	nobody   = common.HexToAddress("0xf4e5000000000000000000000000000000000001") // absent at first
	factory  = common.HexToAddress("0xfac0000000000000000000000000000000000003")
	delegate = common.HexToAddress("0xde1e000000000000000000000000000000000004")
)

// counter adds 1 to slot 0 and stores the balance of its account in slot 1.
func counter() []byte {
	return program.New().Push(0).Op(vm.SLOAD).Push(1).Op(vm.ADD).Push(0).Op(vm.SSTORE, vm.SELFBALANCE).Push(1).Op(vm.SSTORE, vm.STOP).Bytes()
}

// mortal destroys itself when it is sent value, and counts else.
func mortal() []byte {
	const head = 4 // CALLVALUE, PUSH1, JUMPI
	count := counter()
	return program.New().Op(vm.CALLVALUE).Push(head + len(count)).Op(vm.JUMPI).Append(count).Op(vm.JUMPDEST).Selfdestruct(nobody).Bytes()
}

// deployer is init code that makes a contract of code.
func deployer(code []byte) []byte { return program.New().ReturnViaCodeCopy(code).Bytes() }

// look stores the balance, the size and the hash of the code of an account.
func look(at common.Address) []byte {
	return program.New().Push(at).Op(vm.BALANCE).Push(0).Op(vm.SSTORE).
		Push(at).Op(vm.EXTCODESIZE).Push(1).Op(vm.SSTORE).
		Push(at).Op(vm.EXTCODEHASH).Push(2).Op(vm.SSTORE, vm.STOP).Bytes()
}

// balanceOf stores the balance of an account.
func balanceOf(at common.Address) []byte {
	return program.New().Push(at).Op(vm.BALANCE).Push(0).Op(vm.SSTORE, vm.STOP).Bytes()
}

func words(pairs ...uint64) map[isa.Word]isa.Word {
	m := make(map[isa.Word]isa.Word)
	for i := 0; i < len(pairs); i += 2 {
		m[*uint256.NewInt(pairs[i])] = *uint256.NewInt(pairs[i+1])
	}
	return m
}

func contract(code []byte, slots ...uint64) *state.Account {
	return &state.Account{Nonce: 1, Code: code, Storage: words(slots...)}
}

type scene struct {
	name, fork  string
	state       state.Prestate
	txs         []tracetest.Tx
	withdrawals []*types.Withdrawal
}

func scenes() []scene {
	made := crypto.CreateAddress(tracetest.Address(0), 0)
	again := crypto.CreateAddress2(factory, common.Hash{}, crypto.Keccak256(deployer(mortal())))
	at := func(a common.Address) state.Address { return state.Address(a) }
	creates2 := program.New().Create2(deployer(mortal()), 0).Op(vm.STOP).Bytes()
	authority := tracetest.Address(5)
	ptr := func(a common.Address) *common.Address { return &a }
	return []scene{
		{"created, then read and called", "cancun", state.Prestate{at(reader): contract(look(made))}, []tracetest.Tx{
			{From: 0, Data: deployer(counter())}, {From: 1, To: &reader}, {From: 2, To: &made},
		}, nil},
		{"created under a prefunded address", "cancun", state.Prestate{at(reader): contract(look(made)), at(made): {Balance: *uint256.NewInt(7)}}, []tracetest.Tx{
			{From: 0, Data: deployer(counter())}, {From: 1, To: &reader}, {From: 2, To: &made},
		}, nil},
		{"funded, then read", "cancun", state.Prestate{at(reader): contract(look(nobody), 0, 5)}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 9}, {From: 1, To: &reader},
		}, nil},
		{"funded more, then read", "byzantium", state.Prestate{at(reader): contract(balanceOf(nobody), 0, 5), at(nobody): {Balance: *uint256.NewInt(4)}}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 9}, {From: 1, To: &reader},
		}, nil},
		{"funded, then a sender", "cancun", state.Prestate{at(tracetest.Address(3)): {}}, []tracetest.Tx{
			{From: 0, To: ptr(tracetest.Address(3)), Value: params.Ether / 2}, {From: 3, To: &nobody, Value: 1},
		}, nil},
		{"a sender twice", "cancun", state.Prestate{}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 1}, {From: 0, To: &nobody, Value: 1}, {From: 0, To: &nobody, Value: 1},
		}, nil},
		{"destroyed, funded and created again", "shanghai", state.Prestate{at(again): contract(mortal(), 0, 11, 1, 12, 2, 13), at(factory): contract(creates2)}, []tracetest.Tx{
			{From: 0, To: &again, Value: 1}, {From: 1, To: &again, Value: 3}, {From: 2, To: &factory}, {From: 3, To: &again},
		}, nil},
		{"read, destroyed and created again", "shanghai", state.Prestate{at(again): contract(mortal(), 0, 11), at(factory): contract(creates2)}, []tracetest.Tx{
			{From: 3, To: &again}, {From: 0, To: &again, Value: 1}, {From: 2, To: &factory}, {From: 3, To: &again},
		}, nil},
		{"destroyed in name only", "cancun", state.Prestate{at(again): contract(mortal(), 0, 11)}, []tracetest.Tx{
			{From: 0, To: &again, Value: 1}, {From: 3, To: &again},
		}, nil},
		{"a slot written, then read", "cancun", state.Prestate{at(reader): contract(counter(), 0, 41)}, []tracetest.Tx{
			{From: 0, To: &reader}, {From: 1, To: &reader}, {From: 2, To: &reader, Value: 4},
		}, nil},
		{"delegated, then called", "prague", state.Prestate{at(delegate): contract(counter()), at(authority): {Balance: *uint256.NewInt(3)}}, []tracetest.Tx{
			{From: 0, To: &nobody, Delegates: []tracetest.Delegation{{By: 5, To: delegate}}}, {From: 1, To: &authority}, {From: 2, To: &delegate},
		}, nil},
		{"delegated before, then to nobody", "prague", state.Prestate{
			at(delegate): contract(counter()), at(authority): {Balance: *uint256.NewInt(3), Nonce: 4, Code: types.AddressToDelegation(delegate)},
		}, []tracetest.Tx{
			{From: 1, To: &authority}, {From: 0, To: &nobody, Delegates: []tracetest.Delegation{{By: 5, Nonce: 4}}}, {From: 1, To: &authority},
		}, nil},
		{"the coinbase is read", "cancun", state.Prestate{at(reader): contract(look(tracetest.Coinbase))}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 1}, {From: 1, To: &reader},
		}, nil},
		{"the coinbase is called", "cancun", state.Prestate{at(tracetest.Coinbase): contract(counter(), 1, 6)}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 1}, {From: 1, To: &tracetest.Coinbase, Value: 2},
		}, nil},
		{"a system contract is read", "cancun", state.Prestate{at(params.BeaconRootsAddress): contract(params.BeaconRootsCode), at(reader): contract(look(params.BeaconRootsAddress))}, []tracetest.Tx{
			{From: 0, To: &reader}, {From: 0, To: ptr(params.BeaconRootsAddress), Data: common.BigToHash(uint256.NewInt(1_715_000_000).ToBig()).Bytes()},
		}, nil},
		{"withdrawn to a sender", "cancun", state.Prestate{}, []tracetest.Tx{{From: 0, To: &nobody, Value: 1}}, []*types.Withdrawal{
			{Address: tracetest.Address(0), Amount: 5}, {Address: reader, Amount: 6},
		}},
		{"before receipts had a status", "homestead", state.Prestate{at(reader): contract(balanceOf(nobody))}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 9}, {From: 1, To: &reader}, {From: 2, Data: deployer(counter())},
		}, nil},
	}
}

// comesBack takes a block apart and puts it together again.
func comesBack(t *testing.T, b *traces.Bundle, config string) {
	t.Helper()
	results := takenApart(t, b, config)
	again := b.Again()
	again.Prestate = nil
	got, err := Assemble(again, results)
	if err != nil {
		t.Fatal(err)
	}
	if _, differs := readsOf(t, b).differing(b.Prestate, got.Prestate); len(differs) > 0 {
		t.Error(strings.Join(differs, "\n"))
	}
	again = b.Again()
	again.Prestate = got.Prestate
	golden, err := traces.Execute(again)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := again.Verify(golden.Results); err != nil || !v.OK {
		t.Errorf("the header does not come out: %+v (%v)", v, err)
	}
}

// bothWays are how go-ethereum's tracer writes what is empty: not at all, and as empty.
var bothWays = []string{`{}`, `{"includeEmpty":true}`}

// TestScenesComeBack: what the transactions of a block create, fund, destroy, write and
// delegate is not taken for what was there before them.
func TestScenesComeBack(t *testing.T) {
	for _, s := range scenes() {
		for _, config := range bothWays {
			t.Run(s.name+" "+config, func(t *testing.T) {
				b := tracetest.Block(t, s.fork, s.state, s.txs, s.withdrawals...)
				golden, err := traces.Execute(b)
				if err != nil {
					t.Fatal(err)
				}
				for i, r := range golden.Results {
					if !r.Success && b.Rules().IsByzantium {
						t.Fatalf("transaction %d fails", i)
					}
				}
				comesBack(t, b, config)
			})
		}
	}
}

// TestHistoriesComeBack: so do random blocks in which few accounts are funded, called, looked
// at, destroyed, created again and delegated in any order.
func TestHistoriesComeBack(t *testing.T) {
	again := crypto.CreateAddress2(factory, common.Hash{}, crypto.Keccak256(deployer(mortal())))
	looks := []common.Address{again, nobody, tracetest.Coinbase, tracetest.Address(5), crypto.CreateAddress(tracetest.Address(0), 0)}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		fork := []string{"shanghai", "cancun", "prague"}[seed%3]
		p := state.Prestate{
			state.Address(factory):              contract(program.New().Create2(deployer(mortal()), 0).Op(vm.STOP).Bytes()),
			state.Address(delegate):             contract(counter(), r.Uint64N(3), r.Uint64N(3)),
			state.Address(tracetest.Address(5)): {Balance: *uint256.NewInt(params.Ether)},
		}
		to := []common.Address{factory, again, nobody, delegate, tracetest.Coinbase, tracetest.Address(5)}
		for i, at := range looks {
			looker := common.Address{0x10, byte(i)}
			p[state.Address(looker)] = contract(look(at), r.Uint64N(3), r.Uint64N(3))
			to = append(to, looker)
		}
		if r.IntN(2) == 0 {
			p[state.Address(again)] = contract(mortal(), r.Uint64N(3), 1+r.Uint64N(3))
		}
		if r.IntN(2) == 0 {
			p[state.Address(tracetest.Coinbase)] = contract(counter(), 0, r.Uint64N(3))
		}
		if r.IntN(2) == 0 {
			p[state.Address(nobody)] = &state.Account{Balance: *uint256.NewInt(r.Uint64N(3))}
		}
		DropEmpty(p)
		var txs []tracetest.Tx
		var authorized uint64 // nonce of the authority
		for range 2 + r.IntN(8) {
			tx := tracetest.Tx{From: r.IntN(3), To: &to[r.IntN(len(to))], Value: r.Uint64N(2)}
			switch {
			case r.IntN(8) == 0:
				tx.To, tx.Value, tx.Data = nil, 0, deployer(counter())
			case fork == "prague" && r.IntN(4) == 0 && *tx.To != tracetest.Address(5):
				d := tracetest.Delegation{By: 5, Nonce: authorized, To: delegate}
				if r.IntN(3) == 0 {
					d.To = common.Address{}
				}
				tx.Delegates = []tracetest.Delegation{d}
				authorized++
			}
			txs = append(txs, tx)
		}
		t.Run(fmt.Sprint(fork, seed), func(t *testing.T) {
			comesBack(t, tracetest.Block(t, fork, p, txs), bothWays[seed/3%2])
		})
	}
}

// without leaves an account out of results.
func without(results []state.Prestate, address common.Address) []state.Prestate {
	out := make([]state.Prestate, len(results))
	for i, result := range results {
		out[i] = make(state.Prestate)
		for a, acct := range result {
			if common.Address(a) != address {
				out[i][a] = acct
			}
		}
	}
	return out
}

// TestWhatIsNotTold: what the result of the reading transaction leaves out follows from a later
// one, and the bundle says so. Some tracers leave out the coinbase, go-ethereum's the code that
// the receiver of a transaction delegates to by that transaction.
func TestWhatIsNotTold(t *testing.T) {
	authority := tracetest.Address(5)
	for _, c := range []struct {
		name, fork string
		state      state.Prestate
		txs        []tracetest.Tx
		untold     common.Address
		before     int // results before this one leave it out
		inferred   string
	}{
		{"the coinbase", "cancun", state.Prestate{
			state.Address(reader): contract(look(tracetest.Coinbase)), state.Address(tracetest.Coinbase): contract(counter(), 1, 6),
		}, []tracetest.Tx{
			{From: 0, To: &nobody, Value: 1}, {From: 0, To: &nobody, Value: 1}, {From: 1, To: &reader}, {From: 1, To: &tracetest.Coinbase},
		}, tracetest.Coinbase, 2, "account " + tracetest.Coinbase.Hex() + ": no result tells of it where the block reads it first; it follows from that of transaction 2"},
		{"a delegate of the transaction's own", "prague", state.Prestate{
			state.Address(delegate): contract(counter(), 0, 7), state.Address(authority): {Balance: *uint256.NewInt(3)},
		}, []tracetest.Tx{
			{From: 0, To: &authority, Delegates: []tracetest.Delegation{{By: 5, To: delegate}}}, {From: 1, To: &delegate},
		}, common.Address{}, 0, "account " + delegate.Hex() + ": no result tells of it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := tracetest.Block(t, c.fork, c.state, c.txs)
			results := takenApart(t, b, "{}")
			results = append(without(results[:c.before], c.untold), results[c.before:]...)
			again := b.Again()
			again.Prestate = nil
			got, err := Assemble(again, results)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Inferred) != 1 || !strings.HasPrefix(got.Inferred[0], c.inferred) {
				t.Errorf("inferred: %q, want %q", got.Inferred, c.inferred)
			}
			if _, differs := readsOf(t, b).differing(b.Prestate, got.Prestate); len(differs) > 0 {
				t.Error(strings.Join(differs, "\n"))
			}
		})
	}
}

// TestContradictions: results that no state before the block leads to are refused, with the
// first transaction and what it says.
func TestContradictions(t *testing.T) {
	txs := []tracetest.Tx{{From: 0, To: &nobody, Value: 9}, {From: 1, To: &reader}, {From: 1, To: &reader}}
	at := state.Address(reader)
	for _, c := range []struct {
		name  string
		spoil func(results []state.Prestate)
		want  string
	}{
		{"a balance", func(r []state.Prestate) { r[2][state.Address(nobody)].Balance.SetUint64(10) }, "transaction 2: its result says that the balance of " + nobody.Hex() + " is 10 before it; the transactions before it lead to 9"},
		{"less than was sent", func(r []state.Prestate) { r[1][state.Address(nobody)].Balance.SetUint64(8) }, "transaction 1: its result says that the balance of " + nobody.Hex() + " is 8"},
		{"a nonce", func(r []state.Prestate) { r[2][state.Address(tracetest.Address(1))].Nonce = 3 }, "transaction 2: its result says that the nonce"},
		{"code", func(r []state.Prestate) { r[2][at].Code = nil }, "transaction 2: its result says that the size of the code of"},
		{"a slot", func(r []state.Prestate) { r[2][at].Storage = words(0, 1) }, "transaction 2: its result says that slot 0x0 of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := tracetest.Block(t, "cancun", state.Prestate{at: contract(look(nobody), 0, 5)}, txs)
			results := takenApart(t, b, "{}")
			c.spoil(results)
			again := b.Again()
			again.Prestate = nil
			_, err := Assemble(again, results)
			var wrong *ContradictionError
			if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
