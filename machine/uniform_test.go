package machine

import "testing"

// TestOwn: a core that has a task of its own is named, from wherever the machine asks.
func TestOwn(t *testing.T) {
	called := newSet(70)
	called.add(2)
	called.add(66)
	for _, c := range []struct {
		name   string
		policy Uniform
		want   []int // in order
	}{
		{"sequential", &sequential{}, []int{0}},
		{"two-phase-occ", &twoPhase{}, []int{0}},
		{"block-stm", &blockSTM{called: called, fallback: none}, []int{2, 66}},
		{"block-stm in order", &blockSTM{called: called, fallback: 1, alone: 5}, []int{5}},
		{"monad", &monad{again: none}, nil},
		{"monad, a second time", &monad{again: 4}, []int{4}},
		{"repair", &repair{monad: monad{again: none}, redo: none}, nil},
		{"repair, to be repaired", &repair{monad: monad{again: none}, redo: 3}, []int{3}},
		{"repair, a second time", &repair{monad: monad{again: 4}, redo: none}, []int{4}},
		{"dag-oracle", &graph{}, nil},
		{"sealevel", &sealevel{queued: called}, []int{2, 66}},
	} {
		var got []int
		for i := c.policy.Own(0); i != none; i = c.policy.Own(i + 1) {
			got = append(got, i)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: cores %v have something of their own, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: cores %v have something of their own, want %v", c.name, got, c.want)
			}
		}
	}
}

// TestPoliciesAreUniform: no policy of the table is asked for every idle core.
func TestPoliciesAreUniform(t *testing.T) {
	for _, p := range Policies() {
		if p.OneCore || p.Model != nil {
			continue
		}
		m := &Machine{cfg: Config{Cores: 2}}
		if _, ok := p.Make(m, p.Mappings[0]).(Uniform); !ok {
			t.Errorf("%s does not say what idle cores have in common", p.Name)
		}
	}
}
