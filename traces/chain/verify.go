package chain

import (
	"errors"
	"fmt"
	"iter"
	"math/big"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus"
	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie"
)

// The stages of a block's way into the chain. go-ethereum's words count within their stage alone.
var (
	errEncoding    = errors.New("encoding")
	errPayload     = errors.New("payload")
	errHeader      = errors.New("header")
	errUncle       = errors.New("uncle")
	errBody        = errors.New("body")
	errTransaction = errors.New("transaction")
)

// Why a block is refused where go-ethereum has no error of its own that could be told from others.
var (
	errZeroParent     = fmt.Errorf("%w: the parent is the zero hash", consensus.ErrUnknownAncestor)
	errBeforeMerge    = errors.New("a block of the Merge before the terminal total difficulty is reached")
	errBehindMerge    = errors.New("a block with a difficulty behind the Merge")
	errOverMerged     = fmt.Errorf("%w, over one without", errBehindMerge)
	errFields         = errors.New("the header does not have the fields of its fork")
	errUncleRepeated  = errors.New("an uncle is listed twice")
	errUncleIncluded  = errors.New("an uncle has been included before")
	errUncleOrphan    = errors.New("the parent of an uncle is not known")
	errUncleRelation  = errors.New("an uncle is too distantly related, or a brother")
	errUnclesMerged   = errors.New("uncles behind the Merge")
	errUnclesHash     = errors.New("the uncles do not hash to uncleHash")
	errTransactions   = errors.New("the transactions do not hash to transactionsTrie")
	errWithdrawals    = errors.New("the withdrawals do not hash to withdrawalsRoot")
	errNoWithdrawals  = errors.New("no withdrawals")
	errOddWithdrawals = errors.New("withdrawals before Shanghai")
	errSidecar        = errors.New("a transaction has its blobs with it")
	errRecovery       = errors.New("nobody can have made the signature")
	errTooLarge       = errors.New("a number above 256 bits")
	errValue          = fmt.Errorf("value: %w", errTooLarge)
	errPrice          = fmt.Errorf("gas price: %w", errTooLarge)
	errTip            = fmt.Errorf("priority fee: %w", errTooLarge)
)

// faults are what is wrong with a block, short of executing it, in the order in which it is looked
// for. The first is why the block is refused. There may be others: whoever makes an invalid block
// of a valid one makes several things wrong at once.
func (c *Chain) faults(b *types.Block) iter.Seq[error] {
	return func(yield func(error) bool) {
		header := b.Header()
		parent := c.blocks[header.ParentHash]
		if parent == nil {
			err := consensus.ErrUnknownAncestor
			if header.ParentHash == (common.Hash{}) {
				err = errZeroParent
			}
			yield(err)
			return
		}
		for _, stage := range []struct {
			name   error
			faults iter.Seq[error]
		}{
			{errHeader, one(func() error { return c.verifyMerge(header, parent) })},
			{errHeader, c.headerFaults(b, parent.header)},
			{errHeader, one(func() error { return checkFields(c.test.Config, header) })},
			{errBody, one(func() error { return c.verifySize(b) })},
			{errUncle, one(func() error { return c.verifyUncles(b) })},
			{errBody, c.bodyFaults(b)},
			{errTransaction, c.transactionFaults(b)},
		} {
			for err := range stage.faults {
				if !yield(fmt.Errorf("%w: %w", stage.name, err)) {
					return
				}
			}
		}
	}
}

// one is a fault that is looked for when somebody asks.
func one(check func() error) iter.Seq[error] {
	return func(yield func(error) bool) {
		if err := check(); err != nil {
			yield(err)
		}
	}
}

// verifySize is EIP-7934.
func (c *Chain) verifySize(b *types.Block) error {
	if c.test.Config.IsOsaka(b.Number(), b.Time()) && b.Size() > params.MaxBlockSize {
		return core.ErrBlockOversized
	}
	return nil
}

// verifyUncles is go-ethereum's engine, which does not say by its errors all that the tests tell
// apart.
func (c *Chain) verifyUncles(b *types.Block) error {
	err := c.engine.VerifyUncles(reader{Chain: c}, b)
	if err == nil {
		return nil
	}
	if isPoS(b.Header()) {
		return fmt.Errorf("%w: %w", errUnclesMerged, err)
	}
	switch text := err.Error(); {
	case strings.Contains(text, "duplicate uncle"):
		listed := make(map[common.Hash]bool)
		for _, u := range b.Uncles() {
			if listed[u.Hash()] {
				return fmt.Errorf("%w: %w", errUncleRepeated, err)
			}
			listed[u.Hash()] = true
		}
		return fmt.Errorf("%w: %w", errUncleIncluded, err)
	case strings.Contains(text, "parent is not ancestor"):
		for _, u := range b.Uncles() {
			if c.blocks[u.ParentHash] == nil {
				return fmt.Errorf("%w: %w", errUncleOrphan, err)
			}
		}
		return fmt.Errorf("%w: %w", errUncleRelation, err)
	}
	return err
}

// bodyFaults compares the body with what the header says of it.
func (c *Chain) bodyFaults(b *types.Block) iter.Seq[error] {
	return func(yield func(error) bool) {
		header := b.Header()
		for _, f := range []struct {
			bad func() bool
			err error
		}{
			{func() bool { return types.CalcUncleHash(b.Uncles()) != header.UncleHash }, errUnclesHash},
			{func() bool { return types.DeriveSha(b.Transactions(), trie.NewStackTrie(nil)) != header.TxHash }, errTransactions},
			{func() bool { return header.WithdrawalsHash == nil && b.Withdrawals() != nil }, errOddWithdrawals},
			{func() bool { return header.WithdrawalsHash != nil && b.Withdrawals() == nil }, errNoWithdrawals},
			{func() bool {
				return header.WithdrawalsHash != nil && b.Withdrawals() != nil &&
					types.DeriveSha(b.Withdrawals(), trie.NewStackTrie(nil)) != *header.WithdrawalsHash
			}, errWithdrawals},
			{func() bool {
				return slices.ContainsFunc(b.Transactions(), func(tx *types.Transaction) bool { return tx.BlobTxSidecar() != nil })
			}, errSidecar},
		} {
			if f.bad() && !yield(f.err) {
				return
			}
		}
		if err := c.blobs(b, nil); err != nil {
			yield(err)
		}
	}
}

// blobError says what is wrong with the blobs of a block: several things may be.
type blobError struct {
	error
	header bool // says more blob gas than a block may have
	count  bool // does not say what the transactions have
	block  bool // the transactions have more than a block may
	tx     bool // one of them alone has
}

func (e *blobError) Unwrap() error { return e.error }

// blobs counts the blobs of a block (EIP-4844). It keeps an error that is about something else,
// and knows more of one that is about blob gas.
func (c *Chain) blobs(b *types.Block, err error) error {
	if err != nil && !strings.Contains(err.Error(), "blob gas used") {
		return err
	}
	header, total := b.Header(), 0
	most := eip4844.MaxBlobsPerBlock(c.test.Config, header.Time)
	e := &blobError{error: err}
	for _, tx := range b.Transactions() {
		n := len(tx.BlobHashes())
		total += n
		e.tx = e.tx || n > most
	}
	var said uint64
	if header.BlobGasUsed != nil {
		said = *header.BlobGasUsed
	}
	e.header = said > uint64(most)*params.BlobTxBlobGasPerBlob
	e.count = said != uint64(total)*params.BlobTxBlobGasPerBlob
	e.block = total > most
	if header.BlobGasUsed == nil {
		e.tx, e.block = false, false // there are no blobs before their fork: transactions are refused for that
	} else if err == nil && e.count {
		e.error = fmt.Errorf("blob gas used is %d, and the transactions have %d blobs", said, total)
	}
	if e.error == nil {
		return nil
	}
	return e
}

// typeError is a transaction of a type that its block does not have yet.
type typeError struct {
	kind  uint8
	blobs int
}

func (e *typeError) Error() string { return fmt.Sprintf("type %d: %v", e.kind, e.Unwrap()) }
func (e *typeError) Unwrap() error { return types.ErrTxTypeNotSupported }

// typeSince says which rules brought the types of transactions.
var typeSince = map[uint8]func(*params.Rules) bool{
	types.AccessListTxType: func(r *params.Rules) bool { return r.IsBerlin },
	types.DynamicFeeTxType: func(r *params.Rules) bool { return r.IsLondon },
	types.BlobTxType:       func(r *params.Rules) bool { return r.IsCancun },
	types.SetCodeTxType:    func(r *params.Rules) bool { return r.IsPrague },
}

// transactionFaults checks what can be known of transactions without the state: their types,
// that their numbers are words, and who signed them.
func (c *Chain) transactionFaults(b *types.Block) iter.Seq[error] {
	return func(yield func(error) bool) {
		header := b.Header()
		rules := c.test.Config.Rules(header.Number, isPoS(header), header.Time)
		signer := types.MakeSigner(c.test.Config, header.Number, header.Time)
		for i, tx := range b.Transactions() {
			if err := verifyTransaction(tx, &rules, signer); err != nil && !yield(fmt.Errorf("%d: %w", i, err)) {
				return
			}
		}
	}
}

func verifyTransaction(tx *types.Transaction, rules *params.Rules, signer types.Signer) error {
	if since := typeSince[tx.Type()]; since != nil && !since(rules) {
		return &typeError{tx.Type(), len(tx.BlobHashes())}
	}
	for _, n := range []struct {
		value *big.Int
		err   error
	}{{tx.Value(), errValue}, {tx.GasFeeCap(), errPrice}, {tx.GasTipCap(), errTip}} {
		if n.value.BitLen() > 256 {
			return n.err
		}
	}
	_, err := types.Sender(signer, tx)
	for _, known := range []error{nil, types.ErrInvalidSig, types.ErrInvalidChainId, types.ErrTxTypeNotSupported} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", errRecovery, err)
}
