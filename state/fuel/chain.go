package fuel

import "math"

// BlockHash writes the hash of a block (BHSH); it is zero for blocks that are not past.
func (s *Session) BlockHash(dst, height uint64) Panic {
	if height > math.MaxUint32 {
		return PanicInvalidBlockHeight
	}
	var hash ID
	if height < uint64(s.Block.Height) {
		hash = s.Block.Hashes[uint32(height)]
	}
	return s.Memory.Put(s.Owner(), dst, hash[:])
}

// CoinbaseTo writes the name of the contract that takes the fees (CB).
func (s *Session) CoinbaseTo(dst uint64) Panic {
	return s.Memory.Put(s.Owner(), dst, s.Block.Coinbase[:])
}

// Time gives the time of a block (TIME), in TAI64 seconds.
func (s *Session) Time(height uint64) (uint64, Panic) {
	switch {
	case height > math.MaxUint32:
		return 0, PanicInvalidBlockHeight
	case height > uint64(s.Block.Height):
		return 0, PanicTransactionValidity
	}
	if t, known := s.Block.Times[uint32(height)]; known {
		return t, NoPanic
	}
	return s.Block.Time, NoPanic
}

// What GM can ask for.
const (
	metaCallerExternal = 1 + iota
	metaCaller
	metaPredicate
	metaChain
	metaTxStart
	metaBaseAsset
	metaGasPrice
	metaOwner
)

// Metadata answers GM.
func (s *Session) Metadata(selector uint32) (uint64, Panic) {
	switch selector {
	case metaChain:
		return s.Params.ChainID, NoPanic
	case metaTxStart:
		return TxOffset, NoPanic
	case metaBaseAsset:
		return 32, NoPanic
	case metaGasPrice:
		return s.Block.GasPrice, NoPanic
	case metaOwner:
		return s.owner()
	case metaPredicate:
		return 0, PanicTransactionValidity // there is none
	case metaCallerExternal, metaCaller:
	default:
		return 0, PanicInvalidMetadataIdentifier
	}
	if !s.Internal() {
		return 0, PanicExpectedInternalContext
	}
	caller := s.Frames[len(s.Frames)-1].Saved[RegFP]
	if selector == metaCaller {
		if caller == 0 {
			return 0, PanicExpectedNestedCaller
		}
		return caller, NoPanic
	}
	if caller == 0 {
		return 1, NoPanic
	}
	return 0, NoPanic
}

// owner finds where the owner of the transaction is named: in the input that the
// owner policy names, or else in the first that has one, if all name the same.
func (s *Session) owner() (uint64, Panic) {
	if i, set := s.Tx.Policies.Get(PolicyOwner); set {
		if i >= uint64(len(s.Tx.Inputs)) {
			return 0, PanicInputNotFound
		}
		return s.ownerOf(int(i))
	}
	found := uint64(0)
	var owner ID
	for i := range s.Tx.Inputs {
		at, p := s.ownerOf(i)
		if p != NoPanic {
			continue
		}
		id, p := s.Memory.ReadID(at)
		if p != NoPanic {
			return 0, p
		}
		if found != 0 && id != owner {
			return 0, PanicPolicyIsNotSet
		}
		if found == 0 {
			found, owner = at, id
		}
	}
	if found == 0 {
		return 0, PanicInputNotFound
	}
	return found, NoPanic
}

func (s *Session) ownerOf(i int) (uint64, Panic) {
	at := TxOffset + s.layout.Inputs[i]
	switch s.Tx.Inputs[i].Type {
	case InputCoin:
		return at + coinOwner, NoPanic
	case InputMessage:
		return at + messageRecipient, NoPanic
	}
	return 0, PanicInputNotFound
}
