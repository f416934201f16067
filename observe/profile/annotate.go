package profile

import (
	"encoding/hex"
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// AnnotatedInstruction is one instruction of a code with what it cost.
type AnnotatedInstruction struct {
	PC    uint32
	Text  string
	Slots Slots
}

// Annotate gives the code of an account, as it ran, with the slots of every instruction;
// nil when nothing ran there. An account whose code changed in the block has what ran
// first.
func (r *Recorder) Annotate(account string) []AnnotatedInstruction {
	var prog *decoder.Program
	sums := map[isa.InstIndex]*Slots{}
	for i := range r.nodes {
		for p := range r.nodes[i].places {
			if p.prog == nil || r.functions[p.function].code != account || r.codes[p.prog] != account {
				continue
			}
			if prog == nil || p.prog.ID < prog.ID {
				prog = p.prog
			}
		}
	}
	if prog == nil {
		return nil
	}
	for i := range r.nodes {
		for p, s := range r.nodes[i].places {
			if p.prog == prog {
				if sums[p.inst] == nil {
					sums[p.inst] = new(Slots)
				}
				sums[p.inst].add(s)
			}
		}
	}
	list := make([]AnnotatedInstruction, len(prog.Insts))
	for i := range prog.Insts {
		in := &prog.Insts[i]
		a := AnnotatedInstruction{PC: in.PC, Text: prog.Rows[in.Code].Name}
		if end := int(in.PC) + int(in.Size); in.Kind == decoder.KindPush && end <= len(prog.Code) {
			a.Text += " 0x" + hex.EncodeToString(prog.Code[in.PC+1:end])
		}
		if s := sums[isa.InstIndex(i)]; s != nil {
			a.Slots = *s
		}
		list[i] = a
	}
	return list
}

// Causes writes the causes of lost slots, the greatest first, as shares of all slots of
// a line; those under a hundredth are left out.
func (s *Slots) Causes() string {
	type part struct {
		cause int
		n     uint64
	}
	var parts []part
	for i, n := range s {
		if n > 0 && pipeline.Cause(i) != pipeline.CauseBase {
			parts = append(parts, part{i, n})
		}
	}
	text, total := "", s.Total()
	for len(parts) > 0 {
		best := 0
		for i := range parts {
			if parts[i].n > parts[best].n {
				best = i
			}
		}
		p := parts[best]
		parts = append(parts[:best], parts[best+1:]...)
		if share := 100 * float64(p.n) / float64(total); share >= 1 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s %.0f %%", pipeline.CauseNames[p.cause], share)
		}
	}
	return text
}
