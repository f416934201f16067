package config

import "testing"

// What a hierarchy names are keys with legal values, and every choice of the key has
// its values.
func TestHierarchiesAreLegal(t *testing.T) {
	choice, err := schema().lookup(hierarchyKey)
	if err != nil {
		t.Fatal(err)
	}
	if len(hierarchies) != len(choice.Choices) {
		t.Errorf("%d hierarchies for %d choices", len(hierarchies), len(choice.Choices))
	}
	for _, name := range choice.Choices {
		for key, value := range hierarchies[name] {
			if f := schema().byKey[key]; f == nil || f.Type != Integer || uint64(value) < f.Range.Min || uint64(value) > f.Range.Max {
				t.Errorf("%s: %s = %d is not legal", name, key, value)
			}
		}
	}
}

// A hierarchy overrides the preset, and a key that is set by itself overrides both,
// whatever comes first.
func TestHierarchyLayers(t *testing.T) {
	for _, c := range []struct {
		name                        string
		src                         Source
		far, interval, near, misses int
		from                        string // of state.far
	}{
		{"the preset's", Source{}, 240, 0, 40, 16, "preset ooo-4"},
		{"chosen", Source{Set: []string{"state.hierarchy=nvme"}}, 276_000, 3571, 240, 128, "-s state.hierarchy=nvme"},
		{"over another preset", Source{Set: []string{"preset=limit", "state.hierarchy=dram"}}, 240, 0, 40, unlimited, "-s state.hierarchy=dram"},
		{"under a key", Source{Set: []string{"state.far=7", "state.hierarchy=nvme"}}, 7, 3571, 240, 128, "-s state.far=7"},
		{"by the environment", Source{Env: []string{"OOOVM_STATE_HIERARCHY=ideal"}}, 0, 0, 0, unlimited, "env OOOVM_STATE_HIERARCHY"},
	} {
		e := mustLoad(t, c.src)
		s := e.Config.State
		if s.Far != c.far || s.Interval != c.interval || s.Near != c.near || s.Misses != c.misses {
			t.Errorf("%s: %+v", c.name, s)
		}
		for _, o := range e.Origins {
			if o.Key == "state.far" && o.From != c.from {
				t.Errorf("%s: state.far comes from %q, want %q", c.name, o.From, c.from)
			}
		}
	}
}
