package generator

// Kinds of transactions.
var (
	aTransfer    = kind{draftTransfer, nil}
	aTokenSent   = kind{draftTokenTransfer, []*site{siteTokens}}
	anApproval   = kind{draftApproval, []*site{siteTokens}}
	aDeposit     = kind{draftDeposit, []*site{siteTokens}}
	aSwap        = kind{draftSwap, []*site{siteTokens, sitePools}}
	aRoute       = kind{draftRoute, []*site{siteTokens, sitePools, siteRouter}}
	aRangeSwap   = kind{draftRangeSwap, []*site{siteTokens, siteRanges}}
	aMint        = kind{draftMint, []*site{siteCollectible}}
	anOperator   = kind{draftApproveOperator, []*site{siteCollectible}}
	anOrder      = kind{draftOrder, []*site{siteExchange}}
	aCancel      = kind{draftCancel, []*site{siteExchange}}
	aLoan        = kind{draftLending, []*site{siteTokens, siteLending}}
	aPrice       = kind{draftPrice, []*site{siteTokens, siteLending}}
	aProxied     = kind{draftProxied, []*site{siteProxy}}
	aFacet       = kind{draftFacet, []*site{siteDiamond}}
	aStake       = kind{draftStaking, []*site{siteTokens, siteStaking}}
	aDrop        = kind{draftDrop, []*site{siteTokens, siteAirdrop}}
	aClaim       = kind{draftClaim, []*site{siteTokens, siteClaims}}
	aPower       = kind{draftPower, []*site{siteBignum}}
	aHeap        = kind{draftHeap, []*site{siteHeap}}
	aMove        = kind{draftGame, []*site{siteGame}}
	aComputation = kind{draftCompute, []*site{siteCompute}}
	aRefusal     = kind{draftRefusal, []*site{siteGuard, siteTokens, siteCompute}}
	aSpending    = kind{draftSpending, []*site{siteGuard}}
	aCreation    = kind{draftCreation, []*site{siteFactory}}
)

// workloads is the table of what New can make.
var workloads = []Workload{
	{
		Name: "transfers", Doc: "plain ether transfers, one in eight to an account that does not exist yet",
		Knobs: []string{"hot"}, mix: []share{{1, aTransfer}},
	},
	{
		Name: "erc20", Doc: "transfers of three and more ERC-20 tokens between holders, with some approvals",
		Knobs: []string{"hot", "pools"}, mix: []share{{7, aTokenSent}, {1, anApproval}},
	},
	{
		Name: "erc20-hot", Doc: "transfers of one ERC-20 token to one holder, as to an exchange",
		mix: []share{{1, aDeposit}}, onePool: true,
	},
	{
		Name: "swap", Doc: "constant-product swaps in one pool, in both directions",
		mix: []share{{1, aSwap}}, onePool: true,
	},
	{
		Name: "swap-pools", Doc: "constant-product swaps in several pools, in both directions",
		Knobs: []string{"hot", "pools"}, mix: []share{{1, aSwap}},
	},
	{
		Name: "swap-hops", Doc: "constant-product swaps through several pools by a router; depth is the number of hops",
		Knobs: []string{"hot", "pools", "depth"}, mix: []share{{1, aRoute}}, depth: 3, hops: true,
	},
	{
		Name: "clmm", Doc: "swaps in concentrated-liquidity pools, tick by tick, in both directions",
		Knobs: []string{"hot", "pools"}, mix: []share{{1, aRangeSwap}},
	},
	{
		Name: "nft-mint", Doc: "mints of one to three pieces of an ERC-721 collection with one counter, with some approvals",
		Knobs: []string{"hot"}, mix: []share{{7, aMint}, {1, anOperator}},
	},
	{
		Name: "orderbook", Doc: "orders of a limit order book near its price, with some cancellations",
		Knobs: []string{"hot"}, mix: []share{{7, anOrder}, {1, aCancel}},
	},
	{
		Name: "lending", Doc: "deposits, loans, repayments and withdrawals that accrue interest and ask an oracle, whose feed posts in between",
		mix: []share{{9, aLoan}, {1, aPrice}},
	},
	{
		Name: "proxy", Doc: "ERC-20 transfers through an EIP-1967 proxy; each step of depth above one is a relay before it",
		Knobs: []string{"hot", "depth"}, mix: []share{{1, aProxied}},
	},
	{
		Name: "diamond", Doc: "calls of three facets through an ERC-2535 diamond, one of which counts all",
		Knobs: []string{"hot"}, mix: []share{{1, aFacet}},
	},
	{
		Name: "staking", Doc: "stakes, withdrawals and claims that bring one accumulator up to date",
		mix: []share{{1, aStake}},
	},
	{
		Name: "airdrop", Doc: "loops that send a token to eight to thirty-two receivers, every other one new",
		Knobs: []string{"hot"}, mix: []share{{1, aDrop}},
	},
	{
		Name: "merkle", Doc: "claims with a Merkle proof; depth is the height of the tree",
		Knobs: []string{"depth"}, mix: []share{{1, aClaim}}, depth: 20,
	},
	{
		Name: "bignum", Doc: "modular powers of numbers of 1024 bits by Montgomery's multiplication",
		mix: []share{{1, aPower}},
	},
	{
		Name: "array", Doc: "pushes into and pops from binary heaps in storage",
		Knobs: []string{"hot", "pools"}, mix: []share{{1, aHeap}},
	},
	{
		Name: "game", Doc: "moves on boards of the game of life, and its generations",
		Knobs: []string{"hot", "pools"}, mix: []share{{1, aMove}},
	},
	{
		Name: "compute", Doc: "loops of mixed arithmetic, hashing and memory with hardly any state",
		mix: []share{{1, aComputation}},
	},
	{
		Name: "reverts", Doc: "calls that fail: by reason, custom error, panic, out of gas, caught by the caller; one in four succeeds",
		mix: []share{{3, aRefusal}, {1, aSpending}},
	},
	{
		Name: "creation", Doc: "contracts created by transactions, by CREATE and by CREATE2",
		mix: []share{{1, aCreation}},
	},
	{
		Name: "mainnet-mix", Doc: "all of it but bignum, weighted to the instructions and conflicts of real blocks (docs/traces.md)",
		Knobs: []string{"hot", "pools", "depth"}, depth: 3, pools: 8, senders: 75, hops: true,
		// What is even comes out at 120 transactions, too; of what is odd the first half.
		mix: []share{
			{160, aTransfer},
			{3, aRefusal},
			{1, aCreation},
			{9, aSwap},
			{1, aClaim},
			{1, aFacet},
			{13, aTokenSent},
			{2, anApproval},
			{3, aProxied},
			{12, aRoute},
			{4, aRangeSwap},
			{8, aComputation},
			{5, aStake},
			{6, anOrder},
			{4, aMint},
			{2, aLoan},
			{1, aPrice},
			{3, aHeap},
			{1, aDrop},
			{1, aMove},
		},
	},
}
