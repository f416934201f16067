package fuel

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/state/fuel"
)

// number is a number of up to 64 bits, as a JSON number or as decimal text.
type number uint64

// UnmarshalJSON reads it.
func (n *number) UnmarshalJSON(b []byte) error {
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number from 0 to 2^64-1", text)
	}
	*n = number(v)
	return nil
}

// reader converts text members and keeps the first error, with the member's name.
type reader struct{ err error }

func (r *reader) fail(err error, path string, args ...any) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("%w: %s: %w", errFormat, fmt.Sprintf(path, args...), plain.Error(err))
	}
}

// bytes reads hexadecimal digits, with or without 0x.
func (r *reader) bytes(text, path string, args ...any) []byte {
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	r.fail(err, path, args...)
	return b
}

// id reads 32 bytes; left out they are zero.
func (r *reader) id(text, path string, args ...any) (id fuel.ID) {
	if text == "" {
		return id
	}
	id, err := fuel.ParseID(strings.TrimPrefix(text, "0x"))
	r.fail(err, path, args...)
	return id
}

// index reads a number of 16 bits.
func (r *reader) index(n number, path string, args ...any) uint16 {
	if n > 1<<16-1 {
		r.fail(fmt.Errorf("%d is above %d", n, 1<<16-1), path, args...)
	}
	return uint16(n)
}

// height reads a number of 32 bits.
func (r *reader) height(n number, path string, args ...any) uint32 {
	if n > 1<<32-1 {
		r.fail(fmt.Errorf("%d is above %d", n, uint32(1<<32-1)), path, args...)
	}
	return uint32(n)
}

// contractJSON is a contract in any of the files; code_hex and code are the same.
type contractJSON struct {
	ID       string            `json:"id"`
	Code     string            `json:"code"`
	CodeHex  string            `json:"code_hex"`
	Storage  map[string]string `json:"storage"`
	Balances map[string]number `json:"balances"`
}

func (r *reader) contract(c *contractJSON, path string) Contract {
	if c.ID == "" {
		r.fail(errMissing, "%s.id", path)
	}
	out := Contract{ID: r.id(c.ID, "%s.id", path), Code: r.bytes(c.Code+c.CodeHex, "%s.code", path)}
	if c.Code != "" && c.CodeHex != "" {
		r.fail(errTwice, "%s.code_hex", path)
	}
	for _, key := range names(c.Storage) {
		out.Storage = append(out.Storage, StoredSlot{
			Key: r.id(key, "%s.storage.%s", path, key), Value: r.bytes(c.Storage[key], "%s.storage.%s", path, key),
		})
	}
	for _, asset := range names(c.Balances) {
		out.Balances = append(out.Balances, StoredBalance{
			Asset: r.id(asset, "%s.balances.%s", path, asset), Amount: uint64(c.Balances[asset]),
		})
	}
	return out
}

// inputJSON is an input; which members it may have depends on its type.
type inputJSON struct {
	Type         string `json:"type"`
	TxID         string `json:"tx_id"`
	OutputIndex  number `json:"output_index"`
	Owner        string `json:"owner"`
	Amount       number `json:"amount"`
	AssetID      string `json:"asset_id"`
	ContractID   string `json:"contract_id"`
	Sender       string `json:"sender"`
	Recipient    string `json:"recipient"`
	Nonce        string `json:"nonce"`
	Data         string `json:"data"`
	WitnessIndex number `json:"witness_index"`
}

func (r *reader) input(in *inputJSON, path string) fuel.Input {
	out := fuel.Input{
		TxID: r.id(in.TxID, "%s.tx_id", path), OutputIndex: r.index(in.OutputIndex, "%s.output_index", path),
		Owner: r.id(in.Owner, "%s.owner", path), Amount: uint64(in.Amount), AssetID: r.id(in.AssetID, "%s.asset_id", path),
		Contract: r.id(in.ContractID, "%s.contract_id", path), Sender: r.id(in.Sender, "%s.sender", path),
		Recipient: r.id(in.Recipient, "%s.recipient", path), Nonce: r.id(in.Nonce, "%s.nonce", path),
		Data: r.bytes(in.Data, "%s.data", path), WitnessIndex: r.index(in.WitnessIndex, "%s.witness_index", path),
	}
	switch in.Type {
	case "coin":
		out.Type = fuel.InputCoin
	case "contract":
		out.Type = fuel.InputContract
		if in.ContractID == "" {
			r.fail(errMissing, "%s.contract_id", path)
		}
	case "message":
		out.Type = fuel.InputMessage
	default:
		r.fail(fmt.Errorf("%q is not coin, contract or message", in.Type), "%s.type", path)
	}
	return out
}

// outputJSON is an output.
type outputJSON struct {
	Type       string `json:"type"`
	To         string `json:"to"`
	Amount     number `json:"amount"`
	AssetID    string `json:"asset_id"`
	InputIndex number `json:"input_index"`
}

func (r *reader) output(o *outputJSON, path string) fuel.Output {
	out := fuel.Output{
		To: r.id(o.To, "%s.to", path), Amount: uint64(o.Amount), AssetID: r.id(o.AssetID, "%s.asset_id", path),
		InputIndex: r.index(o.InputIndex, "%s.input_index", path),
	}
	switch o.Type {
	case "coin":
		out.Type = fuel.OutputCoin
		return out
	case "contract":
		out.Type = fuel.OutputContract
	case "change":
		out.Type = fuel.OutputChange
	case "variable":
		out.Type = fuel.OutputVariable
	default:
		r.fail(fmt.Errorf("%q is not coin, contract, change or variable", o.Type), "%s.type", path)
	}
	if o.Amount != 0 {
		r.fail(fmt.Errorf("execution says what a %s output holds", o.Type), "%s.amount", path)
	}
	return out
}

// transactionJSON is a transaction in any of the files.
type transactionJSON struct {
	GasLimit   *number           `json:"gas_limit"`
	Script     string            `json:"script"`
	ScriptHex  string            `json:"script_hex"`
	ScriptData string            `json:"script_data"`
	Policies   map[string]number `json:"policies"`
	Inputs     []inputJSON       `json:"inputs"`
	Outputs    []outputJSON      `json:"outputs"`
	Witnesses  []string          `json:"witnesses"`
}

// policyNames are the names of the policies, by their numbers.
var policyNames = [...]string{
	fuel.PolicyTip: "tip", fuel.PolicyWitnessLimit: "witness_limit", fuel.PolicyMaturity: "maturity",
	fuel.PolicyMaxFee: "max_fee", fuel.PolicyExpiration: "expiration", fuel.PolicyOwner: "owner",
}

// signatureSize is the size of the one witness, of zeros, that a transaction has when the file gives none.
const signatureSize = 64

func (r *reader) transaction(t *transactionJSON, path string) fuel.Transaction {
	out := fuel.Transaction{
		Script: r.bytes(t.Script+t.ScriptHex, "%s.script", path), ScriptData: r.bytes(t.ScriptData, "%s.script_data", path),
	}
	if t.Script != "" && t.ScriptHex != "" {
		r.fail(errTwice, "%s.script_hex", path)
	}
	if t.GasLimit == nil {
		r.fail(errMissing, "%s.gas_limit", path)
	} else {
		out.GasLimit = uint64(*t.GasLimit)
	}
	out.Policies.Put(fuel.PolicyMaxFee, 0)
	for which, name := range policyNames {
		if v, set := t.Policies[name]; set {
			out.Policies.Put(fuel.Policy(which), uint64(v))
			delete(t.Policies, name)
		}
	}
	for _, name := range names(t.Policies) {
		r.fail(fmt.Errorf("there is no such policy"), "%s.policies.%s", path, name)
	}
	for i := range t.Inputs {
		out.Inputs = append(out.Inputs, r.input(&t.Inputs[i], fmt.Sprintf("%s.inputs[%d]", path, i)))
	}
	for i := range t.Outputs {
		out.Outputs = append(out.Outputs, r.output(&t.Outputs[i], fmt.Sprintf("%s.outputs[%d]", path, i)))
	}
	if t.Witnesses == nil {
		out.Witnesses = [][]byte{make([]byte, signatureSize)}
	}
	for i, w := range t.Witnesses {
		out.Witnesses = append(out.Witnesses, r.bytes(w, "%s.witnesses[%d]", path, i))
	}
	return out
}
