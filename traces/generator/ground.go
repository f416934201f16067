package generator

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/rawdb"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/ethdb"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/triedb"
	"github.com/holiman/uint256"
)

// ground is the state that the block is built on: that of its parent.
type ground struct {
	disk   ethdb.Database
	tries  *triedb.Database
	db     *gethstate.CachingDB
	parent *types.Header
	root   common.Hash
	town   *town
}

// systemContracts are called by the protocol itself in every block of Prague, the first
// one in those of Cancun too.
var systemContracts = []struct {
	address common.Address
	code    []byte
}{
	{params.BeaconRootsAddress, params.BeaconRootsCode},               // EIP-4788
	{params.HistoryStorageAddress, params.HistoryStorageCode},         // EIP-2935
	{params.WithdrawalQueueAddress, params.WithdrawalQueueCode},       // EIP-7002
	{params.ConsolidationQueueAddress, params.ConsolidationQueueCode}, // EIP-7251
}

// breakGround gives an empty state with the contracts of the protocol.
func breakGround(config *params.ChainConfig, parent *types.Header, p Params) (*ground, *settler, error) {
	g := &ground{disk: rawdb.NewMemoryDatabase(), parent: parent}
	g.tries = triedb.NewDatabase(g.disk, triedb.HashDefaults) // the scheme of the chain maker
	g.db = gethstate.NewDatabase(g.tries, nil)
	st, err := gethstate.New(types.EmptyRootHash, g.db)
	if err != nil {
		return nil, nil, err
	}
	s := &settler{
		Params: p,
		st:     st,
		evm:    vm.NewEVM(settingContext(config, parent), st, config, vm.Config{}),
		rules:  config.Rules(parent.Number, true, parent.Time),
		owner:  addressOf(p.Seed, "deployer", 0),
		block:  parent.Coinbase,
	}
	for i, c := range systemContracts {
		if i > 0 && !s.rules.IsPrague {
			break
		}
		st.SetNonce(c.address, 1, tracing.NonceChangeGenesis)
		st.SetCode(c.address, c.code, tracing.CodeChangeGenesis)
	}
	s.fund(parent.Coinbase, 1)
	return g, s, nil
}

// commit completes the parent's header with the root of the state.
func (g *ground) commit(st *gethstate.StateDB) (err error) {
	if g.root, err = st.Commit(g.parent.Number.Uint64(), true, true); err != nil {
		return err
	}
	g.parent.Root = g.root
	return g.tries.Commit(g.root, false)
}

// settle makes the parent's state: accounts with ether, and the sites that the workload
// uses, put there by the constructors of their own contracts.
func settle(config *params.ChainConfig, parent *types.Header, p Params, w Workload, accounts []*account) (*ground, error) {
	g, s, err := breakGround(config, parent, p)
	if err != nil {
		return nil, err
	}
	s.holders = accounts
	s.fund(s.owner, 1000)
	for _, a := range accounts {
		s.fund(a.address, 1000)
	}
	for _, site := range sites {
		if w.uses(site) {
			site.build(s)
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	g.town = &s.town
	return g, g.commit(s.st)
}

// settler runs messages on a state without transactions around them: nothing is
// paid for, and no nonce counts but that of the deployer. The first error stays and
// stops everything after it.
type settler struct {
	Params
	st      *gethstate.StateDB
	evm     *vm.EVM
	rules   params.Rules
	owner   common.Address // deploys, mints and provides liquidity
	block   common.Address // coinbase
	holders []*account
	town    town
	err     error
}

const settlerGas = 100_000_000 // for one message

func (s *settler) fund(a common.Address, ether uint64) {
	s.st.AddBalance(a, tokens(ether), tracing.BalanceIncreaseGenesisBalance)
}

// begin makes the transaction-wide context of a message, without a destination.
func (s *settler) begin(from common.Address, to *common.Address) {
	s.evm.SetTxContext(vm.TxContext{Origin: from, GasPrice: new(big.Int)})
	s.st.Prepare(s.rules, from, s.block, to, vm.ActivePrecompiles(s.rules), nil)
}

func (s *settler) deploy(contract string, args ...*uint256.Int) common.Address {
	if s.err != nil {
		return common.Address{}
	}
	code, err := creationCode(contract, args...)
	if err != nil {
		s.err = err
		return common.Address{}
	}
	s.begin(s.owner, nil)
	_, at, _, err := s.evm.Create(s.owner, code, settlerGas, new(uint256.Int))
	if err != nil {
		s.err = fmt.Errorf("deploy %s: %w", contract, err)
	}
	s.st.Finalise(true)
	return at
}

func (s *settler) call(from, to common.Address, method string, args ...*uint256.Int) {
	s.send(from, to, new(uint256.Int), method, callData(method, args...))
}

// send is call with ether and data of any kind; method only names it.
func (s *settler) send(from, to common.Address, value *uint256.Int, method string, data []byte) {
	if s.err != nil {
		return
	}
	s.begin(from, &to)
	if _, _, err := s.evm.Call(from, to, data, settlerGas, value); err != nil {
		s.err = fmt.Errorf("%s: %w", method, err)
	}
	s.st.Finalise(true)
}
