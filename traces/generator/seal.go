package generator

import (
	"bytes"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/beacon"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// bundle seals a block with go-ethereum's chain maker, and gives it with what it reads.
func (g *ground) bundle(name string, config *params.ChainConfig, header *types.Header, txs types.Transactions) (*traces.Bundle, error) {
	block, err := g.seal(config, header, txs)
	if err != nil {
		return nil, err
	}
	b := &traces.Bundle{
		Name:        name,
		ChainID:     config.ChainID.Uint64(),
		Config:      config,
		Header:      block.Header(),
		BlockHash:   block.Hash(),
		Txs:         block.Transactions(),
		Withdrawals: block.Withdrawals(),
		BlockHashes: map[uint64]common.Hash{block.NumberU64() - 1: block.ParentHash()},
	}
	stored, err := g.db.Reader(g.root)
	if err != nil {
		return nil, err
	}
	r := &recorder{Reader: stored, read: make(state.Prestate)}
	if _, err := (&traces.Execution{Bundle: b, State: r}).Run(); err != nil {
		return nil, err
	}
	b = b.Again()
	b.Prestate = r.read
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	return b, b.Check()
}

// seal executes the transactions on the ground. The chain maker panics at a transaction
// that cannot be executed.
func (g *ground) seal(config *params.ChainConfig, header *types.Header, txs types.Transactions) (block *types.Block, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = invariant.OrFault(p, fmt.Errorf("go-ethereum: %v", p))
		}
	}()
	made := 0
	blocks, _ := core.GenerateChain(config, types.NewBlockWithHeader(g.parent), beacon.New(ethash.NewFaker()), g.disk, 1,
		func(_ int, b *core.BlockGen) {
			b.OffsetTime(int64(header.Time) - int64(b.Timestamp()))
			b.SetCoinbase(header.Coinbase)
			b.SetExtra(header.Extra)
			b.SetParentBeaconRoot(*header.ParentBeaconRoot)
			for _, tx := range txs {
				if tx.Gas() > b.Gas() {
					return
				}
				b.AddTx(tx)
				made++
			}
		})
	if made < len(txs) {
		return nil, fmt.Errorf("only %d of %d transactions fit into a block of %d gas", made, len(txs), header.GasLimit)
	}
	return blocks[0], nil
}

// recorder keeps what is read from a state: the pre-state of a bundle. Slots that
// are zero are kept too, as they are known to be read; absent accounts are not.
type recorder struct {
	gethstate.Reader
	read state.Prestate
}

func (r *recorder) Account(addr common.Address) (*types.StateAccount, error) {
	acct, err := r.Reader.Account(addr)
	if err != nil || acct == nil {
		return nil, err
	}
	if _, known := r.read[state.Address(addr)]; !known {
		kept := &state.Account{Balance: *acct.Balance, Nonce: acct.Nonce}
		if !bytes.Equal(acct.CodeHash, types.EmptyCodeHash[:]) {
			if kept.Code, err = r.Code(addr, common.BytesToHash(acct.CodeHash)); err != nil {
				return nil, err
			}
		}
		r.read[state.Address(addr)] = kept
	}
	return acct, nil
}

func (r *recorder) Storage(addr common.Address, slot common.Hash) (common.Hash, error) {
	value, err := r.Reader.Storage(addr, slot)
	if err != nil {
		return value, err
	}
	if acct, exists := r.read[state.Address(addr)]; exists {
		if acct.Storage == nil {
			acct.Storage = make(map[isa.Word]isa.Word)
		}
		var k, v isa.Word
		acct.Storage[*k.SetBytes32(slot[:])] = *v.SetBytes32(value[:])
	}
	return value, nil
}
