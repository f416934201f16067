// Package profile says where the cycles of a block go: by transaction, contract, selector and
// instruction, each with the causes of its lost slots, and as flame graphs for speedscope and
// pprof. It books the commit slots of one simulated run; every slot of every cycle is
// booked exactly once, so that the parts add up to the CPI stack.
package profile

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// Slots are commit slots by what they were spent on or lost to.
type Slots [pipeline.NumCauses]uint64

// Total is the sum over all causes.
func (s *Slots) Total() (sum uint64) {
	for _, n := range s {
		sum += n
	}
	return sum
}

func (s *Slots) add(other *Slots) {
	for i, n := range other {
		s[i] += n
	}
}

// function is what a frame of a flame graph stands for: a contract's code entered with
// a selector. The envelope of transactions is a function without code.
type function struct {
	code     string // address of the account whose code runs; empty for the envelope
	selector string // first four bytes of the input; empty for less
}

func (f function) String() string {
	switch {
	case f.code == "":
		return "envelope"
	case f.selector == "":
		return f.code
	}
	return f.code + ":" + f.selector
}

// place is one instruction of one function.
type place struct {
	function int32
	prog     *decoder.Program
	inst     isa.InstIndex
}

// node is a function in the context of its callers.
type node struct {
	parent   int32
	function int32
	places   map[place]*Slots
}

// Recorder books the slots of a run. It is a pipeline.Ledger; tell it of transactions
// with BeginTx.
type Recorder struct {
	width     uint64
	functions []function
	known     map[function]int32
	nodes     []node // 0 is the envelope
	callees   map[[2]int32]int32
	stack     []int32 // nodes of the open frames, the envelope first
	txs       []Slots
	codes     map[*decoder.Program]string // the first account that ran it
	last      struct {
		node  int32
		place place
		slots *Slots
	}
}

// New makes a recorder for a core of a commit width.
func New(width int) *Recorder {
	r := &Recorder{width: uint64(width), known: map[function]int32{}, callees: map[[2]int32]int32{}, codes: map[*decoder.Program]string{}}
	r.nodes = []node{{parent: -1, function: r.functionOf(function{}), places: map[place]*Slots{}}}
	r.stack = []int32{0}
	r.last.node = -1
	return r
}

func (r *Recorder) functionOf(f function) int32 {
	i, ok := r.known[f]
	if !ok {
		i = int32(len(r.functions))
		r.functions = append(r.functions, f)
		r.known[f] = i
	}
	return i
}

// BeginTx books what follows on the next transaction.
func (r *Recorder) BeginTx() {
	r.txs = append(r.txs, Slots{})
	r.stack = r.stack[:1]
}

// Enter implements pipeline.Ledger.
func (r *Recorder) Enter(_ isa.Cycle, account *isa.Word, prog *decoder.Program, input []byte) {
	b := account.Bytes32()
	f := function{code: "0x" + hex.EncodeToString(b[12:])}
	if len(input) == 4 && prog != nil && prog.Builtin == 0 && len(prog.Code) > 0 {
		f.selector = "0x" + hex.EncodeToString(input)
	}
	if prog != nil && r.codes[prog] == "" {
		r.codes[prog] = f.code
	}
	key := [2]int32{r.stack[len(r.stack)-1], r.functionOf(f)}
	n, ok := r.callees[key]
	if !ok {
		n = int32(len(r.nodes))
		r.nodes = append(r.nodes, node{key[0], key[1], map[place]*Slots{}})
		r.callees[key] = n
	}
	r.stack = append(r.stack, n)
}

// Leave implements pipeline.Ledger.
func (r *Recorder) Leave(isa.Cycle) {
	if len(r.stack) > 1 {
		r.stack = r.stack[:len(r.stack)-1]
	}
}

// path lists the functions that lead to a node, the envelope first.
func (r *Recorder) path(n int32) (functions []int32) {
	for ; n >= 0; n = r.nodes[n].parent {
		functions = append(functions, r.nodes[n].function)
	}
	slices.Reverse(functions)
	return functions
}

// Slots implements pipeline.Ledger.
func (r *Recorder) Slots(prog *decoder.Program, inst isa.InstIndex, cause pipeline.Cause, n uint64) {
	at := r.stack[len(r.stack)-1]
	p := place{r.nodes[at].function, prog, inst}
	if r.last.node != at || r.last.place != p {
		s := r.nodes[at].places[p]
		if s == nil {
			s = new(Slots)
			r.nodes[at].places[p] = s
		}
		r.last.node, r.last.place, r.last.slots = at, p, s
	}
	r.last.slots[cause] += n
	if k := len(r.txs); k > 0 {
		r.txs[k-1][cause] += n
	}
}

// ByCause names the slots of each cause that has any.
func (s *Slots) ByCause() map[string]uint64 {
	named := map[string]uint64{}
	for cause, n := range s {
		if n > 0 {
			named[pipeline.CauseNames[cause]] = n
		}
	}
	return named
}

// Line is one row of a profile.
type Line struct {
	Name  string
	Slots Slots
}

// By lists what the cycles went to under a grouping, the most expensive first; what is
// equal comes in the order of names.
func (r *Recorder) By(grouping string) ([]Line, error) {
	sums := map[string]*Line{}
	book := func(name string, s *Slots) {
		l := sums[name]
		if l == nil {
			l = &Line{Name: name}
			sums[name] = l
		}
		l.Slots.add(s)
	}
	if grouping == "tx" {
		for i := range r.txs {
			book(fmt.Sprintf("transaction %d", i), &r.txs[i])
		}
	} else {
		name, ok := groupings[grouping]
		if !ok {
			return nil, fmt.Errorf("--by %q: it is tx, contract, selector or pc", grouping)
		}
		for i := range r.nodes {
			for p, s := range r.nodes[i].places {
				book(name(r, &p), s)
			}
		}
	}
	lines := make([]Line, 0, len(sums))
	for _, l := range sums {
		lines = append(lines, *l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Slots.Total(), a.Slots.Total()), cmp.Compare(a.Name, b.Name))
	})
	return lines, nil
}

// Groupings lists what a profile can be summed up by.
var Groupings = []string{"tx", "contract", "selector", "pc"}

var groupings = map[string]func(r *Recorder, p *place) string{
	"contract": func(r *Recorder, p *place) string { return function{code: r.functions[p.function].code}.String() },
	"selector": func(r *Recorder, p *place) string { return r.functions[p.function].String() },
	"pc": func(r *Recorder, p *place) string {
		code := function{code: r.functions[p.function].code}.String()
		if p.prog == nil {
			return code + " before its code is known"
		}
		in := p.instruction()
		return fmt.Sprintf("%s %#06x %s", code, in.PC, p.prog.Rows[in.Code].Name)
	},
}

// instruction is where the place is; fetch may stand behind the last one.
func (p *place) instruction() *decoder.Inst {
	return &p.prog.Insts[min(int(p.inst), len(p.prog.Insts)-1)]
}

// Cycles turns slots into cycles of the core, rounded down.
func (r *Recorder) Cycles(slots uint64) uint64 { return slots / r.width }
