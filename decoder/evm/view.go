package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Speculative is the System of a core that runs single transactions of a block while
// others run elsewhere: every incarnation gets a fresh world over the view that it is
// opened on, and leaves its writes behind instead of changing anything.
type Speculative struct {
	*System
	crediting state.Crediting
	outside   uint64 // reads outside the bundle of earlier incarnations
}

var (
	_ decoder.System = (*Speculative)(nil)
	_ decoder.View   = (*Speculative)(nil)
)

// NewSpeculative prepares a core's System.
func NewSpeculative(env *state.BlockEnv, txs []*state.Tx, cache *decoder.Cache, crediting state.Crediting) *Speculative {
	return &Speculative{System: NewSystem(nil, env, txs, cache), crediting: crediting}
}

// Open begins an incarnation on a view; Begin follows. How much gas the transactions
// before it have left of the block's is not known yet: whoever commits checks that.
func (s *Speculative) Open(base state.Base) {
	s.outside = s.ReadsOutside()
	s.World = state.NewView(base, s.crediting)
	s.Results = s.Results[:0]
}

// Close ends an incarnation and gives what it leaves behind: nothing unless its
// transaction has finished, and then result is a state.TxResult.
func (s *Speculative) Close() (writes []state.Write, result any) {
	if len(s.Results) == 0 {
		return nil, nil
	}
	return s.World.Writes(), s.Results[0]
}

// ReadsOutside counts the reads outside the bundle of all incarnations so far.
func (s *Speculative) ReadsOutside() uint64 {
	if s.World == nil {
		return s.outside
	}
	return s.outside + s.World.ReadsOutside()
}

// StoragePending implements decoder.View.
func (s *Speculative) StoragePending(space isa.Space, owner, slot *isa.Word) bool {
	return space == isa.Persistent && s.World.StoragePending(state.AddressOf(owner), slot)
}

// AccountPending implements decoder.View.
func (s *Speculative) AccountPending(field isa.AccountField, account *isa.Word) bool {
	kind := state.KeyCode
	if field == isa.FieldBalance {
		kind = state.KeyBalance
	}
	return s.World.FieldPending(state.AddressOf(account), kind)
}

// StorageRead implements decoder.View.
func (s *Speculative) StorageRead(space isa.Space, owner, slot *isa.Word) {
	if space == isa.Persistent {
		s.World.Storage(state.AddressOf(owner), slot)
	}
}

// AccountRead implements decoder.View.
func (s *Speculative) AccountRead(field isa.AccountField, account *isa.Word) {
	a := state.AddressOf(account)
	switch field {
	case isa.FieldBalance:
		s.World.Balance(a)
	case isa.FieldCodeHash:
		s.World.Empty(a)
		s.World.CodeHash(a)
	default:
		s.World.Code(a)
	}
}

// enters notes that the code of an account has been entered: its own, and that of
// the account that it delegates to (EIP-7702).
func (s *System) enters(a state.Address) {
	if _, builtin := s.Env.Precompiles.Lookup(a); builtin {
		return
	}
	code := s.World.Code(a)
	if target, delegated := delegation(code); delegated && s.Fork >= Prague {
		s.World.Code(target)
	}
}
