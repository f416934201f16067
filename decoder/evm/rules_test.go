package evm

import (
	"encoding/hex"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// unhex decodes the hexadecimal literals of the tests.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// callTo is code that calls an account with gas, value and input from memory.
func callTo(op byte, a state.Address, value, input byte) []byte {
	code := []byte{PUSH1, 64, PUSH1, 0, PUSH1, input, PUSH1, 0}
	if op == CALL || op == CALLCODE {
		code = append(code, PUSH1, value)
	}
	code = append(code, PUSH0+20)
	code = append(code, a[:]...)
	return append(code, PUSH2, 0xc0, 0x00, op)
}

func concat(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// storeResult keeps the word on the stack, and the size of the returned data.
var storeResult = []byte{PUSH1, 0, SSTORE}

// TestRulesAgainstReference runs rules that random programs rarely meet. Every
// case runs at every fork from since on.
func TestRulesAgainstReference(t *testing.T) {
	self, other := testContracts[0], testContracts[1]
	created := state.CreateAddress(self, 1)
	createZeros := []byte{PUSH0 + 5, PUSH1, 3, PUSH1, 0, RETURN, PUSH1, 0, MSTORE, PUSH1, 5, PUSH1, 27, PUSH1, 1, CREATE, PUSH1, 0, SSTORE}
	for _, test := range []struct {
		name   string
		since  Fork
		gas    uint64
		create bool // the code is a creation's initialization code
		code   []byte
		other  []byte // code of the second contract
		change func(*scenario)
	}{
		{name: "creation that cannot pay for its code", create: true, gas: 170000, code: []byte{PUSH2, 0x10, 0, PUSH1, 0, RETURN}},
		{name: "created code at the size limit", create: true, gas: 6_000_000, code: []byte{PUSH2, 0x60, 0x00, PUSH1, 0, RETURN}},
		{name: "created code above the size limit", create: true, gas: 6_000_000, code: []byte{PUSH2, 0x60, 0x01, PUSH1, 0, RETURN}},
		{name: "created code that begins with EF", create: true, gas: 200000, code: []byte{PUSH1, 0xef, PUSH1, 0, MSTORE8, PUSH1, 1, PUSH1, 0, RETURN}},
		{name: "initialization code at the size limit", gas: 500000, code: []byte{PUSH2, 0xc0, 0x00, PUSH1, 0, PUSH1, 0, CREATE, PUSH1, 0, SSTORE}},
		{name: "initialization code above the size limit", gas: 500000, code: []byte{PUSH2, 0xc0, 0x01, PUSH1, 0, PUSH1, 0, CREATE, PUSH1, 0, SSTORE}},
		{name: "initialization code of CREATE2 above the size limit", since: Constantinople, gas: 500000, code: []byte{PUSH1, 9, PUSH2, 0xc0, 0x01, PUSH1, 0, PUSH1, 0, CREATE2, PUSH1, 0, SSTORE}},
		{name: "creation", code: createZeros},
		{name: "creation at an address with a nonce", code: createZeros, change: func(sc *scenario) { sc.pre[created] = &state.Account{Nonce: 1} }},
		{name: "creation at an address with code", code: createZeros, change: func(sc *scenario) { sc.pre[created] = &state.Account{Code: []byte{STOP}} }},
		{name: "creation at an address with storage", code: createZeros, change: func(sc *scenario) {
			sc.pre[created] = &state.Account{Balance: isa.Word{1}, Storage: map[isa.Word]isa.Word{{5}: {5}}}
		}},
		{name: "creation at an address with balance", code: createZeros, change: func(sc *scenario) { sc.pre[created] = &state.Account{Balance: isa.Word{8}} }},
		{name: "creation with the nonce at its limit", code: createZeros, change: func(sc *scenario) { sc.pre[self].Nonce = ^uint64(0) }},
		{name: "creation that costs more than there is", code: createZeros, change: func(sc *scenario) { sc.pre[self].Balance = isa.Word{} }},
		{name: "created transaction at an address that is taken", create: true, code: []byte{STOP}, change: func(sc *scenario) {
			sc.pre[state.CreateAddress(testSender, 0)] = &state.Account{Nonce: 1}
		}},
		{name: "call that costs more than there is", code: concat(callTo(CALL, other, 200, 0), storeResult)},
		{name: "call with value to an absent account", code: concat(callTo(CALL, testAbsent, 1, 0), storeResult)},
		{name: "call without value to an absent account", code: concat(callTo(CALL, testAbsent, 0, 0), storeResult)},
		{name: "call without value to an empty account", code: concat(callTo(CALL, testEmpty, 0, 0), storeResult)},
		{name: "precompiled contract without an account", code: concat(callTo(CALL, state.Address{19: 3}, 0, 10), storeResult)},
		{name: "precompiled contract out of gas", code: []byte{PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 0, PUSH1, 3, PUSH1, 9, CALL, PUSH1, 0, SSTORE}},
		{name: "precompiled contract that fails", since: Istanbul, code: concat(callTo(CALL, state.Address{19: 9}, 0, 1), storeResult)},
		{name: "precompiled contract by delegation", since: Homestead, code: concat(callTo(DELEGATECALL, state.Address{19: 4}, 0, 33), storeResult)},
		{name: "secp256r1", code: concat(callTo(CALL, state.Address{18: 1}, 0, 160), storeResult)},
		{name: "static call with value inside", since: Byzantium, code: concat(callTo(STATICCALL, self, 0, 0), storeResult), other: callTo(CALL, testRich, 1, 0)},
		{name: "static CALLCODE with value inside", since: Byzantium, code: concat(callTo(STATICCALL, other, 0, 0), storeResult), other: callTo(CALLCODE, testRich, 1, 0)},
		{name: "return data beyond its end", since: Byzantium, code: concat(callTo(CALL, state.Address{19: 4}, 0, 8), []byte{PUSH1, 9, PUSH1, 0, PUSH1, 0, RETURNDATACOPY})},
		{name: "return data at an overflowing offset", since: Byzantium, code: concat([]byte{PUSH1, 1, PUSH1, 0, NOT, PUSH1, 0, RETURNDATACOPY})},
		{name: "empty return data at an overflowing offset", since: Byzantium, code: concat([]byte{PUSH1, 0, PUSH1, 0, NOT, PUSH1, 0, RETURNDATACOPY})},
		{name: "destruction in favor of itself", code: []byte{ADDRESS, SELFDESTRUCT}},
		{name: "destruction in favor of an absent account", code: concat([]byte{PUSH0 + 20}, testAbsent[:], []byte{SELFDESTRUCT})},
		{name: "destruction twice", code: concat(callTo(CALL, other, 0, 0), callTo(CALL, other, 1, 0), storeResult), other: []byte{CALLER, SELFDESTRUCT}},
		{name: "destruction in the transaction of its creation", code: concat([]byte{PUSH2, ADDRESS, SELFDESTRUCT, PUSH1, 0, MSTORE, PUSH1, 2, PUSH1, 30, PUSH1, 5, CREATE}, storeResult)},
		{name: "delegated account", since: Prague, code: concat(callTo(CALL, testDelegated, 1, 0), callTo(STATICCALL, testDelegated, 0, 0), storeResult), other: []byte{ADDRESS, PUSH1, 2, SSTORE}},
		{name: "delegation to a precompiled contract", since: Prague, code: concat(callTo(CALL, testDelegated, 0, 40), storeResult), change: func(sc *scenario) {
			sc.pre[testDelegated].Code = concat(delegationPrefix[:], make([]byte, 19), []byte{4})
		}},
		{name: "delegation to a delegation", since: Prague, code: concat(callTo(CALL, testDelegated, 0, 0), storeResult), change: func(sc *scenario) {
			sc.pre[testDelegated].Code = concat(delegationPrefix[:], testRich[:])
			sc.pre[testRich].Code = concat(delegationPrefix[:], other[:])
		}, other: []byte{PUSH1, 7, PUSH1, 0, SSTORE}},
		{name: "code of a delegated account", since: Prague, code: concat([]byte{PUSH1, 32, PUSH1, 0, PUSH1, 0, PUSH0 + 20}, testDelegated[:], []byte{DUP1, EXTCODESIZE, PUSH1, 1, SSTORE, EXTCODECOPY, PUSH1, 0, MLOAD}, storeResult)},
		{name: "transaction to a delegated account", since: Prague, change: func(sc *scenario) { sc.tx.To = &testDelegated }, other: []byte{ADDRESS, PUSH1, 2, SSTORE}},
		{name: "access list", since: Berlin, code: []byte{PUSH1, 1, SLOAD, PUSH1, 2, SLOAD, PUSH1, 3, SLOAD}, change: func(sc *scenario) {
			sc.tx.Type = types.AccessListTxType
			sc.tx.AccessList = types.AccessList{{Address: [20]byte(self)}}
			sc.tx.AccessList[0].StorageKeys = append(sc.tx.AccessList[0].StorageKeys, [32]byte{31: 2})
		}},
		{name: "blob hashes", since: Cancun, code: concat([]byte{PUSH1, 1, BLOBHASH}, storeResult, []byte{PUSH1, 2, BLOBHASH, BLOBBASEFEE, PUSH1, 0, NOT, BLOBHASH}), change: func(sc *scenario) {
			sc.tx.Type = types.BlobTxType
			sc.tx.BlobFeeCap = isa.Word{9}
			sc.tx.BlobHashes = []state.Hash{{0: 1, 1: 2}, {0: 1, 1: 3}}
		}},
		{name: "sentry of SSTORE", since: Istanbul, gas: 21000 + 2306, code: []byte{PUSH1, 1, PUSH1, 1, SSTORE}},
		{name: "one gas above the sentry of SSTORE", since: Istanbul, gas: 21000 + 2307, code: []byte{PUSH1, 1, PUSH1, 1, SSTORE}},
		{name: "jump into push data", code: []byte{PUSH1, 4, JUMP, PUSH1, JUMPDEST}},
		{name: "jump beyond 64 bits", code: []byte{PUSH0 + 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, JUMP}},
		{name: "jump to a computed target", code: []byte{PUSH1, 3, PUSH1, 3, ADD, JUMP, JUMPDEST, PC, PUSH1, 0, SSTORE}},
		{name: "code that ends inside a push", code: []byte{ADDRESS, PUSH0 + 4, 1, 2}},
		{name: "stack overflow", code: []byte{JUMPDEST, ADDRESS, PUSH1, 0, JUMP}},
		{name: "empty code", change: func(sc *scenario) { sc.tx.To = &testRich }},
	} {
		t.Run(test.name, func(t *testing.T) {
			for fork := test.since; fork < NumForks; fork++ {
				sc := &scenario{fork: fork, pre: state.Prestate{
					testSender: {Balance: isa.Word{0, 1}},
					testRich:   {Balance: isa.Word{1000}},
					testEmpty:  {},
					self:       {Balance: isa.Word{100}, Nonce: 1, Code: test.code, Storage: map[isa.Word]isa.Word{{1}: {1}}},
					other:      {Balance: isa.Word{100}, Nonce: 1, Code: test.other},
				}}
				if fork >= Prague {
					sc.pre[testDelegated] = &state.Account{Nonce: 1, Code: concat(delegationPrefix[:], other[:])}
				}
				gas := test.gas
				if gas == 0 {
					gas = 300000
				}
				sc.tx = state.Tx{From: testSender, To: &self, Gas: gas, GasPrice: isa.Word{10}, FeeCap: isa.Word{10}, TipCap: isa.Word{3}}
				if test.create {
					sc.tx.To, sc.tx.Data = nil, test.code
				}
				if test.change != nil {
					test.change(sc)
				}
				if !compare(t, sc, NewCache()) {
					return
				}
			}
		})
	}
}

// TestCreate2Address checks the examples of EIP-1014.
func TestCreate2Address(t *testing.T) {
	for _, test := range []struct{ creator, salt, init, want string }{
		{"0000000000000000000000000000000000000000", "00", "00", "4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"},
		{"deadbeef00000000000000000000000000000000", "00", "00", "b928f69bb1d91cd65274e3c79d8986362984fda3"},
		{"deadbeef00000000000000000000000000000000", "000000000000000000000000feed000000000000000000000000000000000000", "00", "d04116cdd17bebe565eb2422f2497e06cc1c9833"},
		{"00000000000000000000000000000000deadbeef", "00000000000000000000000000000000000000000000000000000000cafebabe", "deadbeef", "60f3f640a8508fc6a86d45df051962668e1e8ac7"},
		{"0000000000000000000000000000000000000000", "00", "", "e33c0c7f7df4809055c3eba6c09cfe4baf1bd9e0"},
	} {
		var salt isa.Word
		salt.SetBytes(unhex(test.salt))
		got := create2Address(state.Address(unhex(test.creator)), &salt, keccak(unhex(test.init)))
		if hex.EncodeToString(got[:]) != test.want {
			t.Errorf("%v: address %x", test, got)
		}
	}
}

// TestMemoryBound checks that the bound is the largest memory that gas pays for.
func TestMemoryBound(t *testing.T) {
	var s System
	for _, gas := range []uint64{0, 2, 3, 4, 723, 724, 2996, 2997, 30_000_000, 1 << 40, 1<<55 + 1<<38, 1 << 62, ^uint64(0)} {
		n := s.MemoryBound(gas) / 32
		if memoryCost(n) > gas {
			t.Errorf("%d gas: the bound of %d words costs %d", gas, n, memoryCost(n))
		}
		if n < maxMemory/32 && memoryCost(n+1) <= gas {
			t.Errorf("%d gas: the bound is %d words but one more costs only %d", gas, n, memoryCost(n+1))
		}
	}
}

// TestLookupWindow checks the ends of the 256 blocks that BLOCKHASH sees.
func TestLookupWindow(t *testing.T) {
	s := System{Env: &state.BlockEnv{Number: 1000, BlockHash: func(n uint64) state.Hash { return state.Hash{31: byte(n), 30: 1} }}}
	for _, test := range []struct {
		index isa.Word
		known bool
	}{
		{isa.Word{743}, false}, {isa.Word{744}, true}, {isa.Word{999}, true}, {isa.Word{1000}, false}, {isa.Word{900, 1}, false},
	} {
		if w := s.Lookup(LookupBlockHash, &test.index); w.IsZero() == test.known {
			t.Errorf("hash of block %s is %s", test.index.Dec(), w.Hex())
		}
	}
}

// TestPeeksChangeNothing checks that the speculative side only counts.
func TestPeeksChangeNothing(t *testing.T) {
	env := testEnv(t, Osaka)
	s := NewSystem(state.NewWorld(state.Prestate{testRich: {Balance: isa.Word{5}}}), env, nil, NewCache())
	for _, a := range []state.Address{testRich, testAbsent, {19: 1}} {
		w := a.Word()
		s.CodeOf(&w)
		s.ReadStorage(isa.Persistent, &w, &w)
		s.ReadStorage(isa.Transient, &w, &w)
		for _, field := range []isa.AccountField{isa.FieldBalance, isa.FieldCodeSize, isa.FieldCodeHash} {
			s.ReadAccount(field, &w)
		}
		s.ForeignCode(&w)
	}
	if snapshot := s.World.Snapshot(); snapshot != 0 {
		t.Errorf("speculative reads left %d journal entries", snapshot)
	}
	if s.World.ReadsOutside() == 0 {
		t.Error("reads of an absent account were not counted")
	}
}
