package state

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
)

// Tx is a transaction as the state transition sees it: fields and sender, no
// signature.
type Tx struct {
	Type     uint8
	From     Address
	To       *Address // nil for a creation
	Nonce    uint64
	Value    isa.Word
	Gas      uint64
	GasPrice isa.Word // effective: what each unit of gas costs the sender
	FeeCap   isa.Word // EIP-1559; of older kinds this and TipCap are the gas price
	TipCap   isa.Word
	Data     []byte

	AccessList types.AccessList // EIP-2930
	BlobFeeCap isa.Word         // wei per blob gas (EIP-4844)
	BlobHashes []Hash           // nil unless the transaction is of the blob kind
	Auths      []Authorization  // EIP-7702; nil unless the transaction is of that kind
}

// Authorization lets an account's code be a delegation (EIP-7702).
type Authorization struct {
	ChainID   isa.Word
	Delegate  Address
	Nonce     uint64
	Authority Address // who signed
	Valid     bool    // the signature is well formed; without it Authority says nothing
}

// TxResult is what a transaction's receipt is made of.
type TxResult struct {
	GasUsed uint64 // after refunds
	Success bool
	Logs    []Log
	Created *Address // of a creation, successful or not
}

// NewTx converts a transaction and its sender for a block with the base fee; nil
// stands for a block before London. A number above 256 bits, which no account can
// pay for, is an error.
func NewTx(tx *types.Transaction, from Address, baseFee *big.Int) (*Tx, error) {
	t := &Tx{
		Type:       tx.Type(),
		From:       from,
		Nonce:      tx.Nonce(),
		Gas:        tx.Gas(),
		Data:       tx.Data(),
		AccessList: tx.AccessList(),
	}
	if to := tx.To(); to != nil {
		address := Address(*to)
		t.To = &address
	}
	price := tx.GasPrice()
	if baseFee != nil {
		price = new(big.Int).Add(tx.GasTipCap(), baseFee)
		if price.Cmp(tx.GasFeeCap()) > 0 {
			price = tx.GasFeeCap()
		}
	}
	if err := t.setAmounts(tx.Value(), price, tx.GasFeeCap(), tx.GasTipCap(), tx.BlobGasFeeCap()); err != nil {
		return nil, fmt.Errorf("transaction %v: %w", tx.Hash(), err)
	}
	t.setLists(tx.BlobHashes(), tx.SetCodeAuthorizations())
	return t, nil
}

// NewMessageTx converts a message, which is a transaction without signature and
// type, as state tests have them: its form is checked by what it holds, and no fork
// is too old for it. Without a fee cap, the gas price is the cap.
func NewMessageTx(m *core.Message) (*Tx, error) {
	t := &Tx{From: Address(m.From), Nonce: m.Nonce, Gas: m.GasLimit, Data: m.Data, AccessList: m.AccessList}
	if m.To != nil {
		address := Address(*m.To)
		t.To = &address
	}
	feeCap, tipCap := m.GasFeeCap, m.GasTipCap
	if feeCap == nil {
		feeCap, tipCap = m.GasPrice, m.GasPrice
	}
	if err := t.setAmounts(m.Value, m.GasPrice, feeCap, tipCap, m.BlobGasFeeCap); err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	t.setLists(m.BlobHashes, m.SetCodeAuthorizations)
	return t, nil
}

func (t *Tx) setAmounts(value, price, feeCap, tipCap, blobFeeCap *big.Int) error {
	for _, field := range []struct {
		name string
		to   *isa.Word
		from *big.Int
	}{
		{"value", &t.Value, value},
		{"gas price", &t.GasPrice, price},
		{"fee cap", &t.FeeCap, feeCap},
		{"tip cap", &t.TipCap, tipCap},
		{"blob fee cap", &t.BlobFeeCap, blobFeeCap},
	} {
		if err := setWord(field.to, field.from); err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return nil
}

// setLists keeps the difference between an empty list and none.
func (t *Tx) setLists(blobs []common.Hash, auths []types.SetCodeAuthorization) {
	if blobs != nil {
		t.BlobHashes = make([]Hash, len(blobs))
		for i, hash := range blobs {
			t.BlobHashes[i] = Hash(hash)
		}
	}
	if auths != nil {
		t.Auths = make([]Authorization, len(auths))
		for i := range auths {
			t.Auths[i] = NewAuthorization(&auths[i])
		}
	}
}

// NewAuthorization recovers who signed an authorization.
func NewAuthorization(auth *types.SetCodeAuthorization) Authorization {
	authority, err := auth.Authority()
	return Authorization{
		ChainID:   auth.ChainID,
		Delegate:  Address(auth.Address),
		Nonce:     auth.Nonce,
		Authority: Address(authority),
		Valid:     err == nil,
	}
}

// Intrinsic is the gas that the transaction costs before anything runs.
func (t *Tx) Intrinsic(rules params.Rules) (uint64, error) {
	var auths []types.SetCodeAuthorization
	if t.Auths != nil {
		auths = make([]types.SetCodeAuthorization, len(t.Auths)) // only their number counts
	}
	return core.IntrinsicGas(t.Data, t.AccessList, auths, t.To == nil, rules.IsHomestead, rules.IsIstanbul, rules.IsShanghai)
}

// Floor is the gas that the transaction costs at least for its data (EIP-7623),
// zero before Prague.
func (t *Tx) Floor(rules params.Rules) (uint64, error) {
	if !rules.IsPrague {
		return 0, nil
	}
	return core.FloorDataGas(t.Data)
}

// BlobGas is the blob gas of the transaction (EIP-4844).
func (t *Tx) BlobGas() uint64 { return uint64(len(t.BlobHashes)) * params.BlobTxBlobGasPerBlob }

// CreatedAddress is where a creation puts its contract.
func (t *Tx) CreatedAddress() Address { return CreateAddress(t.From, t.Nonce) }

// CreateAddress is the address of the contract that an account creates at a nonce.
func CreateAddress(creator Address, nonce uint64) Address {
	return Address(crypto.CreateAddress(creator.common(), nonce))
}

// Why a transaction is not valid, whatever the state.
var (
	errTypeUnsupported = errors.New("transaction type not supported by the fork")
	errBlobCreate      = errors.New("blob transaction creates a contract")
	errNoBlobs         = errors.New("blob transaction without blobs")
	errTooManyBlobs    = fmt.Errorf("more than %d blobs in a transaction", params.BlobTxMaxBlobs)
	errAuthCreate      = errors.New("set-code transaction creates a contract")
	errNoAuths         = errors.New("set-code transaction without authorizations")
	errTipAboveCap     = errors.New("priority fee above the fee cap")
	errInitCodeSize    = fmt.Errorf("initialization code longer than %d bytes", params.MaxInitCodeSize)
)

// typeSupported reports whether the fork has the transaction's type.
func (t *Tx) typeSupported(rules params.Rules) bool {
	switch t.Type {
	case types.LegacyTxType:
		return true
	case types.AccessListTxType:
		return rules.IsBerlin
	case types.DynamicFeeTxType:
		return rules.IsLondon
	case types.BlobTxType:
		return rules.IsCancun
	case types.SetCodeTxType:
		return rules.IsPrague
	}
	return false
}

// InvalidError says why a transaction cannot be in its block: the block is not valid.
type InvalidError struct {
	Tx  int
	Err error
}

func (e *InvalidError) Error() string { return fmt.Sprintf("transaction %d: %v", e.Tx, e.Err) }

// Unwrap gives the cause.
func (e *InvalidError) Unwrap() error { return e.Err }

// CheckForm makes the checks that need the block but not the state: type, gas
// cap (EIP-7825), fees (EIP-1559), blobs (EIP-4844), authorizations (EIP-7702) and
// size (EIP-3860).
func (t *Tx) CheckForm(env *BlockEnv) error {
	rules := env.Rules
	if !t.typeSupported(rules) {
		return fmt.Errorf("%w: %d", errTypeUnsupported, t.Type)
	}
	if rules.IsOsaka && t.Gas > params.MaxTxGas {
		return fmt.Errorf("gas limit %d above the cap of %d", t.Gas, params.MaxTxGas)
	}
	if rules.IsLondon {
		if t.FeeCap.Lt(&t.TipCap) {
			return fmt.Errorf("%w: %s > %s", errTipAboveCap, t.TipCap.Dec(), t.FeeCap.Dec())
		}
		if t.FeeCap.Lt(&env.BaseFee) {
			return fmt.Errorf("fee cap %s below the base fee %s", t.FeeCap.Dec(), env.BaseFee.Dec())
		}
	}
	if err := t.checkBlobs(env); err != nil {
		return err
	}
	if t.Auths != nil {
		if t.To == nil {
			return errAuthCreate
		}
		if len(t.Auths) == 0 {
			return errNoAuths
		}
	}
	if rules.IsShanghai && t.To == nil && len(t.Data) > params.MaxInitCodeSize {
		return errInitCodeSize
	}
	return nil
}

func (t *Tx) checkBlobs(env *BlockEnv) error {
	if t.BlobHashes == nil {
		return nil
	}
	if t.To == nil {
		return errBlobCreate
	}
	if len(t.BlobHashes) == 0 {
		return errNoBlobs
	}
	if env.Rules.IsOsaka && len(t.BlobHashes) > params.BlobTxMaxBlobs {
		return errTooManyBlobs
	}
	for i, hash := range t.BlobHashes {
		if !kzg4844.IsValidVersionedHash(hash[:]) {
			return fmt.Errorf("blob %d has a hash of an unknown version", i)
		}
	}
	if env.Rules.IsCancun && t.BlobFeeCap.Lt(&env.BlobBaseFee) {
		return fmt.Errorf("blob fee cap %s below the blob base fee %s", t.BlobFeeCap.Dec(), env.BlobBaseFee.Dec())
	}
	return nil
}

// UpfrontCost is what the sender must be able to pay before the transaction runs,
// and the part of it that is taken then: gas at the effective price and blob gas
// at the base fee. ok is false when a sum exceeds 256 bits.
func (t *Tx) UpfrontCost(env *BlockEnv) (need, debit isa.Word, ok bool) {
	var product isa.Word
	gas := isa.Word{t.Gas}
	_, overflow := need.MulOverflow(&gas, &t.FeeCap)
	debit.Mul(&gas, &t.GasPrice) // the price is at most the cap
	overflowed := overflow
	_, overflow = need.AddOverflow(&need, &t.Value)
	overflowed = overflowed || overflow
	if blobGas := t.BlobGas(); blobGas > 0 && env.Rules.IsCancun {
		amount := isa.Word{blobGas}
		_, overflow = product.MulOverflow(&amount, &t.BlobFeeCap)
		overflowed = overflowed || overflow
		_, overflow = need.AddOverflow(&need, &product)
		overflowed = overflowed || overflow
		product.Mul(&amount, &env.BlobBaseFee)
		debit.Add(&debit, &product)
	}
	return need, debit, !overflowed
}
