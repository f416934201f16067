package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/ethereum/go-ethereum/triedb"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/state"
)

// nodes collects what trie.Prove writes.
type nodes []hexutil.Bytes

func (n *nodes) Put(_, value []byte) error { *n = append(*n, value); return nil }
func (n *nodes) Delete([]byte) error       { return nil }

// provable is a state that can be proved: a contract with slots 0 to 31 (slot i holds i + 1) among 64 accounts without code.
type provable struct {
	accounts, storage *trie.Trie
	code              []byte
}

var contract = common.Address{0xc0}

func plain(i int) common.Address { return common.Address{1, byte(i)} }

func newProvable(t *testing.T) *provable {
	t.Helper()
	db := triedb.NewDatabase(rawdb.NewMemoryDatabase(), nil)
	w := &provable{trie.NewEmpty(db), trie.NewEmpty(db), []byte{0x60, 0x00, 0x54}}
	put := func(to *trie.Trie, key []byte, value any) {
		text, err := rlp.EncodeToBytes(value)
		if err == nil {
			err = to.Update(crypto.Keccak256(key), text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range byte(32) {
		put(w.storage, common.Hash{31: i}.Bytes(), []byte{i + 1})
	}
	for i := range 64 {
		a := plain(i)
		put(w.accounts, a[:], &types.StateAccount{Nonce: uint64(i), Balance: uint256.NewInt(uint64(i)), Root: types.EmptyRootHash, CodeHash: types.EmptyCodeHash[:]})
	}
	put(w.accounts, contract[:], &types.StateAccount{Nonce: 1, Balance: uint256.NewInt(7), Root: w.storage.Hash(), CodeHash: crypto.Keccak256(w.code)})
	return w
}

func proved(t *testing.T, from *trie.Trie, key []byte) []hexutil.Bytes {
	t.Helper()
	var list nodes
	if err := from.Prove(crypto.Keccak256(key), &list); err != nil {
		t.Error(err)
	}
	return list
}

// prove answers eth_getProof.
func (w *provable) prove(t *testing.T, addr common.Address, slots []common.Hash) *proof {
	p := &proof{AccountProof: proved(t, w.accounts, addr[:]), Balance: new(hexutil.Big), CodeHash: types.EmptyCodeHash, StorageHash: types.EmptyRootHash}
	for i := range 64 {
		if addr == plain(i) {
			p.Balance, p.Nonce = (*hexutil.Big)(big.NewInt(int64(i))), hexutil.Uint64(i)
		}
	}
	if addr == contract {
		p.Balance, p.Nonce, p.CodeHash, p.StorageHash = (*hexutil.Big)(big.NewInt(7)), 1, crypto.Keccak256Hash(w.code), w.storage.Hash()
	}
	p.StorageProof = p.StorageProof[:0]
	for _, slot := range slots {
		value := new(big.Int)
		if n := slot.Big(); n.Cmp(big.NewInt(32)) < 0 {
			value.Add(n, common.Big1)
		}
		p.StorageProof = append(p.StorageProof, struct {
			Value *hexutil.Big    `json:"value"`
			Proof []hexutil.Bytes `json:"proof"`
		}{(*hexutil.Big)(value), proved(t, w.storage, slot[:])})
	}
	return p
}

// asks makes an asker of a node that serves the state, after lie has changed a proof and code what it says of code.
func (w *provable) asks(t *testing.T, lie func(*proof), code []byte) *asker {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var request struct {
			ID     json.RawMessage   `json:"id"`
			Method string            `json:"method"`
			Params []json.RawMessage `json:"params"`
		}
		var addr common.Address
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || json.Unmarshal(request.Params[0], &addr) != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		var result any = hexutil.Bytes(code)
		if request.Method == "eth_getProof" {
			var slots []common.Hash
			if err := json.Unmarshal(request.Params[1], &slots); err != nil {
				t.Error(err)
			}
			p := w.prove(t, addr, slots)
			if lie != nil {
				lie(p)
			}
			result = p
		}
		rw.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(rw).Encode(map[string]any{"jsonrpc": "2.0", "id": request.ID, "result": result}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	node, err := Dial(context.Background(), server.URL, Options{Timeout: time.Second, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	return &asker{ctx: context.Background(), node: node, number: "0x1", root: w.accounts.Hash(), known: map[state.Address]*account{}}
}

// TestProofsAreFollowed: what an honest node proves is what comes out, present or not.
func TestProofsAreFollowed(t *testing.T) {
	w := newProvable(t)
	a := w.asks(t, nil, w.code)
	if got, err := a.Account(plain(9)); err != nil || got == nil || got.Nonce != 9 || got.Balance.Uint64() != 9 {
		t.Errorf("account 9 is %+v (%v)", got, err)
	}
	if got, err := a.Account(common.Address{0xff}); err != nil || got != nil {
		t.Errorf("an account that does not exist is %+v (%v)", got, err)
	}
	for slot, want := range map[common.Hash]common.Hash{{31: 5}: {31: 6}, {31: 0}: {31: 1}, {1}: {}} {
		if got, err := a.Storage(contract, slot); err != nil || got != want {
			t.Errorf("slot %v holds %v (%v), want %v", slot, got, err, want)
		}
	}
	if got, err := a.Code(contract, crypto.Keccak256Hash(w.code)); err != nil || string(got) != string(w.code) {
		t.Errorf("code %x (%v)", got, err)
	}
}

// TestProofLies: no answer that the state root does not prove is believed, whatever part of it lies.
func TestProofLies(t *testing.T) {
	w := newProvable(t)
	elsewhere := w.prove(t, plain(3), nil)
	slot9 := w.prove(t, contract, []common.Hash{{31: 9}}).StorageProof[0]
	for _, c := range []struct {
		name string
		slot bool // ask for slot 5 too
		lie  func(*proof)
	}{
		{"balance", false, func(p *proof) { p.Balance = (*hexutil.Big)(big.NewInt(8)) }},
		{"no balance", false, func(p *proof) { p.Balance = nil }},
		{"nonce", false, func(p *proof) { p.Nonce++ }},
		{"code hash", false, func(p *proof) { p.CodeHash[0]++ }},
		{"storage root", false, func(p *proof) { p.StorageHash = types.EmptyRootHash }},
		{"no proof", false, func(p *proof) { p.AccountProof = nil }},
		{"proof cut short", false, func(p *proof) { p.AccountProof = p.AccountProof[:len(p.AccountProof)-1] }},
		{"proof without its root", false, func(p *proof) { p.AccountProof = p.AccountProof[1:] }},
		{"a bit of the proof", false, func(p *proof) { last := p.AccountProof[len(p.AccountProof)-1]; last[len(last)-1] ^= 1 }},
		{"another account, consistently", false, func(p *proof) { *p = *elsewhere }},
		{"value", true, func(p *proof) { p.StorageProof[0].Value = (*hexutil.Big)(big.NewInt(7)) }},
		{"value of zero", true, func(p *proof) { p.StorageProof[0].Value = new(hexutil.Big) }},
		{"another slot, consistently", true, func(p *proof) { p.StorageProof[0] = slot9 }},
		{"no storage proof", true, func(p *proof) { p.StorageProof[0].Proof = nil }},
		{"a bit of the storage proof", true, func(p *proof) { root := p.StorageProof[0].Proof[0]; root[len(root)-2] ^= 1 }},
		{"empty storage, consistently", true, func(p *proof) {
			p.StorageHash, p.StorageProof[0].Value, p.StorageProof[0].Proof = types.EmptyRootHash, new(hexutil.Big), nil
		}},
		{"storage of an account that is not there", true, func(p *proof) {
			p.StorageHash, p.StorageProof[0].Value, p.StorageProof[0].Proof = common.Hash{}, new(hexutil.Big), nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.asks(t, func(p *proof) {
				if !c.slot || len(p.StorageProof) > 0 { // the account is told honestly when the lie is about a slot
					c.lie(p)
				}
			}, w.code)
			_, err := a.Account(contract)
			if c.slot {
				if err != nil {
					t.Fatalf("the account was told honestly: %v", err)
				}
				var value common.Hash
				if value, err = a.Storage(contract, common.Hash{31: 5}); err == nil {
					t.Errorf("slot 5 was believed to hold %v", value)
				}
			}
			if !errors.Is(err, errLie) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "eth_getProof: account "+contract.Hex()) {
				t.Errorf("got %v, want one line that says that the root does not prove it", err)
			}
			if len(a.prestate()) > 0 && !c.slot {
				t.Error("the account was kept")
			}
			if acct := a.known[state.Address(contract)]; c.slot && acct != nil && len(acct.state.Storage) > 0 {
				t.Error("the slot was kept")
			}
		})
	}
}

func TestCodeThatIsNotTheHashs(t *testing.T) {
	w := newProvable(t)
	a := w.asks(t, nil, []byte{0})
	if code, err := a.Code(contract, crypto.Keccak256Hash(w.code)); !errors.Is(err, errLie) {
		t.Errorf("code %x was believed (%v)", code, err)
	}
}

// witnessOf gives all nodes of the state, with headers as they are given, of which the first is that of the block before.
func (w *provable) witnessOf(t *testing.T, headers ...json.RawMessage) *Witness {
	t.Helper()
	all := map[string]bool{}
	out := &Witness{Codes: []hexutil.Bytes{w.code}, Headers: headers}
	add := func(list []hexutil.Bytes) {
		for _, n := range list {
			if !all[string(n)] {
				all[string(n)] = true
				out.State = append(out.State, n)
			}
		}
	}
	for i := range 64 {
		a := plain(i)
		add(proved(t, w.accounts, a[:]))
	}
	add(proved(t, w.accounts, contract[:]))
	for i := range byte(32) {
		add(proved(t, w.storage, common.Hash{31: i}.Bytes()))
	}
	return out
}

// TestWitnessHeaders: headers as objects (go-ethereum), as RLP (reth) and mixed say the same; what is none of them is
// refused in a line, and so is a header that is not that of the block before.
func TestWitnessHeaders(t *testing.T) {
	w := newProvable(t)
	grandparent := &types.Header{Number: big.NewInt(8), Difficulty: new(big.Int), Extra: []byte("grandparent")}
	parent := &types.Header{Number: big.NewInt(9), Difficulty: new(big.Int), Root: w.accounts.Hash(), ParentHash: grandparent.Hash()}
	object := func(h *types.Header) json.RawMessage {
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	encoded := func(h *types.Header) json.RawMessage {
		text, err := rlp.EncodeToBytes(h)
		if err != nil {
			t.Fatal(err)
		}
		return json.RawMessage(`"` + hexutil.Encode(text) + `"`)
	}
	other := &types.Header{Number: big.NewInt(9), Difficulty: new(big.Int), Root: w.accounts.Hash(), Extra: []byte("another")}
	short := encoded(parent)
	short = append(short[:len(short)/2&^1:len(short)/2&^1], '"')
	for _, c := range []struct {
		name    string
		headers []json.RawMessage
		want    string // part of the error; empty: it opens
		hashes  int
	}{
		{"objects", []json.RawMessage{object(parent), object(grandparent)}, "", 3},
		{"RLP", []json.RawMessage{encoded(parent), encoded(grandparent)}, "", 3},
		{"mixed, oldest first", []json.RawMessage{encoded(grandparent), object(parent)}, "", 3},
		{"the parent alone", []json.RawMessage{encoded(parent)}, "", 2},
		{"a stranger beside it", []json.RawMessage{encoded(parent), encoded(other)}, "", 2},
		{"a stranger in its place", []json.RawMessage{encoded(other)}, "not the header of the block before", 0},
		{"none", nil, "not the header of the block before", 0},
		{"RLP cut short", []json.RawMessage{encoded(grandparent), short}, "header 1: ", 0},
		{"RLP of something else", []json.RawMessage{json.RawMessage(`"0xc0"`)}, "header 0: ", 0},
		{"a number", []json.RawMessage{json.RawMessage(`7`)}, "header 0: ", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			reader, hashes, err := w.witnessOf(t, c.headers...).open(parent.Hash())
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, want one line with %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(hashes) != c.hashes || hashes[9] != parent.Hash() || hashes[8] != grandparent.Hash() {
				t.Errorf("hashes %v", hashes)
			}
			if got, err := reader.Storage(contract, common.Hash{31: 5}); err != nil || got != (common.Hash{31: 6}) {
				t.Errorf("slot 5 holds %v (%v)", got, err)
			}
		})
	}
}

// TestWitnessWithoutANode: state that the witness leaves out is an error, not zero.
func TestWitnessWithoutANode(t *testing.T) {
	w := newProvable(t)
	parent := &types.Header{Number: big.NewInt(9), Difficulty: new(big.Int), Root: w.accounts.Hash()}
	text, err := json.Marshal(parent)
	if err != nil {
		t.Fatal(err)
	}
	full := w.witnessOf(t, text)
	leaf := proved(t, w.storage, common.Hash{31: 5}.Bytes())
	gone := leaf[len(leaf)-1]
	var state []hexutil.Bytes
	for _, n := range full.State {
		if string(n) != string(gone) {
			state = append(state, n)
		}
	}
	full.State = state
	reader, _, err := full.open(parent.Hash())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reader.Storage(contract, common.Hash{31: 5}); err == nil {
		t.Errorf("slot 5 holds %v without a node of its path", got)
	}
}
