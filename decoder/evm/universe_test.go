package evm

import (
	"crypto/ecdsa"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// universe is the accounts that random transactions meet.
type universe struct {
	r        *rand.Rand
	fork     Fork
	keys     []*ecdsa.PrivateKey // of the senders and authorities
	others   []common.Address
	coinbase common.Address
	pre      state.Prestate
}

func newUniverse(fork Fork, seed uint64) *universe {
	u := &universe{r: rand.New(rand.NewPCG(seed, uint64(fork))), fork: fork, pre: make(state.Prestate)}
	for i := range byte(6) {
		key, err := crypto.ToECDSA(append(make([]byte, 31), i+1))
		if err != nil {
			panic(err) // constant keys
		}
		u.keys = append(u.keys, key)
		u.pre[state.Address(crypto.PubkeyToAddress(key.PublicKey))] = &state.Account{Balance: isa.Word{1 << 62, 1}}
	}
	poor, contract, delegated, exhausted := u.key(0), u.key(1), u.key(2), u.key(5)
	u.pre[poor].Balance = isa.Word{400_000}
	u.pre[exhausted].Nonce = math.MaxUint64
	u.pre[contract].Code = []byte{STOP}
	u.pre[contract].Balance.Clear()
	if fork >= Prague {
		u.pre[delegated].Code = append(delegationPrefix[:], common.Address{18: 2, 19: 5}.Bytes()...)
	}
	for i, code := range [][]byte{
		nil,
		{PUSH1, 0, PUSH1, 0, SSTORE, PUSH1, 7, PUSH1, 1, SSTORE}, // clears slot 0 for a refund
		{PUSH1, 0, PUSH1, 0, REVERT},
		{INVALID},
		{PUSH1, 0, PUSH1, 0, LOG0, CALLER, SELFDESTRUCT},
		{PUSH1 + 1, 2, 5, EXTCODESIZE, PUSH1, 9, BALANCE, ORIGIN, BALANCE, COINBASE, BALANCE, GASPRICE, PUSH1, 1, SSTORE},
	} {
		address := common.Address{18: 2, 19: byte(i)}
		u.others = append(u.others, address)
		u.pre[state.Address(address)] = &state.Account{Code: code, Storage: map[isa.Word]isa.Word{{}: {3}}}
	}
	u.others = append(u.others, common.Address{19: 1}, common.Address{19: 3}, common.Address{19: 4}, common.Address{18: 4, 19: 4})
	u.pre[state.Address{19: 3}] = &state.Account{} // an empty precompile
	u.coinbase = append(u.others, u.sender(0), u.sender(4))[u.r.IntN(len(u.others)+2)]
	if u.r.IntN(2) == 0 { // a creation will collide
		u.pre[state.CreateAddress(u.key(4), 1)] = &state.Account{Nonce: 1}
	}
	return u
}

func (u *universe) sender(i int) common.Address { return crypto.PubkeyToAddress(u.keys[i].PublicKey) }
func (u *universe) key(i int) state.Address     { return state.Address(u.sender(i)) }

// pick chooses one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// stateDB is go-ethereum's state with the universe's accounts.
func (u *universe) stateDB(t *testing.T) *gethstate.StateDB {
	t.Helper()
	db, err := gethstate.New(types.EmptyRootHash, gethstate.NewDatabaseForTesting())
	if err != nil {
		t.Fatal(err)
	}
	for a, acct := range u.pre {
		address := common.Address(a)
		db.CreateAccount(address)
		db.SetBalance(address, &acct.Balance, tracing.BalanceChangeUnspecified)
		db.SetNonce(address, acct.Nonce, tracing.NonceChangeUnspecified)
		db.SetCode(address, acct.Code, tracing.CodeChangeUnspecified)
		for slot, value := range acct.Storage {
			db.SetState(address, slot.Bytes32(), value.Bytes32())
		}
	}
	db.IntermediateRoot(false)
	return db
}

// message makes a random transaction, mostly valid, for the present nonces.
func (u *universe) message(db vm.StateDB, env *state.BlockEnv) *core.Message {
	r := u.r
	m := &core.Message{
		From:     u.sender(pick(r, 0, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5)),
		Value:    big.NewInt(pick[int64](r, 0, 0, 1, 1000, 1<<60)),
		GasLimit: pick[uint64](r, 21_000, 60_000, 100_000, 200_000, 200_000, 1_000_000, 17_000_000),
	}
	m.Nonce = db.GetNonce(m.From)
	if r.IntN(12) == 0 {
		m.Nonce += uint64(r.IntN(3)) - 1
	}
	if r.IntN(4) > 0 {
		to := pick(r, append(u.others, u.coinbase, u.sender(1), u.sender(2), u.sender(3))...)
		m.To = &to
	}
	if m.To == nil {
		m.Data = pick(r, nil, []byte{STOP}, []byte{INVALID}, []byte{PUSH1, 1, PUSH1, 0, RETURN}, []byte{PUSH1, 0xef, PUSH1, 0, MSTORE8, PUSH1, 1, PUSH1, 0, RETURN},
			[]byte{PUSH1, 255, PUSH1, 0, RETURN}, []byte{PUSH1 + 1, 0x7f, 0xff, PUSH1, 0, RETURN}, make([]byte, maxInitCodeSize+1))
	} else if r.IntN(2) == 0 {
		m.Data = make([]byte, pick(r, 1, 40, 200, 2000))
		for i := range m.Data {
			m.Data[i] = byte(r.IntN(3))
		}
	}
	m.GasPrice = big.NewInt(pick[int64](r, 0, 1, 7, 100))
	m.GasFeeCap, m.GasTipCap = m.GasPrice, m.GasPrice
	if u.fork >= London {
		m.GasFeeCap = big.NewInt(pick[int64](r, 6, 7, 10, 50, 100, 100, 100))
		m.GasTipCap = big.NewInt(pick[int64](r, 0, 1, 1, 2, 8))
		m.GasPrice = new(big.Int).Add(m.GasTipCap, env.BaseFee.ToBig())
		if m.GasPrice.Cmp(m.GasFeeCap) > 0 {
			m.GasPrice = m.GasFeeCap
		}
	}
	if u.fork >= Berlin && r.IntN(3) == 0 {
		m.AccessList = types.AccessList{{Address: common.Address{18: 2, 19: 1}, StorageKeys: []common.Hash{{}, {31: 1}}}}
	}
	mayCarry := m.To != nil || r.IntN(8) == 0 // blobs and authorizations are not for creations
	if u.fork >= Cancun && mayCarry && r.IntN(6) == 0 {
		m.BlobGasFeeCap = big.NewInt(pick[int64](r, 0, 1, 1<<40, 1<<40))
		m.BlobHashes = make([]common.Hash, pick(r, 0, 1, 2, 3, 7))
		for i := range m.BlobHashes {
			m.BlobHashes[i][0] = byte(min(1, r.IntN(20)))
		}
	}
	if u.fork >= Prague && mayCarry && r.IntN(3) == 0 {
		m.SetCodeAuthorizations = make([]types.SetCodeAuthorization, r.IntN(4))
		for i := range m.SetCodeAuthorizations {
			m.SetCodeAuthorizations[i] = u.authorization(db)
		}
	}
	return m
}

func (u *universe) authorization(db vm.StateDB) types.SetCodeAuthorization {
	r := u.r
	k := r.IntN(len(u.keys))
	auth := types.SetCodeAuthorization{Address: pick(r, append(u.others, common.Address{})...), Nonce: db.GetNonce(u.sender(k))}
	auth.ChainID.SetUint64(pick[uint64](r, 0, 1, 1, 2))
	if r.IntN(3) == 0 {
		auth.Nonce++ // right when the authority is the sender
	}
	signed, err := types.SignSetCode(u.keys[k], auth)
	if err != nil {
		panic(err) // the keys are valid
	}
	if r.IntN(8) == 0 {
		signed.V = 9
	}
	return signed
}

// txOf is the message as a System takes it.
func txOf(m *core.Message) *state.Tx {
	word := func(b *big.Int) (w isa.Word) {
		if b != nil {
			w.SetFromBig(b)
		}
		return w
	}
	tx := &state.Tx{
		From: state.Address(m.From), To: (*state.Address)(m.To), Nonce: m.Nonce, Value: word(m.Value), Gas: m.GasLimit,
		GasPrice: word(m.GasPrice), FeeCap: word(m.GasFeeCap), TipCap: word(m.GasTipCap), Data: m.Data,
		AccessList: m.AccessList, BlobFeeCap: word(m.BlobGasFeeCap),
	}
	if m.BlobHashes != nil {
		tx.BlobHashes = []state.Hash{}
		for _, hash := range m.BlobHashes {
			tx.BlobHashes = append(tx.BlobHashes, state.Hash(hash))
		}
	}
	if m.SetCodeAuthorizations != nil {
		tx.Auths = []state.Authorization{}
		for i := range m.SetCodeAuthorizations {
			tx.Auths = append(tx.Auths, state.NewAuthorization(&m.SetCodeAuthorizations[i]))
		}
	}
	return tx
}
