package run

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ooovm/ooovm/state"
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
			if i < len(out.Roots) {
				results[i].Root = out.Roots[i]
			}
		}
		verdict, err := p.Bundle.Verify(results)
		if err == nil {
			err = p.headerDifference(&verdict, results)
		}
		verdict.Lockstep = out.Verdict.Lockstep
		out.Verdict = verdict
		note(err)
		out.Verdict.Requests, err = p.Bundle.VerifyRequests(out.Requests)
		note(err)
		if p.Bundle.Whole {
			out.Verdict.StateRoot = note(p.rootDifference(out.World))
		}
		if p.Golden != nil {
			p.postState.Lock()
			err = traces.ComparePostState(out.World, p.Golden)
			p.postState.Unlock()
			out.Verdict.PostState = note(err)
		}
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

// rootDifference says that the world's root is not the header's, nil when it is.
func (p *Block) rootDifference(w *state.World) error {
	root, err := state.Root(w)
	if want := p.Bundle.Header.Root; err == nil && root != state.Hash(want) {
		err = fmt.Errorf("state root is %#x, the header says %v", root, want)
	}
	return err
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
