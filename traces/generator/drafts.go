package generator

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// Gas limits, roughly what wallets would set: above what the transaction needs.
const (
	gasApproval      = 70_000
	gasTokenTransfer = 90_000
	gasSwap          = 260_000
	gasCompute       = 160_000
	gasShort         = 40_000 // starts a compute loop, but cannot end it
	gasSpending      = 140_000
	gasFactory       = 500_000
	gasVault         = 400_000
	gasToken         = 1_000_000
)

// recipient gives another holder or, once in n draws, an address that is new to the
// chain.
func (d *drafter) recipient(n uint64) common.Address {
	if d.dice.oneIn(n) {
		d.strangers++
		return addressOf(d.seed, "stranger", d.strangers)
	}
	return d.accounts[d.draw(len(d.accounts))].address
}

// amount draws up to n whole tokens, to the last digit, and never zero.
func (d *drafter) amount(n uint64) *uint256.Int {
	a := tokens(d.dice.below(n))
	return a.AddUint64(a, 1+d.dice.below(params.Ether))
}

func draftTransfer(d *drafter, _ *account) (message, error) {
	to := d.recipient(8)
	return message{to: &to, value: d.amount(2), gas: params.TxGas}, nil
}

func draftTokenTransfer(d *drafter, _ *account) (message, error) {
	token := d.town.tokens[d.draw(len(d.town.tokens))]
	to := d.recipient(4)
	return message{
		to: &token, gas: gasTokenTransfer,
		data: callData("transfer(address,uint256)", address(to), d.amount(1000)),
	}, nil
}

func draftApproval(d *drafter, _ *account) (message, error) {
	token := d.town.tokens[d.draw(len(d.town.tokens))]
	spender := d.recipient(4)
	return message{
		to: &token, gas: gasApproval,
		data: callData("approve(address,uint256)", address(spender), d.amount(1000)),
	}, nil
}

func draftSwap(d *drafter, from *account) (message, error) {
	p := d.town.pools[d.draw(len(d.town.pools))]
	sold := p.tokens[d.dice.below(2)]
	return message{
		to: &p.address, gas: gasSwap,
		data: callData("swap(address,uint256,uint256,address)", address(sold), d.amount(100), number(1), address(from.address)),
	}, nil
}

func draftCompute(d *drafter, _ *account) (message, error) {
	return message{
		to: &d.town.compute, gas: gasCompute,
		data: callData("run(uint256,uint256)", number(d.dice.src.Uint64()), number(32+d.dice.below(32))),
	}, nil
}

// overLimit is an amount that the guard refuses.
func (d *drafter) overLimit() *uint256.Int { return number(1001 + d.dice.below(1e6)) }

// draftRefusal goes through the ways to fail in turn, so that a block with one
// refusal has the most common one: a revert with a reason.
func draftRefusal(d *drafter, _ *account) (message, error) {
	ways := []struct {
		to   *common.Address
		gas  uint64
		data []byte
	}{
		{&d.town.guard, gasSpending, callData("spend(uint256)", d.overLimit())},
		{&d.town.guard, gasSpending, callData("spendOrFail(uint256)", d.overLimit())},
		{&d.town.guard, gasSpending, callData("spendChecked(uint256)", d.overLimit())},
		{&d.town.guard, gasSpending, callData("trySpend(uint256)", d.overLimit())}, // the transaction succeeds
		{&d.town.tokens[0], gasTokenTransfer, callData("transfer(address,uint256)", address(d.recipient(4)), tokens(1e15))},
		{&d.town.compute, gasShort, callData("run(uint256,uint256)", d.amount(1), number(1000))},
	}
	w := ways[d.refusals%len(ways)]
	d.refusals++
	return message{to: w.to, gas: w.gas, data: w.data}, nil
}

func draftSpending(d *drafter, _ *account) (message, error) {
	return message{
		to: &d.town.guard, gas: gasSpending,
		data: callData("spend(uint256)", number(d.dice.below(1000))),
	}, nil
}

// draftCreation goes through the ways to create a contract in turn.
func draftCreation(d *drafter, from *account) (message, error) {
	n := d.creations
	d.creations++
	switch n % 4 {
	case 0:
		code, err := creationCode("Token", d.amount(1e6))
		return message{gas: gasToken, data: code}, err
	case 1:
		return message{to: &d.town.factory, gas: gasFactory, data: callData("create()"), value: d.amount(1)}, nil
	case 2:
		salt := digest(d.seed, "salt", n)
		return message{to: &d.town.factory, gas: gasFactory, data: callData("createAt(bytes32)", new(uint256.Int).SetBytes32(salt[:]))}, nil
	default:
		code, err := creationCode("Vault", address(from.address))
		return message{gas: gasVault, data: code, value: d.amount(1)}, err
	}
}
