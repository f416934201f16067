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

	"github.com/ooovm/ooovm/suggest"
)

// Workload is a kind of block.
type Workload struct {
	Name  string
	Doc   string   // one line
	Knobs []string // what of Params it heeds beside transactions, senders and seed
	mix   []share

	depth   int  // where none is given
	pools   int  // where no number is given
	senders int  // of 100 transactions, where no number is given; 0: 50
	onePool bool // and no more
	hops    bool // depth is a number of pools
}

// kind is what a transaction does, and the sites that it needs.
type kind struct {
	draft func(d *drafter, from *account) (message, error)
	needs []*site
}

// share is one kind of transaction with its weight in a workload.
type share struct {
	weight int
	kind
}

// message is a transaction before it is priced and signed.
type message struct {
	from  *account        // nil: the account that was drawn
	to    *common.Address // nil: a creation
	value *uint256.Int    // in wei, nil for none
	gas   uint64          // limit
	data  []byte
}

// Workloads lists what New can make, in a fixed order.
func Workloads() []Workload { return slices.Clone(workloads) }

// uses tells whether a transaction of the workload needs a site.
func (w Workload) uses(s *site) bool {
	return slices.ContainsFunc(w.mix, func(k share) bool { return slices.Contains(k.needs, s) })
}

func find(name string) (Workload, error) {
	names := make([]string, len(workloads))
	for i, w := range workloads {
		if w.Name == name {
			return w, nil
		}
		names[i] = w.Name
	}
	return Workload{}, fmt.Errorf("no such workload (%s)%s", strings.Join(names, ", "), suggest.Text(name, names))
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
	depth    int
	skew     int // Params.Hot
	accounts []*account
	town     *town
	signer   types.Signer
	baseFee  *big.Int
	tables   map[int][]uint64 // of Zipf's law, by number of keys

	strangers int // addresses handed out that nobody has used before
	refusals  int
	creations int
	claims    int
	cells     map[*account]int  // turned over on boards
	canceled  map[*account]bool // the order that the book began with
}

// draw gives one of n keys, the first ones more often if the block has hot keys.
func (d *drafter) draw(n int) int {
	if d.skew == 0 {
		return int(d.dice.below(uint64(n)))
	}
	if d.tables[n] == nil {
		d.tables[n] = zipf(n, d.skew)
	}
	return d.dice.among(d.tables[n])
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
		if msg.from != nil {
			from = msg.from
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
