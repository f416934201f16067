package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
)

func newList(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what can be named",
	}
	cmd.AddCommand(newListPredictors(c), newListPresets(c), newListWorkloads(c))
	return cmd
}

type predictorEntry struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Key    string `json:"key"` // of the configuration, that takes the name
	Doc    string `json:"doc"`
	Oracle bool   `json:"oracle"`
	// Parameters size the predictor.
	Parameters []predictorParameter `json:"parameters"`
}

// predictorParameter is a key of the configuration with what the default preset gives it.
type predictorParameter struct {
	Key     string        `json:"key"`
	Default any           `json:"default"`
	Range   *config.Range `json:"range"` // of an integer
	Choices []string      `json:"choices,omitempty"`
	Doc     string        `json:"doc"`
}

// parameters looks up keys of the section predictor.
func parameters(names []string) []predictorParameter {
	list := []predictorParameter{}
	for _, name := range names {
		for _, f := range config.Schema() {
			if f.Key != "predictor."+name {
				continue
			}
			p := predictorParameter{Key: f.Key, Range: f.Range, Choices: f.Choices, Doc: f.Doc}
			for _, d := range f.Default {
				if d.Preset == config.DefaultPreset {
					p.Default = d.Value
				}
			}
			list = append(list, p)
		}
	}
	return list
}

// String gives key, default and what is allowed.
func (p predictorParameter) String() string {
	if p.Range == nil {
		return fmt.Sprintf("%s=%v (%s)", p.Key, p.Default, strings.Join(p.Choices, ", "))
	}
	return fmt.Sprintf("%s=%v (%d..%d)", p.Key, p.Default, p.Range.Min, p.Range.Max)
}

// predictorEntries lists every predictor, kind by kind. Memory and state share a registry.
func predictorEntries() (list []predictorEntry, err error) {
	keys := map[predictor.Catalog][]string{}
	for _, kind := range pipeline.PredictorKinds() {
		keys[kind.Catalog] = append(keys[kind.Catalog], "predictor."+kind.Key)
	}
	for _, kind := range pipeline.PredictorKinds() {
		if keys[kind.Catalog][0] != "predictor."+kind.Key {
			continue
		}
		for _, name := range kind.Names() {
			m, err := kind.Info(name)
			if err != nil {
				return nil, err
			}
			list = append(list, predictorEntry{m.Kind, name, strings.Join(keys[kind.Catalog], ", "), m.Doc, m.Oracle, parameters(m.Params)})
		}
	}
	return list, nil
}

func newListPredictors(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "predictors",
		Short: "List the predictors by kind",
		Long: `List the predictors by kind. An oracle reads the golden run: results that used one
are limits, not predictions of a machine.`,
		Args: cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			object := struct {
				Schema     string           `json:"schema"`
				Predictors []predictorEntry `json:"predictors"`
			}{Schema: "ooovm.predictors/1"}
			var err error
			if object.Predictors, err = predictorEntries(); err != nil {
				return err
			}
			t := &table.Table{Header: []string{"kind", "name", "oracle", "parameters (default, range)", "what it does"}}
			for _, p := range object.Predictors {
				var sizes []string
				for _, q := range p.Parameters {
					sizes = append(sizes, q.String())
				}
				t.Add(p.Kind, p.Name, p.Oracle, strings.Join(sizes, ", "), p.Doc)
			}
			return c.print(object, t)
		}),
	}
}

type presetEntry struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	Hash string `json:"hash"`
}

func presetEntries() []presetEntry {
	var list []presetEntry
	for _, p := range config.Presets() {
		list = append(list, presetEntry{p.Name, p.Doc, config.Hash(&p.Config)})
	}
	return list
}

func newListPresets(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "List the presets; config presets prints their values",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			object := struct {
				Schema  string        `json:"schema"`
				Default string        `json:"default"`
				Presets []presetEntry `json:"presets"`
			}{"ooovm.presets/1", config.DefaultPreset, presetEntries()}
			t := &table.Table{Header: []string{"preset", "what it is"}}
			for _, p := range object.Presets {
				t.Add(p.Name, p.Doc)
			}
			return c.print(object, t)
		}),
	}
}
