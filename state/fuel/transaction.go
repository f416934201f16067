package fuel

import (
	"encoding/binary"
	"math/bits"
)

// Policy names an optional limit or price of a transaction, by its position.
type Policy uint8

// The policies.
const (
	PolicyTip Policy = iota
	PolicyWitnessLimit
	PolicyMaturity
	PolicyMaxFee
	PolicyExpiration
	PolicyOwner
	policies
)

// Policies are the values of the policies that are set; bit n of Set is policy n.
type Policies struct {
	Set    uint32
	Values [policies]uint64
}

// Put sets a policy.
func (p *Policies) Put(which Policy, value uint64) {
	p.Set |= 1 << which
	p.Values[which] = value
}

// Get gives a policy's value if it is set.
func (p *Policies) Get(which Policy) (uint64, bool) {
	return p.Values[which], p.Set>>which&1 != 0
}

// InputType is what an input spends or opens.
type InputType uint8

// The types of inputs.
const (
	InputCoin InputType = iota
	InputContract
	InputMessage
)

// Input is an input of a transaction. Which fields count depends on its type; an
// input with a predicate is not signed.
type Input struct {
	Type         InputType
	TxID         ID // coin: the output spent
	OutputIndex  uint16
	Owner        ID // coin
	Amount       uint64
	AssetID      ID // coin
	Contract     ID
	Sender       ID // message, to Nonce
	Recipient    ID
	Nonce        ID
	Data         []byte
	WitnessIndex uint16

	Predicate        []byte
	PredicateData    []byte
	PredicateGasUsed uint64
}

// OutputType is what an output makes.
type OutputType uint8

// The types of outputs.
const (
	OutputCoin OutputType = iota
	OutputContract
	OutputChange
	OutputVariable
)

// Output is an output of a transaction. Amounts of change and what is in a variable output
// are results of execution.
type Output struct {
	Type       OutputType
	To         ID
	Amount     uint64
	AssetID    ID
	InputIndex uint16 // contract

	// What the block producer puts into a contract output, see Session.Finish. It is not part of the encoding that programs see.
	BalanceRoot, StateRoot ID
}

// Transaction is a script transaction.
type Transaction struct {
	GasLimit   uint64
	Script     []byte
	ScriptData []byte
	Policies   Policies
	Inputs     []Input
	Outputs    []Output
	Witnesses  [][]byte
}

// Layout says where the parts of an encoded transaction begin, in bytes.
type Layout struct {
	Script, ScriptData         uint64
	Inputs, Outputs, Witnesses []uint64
}

// scriptOffset is where the script's code lies in an encoded transaction.
const scriptOffset = 96

// Encode gives the canonical bytes as they lie in memory, with what execution or the
// block producer fills in later zero, and where the parts are.
func (t *Transaction) Encode() ([]byte, Layout) { return t.encode(true) }

// TransactionID is the name of the transaction on a chain: witnesses and gas used by predicates are not part of it.
func (t *Transaction) TransactionID(chain uint64) ID {
	b, _ := t.encode(false)
	return hashOf(binary.BigEndian.AppendUint64(nil, chain), b)
}

func (t *Transaction) encode(whole bool) ([]byte, Layout) {
	var w writer
	var l Layout
	witnesses := t.Witnesses
	if !whole {
		witnesses = nil
	}
	w.words(0, t.GasLimit)
	w.id(ID{}) // the receipts root
	w.words(uint64(len(t.Script)), uint64(len(t.ScriptData)), uint64(t.Policies.Set),
		uint64(len(t.Inputs)), uint64(len(t.Outputs)), uint64(len(witnesses)))
	l.Script = uint64(len(w.b))
	w.bytes(t.Script)
	l.ScriptData = uint64(len(w.b))
	w.bytes(t.ScriptData)
	for set := t.Policies.Set; set != 0; set &= set - 1 {
		w.word(t.Policies.Values[bits.TrailingZeros32(set)])
	}
	for i := range t.Inputs {
		l.Inputs = append(l.Inputs, uint64(len(w.b)))
		t.Inputs[i].encode(&w, whole)
	}
	for i := range t.Outputs {
		l.Outputs = append(l.Outputs, uint64(len(w.b)))
		t.Outputs[i].encode(&w)
	}
	for _, b := range witnesses {
		l.Witnesses = append(l.Witnesses, uint64(len(w.b)))
		w.word(uint64(len(b)))
		w.bytes(b)
	}
	return w.b, l
}

// Offsets of fields within an encoded input or output.
const (
	coinTxID      = 8
	coinOwner     = 48
	coinAssetID   = 88
	coinTxPointer = 120
	coinPredicate = 168

	contractTxID = 8
	contractID   = 128

	messageSender    = 8
	messageRecipient = 40
	messageNonce     = 80
	messageData      = 152

	outputTo      = 8
	outputAmount  = 40
	outputAssetID = 48
)

func (in *Input) encode(w *writer, whole bool) {
	predicateGas := in.PredicateGasUsed
	if !whole {
		predicateGas = 0
	}
	w.word(uint64(in.Type))
	switch in.Type {
	case InputCoin:
		w.id(in.TxID)
		w.word(uint64(in.OutputIndex))
		w.id(in.Owner)
		w.word(in.Amount)
		w.id(in.AssetID)
		w.words(0, 0) // the transaction pointer: block, index
		w.words(uint64(in.WitnessIndex), predicateGas, uint64(len(in.Predicate)), uint64(len(in.PredicateData)))
		w.bytes(in.Predicate)
		w.bytes(in.PredicateData)
	case InputContract:
		w.id(ID{})
		w.word(0)
		w.id(ID{}) // balance root
		w.id(ID{}) // state root
		w.words(0, 0)
		w.id(in.Contract)
	case InputMessage:
		w.id(in.Sender)
		w.id(in.Recipient)
		w.word(in.Amount)
		w.id(in.Nonce)
		w.words(uint64(in.WitnessIndex), predicateGas,
			uint64(len(in.Data)), uint64(len(in.Predicate)), uint64(len(in.PredicateData)))
		w.bytes(in.Data)
		w.bytes(in.Predicate)
		w.bytes(in.PredicateData)
	}
}

func (out *Output) encode(w *writer) {
	w.word(uint64(out.Type))
	switch out.Type {
	case OutputCoin:
		w.id(out.To)
		w.word(out.Amount)
		w.id(out.AssetID)
	case OutputContract:
		w.word(uint64(out.InputIndex))
		w.id(ID{})
		w.id(ID{})
	case OutputChange:
		w.id(out.To)
		w.word(0)
		w.id(out.AssetID)
	case OutputVariable:
		w.id(ID{})
		w.word(0)
		w.id(ID{})
	}
}

// Size is the length of the encoding in bytes.
func (t *Transaction) Size() uint64 {
	b, _ := t.Encode()
	return uint64(len(b))
}
