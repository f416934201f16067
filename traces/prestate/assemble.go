package prestate

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Add takes what a result says of keys that no earlier one has told. An account and a slot
// count each for themselves.
func Add(told, result state.Prestate) {
	for address, t := range result {
		acct, known := told[address]
		if !known {
			acct = &state.Account{Balance: t.Balance, Nonce: t.Nonce, Code: t.Code}
			told[address] = acct
		}
		for slot, value := range t.Storage {
			if _, known := acct.Storage[slot]; known {
				continue
			}
			if acct.Storage == nil {
				acct.Storage = make(map[isa.Word]isa.Word)
			}
			acct.Storage[slot] = value
		}
	}
}

// Empty tells an account that is empty in every field. It counts as absent: tracers do not
// tell one from the other, and from EIP-161 on no execution does either.
func Empty(acct *state.Account) bool {
	return acct.Balance.IsZero() && acct.Nonce == 0 && len(acct.Code) == 0 && !stores(acct)
}

func stores(acct *state.Account) bool {
	for _, value := range acct.Storage {
		if !value.IsZero() {
			return true
		}
	}
	return false
}

// DropEmpty removes accounts that are empty in every field.
func DropEmpty(p state.Prestate) {
	maps.DeleteFunc(p, func(_ state.Address, acct *state.Account) bool { return Empty(acct) })
}

// ContradictionError is that a result says of the state before its transaction what the
// execution of the earlier ones does not lead to.
type ContradictionError struct {
	Tx   int // whose result it is: an earlier one is where the difference began
	Text string
}

func (e *ContradictionError) Error() string { return fmt.Sprintf("transaction %d: %s", e.Tx, e.Text) }

// Assembled is the state before a block.
type Assembled struct {
	Prestate state.Prestate
	Inferred []string // what no result tells where it is read first
	Hashes   *Hashes  // of ancestors, that are missing
}

// maxRounds bounds how often a block is executed: a further round infers something new.
const maxRounds = 64

// Assemble puts the state before a block together from the results of its transactions. The
// block is executed on go-ethereum, and a key that it reads for the first time is what the
// result of the reading transaction says: nothing in the block has touched it by then. What
// later results say of the key is what the block has made of it, and is only compared.
//
// A key that is not told where it is read first is absent, as tracers leave out what is
// empty. Where a later result has something there that the block did not put there, it was
// there all along and the tracer left it out (some leave out the coinbase, or the code that an
// authorization of the same transaction delegates to): then the block is executed again with
// it. Where that does not help either, or the block cannot be executed, the error says so, and
// only the missing hashes are returned with it.
func Assemble(b *traces.Bundle, results []state.Prestate) (*Assembled, error) {
	inferred := inference{make(state.Prestate), make(state.Prestate)}
	var notes []string
	for range maxRounds {
		r := &run{results: results, inferred: inferred, told: make(state.Prestate), known: make(map[state.Address]*account)}
		hashes := newHashes(b)
		e := traces.Execution{
			Bundle: b, State: r, Before: r.before, BlockHash: hashes.of, Hooks: hashes.hooks(),
			Begin: func(st *gethstate.StateDB) { r.st = st },
		}
		_, failed := e.Run()
		if more := r.settle(); len(more) > 0 {
			notes = append(notes, more...)
			continue
		}
		switch {
		case r.wrong != nil:
			return &Assembled{Hashes: hashes}, r.wrong
		case failed != nil:
			return &Assembled{Hashes: hashes}, failed
		}
		return &Assembled{r.prestate(), notes, hashes}, nil
	}
	return &Assembled{Hashes: newHashes(b)}, fmt.Errorf("in %d executions of the block no state before it was found that all results agree with", maxRounds)
}

// inference is what no result tells where it is read first.
type inference struct{ accounts, slots state.Prestate }

// run is one execution of the block.
type run struct {
	results  []state.Prestate
	inferred inference      // by earlier runs
	told     state.Prestate // by the results of the transactions so far
	known    map[state.Address]*account
	st       *gethstate.StateDB

	found [byNothing][]finding // what results do not tell, of the first transaction that shows it
	again bool                 // there is some
	wrong *ContradictionError
}

type finding struct {
	to      state.Prestate
	address state.Address
	before  *state.Account
	note    string
}

// account is one that the block has read.
type account struct {
	state   *state.Account // nil: absent
	hash    common.Hash    // of the code
	root    common.Hash    // of the storage
	told    bool           // by a result, and not assumed to be absent
	assumed map[isa.Word]bool
}

// Account is that of gethstate.Reader.
func (r *run) Account(addr common.Address) (*types.StateAccount, error) {
	acct := r.read(state.Address(addr))
	if acct.state == nil {
		return nil, nil
	}
	return &types.StateAccount{
		Nonce: acct.state.Nonce, Balance: acct.state.Balance.Clone(), Root: acct.root, CodeHash: acct.hash[:],
	}, nil
}

func (r *run) read(address state.Address) *account {
	if acct := r.known[address]; acct != nil {
		return acct
	}
	acct := &account{assumed: make(map[isa.Word]bool)}
	r.known[address] = acct
	found, ok := r.inferred.accounts[address]
	if !ok {
		found, ok = r.told[address]
	}
	if acct.told = ok; !ok || Empty(found) {
		return acct
	}
	acct.state = &state.Account{Balance: found.Balance, Nonce: found.Nonce, Code: found.Code}
	acct.hash, acct.root = types.EmptyCodeHash, types.EmptyRootHash
	if stores(found) {
		acct.root = common.Hash{1} // any that is not empty (EIP-7610)
	}
	if len(found.Code) > 0 {
		acct.hash = crypto.Keccak256Hash(found.Code)
	}
	return acct
}

// Storage is that of gethstate.Reader.
func (r *run) Storage(addr common.Address, slot common.Hash) (common.Hash, error) {
	address := state.Address(addr)
	acct := r.read(address)
	if acct.state == nil {
		return common.Hash{}, nil
	}
	var key isa.Word
	key.SetBytes32(slot[:])
	if value, ok := acct.state.Storage[key]; ok {
		return value.Bytes32(), nil
	}
	value, ok := slotOf(r.inferred.slots, address, key)
	if !ok {
		value, ok = slotOf(r.told, address, key)
	}
	acct.assumed[key] = !ok
	if acct.state.Storage == nil {
		acct.state.Storage = make(map[isa.Word]isa.Word)
	}
	acct.state.Storage[key] = value
	return value.Bytes32(), nil
}

func slotOf(p state.Prestate, address state.Address, slot isa.Word) (isa.Word, bool) {
	acct := p[address]
	if acct == nil {
		return isa.Word{}, false
	}
	value, ok := acct.Storage[slot]
	return value, ok
}

// Code is that of gethstate.Reader.
func (r *run) Code(addr common.Address, hash common.Hash) ([]byte, error) {
	if acct := r.read(state.Address(addr)); acct.state != nil && acct.hash == hash {
		return acct.state.Code, nil
	}
	return nil, nil
}

// CodeSize is that of gethstate.Reader.
func (r *run) CodeSize(addr common.Address, hash common.Hash) (int, error) {
	code, err := r.Code(addr, hash)
	return len(code), err
}

// Has is that of gethstate.Reader.
func (r *run) Has(addr common.Address, hash common.Hash) bool {
	code, _ := r.Code(addr, hash)
	return len(code) > 0
}

// prestate is what the block has read.
func (r *run) prestate() state.Prestate {
	p := make(state.Prestate)
	for address, acct := range r.known {
		if acct.state != nil {
			p[address] = acct.state
		}
	}
	return p
}

// before takes what the result of a transaction tells for the first time, and compares the
// rest with what the block has made of the state.
func (r *run) before(tx int) {
	result := r.results[tx]
	Add(r.told, result)
	if r.again || r.wrong != nil {
		return
	}
	for _, address := range slices.SortedFunc(maps.Keys(result), func(a, b state.Address) int { return bytes.Compare(a[:], b[:]) }) {
		r.compareAccount(tx, address, result[address])
		r.compareStorage(tx, address, result[address].Storage)
	}
}

func (r *run) compareAccount(tx int, address state.Address, want *state.Account) {
	addr := common.Address(address)
	acct := r.read(address)
	balance, nonce, code := r.st.GetBalance(addr), r.st.GetNonce(addr), r.st.GetCode(addr)
	sameCode := bytes.Equal(code, want.Code)
	switch {
	case *balance == want.Balance && nonce == want.Nonce && sameCode:
		acct.told = true // what was assumed leads to it
	case !acct.told && !want.Balance.Lt(balance) && want.Nonce >= nonce && (sameCode || len(code) == 0):
		before := &state.Account{Nonce: want.Nonce - nonce}
		before.Balance.Sub(&want.Balance, balance)
		how := byBalance
		if nonce != want.Nonce {
			how = byNonce
		}
		if !sameCode {
			before.Code, how = want.Code, byCode
		}
		r.infer(how, r.inferred.accounts, address, before, "account %v: no result tells of it where the block reads it first; it follows from that of transaction %d", addr, tx)
	case *balance != want.Balance:
		r.contradict(tx, "the balance of %v", addr, want.Balance.Dec(), balance.Dec())
	case nonce != want.Nonce:
		r.contradict(tx, "the nonce of %v", addr, want.Nonce, nonce)
	default:
		r.contradict(tx, "the size of the code of %v", addr, len(want.Code), len(code))
	}
}

// systemWritten are the contracts that are written before the first transaction (EIP-4788,
// EIP-2935). Some tracers leave these writes out: what their results say is then from before.
var systemWritten = []common.Address{params.BeaconRootsAddress, params.HistoryStorageAddress}

func (r *run) compareStorage(tx int, address state.Address, storage map[isa.Word]isa.Word) {
	addr := common.Address(address)
	if slices.Contains(systemWritten, addr) {
		return
	}
	for _, slot := range slices.SortedFunc(maps.Keys(storage), func(a, b isa.Word) int { return a.Cmp(&b) }) {
		value := storage[slot]
		want := common.Hash(value.Bytes32())
		got := r.st.GetState(addr, slot.Bytes32())
		acct := r.known[address]
		switch {
		case got == want:
			acct.assumed[slot] = false
		case acct.assumed[slot], acct.state == nil && !acct.told:
			before := &state.Account{Storage: map[isa.Word]isa.Word{slot: value}}
			r.infer(bySlot, r.inferred.slots, address, before, "slot %s of %v: no result tells it where the block reads it first; it follows from that of transaction %d", slot.Hex(), addr, tx)
		default:
			r.contradict(tx, "slot "+slot.Hex()+" of %v", addr, want, got)
		}
	}
}

// What an inference is made from, causes first: code that is missing makes other gas, and that
// other balances.
const (
	byCode = iota
	bySlot
	byNonce
	byBalance
	byNothing
)

// infer remembers what has to have been there before the block.
func (r *run) infer(how int, to state.Prestate, address state.Address, before *state.Account, note string, args ...any) {
	r.again = true
	r.found[how] = append(r.found[how], finding{to, address, before, fmt.Sprintf(note, args...)})
}

// settle keeps for the next run what is a cause. It returns its notes, none where nothing new
// was inferred.
func (r *run) settle() (notes []string) {
	for _, found := range r.found {
		for _, f := range found {
			Add(f.to, state.Prestate{f.address: f.before})
			notes = append(notes, f.note)
		}
		if len(found) > 0 {
			break
		}
	}
	return notes
}

func (r *run) contradict(tx int, what string, addr common.Address, want, got any) {
	if r.wrong == nil {
		r.wrong = &ContradictionError{tx, fmt.Sprintf("its result says that "+what+" is %v before it; the transactions before it lead to %v", addr, want, got)}
	}
}
