package generator

import (
	"bytes"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
)

// town has the addresses of the contracts that transactions call.
type town struct {
	compute, guard, factory common.Address

	tokens      []common.Address
	pools       []pool
	router      common.Address
	ranges      []pool
	collectible common.Address
	exchange    common.Address
	oracle      common.Address
	lending     common.Address
	proxied     common.Address // a token behind a proxy
	relay       common.Address // the first of the relays before it, or the proxy itself
	diamond     common.Address
	staking     common.Address
	airdrop     common.Address
	claims      common.Address
	tree        *merkle
	bignum      common.Address
	heap        common.Address
	game        common.Address
	places      int // heaps and boards
}

// pool trades two tokens.
type pool struct {
	address common.Address
	tokens  [2]common.Address
}

// site is a group of contracts and what makes them ready: liquidity, allowances and
// stakes of all holders.
type site struct{ build func(s *settler) }

var (
	siteCompute     = &site{func(s *settler) { s.town.compute = s.deploy("Compute") }}
	siteGuard       = &site{func(s *settler) { s.town.guard = s.deploy("Guard") }}
	siteFactory     = &site{func(s *settler) { s.town.factory = s.deploy("Factory") }}
	siteTokens      = &site{buildTokens}
	sitePools       = &site{buildPools}
	siteRouter      = &site{buildRouter}
	siteRanges      = &site{buildRanges}
	siteCollectible = &site{buildCollectible}
	siteExchange    = &site{buildExchange}
	siteLending     = &site{buildLending}
	siteProxy       = &site{buildProxy}
	siteDiamond     = &site{buildDiamond}
	siteStaking     = &site{buildStaking}
	siteAirdrop     = &site{buildAirdrop}
	siteClaims      = &site{buildClaims}
	siteBignum      = &site{func(s *settler) { s.town.bignum = s.deploy("Bignum") }}
	siteHeap        = &site{buildHeap}
	siteGame        = &site{buildGame}
)

// sites in the order in which they are built.
var sites = []*site{
	siteCompute, siteGuard, siteFactory, siteTokens, sitePools, siteRouter, siteRanges, siteCollectible, siteExchange,
	siteLending, siteProxy, siteDiamond, siteStaking, siteAirdrop, siteClaims, siteBignum, siteHeap, siteGame,
}

// liquidity is how many tokens lie on either side of a pool.
const liquidity = 1_000_000

func unlimited() *uint256.Int { return new(uint256.Int).SetAllOne() }

// approve lets a contract take what a holder has of a token.
func (s *settler) approve(holder, token, spender common.Address) {
	s.call(holder, token, "approve(address,uint256)", address(spender), unlimited())
}

// buildTokens deploys one more token than there are pools; all holders get some of each.
func buildTokens(s *settler) {
	for range s.Pools + 1 {
		token := s.deploy("Token", tokens(100*liquidity))
		s.town.tokens = append(s.town.tokens, token)
		for _, h := range s.holders {
			s.call(s.owner, token, "mint(address,uint256)", address(h.address), tokens(liquidity))
		}
	}
}

// pair deploys the i-th pool of a kind: it trades token i for token i+1.
func (s *settler) pair(contract string, i int) pool {
	a, b := s.town.tokens[i], s.town.tokens[i+1]
	p := pool{s.deploy(contract, address(a), address(b)), [2]common.Address{a, b}}
	for _, token := range p.tokens {
		s.approve(s.owner, token, p.address)
		for _, h := range s.holders {
			s.approve(h.address, token, p.address)
		}
	}
	return p
}

func buildPools(s *settler) {
	for i := range s.Pools {
		p := s.pair("Pair", i)
		s.call(s.owner, p.address, "provide(uint256,uint256,address)", tokens(liquidity), tokens(liquidity), address(s.owner))
		s.town.pools = append(s.town.pools, p)
	}
}

func buildRouter(s *settler) {
	s.town.router = s.deploy("Router")
	for _, token := range s.town.tokens {
		for _, h := range s.holders {
			s.approve(h.address, token, s.town.router)
		}
	}
}

// signed makes the word of a number that may be negative.
func signed(n int) *uint256.Int {
	if n < 0 {
		return new(uint256.Int).Neg(number(uint64(-n)))
	}
	return number(uint64(n))
}

// buildRanges gives every pool one wide position and narrow ones around the price of
// one, so that swaps cross ticks at which liquidity changes.
func buildRanges(s *settler) {
	const spacing, wide = 60, 200
	for i := range s.Pools {
		p := s.pair("Range", i)
		provide := func(lower, upper int, amount uint64) {
			s.call(s.owner, p.address, "provide(int24,int24,uint128)", signed(lower*spacing), signed(upper*spacing), tokens(amount))
		}
		provide(-wide, wide, 100_000)
		for k := -16; k < 16; k += 2 {
			provide(k, k+3, uint64(20_000+1000*(k+16)))
		}
		s.town.ranges = append(s.town.ranges, p)
	}
}

// owned is how many pieces of the collection every holder has.
const owned = 2

func buildCollectible(s *settler) {
	s.town.collectible = s.deploy("Collectible", number(1_000_000))
	for _, h := range s.holders {
		s.send(h.address, s.town.collectible, mintPrice(owned), "mint", callData("mint(uint256)", number(owned)))
	}
}

// mintPrice is what so many pieces cost: 0.01 ether each.
func mintPrice(count uint64) *uint256.Int {
	return number(0).Div(tokens(count), number(100))
}

// farPrice is the price of the orders with which the book begins, one of each holder in
// the order of the accounts: too low to be met.
const farPrice = 20

func buildExchange(s *settler) {
	s.town.exchange = s.deploy("Exchange")
	deposit := func(a common.Address) {
		s.call(s.owner, s.town.exchange, "deposit(address,uint128,uint128)", address(a), number(1e12), number(1e15))
	}
	deposit(s.owner)
	for _, h := range s.holders {
		deposit(h.address)
		s.call(h.address, s.town.exchange, "place(bool,uint256,uint64)", number(1), number(farPrice), number(10))
	}
	for price := uint64(100); price < 156; price++ {
		if price != 128 {
			buys := number(0)
			if price < 128 {
				buys = number(1)
			}
			s.call(s.owner, s.town.exchange, "place(bool,uint256,uint64)", buys, number(price), number(200))
		}
	}
}

// buildLending takes the first account for the oracle's feed, the first token for
// collateral and the second to be lent.
func buildLending(s *settler) {
	feed := s.holders[0].address
	collateral, asset := s.town.tokens[0], s.town.tokens[1]
	s.town.oracle = s.deploy("Oracle", address(feed))
	s.town.lending = s.deploy("Lending", address(s.town.oracle), address(collateral), address(asset))
	for _, token := range []common.Address{collateral, asset} {
		s.call(feed, s.town.oracle, "post(address,uint192)", address(token), tokens(1))
	}
	s.approve(s.owner, asset, s.town.lending)
	s.call(s.owner, s.town.lending, "fund(uint128)", tokens(liquidity))
	for _, h := range s.holders {
		s.approve(h.address, collateral, s.town.lending)
		s.approve(h.address, asset, s.town.lending)
		s.call(h.address, s.town.lending, "deposit(uint256)", tokens(100_000))
		s.call(h.address, s.town.lending, "borrow(uint128)", tokens(1000))
	}
}

// buildProxy puts a token behind a proxy, and relays before the proxy, one less than the
// depth. The last relay may spend for all holders.
func buildProxy(s *settler) {
	s.town.proxied = s.deploy("Proxy", address(s.deploy("Token", number(0))))
	s.town.relay = s.town.proxied
	last := common.Address{}
	for i := range s.Depth - 1 {
		s.town.relay = s.deploy("Relay", address(s.town.relay))
		if i == 0 {
			last = s.town.relay
		}
	}
	for _, h := range s.holders {
		s.call(s.owner, s.town.proxied, "mint(address,uint256)", address(h.address), tokens(liquidity))
		if s.Depth > 1 {
			s.approve(h.address, s.town.proxied, last)
		}
	}
}

func buildDiamond(s *settler) {
	s.town.diamond = s.deploy("Diamond", address(s.owner))
	for _, facet := range []struct{ contract, method string }{
		{"EarnFacet", "earn(uint256)"},
		{"GiveFacet", "give(address,uint256)"},
		{"BurnFacet", "burn(uint256)"},
	} {
		var selector [32]byte // on the left, as bytes4 is
		copy(selector[:], callData(facet.method))
		s.call(s.owner, s.town.diamond, "cut(bytes4,address)", new(uint256.Int).SetBytes32(selector[:]), address(s.deploy(facet.contract)))
	}
	for _, h := range s.holders {
		s.call(h.address, s.town.diamond, "earn(uint256)", number(1e6))
	}
}

func buildStaking(s *settler) {
	token := s.town.tokens[0]
	s.town.staking = s.deploy("Staking", address(token), tokens(1))
	s.call(s.owner, token, "transfer(address,uint256)", address(s.town.staking), tokens(liquidity)) // for rewards
	for _, h := range s.holders {
		s.approve(h.address, token, s.town.staking)
		s.call(h.address, s.town.staking, "stake(uint256)", tokens(1000))
	}
}

func buildAirdrop(s *settler) {
	s.town.airdrop = s.deploy("Airdrop")
	for _, h := range s.holders {
		s.approve(h.address, s.town.tokens[0], s.town.airdrop)
	}
}

// buildClaims has a leaf for every transaction.
func buildClaims(s *settler) {
	s.town.tree = newMerkle(s.Seed, s.Transactions, s.Depth, s.holders)
	root := s.town.tree.root()
	s.town.claims = s.deploy("Claims", address(s.town.tokens[0]), new(uint256.Int).SetBytes32(root[:]))
	s.call(s.owner, s.town.tokens[0], "transfer(address,uint256)", address(s.town.claims), tokens(liquidity))
}

func buildHeap(s *settler) {
	const full = 63
	s.town.heap, s.town.places = s.deploy("Heap"), s.Pools
	dice := newDice(s.Seed + 1)
	for i := range s.Pools {
		values := make([]*uint256.Int, full)
		for k := range values {
			values[k] = number(dice.below(1e9))
		}
		s.send(s.owner, s.town.heap, number(0), "push", callDataLists("push(uint256,uint256[])", []*uint256.Int{number(uint64(i))}, values))
	}
}

func buildGame(s *settler) {
	s.town.game, s.town.places = s.deploy("Game"), s.Pools
	for i := range s.Pools {
		cells := digest(s.Seed, "board", i)
		var move uint256.Int // not more cells than a player has energy for
		move.SetBytes32(cells[:]).Rsh(&move, 240).And(&move, number(0x5555))
		s.call(addressOf(s.Seed, "player", i), s.town.game, "move(uint256,uint256)", number(uint64(i)), &move)
	}
}

// merkle is a tree over claims, of a stated height: where there are not enough claims,
// a node of its own kind takes the place of what is not there.
type merkle struct {
	claims []claim
	levels [][]common.Hash
	empty  []common.Hash
}

type claim struct {
	holder *account
	amount *uint256.Int
}

func newMerkle(seed uint64, n, height int, holders []*account) *merkle {
	for n > 1<<height {
		height++
	}
	t := &merkle{}
	level := make([]common.Hash, n)
	for i := range level {
		c := claim{holders[i%len(holders)], tokens(uint64(i + 1))}
		t.claims = append(t.claims, c)
		leaf := appendWords(nil, []*uint256.Int{number(uint64(i)), address(c.holder.address), c.amount})
		level[i] = crypto.Keccak256Hash(crypto.Keccak256(leaf))
	}
	for l := range height {
		t.levels = append(t.levels, level)
		t.empty = append(t.empty, digest(seed, "empty node", l))
		above := make([]common.Hash, (len(level)+1)/2)
		for i := range above {
			a, b := level[2*i], t.node(l, 2*i+1)
			if bytes.Compare(a[:], b[:]) > 0 {
				a, b = b, a
			}
			above[i] = crypto.Keccak256Hash(a[:], b[:])
		}
		level = above
	}
	t.levels = append(t.levels, level)
	return t
}

func (t *merkle) node(level, i int) common.Hash {
	if i < len(t.levels[level]) {
		return t.levels[level][i]
	}
	return t.empty[level]
}

func (t *merkle) root() common.Hash { return t.levels[len(t.levels)-1][0] }

// proof gives the siblings on the way from a leaf to the root.
func (t *merkle) proof(leaf int) []*uint256.Int {
	var p []*uint256.Int
	for l := range len(t.levels) - 1 {
		sibling := t.node(l, leaf^1)
		p = append(p, new(uint256.Int).SetBytes32(sibling[:]))
		leaf /= 2
	}
	return p
}
