package evm

import (
	"errors"
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

const (
	refundQuotient     = 2     // at most this part of the gas used is refunded
	refundQuotient3529 = 5     // EIP-3529
	authorizationGas   = 25000 // per authorization, of which
	authorizationBack  = 12500 // is given back when its account exists (EIP-7702)
)

// Why a transaction is not valid in the present state.
var (
	errNoTransaction = errors.New("no such transaction in the block")
	errBlockGas      = errors.New("gas limit above what is left of the block's")
	errSenderCode    = errors.New("sender is a contract (EIP-3607)")
	errNonceMax      = errors.New("sender's nonce cannot grow (EIP-2681)")
	errFunds         = errors.New("sender cannot pay for gas and value")
	errIntrinsicGas  = errors.New("gas limit below the intrinsic gas")
	errFloorGas      = errors.New("gas limit below the floor for its data (EIP-7623)")
)

// running is what the envelope of the running transaction keeps between its
// steps.
type running struct {
	tx      *state.Tx
	debit   isa.Word // taken from the sender before it runs
	gas     uint64   // of the outermost frame
	floor   uint64   // used at least (EIP-7623)
	entered bool     // whether there was an outermost frame
}

// Context gives the words behind decoder.Context0 of the running transaction.
func (s *System) Context() []isa.Word { return s.context }

// Begin checks transaction i against the present state and describes its
// envelope. It changes no state.
func (s *System) Begin(i int) (decoder.Envelope, error) {
	if i < 0 || i >= len(s.Txs) {
		return decoder.Envelope{}, fmt.Errorf("transaction %d: %w", i, errNoTransaction)
	}
	tx := s.Txs[i]
	run, err := s.check(tx)
	if err != nil {
		return decoder.Envelope{}, &state.InvalidError{Tx: i, Err: err}
	}
	s.cur, s.running = i, run
	s.context = s.contextOf(tx)
	return s.envelopeOf(tx, run.gas), nil
}

// check makes the checks that precede a transaction and computes its gas.
func (s *System) check(tx *state.Tx) (running, error) {
	run := running{tx: tx}
	w := s.World
	if nonce := w.Nonce(tx.From); nonce != tx.Nonce {
		return run, fmt.Errorf("nonce %d, but the sender's is %d", tx.Nonce, nonce)
	}
	if tx.Nonce+1 == 0 {
		return run, errNonceMax
	}
	if err := tx.CheckForm(s.Env); err != nil {
		return run, err
	}
	code := w.Code(tx.From)
	if _, delegated := delegation(code); len(code) > 0 && !delegated {
		return run, errSenderCode
	}
	need, debit, ok := tx.UpfrontCost(s.Env)
	if !ok || !s.canPay(tx.From, &need) {
		return run, fmt.Errorf("%w: needs %s wei", errFunds, need.Dec())
	}
	run.debit = debit
	if left := s.Env.GasLimit - min(s.blockGasUsed(), s.Env.GasLimit); tx.Gas > left {
		return run, fmt.Errorf("%w: %d > %d", errBlockGas, tx.Gas, left)
	}
	intrinsic, err := tx.Intrinsic(s.Env.Rules)
	if err != nil {
		return run, err
	}
	if tx.Gas < intrinsic {
		return run, fmt.Errorf("%w: %d < %d", errIntrinsicGas, tx.Gas, intrinsic)
	}
	run.gas = tx.Gas - intrinsic
	run.floor, err = tx.Floor(s.Env.Rules)
	if err != nil {
		return run, err
	}
	if tx.Gas < run.floor {
		return run, fmt.Errorf("%w: %d < %d", errFloorGas, tx.Gas, run.floor)
	}
	return run, nil
}

func (s *System) blockGasUsed() (gas uint64) {
	for i := range s.Results {
		gas += s.Results[i].GasUsed
	}
	return gas
}

func (s *System) contextOf(tx *state.Tx) []isa.Word {
	env := s.Env
	words := make([]isa.Word, NumContext)
	words[CtxOrigin] = tx.From.Word()
	words[CtxGasPrice] = tx.GasPrice
	words[CtxCoinbase] = env.Coinbase.Word()
	words[CtxTimestamp] = isa.Word{env.Time}
	words[CtxNumber] = isa.Word{env.Number}
	words[CtxRandom] = env.Difficulty
	if s.Fork >= Paris {
		words[CtxRandom] = env.Random // EIP-4399
	}
	words[CtxGasLimit] = isa.Word{env.GasLimit}
	words[CtxChainID] = env.ChainID
	words[CtxBaseFee] = env.BaseFee
	words[CtxBlobBaseFee] = env.BlobBaseFee
	return words
}

// Start buys the gas, fills the access list, counts the sender's nonce, applies
// the authorizations and begins the outermost frame. A creation whose address is
// taken has no frame and loses its gas.
func (s *System) Start(top *decoder.Context) (entered bool) {
	tx, w := s.running.tx, s.World
	w.BeginTx()
	w.SubBalance(tx.From, &s.running.debit)
	s.warmUp(tx)
	w.SetNonce(tx.From, tx.Nonce+1)
	envelope := decoder.Context{Kind: decoder.EnterRoot}
	if tx.To == nil {
		beginFrame(top, decoder.EnterCreate, &envelope)
		top.Gas, top.Static = s.running.gas, false
		s.running.entered = s.enterCreation(top, tx.From, tx.CreatedAddress(), &tx.Value, keccak(tx.Data), tx.Data)
		return s.running.entered
	}
	for i := range tx.Auths {
		s.authorize(&tx.Auths[i])
	}
	if delegate, ok := delegation(w.Code(*tx.To)); ok {
		w.WarmAddress(delegate)
	}
	beginFrame(top, decoder.EnterCall, &envelope)
	top.Gas, top.Static = s.running.gas, false
	top.Self, top.Caller, top.Value = *tx.To, tx.From, tx.Value
	top.Snapshot = w.Snapshot()
	s.enterAccount(tx.From, *tx.To, &tx.Value)
	target := tx.To.Word()
	s.enters(*tx.To)
	top.Prog = s.CodeOf(&target)
	s.running.entered = true
	return true
}

// warmUp fills the access list with what every transaction accesses (EIP-2929)
// and what it declares (EIP-2930); since EIP-3651 also the coinbase.
func (s *System) warmUp(tx *state.Tx) {
	if s.Fork < Berlin {
		return
	}
	w := s.World
	w.WarmAddress(tx.From)
	if tx.To != nil {
		w.WarmAddress(*tx.To)
	}
	for _, address := range s.Env.Precompiles.Addresses() {
		w.WarmAddress(address)
	}
	for i := range tx.AccessList {
		tuple := &tx.AccessList[i]
		w.WarmAddress(state.Address(tuple.Address))
		for k := range tuple.StorageKeys {
			var slot isa.Word
			slot.SetBytes32(tuple.StorageKeys[k][:])
			w.WarmSlot(state.Address(tuple.Address), &slot)
		}
	}
	if s.Fork >= Shanghai {
		w.WarmAddress(s.Env.Coinbase)
	}
}

// authorize makes the code of an account a delegation, or clears it, as its owner
// has signed (EIP-7702). One that does not apply is passed over; an authority
// that could be recovered is warm all the same.
func (s *System) authorize(auth *state.Authorization) {
	w := s.World
	if !auth.ChainID.IsZero() && auth.ChainID != s.Env.ChainID || auth.Nonce+1 == 0 || !auth.Valid {
		return
	}
	w.WarmAddress(auth.Authority)
	code := w.Code(auth.Authority)
	if _, delegated := delegation(code); len(code) > 0 && !delegated || w.Nonce(auth.Authority) != auth.Nonce {
		return
	}
	if w.Exist(auth.Authority) {
		w.AddRefund(authorizationGas - authorizationBack)
	}
	w.SetNonce(auth.Authority, auth.Nonce+1)
	if auth.Delegate == (state.Address{}) {
		w.SetCode(auth.Authority, nil)
		return
	}
	w.SetCode(auth.Authority, append(delegationPrefix[:], auth.Delegate[:]...))
}

// Finish gives back what gas is left and refunded, pays the coinbase and closes
// the transaction. top is the envelope's own context, with the gas left.
func (s *System) Finish(top *decoder.Context, result isa.Word) {
	tx, w := s.running.tx, s.World
	left := top.Gas
	if !s.running.entered {
		left, result = 0, isa.Word{}
	}
	quotient := uint64(refundQuotient)
	if s.Fork >= London {
		quotient = refundQuotient3529
	}
	left += min((tx.Gas-left)/quotient, w.Refund())
	left = min(left, tx.Gas-s.running.floor)
	used := tx.Gas - left

	var back, fee isa.Word
	back.Mul(&isa.Word{left}, &tx.GasPrice)
	w.AddBalance(tx.From, &back)
	tip := tx.GasPrice
	if s.Fork >= London {
		tip.Sub(&tip, &s.Env.BaseFee) // the rest is burnt (EIP-1559)
	}
	fee.Mul(&isa.Word{used}, &tip)
	w.Credit(s.Env.Coinbase, &fee)

	outcome := state.TxResult{GasUsed: used, Success: !result.IsZero(), Logs: w.EndTx(s.Env.DeleteEmpty())}
	if tx.To == nil {
		created := tx.CreatedAddress()
		outcome.Created = &created
	}
	s.Results = append(s.Results, outcome)
}

// Upcoming describes a transaction that has not begun. One that is not known yet is
// nil.
func (s *System) Upcoming(k int) (env decoder.Envelope, context []isa.Word, ok bool) {
	i := s.cur + k
	if i >= len(s.Txs) || s.Txs[i] == nil {
		return env, nil, false
	}
	return s.envelopeOf(s.Txs[i], s.Txs[i].Gas), s.contextOf(s.Txs[i]), true
}
