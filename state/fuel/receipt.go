package fuel

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// ReceiptKind is the type of a receipt; the numbers are the protocol's.
type ReceiptKind uint8

// The kinds of receipts.
const (
	ReceiptCall ReceiptKind = iota
	ReceiptReturn
	ReceiptReturnData
	ReceiptPanic
	ReceiptRevert
	ReceiptLog
	ReceiptLogData
	ReceiptTransfer
	ReceiptTransferOut
	ReceiptScriptResult
	ReceiptMessageOut
	ReceiptMint
	ReceiptBurn
)

// MaxReceipts is how many receipts a transaction can have. The last two are kept for how it ends.
const MaxReceipts = 1<<16 - 1

// Results in a ScriptResult receipt.
const (
	ResultSuccess uint64 = iota
	ResultRevert
	ResultPanic
)

// Receipt is one receipt. Which fields count depends on its kind.
type Receipt struct {
	Kind       ReceiptKind
	ID         ID // the contract that ran, zero for the script
	To         ID
	Asset      ID
	Sub        ID // of an asset that a contract mints
	Sender     ID
	Nonce      ID
	Digest     ID // of Data
	Amount     uint64
	Gas        uint64
	A, B, C, D uint64 // operands, parameters, a value, a result
	Ptr, Len   uint64
	PC, IS     uint64
	Data       []byte
	Reason     Panic
	Word       uint32 // the instruction that panicked
	Missing    *ID    // the contract that a panic was about
}

// field is a field of a receipt. In the encoding the hidden ones are left out.
type field struct {
	name   string
	get    func(*Receipt) any
	hidden bool
}

var (
	fieldID    = field{"id", func(r *Receipt) any { return r.ID }, false}
	fieldTo    = field{"to", func(r *Receipt) any { return r.To }, false}
	fieldAsset = field{"asset_id", func(r *Receipt) any { return r.Asset }, false}
	fieldAmt   = field{"amount", func(r *Receipt) any { return r.Amount }, false}
	fieldRA    = field{"ra", func(r *Receipt) any { return r.A }, false}
	fieldRB    = field{"rb", func(r *Receipt) any { return r.B }, false}
	fieldVal   = field{"val", func(r *Receipt) any { return r.A }, false}
	fieldPtr   = field{"ptr", func(r *Receipt) any { return r.Ptr }, false}
	fieldLen   = field{"len", func(r *Receipt) any { return r.Len }, false}
	fieldHash  = field{"digest", func(r *Receipt) any { return r.Digest }, false}
	fieldPC    = field{"pc", func(r *Receipt) any { return r.PC }, false}
	fieldIS    = field{"is", func(r *Receipt) any { return r.IS }, false}
	fieldData  = field{"data", func(r *Receipt) any { return r.Data }, true}
)

// minted are the fields of both Mint and Burn.
var minted = []field{
	{"sub_id", func(r *Receipt) any { return r.Sub }, false},
	{"contract_id", func(r *Receipt) any { return r.ID }, false},
	fieldVal, fieldPC, fieldIS,
}

// kinds has the name and the fields of every kind, in the order of the encoding.
var kinds = [...]struct {
	name   string
	fields []field
}{
	ReceiptCall: {"Call", []field{
		fieldID, fieldTo, fieldAmt, fieldAsset,
		{"gas", func(r *Receipt) any { return r.Gas }, false},
		{"param1", func(r *Receipt) any { return r.A }, false},
		{"param2", func(r *Receipt) any { return r.B }, false},
		fieldPC, fieldIS,
	}},
	ReceiptReturn:     {"Return", []field{fieldID, fieldVal, fieldPC, fieldIS}},
	ReceiptReturnData: {"ReturnData", []field{fieldID, fieldPtr, fieldLen, fieldHash, fieldPC, fieldIS, fieldData}},
	ReceiptPanic: {"Panic", []field{
		fieldID,
		{"reason", func(r *Receipt) any { return r.Reason }, true},
		{"instruction", func(r *Receipt) any { return r.Word }, false},
		fieldPC, fieldIS,
		{"contract_id", func(r *Receipt) any { return r.Missing }, true},
	}},
	ReceiptRevert: {"Revert", []field{fieldID, fieldRA, fieldPC, fieldIS}},
	ReceiptLog: {"Log", []field{
		fieldID, fieldRA, fieldRB,
		{"rc", func(r *Receipt) any { return r.C }, false},
		{"rd", func(r *Receipt) any { return r.D }, false},
		fieldPC, fieldIS,
	}},
	ReceiptLogData: {"LogData", []field{
		fieldID, fieldRA, fieldRB, fieldPtr, fieldLen, fieldHash, fieldPC, fieldIS, fieldData,
	}},
	ReceiptTransfer:    {"Transfer", []field{fieldID, fieldTo, fieldAmt, fieldAsset, fieldPC, fieldIS}},
	ReceiptTransferOut: {"TransferOut", []field{fieldID, fieldTo, fieldAmt, fieldAsset, fieldPC, fieldIS}},
	ReceiptScriptResult: {"ScriptResult", []field{
		{"result", func(r *Receipt) any { return result(r.A) }, false},
		{"gas_used", func(r *Receipt) any { return r.Gas }, false},
	}},
	ReceiptMessageOut: {"MessageOut", []field{
		{"sender", func(r *Receipt) any { return r.Sender }, false},
		{"recipient", func(r *Receipt) any { return r.To }, false},
		fieldAmt,
		{"nonce", func(r *Receipt) any { return r.Nonce }, false},
		fieldLen, fieldHash, fieldData,
	}},
	ReceiptMint: {"Mint", minted},
	ReceiptBurn: {"Burn", minted},
}

// result is the value of a ScriptResult receipt.
type result uint64

func (r result) String() string {
	switch uint64(r) {
	case ResultSuccess:
		return "Success"
	case ResultRevert:
		return "Revert"
	}
	return "Panic"
}

// String gives the kind's name.
func (k ReceiptKind) String() string { return kinds[k].name }

// NamedValue is a field of a receipt as text: numbers in decimal, names and data in
// hexadecimal. None marks the field that a receipt may lack.
type NamedValue struct {
	Name, Value string
	None        bool
}

// Fields gives the fields of the receipt in their order, without its kind.
func (r *Receipt) Fields() []NamedValue {
	list := kinds[r.Kind].fields
	out := make([]NamedValue, len(list))
	for i, f := range list {
		out[i].Name = f.name
		switch v := f.get(r).(type) {
		case ID:
			out[i].Value = v.String()
		case *ID:
			if out[i].None = v == nil; v != nil {
				out[i].Value = v.String()
			}
		case uint64:
			out[i].Value = strconv.FormatUint(v, 10)
		case uint32:
			out[i].Value = fmt.Sprintf("0x%08x", v)
		case []byte:
			out[i].Value = hex.EncodeToString(v)
		case fmt.Stringer:
			out[i].Value = v.String()
		}
	}
	return out
}

// Encode gives the canonical bytes, which the receipts root is made of.
func (r *Receipt) Encode() []byte {
	var w writer
	w.word(uint64(r.Kind))
	for _, f := range kinds[r.Kind].fields {
		if f.hidden {
			continue
		}
		switch v := f.get(r).(type) {
		case ID:
			w.id(v)
		case uint64:
			w.word(v)
		case result:
			w.word(uint64(v))
		case uint32:
			w.word(uint64(v))
		}
	}
	return w.b
}

// ReceiptsRoot gives the Merkle root over a transaction's receipts.
func ReceiptsRoot(receipts []Receipt) ID {
	leaves := make([][]byte, len(receipts))
	for i := range receipts {
		leaves[i] = receipts[i].Encode()
	}
	return MerkleRoot(leaves)
}
