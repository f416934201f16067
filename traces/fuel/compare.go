package fuel

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/ooovm/ooovm/state/fuel"
)

// Compare gives the first difference between a block and what its program expects of it; nil when there is none.
func Compare(p *Program, b *Block) error {
	for i := range p.Want.Transactions {
		if err := compareTransaction(&p.Want.Transactions[i], &b.Results[i], b.World); err != nil {
			return fmt.Errorf("%s: transaction %d: %w", p.Name, i, err)
		}
	}
	if p.Want.Changes == nil {
		return nil
	}
	if err := compareChanges(p.Want.Changes, changes(b.Results)); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}

func differ(what, got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s is %s where %s is expected", what, got, want)
}

// firstOf gives the first error of several checks.
func firstOf(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func compareTransaction(w *WantTransaction, r *fuel.Outcome, world *fuel.World) error {
	last := &r.Receipts[len(r.Receipts)-1]
	stated := func(what, got, want string) func() error {
		return func() error {
			if want == "" {
				return nil
			}
			return differ(what, got, want)
		}
	}
	return firstOf(
		stated("the transaction's id", r.ID.String(), w.ID),
		func() error { return compareReceipts(w, r.Receipts) },
		stated("the receipts root", r.ReceiptsRoot.String(), w.ReceiptsRoot),
		stated("the result", last.Fields()[0].Value, w.Result),
		stated("the panic reason", r.Ending.Panic.String(), w.PanicReason),
		stated("the billed gas", strconv.FormatUint(r.TotalGas, 10), w.TotalGas),
		func() error { return compareOutputs(w, r.Outputs) },
		func() error { return compareWorld(w, world) },
	)
}

func compareReceipts(w *WantTransaction, got []fuel.Receipt) error {
	if all := w.Receipts; all != nil {
		for i := range min(len(all.head), len(got)) {
			if err := compareReceipt(&all.head[i], &got[i]); err != nil {
				return fmt.Errorf("receipt %d: %w", i, err)
			}
		}
		if len(got) != all.number {
			return fmt.Errorf("%d receipts where %d are expected", len(got), all.number)
		}
		for i := range all.tail {
			at := len(got) - len(all.tail) + i
			if err := compareReceipt(&all.tail[i], &got[at]); err != nil {
				return fmt.Errorf("receipt %d: %w", at, err)
			}
		}
	}
	byKind := map[string][]*fuel.Receipt{}
	for i := range got {
		kind := got[i].Kind.String()
		byKind[kind] = append(byKind[kind], &got[i])
	}
	for i := range w.Some {
		s := &w.Some[i]
		if s.nth >= len(byKind[s.kind]) {
			return fmt.Errorf("there is no %s receipt number %d", s.kind, s.nth)
		}
		if err := compareReceipt(s, byKind[s.kind][s.nth]); err != nil {
			return fmt.Errorf("%s receipt %d: %w", s.kind, s.nth, err)
		}
	}
	for _, kind := range names(w.Count) {
		if n := len(byKind[kind]); n != w.Count[kind] {
			return fmt.Errorf("%d %s receipts where %d are expected", n, kind, w.Count[kind])
		}
	}
	return nil
}

// compareReceipt compares the fields that are expected; one that the receipt does not have is a difference.
func compareReceipt(w *wantReceipt, got *fuel.Receipt) error {
	if err := differ("the type", got.Kind.String(), w.kind); err != nil {
		return err
	}
	have := map[string]fuel.NamedValue{}
	for _, f := range got.Fields() {
		have[f.Name] = f
	}
	for _, name := range names(w.fields) {
		f, exists := have[name]
		want := w.fields[name]
		switch {
		case !exists:
			return fmt.Errorf("it has no field %s", name)
		case want == nil && !f.None:
			return fmt.Errorf("%s is %s where none is expected", name, f.Value)
		case want != nil:
			if err := differ(name, f.Value, *want); err != nil {
				return err
			}
		}
	}
	return nil
}

// outputNames are the types of outputs in files.
var outputNames = map[fuel.OutputType]string{
	fuel.OutputCoin: "coin", fuel.OutputContract: "contract", fuel.OutputChange: "change", fuel.OutputVariable: "variable",
}

func compareOutputs(w *WantTransaction, got []fuel.Output) error {
	for asset, want := range w.Change {
		for i := range got {
			if o := &got[i]; o.Type == fuel.OutputChange && o.AssetID.String() == asset {
				if err := differ("the change of asset "+asset, strconv.FormatUint(o.Amount, 10), want); err != nil {
					return err
				}
			}
		}
	}
	if w.Outputs != nil && len(w.Outputs) != len(got) {
		return fmt.Errorf("%d outputs where %d are expected", len(got), len(w.Outputs))
	}
	for i, want := range w.Outputs {
		o := &got[i]
		have := map[string]string{
			"type": outputNames[o.Type], "to": o.To.String(), "amount": strconv.FormatUint(o.Amount, 10),
			"asset_id": o.AssetID.String(), "input_index": strconv.Itoa(int(o.InputIndex)),
			"balance_root": o.BalanceRoot.String(), "state_root": o.StateRoot.String(),
		}
		for _, name := range names(want) {
			if err := differ(fmt.Sprintf("%s of output %d", name, i), have[name], want[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

func compareWorld(w *WantTransaction, world *fuel.World) error {
	for _, name := range names(w.Balances) {
		slot, err := parseSlot(name)
		if err != nil {
			return err
		}
		have := strconv.FormatUint(world.Balance(slot).Amount, 10)
		if err := differ("balance "+name, have, w.Balances[name]); err != nil {
			return err
		}
	}
	for _, name := range names(w.State) {
		slot, err := parseSlot(name)
		if err != nil {
			return err
		}
		if err := differ("slot "+name, hex.EncodeToString(world.Slot(slot).Bytes), w.State[name]); err != nil {
			return err
		}
	}
	return nil
}

// parseSlot reads a contract and a key, or an asset.
func parseSlot(name string) (s fuel.Slot, err error) {
	b, err := hex.DecodeString(name)
	if err != nil || len(b) != 64 {
		return s, fmt.Errorf("%q does not name a slot or a balance", name)
	}
	copy(s.Contract[:], b)
	copy(s.Key[:], b[32:])
	return s, nil
}

// Columns of the executor's database, which name its changes.
const (
	columnState   = "2:"
	columnBalance = "4:"
)

// changes gives what a block has written, as the executor names it: nil for what was removed, though it may
// never have been there.
func changes(results []fuel.Outcome) map[string]*string {
	out := map[string]*string{}
	put := func(column string, s fuel.Slot, exists bool, value []byte) {
		name := column + s.Contract.String() + s.Key.String()
		out[name] = nil
		if exists {
			text := hex.EncodeToString(value)
			out[name] = &text
		}
	}
	for i := range results {
		for _, c := range results[i].Slots {
			put(columnState, c.Slot, c.New.Set, c.New.Bytes)
		}
		for _, c := range results[i].Balances {
			put(columnBalance, c.Slot, c.New.Set, binary.BigEndian.AppendUint64(nil, c.New.Amount))
		}
	}
	return out
}

// CompareChanges gives the first difference between what two runs of a program have written.
func CompareChanges(got, want *Block) error {
	return compareChanges(changes(want.Results), changes(got.Results))
}

func compareChanges(want, got map[string]*string) error {
	show := func(v *string) string {
		if v == nil {
			return "removed"
		}
		return "changed to " + strconv.Quote(*v)
	}
	for _, name := range names(want) {
		v, changed := got[name]
		if !changed {
			return fmt.Errorf("%s is not changed where it is expected to be %s", name, show(want[name]))
		}
		if err := differ(name, show(v), show(want[name])); err != nil {
			return err
		}
	}
	for _, name := range names(got) {
		if _, expected := want[name]; !expected {
			return fmt.Errorf("%s is %s where no change is expected", name, show(got[name]))
		}
	}
	return nil
}
