package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// System is the system architecture of the Ethereum virtual machine over one
// block: what its instructions read, cost and change. It implements
// decoder.System. It is not safe for concurrent use; its Cache is.
type System struct {
	World   *state.World
	Env     *state.BlockEnv
	Txs     []*state.Tx
	Fork    Fork
	Rows    *decoder.RowTable
	Cache   *decoder.Cache
	Results []state.TxResult // of the transactions finished so far

	rules     *[256]rule // of the fork
	cur       int        // index of the running transaction
	context   []isa.Word // its constant words, at Context0+k
	forwarded uint64     // gas the last charged call hands to its callee, without stipend
	running   running    // its envelope
}

var (
	_ decoder.System = (*System)(nil)
	_ decoder.Trial  = (*System)(nil)
)

// NewSystem prepares the execution of a block's transactions on a world. cache
// may be shared with other systems.
func NewSystem(world *state.World, env *state.BlockEnv, txs []*state.Tx, cache *decoder.Cache) *System {
	fork := ForkOf(env)
	return &System{World: world, Env: env, Txs: txs, Fork: fork, Rows: Table(fork), Cache: cache, rules: &tables.rules[fork]}
}

// Tables of Lookup.
const (
	LookupBlockHash isa.LookupTable = iota
	LookupBlobHash
)

// Words of System.Context: operand Context0+k is word k.
const (
	CtxOrigin = iota
	CtxGasPrice
	CtxCoinbase
	CtxTimestamp
	CtxNumber
	CtxRandom // PREVRANDAO, before Paris the difficulty
	CtxGasLimit
	CtxChainID
	CtxBaseFee
	CtxBlobBaseFee
	NumContext
)

// CodeOf is the program that entering the account runs now: a precompiled
// contract, the account's code, or that of the account it delegates to
// (EIP-7702, one level; a precompiled contract is no target of it).
func (s *System) CodeOf(account *isa.Word) *decoder.Program {
	a := state.AddressOf(account)
	if contract, ok := s.Env.Precompiles.Lookup(a); ok {
		return builtinPrograms[contract.Number()]
	}
	code := s.World.PeekCode(a)
	if s.Fork >= Prague {
		if target, ok := delegation(code); ok {
			a, code = target, s.World.PeekCode(target)
		}
	}
	if len(code) == 0 {
		return emptyProgram
	}
	return s.Cache.Program(s.World.PeekCodeHash(a), code, s.Rows)
}

// delegationPrefix begins the code of a delegated account; the delegate's
// address follows (EIP-7702). EIP-3541 keeps other code from looking like it.
var delegationPrefix = [3]byte{0xef, 0x01, 0x00}

// delegation gives the account that a delegated account's code names.
func delegation(code []byte) (target state.Address, ok bool) {
	if len(code) != len(delegationPrefix)+len(target) || [3]byte(code) != delegationPrefix {
		return state.Address{}, false
	}
	return state.Address(code[len(delegationPrefix):]), true
}

// ReadStorage reads a slot of storage or of transient storage.
func (s *System) ReadStorage(space isa.Space, owner, slot *isa.Word) isa.Word {
	if space == isa.Transient {
		return s.World.PeekTransient(state.AddressOf(owner), slot)
	}
	return s.World.PeekStorage(state.AddressOf(owner), slot)
}

// ReadAccount reads a field of an account. The code hash of an empty account is
// zero (EIP-1052).
func (s *System) ReadAccount(field isa.AccountField, account *isa.Word) (w isa.Word) {
	a := state.AddressOf(account)
	switch field {
	case isa.FieldBalance:
		return s.World.PeekBalance(a)
	case isa.FieldCodeSize:
		w.SetUint64(uint64(len(s.World.PeekCode(a))))
	case isa.FieldCodeHash:
		if !s.World.PeekEmpty(a) {
			hash := s.World.PeekCodeHash(a)
			w.SetBytes32(hash[:])
		}
	}
	return w
}

// ForeignCode is the code that EXTCODECOPY sees: a delegation is not followed.
func (s *System) ForeignCode(account *isa.Word) []byte {
	return s.World.PeekCode(state.AddressOf(account))
}

// blockHashWindow is how many blocks BLOCKHASH can look back.
const blockHashWindow = 256

// Lookup reads the hash of one of the last 256 blocks, by number, or of one of
// the transaction's blobs, by position.
func (s *System) Lookup(table isa.LookupTable, index *isa.Word) (w isa.Word) {
	if !index.IsUint64() {
		return w
	}
	i := index.Uint64()
	switch table {
	case LookupBlockHash:
		if i < s.Env.Number && s.Env.Number-i <= blockHashWindow {
			hash := s.Env.BlockHash(i)
			w.SetBytes32(hash[:])
		}
	case LookupBlobHash:
		if hashes := s.Txs[s.cur].BlobHashes; i < uint64(len(hashes)) {
			w.SetBytes32(hashes[i][:])
		}
	}
	return w
}

// Apply makes the effect of a storage write or a log.
func (s *System) Apply(c *decoder.Context, in *decoder.Inst, args *decoder.Args) {
	s.rules[in.Code].apply(s, c, args)
}

// BeginTrial begins charging and applying instructions that have not committed.
func (s *System) BeginTrial() (mark int) { return s.World.Snapshot() }

// Rollback undoes what has happened since BeginTrial.
func (s *System) Rollback(mark int) { s.World.Revert(mark) }

// memoryRange is a range of the frame's memory that has been paid for.
func memoryRange(c *decoder.Context, offset, length *isa.Word) []byte {
	if length.IsZero() {
		return nil
	}
	return c.Memory[offset[0] : offset[0]+length[0]]
}
