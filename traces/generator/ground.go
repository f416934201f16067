package generator

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// town has the addresses of the contracts that transactions call.
type town struct {
	tokens  []common.Address
	pools   []pool
	compute common.Address
	guard   common.Address
	factory common.Address
}

// pool trades two tokens.
type pool struct {
	address common.Address
	tokens  [2]common.Address
}

// ground is the state that the block is built on: that of its parent.
type ground struct {
	db   *gethstate.CachingDB
	root common.Hash
	town town
}

// systemContracts are called by the protocol itself in every block of Prague.
var systemContracts = []struct {
	address common.Address
	code    []byte
}{
	{params.BeaconRootsAddress, params.BeaconRootsCode},               // EIP-4788
	{params.HistoryStorageAddress, params.HistoryStorageCode},         // EIP-2935
	{params.WithdrawalQueueAddress, params.WithdrawalQueueCode},       // EIP-7002
	{params.ConsolidationQueueAddress, params.ConsolidationQueueCode}, // EIP-7251
}

// settle makes the parent's state: accounts with ether and every token, contracts
// put there by their own constructors, pools with liquidity and allowances of all
// holders. It completes the parent's header with the root of this state.
func settle(config *params.ChainConfig, parent *types.Header, p Params, accounts []*account) (*ground, error) {
	g := &ground{db: gethstate.NewDatabaseForTesting()}
	st, err := gethstate.New(types.EmptyRootHash, g.db)
	if err != nil {
		return nil, err
	}
	s := &settler{
		st:    st,
		evm:   vm.NewEVM(blockContext(config, parent), st, config, vm.Config{}),
		rules: config.Rules(parent.Number, true, parent.Time),
		owner: addressOf(p.Seed, "deployer", 0),
		block: parent.Coinbase,
	}
	s.systemContracts()
	s.fund(parent.Coinbase, 1)
	s.fund(s.owner, 1)
	for _, a := range accounts {
		s.fund(a.address, 1000)
	}
	g.town = s.build(p.Pools)
	for _, a := range accounts {
		s.equip(a.address, g.town)
	}
	if s.err != nil {
		return nil, s.err
	}
	if g.root, err = st.Commit(parent.Number.Uint64(), true, true); err != nil {
		return nil, err
	}
	parent.Root = g.root
	return g, nil
}

// settler runs messages on a state without transactions around them: nothing is
// paid for, and no nonce counts but that of the deployer. The first error stays and
// stops everything after it.
type settler struct {
	st    *gethstate.StateDB
	evm   *vm.EVM
	rules params.Rules
	owner common.Address // deploys, mints and provides liquidity
	block common.Address // coinbase
	err   error
}

const settlerGas = 100_000_000 // for one message

func (s *settler) systemContracts() {
	for _, c := range systemContracts {
		s.st.SetNonce(c.address, 1, tracing.NonceChangeGenesis)
		s.st.SetCode(c.address, c.code, tracing.CodeChangeGenesis)
	}
}

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
	if s.err != nil {
		return
	}
	s.begin(from, &to)
	if _, _, err := s.evm.Call(from, to, callData(method, args...), settlerGas, new(uint256.Int)); err != nil {
		s.err = fmt.Errorf("%s: %w", method, err)
	}
	s.st.Finalise(true)
}

// build deploys the contracts. Pool i trades token i for token i+1.
func (s *settler) build(pools int) town {
	t := town{
		compute: s.deploy("Compute"),
		guard:   s.deploy("Guard"),
		factory: s.deploy("Factory"),
	}
	const depth = 1_000_000 // tokens on either side of a pool
	for range pools + 1 {
		t.tokens = append(t.tokens, s.deploy("Token", tokens(2*depth)))
	}
	unlimited := new(uint256.Int).SetAllOne()
	for i := range pools {
		a, b := t.tokens[i], t.tokens[i+1]
		at := s.deploy("Pair", address(a), address(b))
		s.call(s.owner, a, "approve(address,uint256)", address(at), unlimited)
		s.call(s.owner, b, "approve(address,uint256)", address(at), unlimited)
		s.call(s.owner, at, "provide(uint256,uint256,address)", tokens(depth), tokens(depth), address(s.owner))
		t.pools = append(t.pools, pool{at, [2]common.Address{a, b}})
	}
	return t
}

// equip gives a holder tokens of every kind and lets the pools take them.
func (s *settler) equip(holder common.Address, t town) {
	for _, token := range t.tokens {
		s.call(s.owner, token, "mint(address,uint256)", address(holder), tokens(1_000_000))
	}
	unlimited := new(uint256.Int).SetAllOne()
	for _, p := range t.pools {
		for _, token := range p.tokens {
			s.call(holder, token, "approve(address,uint256)", address(p.address), unlimited)
		}
	}
}
