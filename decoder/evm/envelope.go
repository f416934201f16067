package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Words of an envelope: operand Context0+k of its program is word k.
const (
	txSender decoder.Operand = decoder.Context0 + iota
	txTarget
	txCoinbase
	txValue
	txInputLength
	txWords = iota
)

// Opcodes of the envelope's pseudo-program, which are also its instructions'
// positions.
const (
	txBegin = iota
	txEnter
	txEnd
	txHalt
)

// The envelopes' programs. They are shared by all transactions: what differs
// stands in the envelope's words.
var (
	callEnvelope         = newEnvelope(callRow(0), isa.TouchRead)
	payingEnvelope       = newEnvelope(callRow(0), isa.TouchWrite)
	authorizeEnvelope    = newEnvelope(callRow(decoder.Serial), isa.TouchRead)
	authorizePayEnvelope = newEnvelope(callRow(decoder.Serial), isa.TouchWrite)
	creationEnvelope     = newEnvelope(creationRow, isa.TouchWrite)
)

// envelopeOf describes the envelope of a valid transaction whose outermost frame
// has the gas.
func (s *System) envelopeOf(tx *state.Tx, gas uint64) decoder.Envelope {
	env := decoder.Envelope{
		Value:  tx.Value,
		Caller: tx.From.Word(),
		Gas:    gas,
	}
	pays := !tx.Value.IsZero()
	switch {
	case tx.To == nil:
		env.Program, env.Create, env.Serial = creationEnvelope, true, true
		env.Target, env.Init = tx.CreatedAddress().Word(), tx.Data
	case tx.Auths != nil:
		env.Program, env.Serial = authorizeEnvelope, true
		if pays {
			env.Program = authorizePayEnvelope
		}
	case pays:
		env.Program = payingEnvelope
	default:
		env.Program = callEnvelope
	}
	if tx.To != nil {
		env.Target, env.Input = tx.To.Word(), tx.Data
	}
	env.Self = env.Target
	env.Declared = declared(tx)
	env.Words = make([]isa.Word, txWords)
	env.Words[txSender-decoder.Context0] = env.Caller
	env.Words[txTarget-decoder.Context0] = env.Target
	env.Words[txCoinbase-decoder.Context0] = s.Env.Coinbase.Word()
	env.Words[txValue-decoder.Context0] = env.Value
	env.Words[txInputLength-decoder.Context0] = isa.Word{uint64(len(env.Input))}
	return env
}

// declared lists the transaction's access list (EIP-2930).
func declared(tx *state.Tx) (keys []state.Key) {
	for i := range tx.AccessList {
		tuple := &tx.AccessList[i]
		owner := state.Address(tuple.Address).Word()
		keys = append(keys, state.Key{Kind: state.KeyCode, Owner: owner})
		for k := range tuple.StorageKeys {
			key := state.Key{Kind: state.KeySlot, Owner: owner}
			key.Slot.SetBytes32(tuple.StorageKeys[k][:])
			keys = append(keys, key)
		}
	}
	return keys
}

// newEnvelope makes a pseudo-program: read the accounts, enter, settle, halt.
// target says whether the transaction itself writes its target.
func newEnvelope(enter decoder.Row, target isa.TouchAccess) *decoder.Program {
	rows := &decoder.RowTable{
		txBegin: {
			Name: "tx.begin", Kind: decoder.KindExec, MaxStack: stackLimit, Flags: decoder.Uncounted,
			Uops: []decoder.Uop{uopImm(isa.Touch, isa.TouchWrite, txSender), uopImm(isa.Touch, target, txTarget)},
		},
		txEnter: enter,
		txEnd: {
			Name: "tx.end", Kind: decoder.KindExec, MaxStack: stackLimit, Flags: decoder.Uncounted,
			Uops: []decoder.Uop{uopImm(isa.Touch, isa.TouchWrite, txSender), uopImm(isa.Touch, isa.TouchWrite, txCoinbase)},
		},
		txHalt: {
			Name: "tx.halt", Kind: decoder.KindHalt, MaxStack: stackLimit, Flags: decoder.Uncounted,
			Uops: []decoder.Uop{uop(isa.Nop)},
		},
	}
	p := &decoder.Program{Rows: rows, ID: decoder.NextID()}
	for code := uint8(txBegin); code <= txHalt; code++ {
		p.Insts = append(p.Insts, decoder.Inst{PC: uint32(code), Aux: -1, Code: code, Kind: rows[code].Kind, Size: 1})
	}
	return p
}

// callRow is the entry of a transaction that calls; it leaves the success word
// on the envelope's stack, where nobody looks.
func callRow(serial decoder.Flags) decoder.Row {
	return decoder.Row{
		Name: "tx.enter", Kind: decoder.KindCall, Pushes: 1, MaxStack: stackLimit,
		Flags: decoder.Uncounted | decoder.Transfer | serial,
		Uops:  []decoder.Uop{uop(isa.Target, txTarget), uop(isa.Enter, decoder.Zero, txValue)},
		Call: &decoder.CallShape{
			Kind: decoder.EnterCall, Account: txTarget, Self: txTarget, Caller: txSender, Value: txValue,
			InputOffset: decoder.Zero, InputLength: txInputLength,
			OutputOffset: decoder.Zero, OutputLength: decoder.Zero,
		},
	}
}

var creationRow = decoder.Row{
	Name: "tx.create", Kind: decoder.KindCreate, Pushes: 1, MaxStack: stackLimit,
	Flags: decoder.Uncounted | decoder.Transfer | decoder.Serial,
	Uops:  []decoder.Uop{uop(isa.Create, txValue)},
}
