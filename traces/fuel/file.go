package fuel

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ooovm/ooovm/state/fuel"
)

var (
	errMissing = errors.New("it must be given")
	errTwice   = errors.New("given beside its other name")
)

// parameterSets are the parameters that a file can name.
var parameterSets = map[string]func() *fuel.Parameters{"standard": fuel.Standard, "mainnet": fuel.Mainnet}

// schedules are the gas schedules that a file can name.
var schedules = map[string]*fuel.Schedule{
	"standard-v7": &fuel.StandardV7, "standard-v6": &fuel.StandardV6,
	"mainnet-v7": &fuel.MainnetV7, "mainnet-v6": &fuel.MainnetV6,
}

// defaultTime is the TAI64 time of the blocks that the vectors were run in.
const defaultTime = 1<<62 + 10

// programFile is the file of schema ooovm.fuel/1.
type programFile struct {
	Schema       string            `json:"schema"`
	Name         string            `json:"name"`
	Params       string            `json:"params"`
	Gas          string            `json:"gas"`
	ChainID      *number           `json:"chain_id"`
	BaseAsset    string            `json:"base_asset"`
	Block        blockJSON         `json:"block"`
	Contracts    []contractJSON    `json:"contracts"`
	Blobs        map[string]string `json:"blobs"`
	Transactions []transactionJSON `json:"transactions"`
	Expect       *expectJSON       `json:"expect"`
}

type blockJSON struct {
	Height   number            `json:"height"`
	Time     *number           `json:"time"`
	Coinbase string            `json:"coinbase"`
	GasPrice number            `json:"gas_price"`
	Hashes   map[number]string `json:"hashes"`
	Times    map[number]number `json:"times"`
}

// UnmarshalText reads a number that is the name of a member.
func (n *number) UnmarshalText(b []byte) error { return n.UnmarshalJSON(b) }

// expectJSON is what a program file expects: what the executor's result has in the vector files.
type expectJSON struct {
	Transactions []outcomeJSON      `json:"transactions"`
	Changes      map[string]*string `json:"changes"`
}

func (f *programFile) program(name string) (*Program, error) {
	if f.Name != "" {
		name = f.Name
	}
	p := &Program{Name: name}
	var r reader
	p.Params = r.parameters(f.Params, f.Gas)
	if f.ChainID != nil {
		p.Params.ChainID = uint64(*f.ChainID)
	}
	if f.BaseAsset != "" {
		p.Params.BaseAsset = r.id(f.BaseAsset, "base_asset")
	}
	p.Block = r.block(&f.Block)
	for i := range f.Contracts {
		p.Contracts = append(p.Contracts, r.contract(&f.Contracts[i], fmt.Sprintf("contracts[%d]", i)))
	}
	for _, id := range names(f.Blobs) {
		p.Blobs = append(p.Blobs, Blob{r.id(id, "blobs.%s", id), r.bytes(f.Blobs[id], "blobs.%s", id)})
	}
	if len(f.Transactions) == 0 {
		r.fail(errMissing, "transactions")
	}
	for i := range f.Transactions {
		p.Transactions = append(p.Transactions, r.transaction(&f.Transactions[i], fmt.Sprintf("transactions[%d]", i)))
	}
	if f.Expect != nil {
		r.wantAll(p, f.Expect.Transactions, f.Expect.Changes, "expect.transactions")
	}
	return r.finish(p)
}

// finish checks what concerns several members, and gives the program or the first error.
func (r *reader) finish(p *Program) (*Program, error) {
	p.sort()
	for i := 1; i < len(p.Contracts); i++ {
		if p.Contracts[i].ID == p.Contracts[i-1].ID {
			r.fail(fmt.Errorf("%v: given twice", p.Contracts[i].ID), "contracts")
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

func (r *reader) parameters(name, gas string) *fuel.Parameters {
	if name == "" {
		name = "standard"
	}
	build, known := parameterSets[name]
	if !known {
		r.fail(fmt.Errorf("%q is not %s", name, strings.Join(names(parameterSets), " or ")), "params")
		build = fuel.Standard
	}
	p := build()
	if gas != "" {
		schedule, known := schedules[gas]
		if !known {
			r.fail(fmt.Errorf("%q is none of %s", gas, strings.Join(names(schedules), ", ")), "gas")
		}
		p.Gas = schedule
	}
	return p
}

func (r *reader) block(b *blockJSON) fuel.Block {
	out := fuel.Block{
		Height: r.height(b.Height, "block.height"), Time: defaultTime,
		Coinbase: r.id(b.Coinbase, "block.coinbase"), GasPrice: uint64(b.GasPrice),
		Hashes: map[uint32]fuel.ID{}, Times: map[uint32]uint64{},
	}
	if b.Time != nil {
		out.Time = uint64(*b.Time)
	}
	for _, h := range names(b.Hashes) {
		out.Hashes[r.height(h, "block.hashes")] = r.id(b.Hashes[h], "block.hashes.%d", h)
	}
	for _, h := range names(b.Times) {
		out.Times[r.height(h, "block.times")] = uint64(b.Times[h])
	}
	return out
}

// receiptJSON is a receipt; its values are text, but for a missing contract.
type receiptJSON map[string]*string

func (r *reader) receipt(j receiptJSON, path string) (w wantReceipt) {
	w.fields = map[string]*string{}
	for _, name := range names(j) {
		if name != "type" {
			w.fields[name] = j[name]
		} else if j[name] != nil {
			w.kind = *j[name]
		}
	}
	if w.kind == "" {
		r.fail(errMissing, "%s.type", path)
	}
	return w
}

func (r *reader) receipts(list []receiptJSON, path string) (out []wantReceipt) {
	for i, j := range list {
		out = append(out, r.receipt(j, fmt.Sprintf("%s[%d]", path, i)))
	}
	return out
}

// outcomeJSON is the executor's result of a transaction.
type outcomeJSON struct {
	TxID          string                     `json:"tx_id"`
	ReceiptsRoot  string                     `json:"receipts_root"`
	Receipts      []receiptJSON              `json:"receipts"`
	ReceiptsCount int                        `json:"receipts_count"`
	ReceiptsHead  []receiptJSON              `json:"receipts_head"`
	ReceiptsTail  []receiptJSON              `json:"receipts_tail"`
	TotalGas      string                     `json:"total_gas"`
	Outputs       []map[string]jsonText      `json:"outputs"`
	Status        string                     `json:"status"`
	Result        map[string]json.RawMessage `json:"result"` // said by the receipts, too
}

// jsonText is text, or a number taken as text.
type jsonText string

// UnmarshalJSON reads it.
func (t *jsonText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		*t = jsonText(b)
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

func (r *reader) want(o *outcomeJSON, path string) (w WantTransaction) {
	w.ID, w.ReceiptsRoot, w.TotalGas = o.TxID, o.ReceiptsRoot, o.TotalGas
	switch {
	case o.Receipts != nil:
		w.Receipts = &wantReceipts{number: len(o.Receipts), head: r.receipts(o.Receipts, path+".receipts")}
	case o.ReceiptsCount > 0:
		w.Receipts = &wantReceipts{
			number: o.ReceiptsCount,
			head:   r.receipts(o.ReceiptsHead, path+".receipts_head"), tail: r.receipts(o.ReceiptsTail, path+".receipts_tail"),
		}
	}
	if o.Outputs != nil {
		w.Outputs = make([]map[string]string, 0, len(o.Outputs))
	}
	if all := w.Receipts; all != nil && len(all.tail) > all.number {
		r.fail(fmt.Errorf("%d receipts, and %d of them last", all.number, len(all.tail)), "%s.receipts_tail", path)
	}
	for _, out := range o.Outputs {
		values := map[string]string{}
		for _, name := range names(out) {
			values[name] = string(out[name])
		}
		w.Outputs = append(w.Outputs, values)
	}
	return w
}

func (r *reader) wantAll(p *Program, list []outcomeJSON, changes map[string]*string, path string) {
	if len(list) > len(p.Transactions) {
		r.fail(fmt.Errorf("%d results for %d transactions", len(list), len(p.Transactions)), "%s", path)
	}
	for i := range list {
		p.Want.Transactions = append(p.Want.Transactions, r.want(&list[i], fmt.Sprintf("%s[%d]", path, i)))
	}
	p.Want.Changes = changes
}
