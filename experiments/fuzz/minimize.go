package fuzz

import (
	"slices"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/pipeline"
)

// Minimize takes away what a failing case fails without: accounts, instructions, and
// what is peculiar about the machine. It gives the smallest case found within so
// many runs, and how that fails.
func Minimize(c *Case, fails func(*Case) error, attempts int) (*Case, error) {
	m := &minimizer{best: c.clone(), fails: fails, left: attempts}
	if m.why = fails(c); m.why == nil {
		return c, nil
	}
	m.best.Name += ", minimized"
	for before := -1; m.left > 0 && before != m.smaller; {
		before = m.smaller
		m.transactions()
		m.accounts()
		for i := range m.best.Accounts {
			m.code(func(c *Case) *Code { return &c.Accounts[i].Code })
		}
		for i := range m.best.Transactions {
			m.code(func(c *Case) *Code { return &c.Transactions[i].Init })
		}
		m.machine()
	}
	return m.best, m.why
}

type minimizer struct {
	best    *Case
	why     error
	fails   func(*Case) error
	left    int // runs
	smaller int // steps that succeeded
}

// try keeps a change if the case still fails.
func (m *minimizer) try(change func(*Case)) bool {
	if m.left <= 0 {
		return false
	}
	m.left--
	c := m.best.clone()
	change(c)
	err := m.fails(c)
	if err == nil {
		return false
	}
	m.best, m.why = c, err
	m.smaller++
	return true
}

func (c *Case) clone() *Case {
	d := *c
	d.Accounts = slices.Clone(c.Accounts)
	d.Transactions = slices.Clone(c.Transactions)
	machine := *c.Machine
	d.Machine = &machine
	return &d
}

// accounts takes away code and storage, account by account.
func (m *minimizer) accounts() {
	for i := range m.best.Accounts {
		a := &m.best.Accounts[i]
		if a.Code != nil {
			m.try(func(c *Case) { c.Accounts[i].Code = nil })
		}
		if a.Storage != nil {
			m.try(func(c *Case) { c.Accounts[i].Storage = nil })
		}
	}
}

// transactions takes away whole transactions, and the trimmings of those that stay.
func (m *minimizer) transactions() {
	for i := 0; i < len(m.best.Transactions) && len(m.best.Transactions) > 1; {
		if !m.try(func(c *Case) { c.Transactions = slices.Delete(c.Transactions, i, i+1) }) {
			i++
		}
	}
	for i := range m.best.Transactions {
		tx := &m.best.Transactions[i]
		if len(tx.Data) > 0 {
			m.try(func(c *Case) { c.Transactions[i].Data = nil })
		}
		if tx.AccessList != nil {
			m.try(func(c *Case) { c.Transactions[i].AccessList = nil })
		}
		if tx.SetCodeAuthorizations != nil {
			m.try(func(c *Case) { c.Transactions[i].SetCodeAuthorizations = nil })
		}
	}
}

// code takes away ever shorter stretches of a program (delta debugging: A. Zeller,
// R. Hildebrandt, TSE 2002), and does the same in the programs that it carries.
func (m *minimizer) code(of func(*Case) *Code) {
	for n := len(*of(m.best)); n > 0; n /= 2 {
		for at := 0; at < len(*of(m.best)); {
			end := min(at+n, len(*of(m.best)))
			shorter := func(c *Case) {
				code := of(c)
				*code = slices.Delete(slices.Clone(*code), at, end)
			}
			if !m.try(shorter) {
				at = end
			}
		}
	}
	for i := range *of(m.best) {
		if (*of(m.best))[i].Blob == nil {
			continue
		}
		m.code(func(c *Case) *Code {
			code := slices.Clone(*of(c))
			*of(c) = code
			return &code[i].Blob
		})
	}
}

// machine makes the machine like the default preset, part by part.
func (m *minimizer) machine() {
	var preset pipeline.Config
	for _, p := range config.Presets() {
		if p.Name == config.DefaultPreset {
			preset = p.Config.Config
		}
	}
	preset.Core.Watchdog = watchdog
	for _, part := range []func(*pipeline.Config){
		func(c *pipeline.Config) { *c = preset },
		func(c *pipeline.Config) { c.Units = preset.Units },
		func(c *pipeline.Config) { c.Latency = preset.Latency },
		func(c *pipeline.Config) { c.State = preset.State },
		func(c *pipeline.Config) { c.Chaos = preset.Chaos },
		func(c *pipeline.Config) { c.Predictor = preset.Predictor },
		func(c *pipeline.Config) { c.Predictor.Branch = preset.Predictor.Branch },
		func(c *pipeline.Config) { c.Predictor.Target = preset.Predictor.Target },
		func(c *pipeline.Config) { c.Predictor.Call = preset.Predictor.Call },
		func(c *pipeline.Config) { c.Predictor.Memory = preset.Predictor.Memory },
		func(c *pipeline.Config) { c.Predictor.State = preset.Predictor.State },
		func(c *pipeline.Config) { c.Core = preset.Core },
		func(c *pipeline.Config) { c.Core.InOrder = preset.Core.InOrder },
		func(c *pipeline.Config) { c.Core.Gas = preset.Core.Gas },
		func(c *pipeline.Config) { c.Core.Stack = preset.Core.Stack },
		func(c *pipeline.Config) {
			c.Core.ROB, c.Core.IQ, c.Core.Regs = preset.Core.ROB, preset.Core.IQ, preset.Core.Regs
		},
		func(c *pipeline.Config) { c.Core.Decode, c.Core.Width = preset.Core.Decode, preset.Core.Width },
		func(c *pipeline.Config) { c.Core.Issue, c.Core.Commit = preset.Core.Issue, preset.Core.Commit },
		func(c *pipeline.Config) {
			c.Core.LoadQ, c.Core.StoreQ, c.Core.StateQ = preset.Core.LoadQ, preset.Core.StoreQ, preset.Core.StateQ
		},
	} {
		changed := *m.best.Machine
		if part(&changed); changed != *m.best.Machine {
			m.try(func(c *Case) { *c.Machine = changed })
		}
	}
}
