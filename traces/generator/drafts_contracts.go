package generator

import (
	"github.com/holiman/uint256"
)

// Gas limits of calls to the larger contracts.
const (
	gasHop     = 220_000 // one of a route
	gasRange   = 700_000
	gasMint    = 250_000
	gasOrder   = 900_000
	gasLending = 400_000
	gasRelay   = 40_000
	gasFacet   = 120_000
	gasStaking = 200_000
	gasDrop    = 60_000 // for one receiver
	gasClaim   = 150_000
	gasPower   = 3_000_000
	gasHeap    = 700_000
	gasGame    = 300_000
)

// draftDeposit sends to the one holder that everybody sends to, as to an exchange.
func draftDeposit(d *drafter, _ *account) (message, error) {
	return message{
		to: &d.town.tokens[0], gas: gasTokenTransfer,
		data: callData("transfer(address,uint256)", address(d.accounts[0].address), d.amount(1000)),
	}, nil
}

// draftRoute sells through as many pools as the depth says, up or down the chain of
// tokens.
func draftRoute(d *drafter, from *account) (message, error) {
	first := d.draw(len(d.town.pools) - d.depth + 1)
	path := make([]*uint256.Int, d.depth)
	sold := d.town.pools[first].tokens[0]
	if d.dice.oneIn(2) {
		sold = d.town.pools[first+d.depth-1].tokens[1]
		for i := range path {
			path[d.depth-1-i] = address(d.town.pools[first+i].address)
		}
	} else {
		for i := range path {
			path[i] = address(d.town.pools[first+i].address)
		}
	}
	words := []*uint256.Int{address(sold), d.amount(100), number(1), address(from.address), number(1 << 40)}
	return message{
		to: &d.town.router, gas: gasHop * uint64(d.depth+1),
		data: callDataLists("route(address,uint256,uint256,address,uint256,address[])", words, path),
	}, nil
}

// draftRangeSwap sells up to 800 tokens: up to about three ticks.
func draftRangeSwap(d *drafter, from *account) (message, error) {
	p := &d.town.ranges[d.draw(len(d.town.ranges))]
	down, limit := d.dice.below(2), new(uint256.Int).Lsh(number(1), 128)
	if down == 1 {
		limit = new(uint256.Int).Lsh(number(1), 64)
	}
	return message{
		to: &p.address, gas: gasRange,
		data: callData("swap(bool,uint256,uint256,address)", number(down), d.amount(800), limit, address(from.address)),
	}, nil
}

func draftMint(d *drafter, _ *account) (message, error) {
	n := 1 + d.dice.below(3)
	return message{to: &d.town.collectible, gas: gasMint, value: mintPrice(n), data: callData("mint(uint256)", number(n))}, nil
}

// draftApproveOperator lets another account sell the sender's pieces, as market places
// ask for.
func draftApproveOperator(d *drafter, _ *account) (message, error) {
	return message{
		to: &d.town.collectible, gas: gasApproval,
		data: callData("setApprovalForAll(address,bool)", address(d.recipient(4)), number(1)),
	}, nil
}

// draftOrder buys or sells near the middle, within twelve steps of the price.
func draftOrder(d *drafter, _ *account) (message, error) {
	return message{
		to: &d.town.exchange, gas: gasOrder,
		data: callData("place(bool,uint256,uint64)", number(d.dice.below(2)), number(116+uint64(d.draw(25))), number(1+d.dice.below(150))),
	}, nil
}

// draftCancel takes back the order that the sender has had since the book began, or
// places another one.
func draftCancel(d *drafter, from *account) (message, error) {
	if d.canceled[from] {
		return draftOrder(d, from)
	}
	d.canceled[from] = true
	id := uint64(1)
	for d.accounts[id-1] != from {
		id++
	}
	return message{
		to: &d.town.exchange, gas: gasSpending,
		data: callData("cancel(uint256,bool,uint256)", number(id), number(1), number(farPrice)),
	}, nil
}

func draftLending(d *drafter, _ *account) (message, error) {
	ways := []struct {
		method string
		amount uint64
	}{{"deposit(uint256)", 1000}, {"borrow(uint128)", 10}, {"repay(uint128)", 10}, {"withdraw(uint256)", 10}}
	w := ways[d.dice.below(uint64(len(ways)))]
	return message{to: &d.town.lending, gas: gasLending, data: callData(w.method, d.amount(w.amount))}, nil
}

// draftPrice posts a price within one hundredth of one.
func draftPrice(d *drafter, _ *account) (message, error) {
	price := tokens(99)
	price.Div(price.AddUint64(price, d.dice.below(2e18)), number(100))
	return message{
		from: d.accounts[0], to: &d.town.oracle, gas: gasApproval,
		data: callData("post(address,uint192)", address(d.town.tokens[d.dice.below(2)]), price),
	}, nil
}

// draftProxied moves tokens behind a proxy: by the holder, or by the last relay on the
// holder's behalf.
func draftProxied(d *drafter, from *account) (message, error) {
	data := callData("transfer(address,uint256)", address(d.recipient(4)), d.amount(1000))
	if d.depth > 1 {
		data = callData("transferFrom(address,address,uint256)", address(from.address), address(d.recipient(4)), d.amount(1000))
	}
	return message{to: &d.town.relay, gas: gasTokenTransfer + gasRelay*uint64(d.depth), data: data}, nil
}

func draftFacet(d *drafter, _ *account) (message, error) {
	data := callData("earn(uint256)", number(1+d.dice.below(100)))
	switch d.dice.below(4) {
	case 0, 1:
		data = callData("give(address,uint256)", address(d.recipient(4)), number(1+d.dice.below(1000)))
	case 2:
		data = callData("burn(uint256)", number(1+d.dice.below(1000)))
	}
	return message{to: &d.town.diamond, gas: gasFacet, data: data}, nil
}

func draftStaking(d *drafter, _ *account) (message, error) {
	data := callData("claim()")
	switch d.dice.below(3) {
	case 0:
		data = callData("stake(uint256)", d.amount(100))
	case 1:
		data = callData("withdraw(uint256)", d.amount(1))
	}
	return message{to: &d.town.staking, gas: gasStaking, data: data}, nil
}

// draftDrop sends to eight to thirty-two receivers.
func draftDrop(d *drafter, _ *account) (message, error) {
	n := 8 + d.dice.below(25)
	var to, amounts []*uint256.Int
	for range n {
		to = append(to, address(d.recipient(2)))
		amounts = append(amounts, d.amount(10))
	}
	return message{
		to: &d.town.airdrop, gas: gasDrop * (n + 1),
		data: callDataLists("drop(address,address[],uint256[])", []*uint256.Int{address(d.town.tokens[0])}, to, amounts),
	}, nil
}

func draftClaim(d *drafter, _ *account) (message, error) {
	i := d.claims
	d.claims++
	c := d.town.tree.claims[i]
	words := []*uint256.Int{number(uint64(i)), address(c.holder.address), c.amount}
	return message{
		from: c.holder, to: &d.town.claims, gas: gasClaim,
		data: callDataLists("claim(uint256,address,uint256,bytes32[])", words, d.town.tree.proof(i)),
	}, nil
}

// draftPower raises a number of 1023 bits to a power below 32, modulo one of 1024 bits.
func draftPower(d *drafter, _ *account) (message, error) {
	word := func() *uint256.Int {
		var w uint256.Int
		for i := range w {
			w[i] = d.dice.src.Uint64()
		}
		return &w
	}
	words := make([]*uint256.Int, 9)
	for i := range words {
		words[i] = word()
	}
	words[3][3] &^= 1 << 63
	words[4] = number(3 + d.dice.below(29))
	words[5][0] |= 1
	words[8][3] |= 1 << 63
	return message{to: &d.town.bignum, gas: gasPower, data: callData("power(uint256[4],uint256,uint256[4])", words...)}, nil
}

func draftHeap(d *drafter, _ *account) (message, error) {
	heap := number(uint64(d.draw(d.town.places)))
	if d.dice.oneIn(3) {
		return message{to: &d.town.heap, gas: gasHeap, data: callData("pop(uint256)", heap)}, nil
	}
	values := make([]*uint256.Int, 1+d.dice.below(4))
	for i := range values {
		values[i] = number(d.dice.below(1e9))
	}
	return message{to: &d.town.heap, gas: gasHeap, data: callDataLists("push(uint256,uint256[])", []*uint256.Int{heap}, values)}, nil
}

// energetic is how many cells a player can turn over in one block.
const energetic = 14

// draftGame turns up to three cells over, or lets one to four generations pass.
func draftGame(d *drafter, from *account) (message, error) {
	board := number(uint64(d.draw(d.town.places)))
	if d.cells[from]+3 > energetic || d.dice.oneIn(3) {
		return message{to: &d.town.game, gas: gasGame, data: callData("tick(uint256,uint256)", board, number(1+d.dice.below(4)))}, nil
	}
	d.cells[from] += 3
	cells := number(0)
	for range 3 {
		cells.Or(cells, new(uint256.Int).Lsh(number(1), uint(d.dice.below(256))))
	}
	return message{to: &d.town.game, gas: gasGame, data: callData("move(uint256,uint256)", board, cells)}, nil
}
