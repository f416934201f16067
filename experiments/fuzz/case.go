// Package fuzz compares the out-of-order core with go-ethereum on programs that
// nobody wrote: contracts that call each other, drawn from a number or from the
// bytes of a fuzz input, under a fork and on a machine that are drawn with them.
package fuzz

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// Case is a few transactions in their world, and the machine that runs them.
type Case struct {
	Name         string
	Fork         evm.Fork
	Coinbase     state.Address
	Accounts     []Account // in order of address
	Transactions []Transaction

	Machine     *pipeline.Config
	Lockstep    bool   // compare every instruction, and not the outcome only
	VerifyEvery uint64 // steps between two counts of the core's structures
	Lies        int    // percent of what the golden run tells an oracle that is wrong
}

// Account is one account before the transaction.
type Account struct {
	Address state.Address
	Balance isa.Word
	Nonce   uint64
	Code    Code
	Storage map[isa.Word]isa.Word
}

// Transaction is a message and, where it creates a contract, the code that is its
// data. Its nonce is the sender's.
type Transaction struct {
	core.Message
	Init Code
}

// The accounts of every case. The contracts have consecutive addresses, so that
// programs can compute them.
var (
	contracts = []state.Address{{0: 0xc0, 19: 4}, {0: 0xc0, 19: 5}, {0: 0xc0, 19: 6}, {0: 0xc0, 19: 7}}
	delegated = state.Address{0: 0xde, 19: 1} // EIP-7702, to the second contract
	empty     = state.Address{0: 0xee, 19: 1} // exists, but is empty
	absent    = state.Address{0: 0xab, 19: 1}
	rich      = state.Address{0: 0xf0, 19: 1}
	coinbase  = state.Address{0: 0xcb, 19: 1}

	everybody = append([]state.Address{delegated, empty, absent, rich, coinbase, sender, authority, {19: 2}, {19: 3}, {19: 4}}, contracts...)
)

// The sender of the transactions, and who signs authorizations, own fixed keys.
var (
	senderKey, _    = crypto.ToECDSA(common.LeftPadBytes([]byte{1}, 32))
	authorityKey, _ = crypto.ToECDSA(common.LeftPadBytes([]byte{2}, 32))

	sender    = state.Address(crypto.PubkeyToAddress(senderKey.PublicKey))
	authority = state.Address(crypto.PubkeyToAddress(authorityKey.PublicKey))
)

// Draw makes a numbered case.
func Draw(seed uint64) *Case {
	c := draw(numbered(seed))
	c.Name = fmt.Sprintf("seed %d", seed)
	return c
}

// DrawFrom makes the case that a fuzz input describes.
func DrawFrom(input []byte) *Case {
	c := draw(loaded(input))
	c.Name = fmt.Sprintf("input %#x", input)
	return c
}

func draw(d *dice) *Case {
	c := &Case{
		Fork: evm.Fork(d.below(int(evm.NumForks))), Machine: drawMachine(d), Lockstep: !d.oneIn(8),
		VerifyEvery: pick[uint64](d, 0, 13, 61, 509),
	}
	if c.Machine.ReadsGolden() && d.oneIn(2) {
		c.Lies = d.upTo(100)
	}
	c.Coinbase = pick(d, coinbase, coinbase, coinbase, sender, contracts[1], rich)
	for i, address := range contracts {
		w := &writer{dice: d, fork: c.Fork}
		a := Account{Address: address, Nonce: 1, Balance: isa.Word{uint64(d.below(60))}, Code: w.program(3 + d.below(32-7*i))}
		a.Storage = map[isa.Word]isa.Word{}
		for range d.below(4) {
			a.Storage[isa.Word{uint64(d.below(4))}] = isa.Word{1 + uint64(d.below(3))}
		}
		c.Accounts = append(c.Accounts, a)
	}
	c.Accounts = append(c.Accounts, Account{Address: rich, Balance: isa.Word{1000}}, Account{Address: sender, Balance: isa.Word{0, 1}})
	if c.Fork < evm.SpuriousDragon || d.oneIn(4) {
		c.Accounts = append(c.Accounts, Account{Address: empty})
	}
	if c.Fork >= evm.Prague {
		to := contracts[1]
		c.Accounts = append(c.Accounts, Account{Address: delegated, Nonce: 1, Balance: isa.Word{9}, Code: Code{{Raw: append([]byte{0xef, 0x01, 0x00}, to[:]...)}}})
	}
	slices.SortFunc(c.Accounts, func(a, b Account) int { return slices.Compare(a.Address[:], b.Address[:]) })
	for range pick(d, 1, 1, 1, 2, 2, 3) {
		c.Transactions = append(c.Transactions, c.drawTransaction(d))
	}
	return c
}

func (c *Case) drawTransaction(d *dice) Transaction {
	callee := contracts[0]
	if d.oneIn(8) {
		callee = pick(d, contracts[1], delegated, rich)
	}
	to := common.Address(callee)
	price := big.NewInt(int64(baseFee + d.below(4)))
	m := core.Message{
		From: common.Address(sender), To: &to, Value: new(big.Int), GasLimit: uint64(120_000 + d.below(180_000)),
		GasPrice: price, GasFeeCap: price, GasTipCap: price,
	}
	switch d.below(8) {
	case 0:
		m.GasLimit = uint64(21_000 + d.below(40_000))
	case 1:
		m.GasLimit = uint64(50_000 + d.below(70_000))
	}
	if d.oneIn(3) {
		m.Value.SetInt64(int64(d.below(100)))
	}
	if !d.oneIn(3) {
		m.Data = make([]byte, d.below(100))
		for i := range m.Data {
			m.Data[i] = byte(d.rng.Uint64())
			if d.rng.Uint64()%2 == 0 {
				m.Data[i] &= 3
			}
		}
	}
	if c.Fork >= evm.London {
		m.GasTipCap = big.NewInt(price.Int64() - baseFee)
	}
	if c.Fork >= evm.Berlin && d.oneIn(4) {
		m.AccessList = types.AccessList{{Address: common.Address(pick(d, contracts...)), StorageKeys: []common.Hash{{31: 1}, {31: 2}}}}
	}
	if c.Fork >= evm.Prague && d.oneIn(5) {
		for range 1 + d.below(2) {
			m.SetCodeAuthorizations = append(m.SetCodeAuthorizations, authorization(d))
		}
	}
	if m.SetCodeAuthorizations == nil && d.oneIn(10) {
		w := &writer{dice: d, fork: c.Fork}
		m.To, m.Data = nil, nil
		m.GasLimit += 60_000
		return Transaction{m, w.initCode()}
	}
	return Transaction{Message: m}
}

// authorization lets the authority, or the sender, delegate (EIP-7702).
func authorization(d *dice) types.SetCodeAuthorization {
	key := pick(d, authorityKey, authorityKey, senderKey)
	auth := types.SetCodeAuthorization{Address: common.Address(pick(d, everybody...)), Nonce: uint64(d.below(2))}
	auth.ChainID.SetUint64(uint64(d.below(2)))
	signed, err := types.SignSetCode(key, auth)
	if err != nil {
		return auth // unsigned ones are skipped by the transaction
	}
	return signed
}

// prestate is the world before the transaction.
func (c *Case) prestate() state.Prestate {
	pre := state.Prestate{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		pre[a.Address] = &state.Account{Balance: a.Balance, Nonce: a.Nonce, Code: a.Code.Assemble(), Storage: a.Storage}
	}
	return pre
}

// message is the transaction's message as the sender's next.
func (t *Transaction) message(nonce uint64) *core.Message {
	m := t.Message
	m.Nonce = nonce
	if m.To == nil {
		m.Data = t.Init.Assemble()
	}
	return &m
}

// String describes the case so that a person can make it again.
func (c *Case) String() string {
	var b strings.Builder
	rows := evm.Table(c.Fork)
	fmt.Fprintf(&b, "%s: fork %s, coinbase %#x, lockstep %v, verify every %d, lies %d %%\n", c.Name, c.Fork, c.Coinbase[:], c.Lockstep, c.VerifyEvery, c.Lies)
	for i := range c.Transactions {
		m := c.Transactions[i].message(0)
		fmt.Fprintf(&b, "transaction %d: to %v, value %s, gas %d, price %s, data %#x, %d access list entries, %d authorizations\n",
			i, m.To, m.Value, m.GasLimit, m.GasPrice, m.Data, len(m.AccessList), len(m.SetCodeAuthorizations))
		if m.To == nil {
			b.WriteString(disassemble(m.Data, rows))
		}
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		code := a.Code.Assemble()
		fmt.Fprintf(&b, "account %#x: balance %s, nonce %d, %d slots", a.Address[:], a.Balance.Dec(), a.Nonce, len(a.Storage))
		for k := range uint64(4) {
			if v, ok := a.Storage[isa.Word{k}]; ok {
				fmt.Fprintf(&b, ", [%d]=%s", k, v.Dec())
			}
		}
		if len(code) > 0 {
			fmt.Fprintf(&b, "\n  code %x\n%s", code, disassemble(code, rows))
		}
		b.WriteByte('\n')
	}
	text, err := json.Marshal(config.Map(config.Alone(c.Machine)))
	if err != nil {
		text = []byte(err.Error())
	}
	fmt.Fprintf(&b, "configuration file (.json): %s\n", text)
	return b.String()
}
