package run

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ooovm/ooovm/traces"
)

// Judge fills the verdict on a run that Simulate made.
func (p *Block) Judge(out *Outcome, lockstep bool) {
	note := func(err error) *bool {
		ok := err == nil
		if !ok && out.Difference == nil {
			out.Difference = err
		}
		return &ok
	}
	if lockstep {
		err := out.Difference
		if want := uint64(p.Golden.Instructions()); err == nil && out.Checked+out.Repaired != want {
			err = fmt.Errorf("%d instructions checked in lockstep, the golden run has %d", out.Checked, want)
		}
		out.Verdict.Lockstep = note(err)
	}
	if len(out.Results) == len(p.Bundle.Txs) {
		results := make([]traces.TxResult, len(out.Results))
		for i, r := range out.Results {
			results[i] = traces.TxResult{GasUsed: r.GasUsed, Success: r.Success, Logs: r.Logs}
		}
		verdict, err := p.Bundle.Verify(results)
		if err == nil {
			err = p.headerDifference(&verdict, results)
		}
		verdict.Lockstep = out.Verdict.Lockstep
		out.Verdict = verdict
		note(err)
		p.postState.Lock()
		err = traces.ComparePostState(out.World, p.Golden)
		p.postState.Unlock()
		out.Verdict.PostState = note(err)
	} else {
		no := false
		out.Verdict.GasUsed = &no
	}
	out.Verdict.Settle()
}

// Reproduces compares the golden run with the header; its error is a Difference.
func (p *Block) Reproduces() error {
	v, err := p.Bundle.Verify(p.Golden.Results)
	if err == nil {
		err = p.headerDifference(&v, p.Golden.Results)
	}
	if err != nil {
		return Difference(fmt.Errorf("%s: %w", p.Bundle.Name, err))
	}
	return nil
}

// headerDifference names what the header says otherwise, nil when it agrees.
func (p *Block) headerDifference(v *traces.Verdict, results []traces.TxResult) error {
	if v.OK {
		return nil
	}
	got, err := p.Bundle.Summarize(results)
	if err != nil {
		return err
	}
	header := p.Bundle.Header
	var parts []string
	if !*v.GasUsed {
		parts = append(parts, fmt.Sprintf("gas used is %d, the header says %d", got.GasUsed, header.GasUsed))
	}
	if !*v.LogsBloom {
		parts = append(parts, "logs bloom is not the header's")
	}
	if v.ReceiptsRoot != nil && !*v.ReceiptsRoot {
		parts = append(parts, fmt.Sprintf("receipts root is %v, the header says %v", *got.ReceiptsRoot, header.ReceiptHash))
	}
	return errors.New(strings.Join(parts, "; "))
}
