package fuel

import (
	"encoding/json"
	"fmt"
)

// vectorFile is a file of single transactions with what fuel-vm's own tests state about them
// and what the executor of Fuel mainnet made of them.
type vectorFile struct {
	Meta    json.RawMessage `json:"meta"`
	Vectors []vectorJSON    `json:"vectors"`
}

type vectorJSON struct {
	ID         string          `json:"id"`
	Category   string          `json:"category"`
	Source     json.RawMessage `json:"source"`
	Derivation string          `json:"derivation"`
	Confidence string          `json:"confidence"`
	Note       string          `json:"note"`
	Env        vectorEnvJSON   `json:"env"`
	Expect     statedJSON      `json:"expect"`
	Oracle     executorJSON    `json:"oracle"`
}

// vectorEnvJSON is a transaction, and what it runs in. big_gas says that the gas
// limit is above what blocks allow, which nothing here checks.
type vectorEnvJSON struct {
	transactionJSON
	Params      string         `json:"params"`
	BlockHeight number         `json:"block_height"`
	Contracts   []contractJSON `json:"contracts"`
	BigGas      bool           `json:"big_gas"`
}

type executorJSON struct {
	outcomeJSON
	STF     string             `json:"stf"`
	Gas     string             `json:"gas"`
	Agrees  bool               `json:"agrees"`
	Changes map[string]*string `json:"changes"`
}

// statedJSON is what a test of fuel-vm states. Relations between fields are not
// compared: they follow from the receipts, which are.
type statedJSON struct {
	Result      string            `json:"result"`
	PanicReason string            `json:"panic_reason"`
	Receipts    []someReceiptJSON `json:"receipts"`
	Relations   json.RawMessage   `json:"relations"`
	Count       map[string]int    `json:"count"`
	Change      map[string]string `json:"change"`
	Balances    map[string]string `json:"balances"`
	State       map[string]string `json:"state"`
}

type someReceiptJSON struct {
	Type   string             `json:"type"`
	Nth    int                `json:"nth"`
	Fields map[string]*string `json:"fields"`
}

func (f *vectorFile) programs() (out []*Program, err error) {
	for i := range f.Vectors {
		v := &f.Vectors[i]
		p, err := v.program()
		if err != nil {
			return nil, fmt.Errorf("vectors[%d] (%s): %w", i, v.ID, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// vectorSchedules are the gas schedules by their names in vector files; left out it is that of the parameters.
var vectorSchedules = map[string]string{"": "", "default_v7": "standard-v7", "mainnet_v7": "mainnet-v7"}

func (v *vectorJSON) program() (*Program, error) {
	var r reader
	gas, known := vectorSchedules[v.Oracle.Gas]
	if !known {
		r.fail(fmt.Errorf("%q is none of %q", v.Oracle.Gas, names(vectorSchedules)), "oracle.gas")
	}
	p := &Program{Name: v.ID, Params: r.parameters(v.Env.Params, gas)}
	p.Block = r.block(&blockJSON{Height: v.Env.BlockHeight})
	for i := range v.Env.Contracts {
		p.Contracts = append(p.Contracts, r.contract(&v.Env.Contracts[i], fmt.Sprintf("env.contracts[%d]", i)))
	}
	p.Transactions = append(p.Transactions, r.transaction(&v.Env.transactionJSON, "env"))
	r.wantAll(p, []outcomeJSON{v.Oracle.outcomeJSON}, v.Oracle.Changes, "oracle")
	w := &p.Want.Transactions[0]
	w.Result, w.PanicReason = v.Expect.Result, v.Expect.PanicReason
	w.Count, w.Change, w.Balances, w.State = v.Expect.Count, v.Expect.Change, v.Expect.Balances, v.Expect.State
	for i, s := range v.Expect.Receipts {
		if s.Nth < 0 {
			r.fail(fmt.Errorf("%d is below 0", s.Nth), "expect.receipts[%d].nth", i)
		}
		w.Some = append(w.Some, wantReceipt{kind: s.Type, nth: s.Nth, fields: s.Fields})
	}
	return r.finish(p)
}

// swayFile is a file of blocks of compiled programs, each with the executor's results.
type swayFile struct {
	Meta     json.RawMessage `json:"meta"`
	Programs []swayJSON      `json:"programs"`
}

type swayJSON struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Source string `json:"source"`
	Note   string `json:"note"`
	Env    struct {
		Params      string            `json:"params"`
		BlockHeight number            `json:"block_height"`
		Contracts   []contractJSON    `json:"contracts"`
		Txs         []transactionJSON `json:"txs"`
	} `json:"env"`
	Oracle struct {
		STF     string             `json:"stf"`
		Results []outcomeJSON      `json:"results"`
		Changes map[string]*string `json:"changes"`
	} `json:"oracle"`
}

func (f *swayFile) programs() (out []*Program, err error) {
	for i := range f.Programs {
		p, err := f.Programs[i].program()
		if err != nil {
			return nil, fmt.Errorf("programs[%d] (%s): %w", i, f.Programs[i].Name, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func (s *swayJSON) program() (*Program, error) {
	var r reader
	p := &Program{Name: s.Name, Params: r.parameters(s.Env.Params, "")}
	p.Block = r.block(&blockJSON{Height: s.Env.BlockHeight})
	for i := range s.Env.Contracts {
		p.Contracts = append(p.Contracts, r.contract(&s.Env.Contracts[i], fmt.Sprintf("env.contracts[%d]", i)))
	}
	for i := range s.Env.Txs {
		p.Transactions = append(p.Transactions, r.transaction(&s.Env.Txs[i], fmt.Sprintf("env.txs[%d]", i)))
	}
	r.wantAll(p, s.Oracle.Results, s.Oracle.Changes, "oracle.results")
	return r.finish(p)
}
