package generator

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// Workload is a kind of block.
type Workload struct {
	Name string
	Doc  string // one line
	mix  []share
}

// share is one kind of transaction with its weight in a workload.
type share struct {
	weight int
	draft  func(d *drafter, from *account) (message, error)
}

// message is a transaction before it is priced and signed.
type message struct {
	to    *common.Address // nil: a creation
	value *uint256.Int    // in wei, nil for none
	gas   uint64          // limit
	data  []byte
}

// workloads is the table of what New can make.
var workloads = []Workload{
	{
		"transfers", "plain ether transfers, one in eight to an account that does not exist yet",
		[]share{{1, draftTransfer}},
	},
	{
		"erc20", "transfers of three and more ERC-20 tokens between holders, with some approvals",
		[]share{{7, draftTokenTransfer}, {1, draftApproval}},
	},
	{
		"swaps", "constant-product swaps, spread evenly over the pools and both directions",
		[]share{{1, draftSwap}},
	},
	{
		"compute", "loops of mixed arithmetic, hashing and memory with hardly any state",
		[]share{{1, draftCompute}},
	},
	{
		"reverts", "calls that fail: by reason, custom error, panic, out of gas, caught by the caller; one in four succeeds",
		[]share{{3, draftRefusal}, {1, draftSpending}},
	},
	{
		"creation", "contracts created by transactions, by CREATE and by CREATE2",
		[]share{{1, draftCreation}},
	},
	{
		"mixed", "of 120 transactions 48 ether transfers, 36 ERC-20 transfers, 26 swaps, 8 compute loops, one revert and one creation",
		[]share{
			{48, draftTransfer},
			{36, draftTokenTransfer},
			{26, draftSwap},
			{8, draftCompute},
			{1, draftRefusal},
			{1, draftCreation},
		},
	},
}

// Workloads lists what New can make, in a fixed order.
func Workloads() []Workload { return slices.Clone(workloads) }

func find(name string) (Workload, error) {
	names := make([]string, len(workloads))
	for i, w := range workloads {
		if w.Name == name {
			return w, nil
		}
		names[i] = w.Name
	}
	return Workload{}, fmt.Errorf("no such workload (%s)", strings.Join(names, ", "))
}

// apportion divides n by weights: everyone gets the whole part of n*weight/total,
// what is left goes to the largest remainders, to the earlier one of equals.
func apportion(n int, mix []share) []int {
	total := 0
	for _, s := range mix {
		total += s.weight
	}
	counts := make([]int, len(mix))
	order := make([]int, len(mix))
	left := n
	for i, s := range mix {
		counts[i] = n * s.weight / total
		order[i] = i
		left -= counts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return n*mix[b].weight%total - n*mix[a].weight%total
	})
	for _, i := range order[:left] {
		counts[i]++
	}
	return counts
}

// drafter writes the transactions of a block.
type drafter struct {
	dice     dice
	seed     uint64
	accounts []*account
	town     town
	signer   types.Signer
	baseFee  *big.Int
	hot      []uint64 // which pool is drawn; nil: evenly

	strangers int // addresses handed out that nobody has used before
	refusals  int
	creations int
}

// transactions writes n transactions in random order, each from a random account.
// How many there are of each kind is not random.
func (d *drafter) transactions(w Workload, n int) ([]*types.Transaction, error) {
	drafts := make([]share, 0, n)
	for i, count := range apportion(n, w.mix) {
		drafts = append(drafts, slices.Repeat(w.mix[i:i+1], count)...)
	}
	for i := len(drafts) - 1; i > 0; i-- { // Fisher-Yates
		j := d.dice.below(uint64(i + 1))
		drafts[i], drafts[j] = drafts[j], drafts[i]
	}
	txs := make([]*types.Transaction, n)
	for i, s := range drafts {
		from := d.accounts[d.dice.below(uint64(len(d.accounts)))]
		msg, err := s.draft(d, from)
		if err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
		if txs[i], err = d.sign(from, msg); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	return txs, nil
}

// sign prices and signs. One transaction in five is of the legacy type.
func (d *drafter) sign(from *account, msg message) (*types.Transaction, error) {
	tip := big.NewInt(int64(params.GWei/10 + d.dice.below(2*params.GWei)))
	value := new(big.Int)
	if msg.value != nil {
		value = msg.value.ToBig()
	}
	var data types.TxData
	if d.dice.oneIn(5) {
		data = &types.LegacyTx{
			Nonce: from.nonce, GasPrice: new(big.Int).Add(d.baseFee, tip),
			Gas: msg.gas, To: msg.to, Value: value, Data: msg.data,
		}
	} else {
		data = &types.DynamicFeeTx{
			ChainID: d.signer.ChainID(), Nonce: from.nonce, GasTipCap: tip,
			GasFeeCap: new(big.Int).Add(new(big.Int).Lsh(d.baseFee, 1), tip),
			Gas:       msg.gas, To: msg.to, Value: value, Data: msg.data,
		}
	}
	from.nonce++
	return types.SignNewTx(from.key, d.signer, data)
}
