package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/table"
)

func newConfig(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show, compare and describe configurations of a core",
	}
	cmd.AddCommand(newConfigShow(c), newConfigDiff(c), newConfigSchema(c), newConfigPresets(c))
	return cmd
}

func newConfigShow(c *cli) *cobra.Command {
	var flags configFlags
	var origin bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the effective configuration",
		Long:  "Print every value that a run with the same flags would use, and its hash.\n\n" + precedenceHelp,
		Example: `  ooovm config show --preset ooo-8 -s core.rob=256 --origin
  ooovm config show -c machine.yaml --json`,
		Args: cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			eff, err := flags.load(c)
			if err != nil {
				return err
			}
			return c.showConfig(eff, origin)
		}),
	}
	flags.register(cmd)
	cmd.Flags().BoolVar(&origin, "origin", false, "also print where each value comes from")
	return cmd
}

func (c *cli) showConfig(eff *config.Effective, origin bool) error {
	hash := config.Hash(&eff.Config)
	object := struct {
		Schema  string                    `json:"schema"`
		Preset  string                    `json:"preset"`
		Hash    string                    `json:"hash"`
		Config  map[string]map[string]any `json:"config"`
		Origins map[string]string         `json:"origins,omitempty"`
	}{"ooovm.config/1", eff.Preset, hash, config.Map(&eff.Config), nil}
	t := &table.Table{Header: []string{"key", "value"}}
	if origin {
		t.Header = append(t.Header, "origin")
		object.Origins = map[string]string{}
	}
	for _, o := range eff.Origins {
		if origin {
			object.Origins[o.Key] = o.From
			t.Add(o.Key, o.Value, o.From)
		} else {
			t.Add(o.Key, o.Value)
		}
	}
	if origin {
		t.Add("hash", hash, "sha256 of the values")
	} else {
		t.Add("hash", hash)
	}
	return c.print(object, t)
}

func newConfigDiff(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "diff A B",
		Short: "Print the keys in which two configurations differ",
		Long: `Print the keys in which two configurations differ. Each is the name of a preset or
a configuration file; the environment is not looked at.`,
		Example: `  ooovm config diff ooo-4 ooo-8
  ooovm config diff ooo-4 machine.yaml --format md`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			names, _ := completePresets(nil, nil, "")
			return names, cobra.ShellCompDirectiveDefault
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			a, err := namedConfig(args[0])
			if err != nil {
				return err
			}
			b, err := namedConfig(args[1])
			if err != nil {
				return err
			}
			diff := config.Diff(&a.Config, &b.Config)
			object := struct {
				Schema      string              `json:"schema"`
				A           string              `json:"a"`
				B           string              `json:"b"`
				Differences []config.Difference `json:"differences"`
			}{"ooovm.config-diff/1", args[0], args[1], diff}
			t := &table.Table{Header: []string{"key", args[0], args[1]}}
			for _, d := range diff {
				t.Add(d.Key, d.A, d.B)
			}
			if len(diff) == 0 {
				c.note("%s and %s have the same values", args[0], args[1])
			}
			return c.print(object, t)
		}),
	}
}

// namedConfig loads a preset or a file.
func namedConfig(name string) (*config.Effective, error) {
	src := config.Source{Files: []string{name}}
	for _, p := range config.Presets() {
		if p.Name == name {
			src = config.Source{Set: []string{"preset=" + name}}
		}
	}
	eff, err := config.Load(src)
	if err != nil {
		return nil, usageError(fmt.Errorf("%s is neither a preset (%s) nor a usable file:\n%w", name, presetList(), err))
	}
	return eff, nil
}

func presetList() string {
	var names []string
	for _, p := range config.Presets() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

func newConfigSchema(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Describe every key: what it takes, its default, what it means",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			fields := config.Schema()
			object := struct {
				Schema string         `json:"schema"`
				Preset string         `json:"defaultPreset"`
				Keys   []config.Field `json:"keys"`
			}{"ooovm.config-schema/1", config.DefaultPreset, fields}
			t := &table.Table{Header: []string{"key", "allowed", "in " + config.DefaultPreset, "meaning"}}
			for _, f := range fields {
				for _, d := range f.Default {
					if d.Preset == config.DefaultPreset {
						t.Add(f.Key, f.Allowed(), d.Value, f.Doc)
					}
				}
			}
			return c.print(object, t)
		}),
	}
}

func newConfigPresets(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "Print the values of all presets side by side",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			type preset struct {
				presetEntry
				Config map[string]map[string]any `json:"config"`
			}
			object := struct {
				Schema  string   `json:"schema"`
				Presets []preset `json:"presets"`
			}{Schema: "ooovm.config-presets/1"}
			t := &table.Table{Header: []string{"key"}}
			for i, p := range config.Presets() {
				object.Presets = append(object.Presets, preset{presetEntries()[i], config.Map(&p.Config)})
				t.Header = append(t.Header, p.Name)
			}
			for _, f := range config.Schema() {
				row := []any{f.Key}
				for _, d := range f.Default {
					row = append(row, d.Value)
				}
				t.Add(row...)
			}
			return c.print(object, t)
		}),
	}
}
