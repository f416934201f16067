package fuel

import "math"

// transactionType is what GTF says a script transaction is.
const transactionType = 0

// TransactionField answers GTF: a number, or where in memory a part of the
// transaction lies (fuel-specs, GTF; 0x206, 0x220, 0x221 and 0x506 are fuel-vm's own). What
// only other kinds of transactions have is no identifier here.
func (s *Session) TransactionField(selector uint32, index uint64) (uint64, Panic) {
	if index > math.MaxUint32 {
		return 0, PanicInvalidMetadataIdentifier
	}
	switch selector >> 8 {
	case 0:
		return s.scriptField(selector, index)
	case 2:
		return s.inputField(selector, index)
	case 3:
		return s.outputField(selector, index)
	case 4:
		if index >= uint64(len(s.Tx.Witnesses)) && (selector == 0x400 || selector == 0x401) {
			return 0, PanicWitnessNotFound
		}
		switch selector {
		case 0x400:
			return uint64(len(s.Tx.Witnesses[index])), NoPanic
		case 0x401:
			return TxOffset + s.layout.Witnesses[index] + 8, NoPanic
		}
	case 5:
		return s.policyField(selector)
	}
	return 0, PanicInvalidMetadataIdentifier
}

func (s *Session) scriptField(selector uint32, index uint64) (uint64, Panic) {
	t := s.Tx
	switch selector {
	case 0x001:
		return transactionType, NoPanic
	case 0x002:
		return t.GasLimit, NoPanic
	case 0x003:
		return uint64(len(t.Script)), NoPanic
	case 0x004:
		return uint64(len(t.ScriptData)), NoPanic
	case 0x005:
		return uint64(len(t.Inputs)), NoPanic
	case 0x006:
		return uint64(len(t.Outputs)), NoPanic
	case 0x007:
		return uint64(len(t.Witnesses)), NoPanic
	case 0x009:
		return TxOffset + s.layout.Script, NoPanic
	case 0x00a:
		return TxOffset + s.layout.ScriptData, NoPanic
	case 0x00b:
		return offsetAt(s.layout.Inputs, index, PanicInputNotFound)
	case 0x00c:
		return offsetAt(s.layout.Outputs, index, PanicOutputNotFound)
	case 0x00d:
		return offsetAt(s.layout.Witnesses, index, PanicWitnessNotFound)
	case 0x00e:
		return t.Size(), NoPanic
	}
	return 0, PanicInvalidMetadataIdentifier
}

func offsetAt(offsets []uint64, index uint64, missing Panic) (uint64, Panic) {
	if index >= uint64(len(offsets)) {
		return 0, missing
	}
	return TxOffset + offsets[index], NoPanic
}

// inputFields are the selectors of input fields: the type of input that has it, and
// what it is, of the input that begins at address at.
var inputFields = map[uint32]struct {
	kind InputType
	get  func(in *Input, at uint64) uint64
}{
	0x201: {InputCoin, func(_ *Input, at uint64) uint64 { return at + coinTxID }},
	0x202: {InputCoin, func(in *Input, _ uint64) uint64 { return uint64(in.OutputIndex) }},
	0x203: {InputCoin, func(_ *Input, at uint64) uint64 { return at + coinOwner }},
	0x204: {InputCoin, func(in *Input, _ uint64) uint64 { return in.Amount }},
	0x205: {InputCoin, func(_ *Input, at uint64) uint64 { return at + coinAssetID }},
	0x206: {InputCoin, func(_ *Input, at uint64) uint64 { return at + coinTxPointer }},
	0x207: {InputCoin, func(in *Input, _ uint64) uint64 { return uint64(in.WitnessIndex) }},
	0x209: {InputCoin, func(in *Input, _ uint64) uint64 { return uint64(len(in.Predicate)) }},
	0x20a: {InputCoin, func(in *Input, _ uint64) uint64 { return uint64(len(in.PredicateData)) }},
	0x20b: {InputCoin, func(_ *Input, at uint64) uint64 { return at + coinPredicate }},
	0x20c: {InputCoin, func(in *Input, at uint64) uint64 { return at + coinPredicate + padded(in.Predicate) }},
	0x20d: {InputCoin, func(in *Input, _ uint64) uint64 { return in.PredicateGasUsed }},
	0x220: {InputContract, func(_ *Input, at uint64) uint64 { return at + contractTxID }},
	0x225: {InputContract, func(_ *Input, at uint64) uint64 { return at + contractID }},
	0x240: {InputMessage, func(_ *Input, at uint64) uint64 { return at + messageSender }},
	0x241: {InputMessage, func(_ *Input, at uint64) uint64 { return at + messageRecipient }},
	0x242: {InputMessage, func(in *Input, _ uint64) uint64 { return in.Amount }},
	0x243: {InputMessage, func(_ *Input, at uint64) uint64 { return at + messageNonce }},
	0x244: {InputMessage, func(in *Input, _ uint64) uint64 { return uint64(in.WitnessIndex) }},
	0x245: {InputMessage, func(in *Input, _ uint64) uint64 { return uint64(len(in.Data)) }},
	0x246: {InputMessage, func(in *Input, _ uint64) uint64 { return uint64(len(in.Predicate)) }},
	0x247: {InputMessage, func(in *Input, _ uint64) uint64 { return uint64(len(in.PredicateData)) }},
	0x248: {InputMessage, func(_ *Input, at uint64) uint64 { return at + messageData }},
	0x249: {InputMessage, func(in *Input, at uint64) uint64 { return at + messageData + padded(in.Data) }},
	0x24a: {InputMessage, func(in *Input, at uint64) uint64 {
		return at + messageData + padded(in.Data) + padded(in.Predicate)
	}},
	0x24b: {InputMessage, func(in *Input, _ uint64) uint64 { return in.PredicateGasUsed }},
}

func padded(b []byte) uint64 { return uint64(len(b)+7) &^ 7 }

func (s *Session) inputField(selector uint32, index uint64) (uint64, Panic) {
	f, known := inputFields[selector]
	if !known && selector != 0x200 && selector != 0x221 {
		return 0, PanicInvalidMetadataIdentifier
	}
	if selector == 0x221 { // the output of the contract with this index
		for i := range s.Outputs {
			if out := &s.Outputs[i]; out.Type == OutputContract && uint64(out.InputIndex) == index {
				return uint64(i), NoPanic
			}
		}
		return 0, PanicInputNotFound
	}
	if index >= uint64(len(s.Tx.Inputs)) {
		return 0, PanicInputNotFound
	}
	in := &s.Tx.Inputs[index]
	if selector == 0x200 {
		return uint64(in.Type), NoPanic
	}
	if in.Type != f.kind {
		return 0, PanicInputNotFound
	}
	return f.get(in, TxOffset+s.layout.Inputs[index]), NoPanic
}

func (s *Session) outputField(selector uint32, index uint64) (uint64, Panic) {
	switch selector {
	case 0x300, 0x301, 0x302, 0x303, 0x304, 0x307, 0x308:
	default:
		return 0, PanicInvalidMetadataIdentifier
	}
	if index >= uint64(len(s.Outputs)) {
		return 0, PanicOutputNotFound
	}
	out, at := &s.Outputs[index], TxOffset+s.layout.Outputs[index]
	coin := out.Type != OutputContract // change and variable outputs count as coins
	switch {
	case selector == 0x300:
		return uint64(out.Type), NoPanic
	case selector == 0x301 && coin:
		return at + outputTo, NoPanic
	case selector == 0x302 && coin:
		return out.Amount, NoPanic
	case selector == 0x303 && coin:
		return at + outputAssetID, NoPanic
	case selector == 0x304 && !coin:
		return uint64(out.InputIndex), NoPanic
	}
	return 0, PanicOutputNotFound
}

func (s *Session) policyField(selector uint32) (uint64, Panic) {
	p := &s.Tx.Policies
	if selector == 0x500 {
		return uint64(p.Set), NoPanic
	}
	which := Policy(selector - 0x501)
	if which >= policies {
		return 0, PanicInvalidMetadataIdentifier
	}
	value, set := p.Get(which)
	if !set {
		return 0, PanicPolicyIsNotSet
	}
	return value, NoPanic
}
