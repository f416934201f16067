package pipeline

import (
	"slices"
	"strings"
	"testing"
)

// TestStageOrder: exchanging two stages that a constraint names is found, with the reason.
func TestStageOrder(t *testing.T) {
	at := func(name string) int {
		return slices.IndexFunc(stages, func(s stage) bool { return s.name == name })
	}
	for _, o := range stageOrder {
		list := slices.Clone(stages)
		i, j := at(o.first), at(o.then)
		list[i], list[j] = list[j], list[i]
		if err := checkOrder(list, []constraint{o}); err == nil || !strings.Contains(err.Error(), o.why) {
			t.Errorf("%s and %s exchanged: %v", o.first, o.then, err)
		}
	}
}

// TestStageNames: a constraint about what is no stage, and two stages of one name, are found.
func TestStageNames(t *testing.T) {
	if err := checkOrder(stages, []constraint{{"commit", "retire", ""}}); err == nil {
		t.Error("a constraint about an unknown stage was accepted")
	}
	if err := checkOrder(append(slices.Clone(stages), stages[0]), nil); err == nil {
		t.Error("two stages of one name were accepted")
	}
}

// TestStagesAreConstrained: every stage has a place that a constraint gives it.
func TestStagesAreConstrained(t *testing.T) {
	for _, s := range stages {
		if !slices.ContainsFunc(stageOrder, func(o constraint) bool { return o.first == s.name || o.then == s.name }) {
			t.Errorf("no constraint says where %s belongs", s.name)
		}
	}
}
