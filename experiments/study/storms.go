package study

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/traces/generator"
)

// storms: policies under contention from hardly any to total, on generated blocks.
var storms = Study{
	Name:  "storms",
	Title: "Retry storms",
	Data: []Data{{
		Name: "main", Blocks: contended,
		Sweep:  Sweep{Preset: "scalar", Set: []string{"machine.crediting: lazy-transfers"}, Axes: []string{"policy: [sealevel, block-stm, monad, repair]", "cores: [16]"}},
		Derive: []Derived{{"contention", "of the generated block", contention}},
	}},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "storms", Kind: "line", X: "contention", Y: "speedup", Series: "policy"}},
		{Spec: chart.Spec{Name: "storms-again", Kind: "line", X: "contention", Y: "reexecution_rate", Series: "policy"}},
	},
	Table: Table{By: []string{"policy", "contention"}, Metrics: []string{"speedup", "reexecution_rate", "waste"}},
	Text: `Blocks of 120 swaps on 120 pools that are drawn by Zipf's law, from evenly to an exponent of 3, and on one pool, three of each; 16 scalar cores.
Block-STM falls from {{.Total "speedup" "policy=block-stm, contention=even"}} to {{.Total "speedup" "policy=block-stm, contention=one pool"}} and executes
{{.Total "reexecution_rate" "policy=block-stm, contention=one pool"}} times again a transaction, account locks from {{.Total "speedup" "policy=sealevel, contention=even"}} to
{{.Total "speedup" "policy=sealevel, contention=one pool"}} without executing anything twice, repair from {{.Total "speedup" "policy=repair, contention=even"}} to
{{.Total "speedup" "policy=repair, contention=one pool"}}. These blocks are the study's own: --blocks has no part in it.`,
}

// contentions are the kinds of blocks, by the letter in their names, which are in this order.
var contentions = []struct {
	letter, name string
	pools, skew  int
}{
	{"a", "even", 120, 0},
	{"b", "skew 1", 120, 1},
	{"c", "skew 2", 120, 2},
	{"d", "skew 3", 120, 3},
	{"e", "one pool", 1, 0},
}

const (
	stormSwaps = 120
	stormSeeds = 3
)

// contended makes the blocks; equal parameters give equal files.
func contended(dir string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, c := range contentions {
		for seed := uint64(1); seed <= stormSeeds; seed++ {
			path := filepath.Join(dir, fmt.Sprintf("storm-%s%d.json", c.letter, seed))
			paths = append(paths, path)
			if _, err := os.Stat(path); err == nil {
				continue
			}
			b, err := generator.New(generator.Params{
				Workload: "swap-pools", Transactions: stormSwaps, Seed: seed, Senders: stormSwaps, Pools: c.pools, Hot: 100 * c.skew,
			})
			if err != nil {
				return nil, err
			}
			if err := b.Save(path); err != nil {
				return nil, err
			}
		}
	}
	return paths, nil
}

func contention(cell func(string) string) string {
	name := strings.TrimPrefix(cell("block"), "storm-")
	for _, c := range contentions {
		if strings.HasPrefix(name, c.letter) {
			return c.name
		}
	}
	return name
}
