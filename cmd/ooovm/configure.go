package main

import (
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ooovm/ooovm/experiments/config"
)

const precedenceHelp = `A value comes from the last of these that gives it: the preset (` + config.DefaultPreset + `, or what
a preset: key or --preset names), the files of -c in order, OOOVM_ environment
variables (OOOVM_CORE_ROB is core.rob), -s in order, and --preset and --seed.`

// configFlags are the flags of every command that needs a configuration.
type configFlags struct {
	preset string
	files  []string
	set    []string
	seed   uint64
	flags  *pflag.FlagSet
	keys   []flagKey // flags of single commands that set a key
}

// flagKey is a flag that says the same as -s for one key.
type flagKey struct{ flag, key string }

func (f *configFlags) register(cmd *cobra.Command) {
	f.flags = cmd.Flags()
	f.flags.StringVar(&f.preset, "preset", config.DefaultPreset, "start from this preset")
	f.flags.StringArrayVarP(&f.files, "config", "c", nil, "configuration `file` (.yaml, .toml, .json); repeatable, later ones win")
	f.flags.StringArrayVarP(&f.set, "set", "s", nil, "set one `key=value`; repeatable, later ones win")
	f.flags.Uint64Var(&f.seed, "seed", 1, "seed of chaos predictors and squashes (predictor.seed)")
	complete(cmd, "preset", completePresets)
	complete(cmd, "set", completeKeys)
	if err := cmd.MarkFlagFilename("config", "yaml", "yml", "toml", "json"); err != nil {
		panic(err) // the flag does not exist
	}
}

// load makes the configuration; what is wrong with it is the user's error.
func (f *configFlags) load(c *cli) (*config.Effective, error) {
	src := config.Source{Files: f.files, Env: c.environ, Set: f.set}
	if f.flags.Changed("preset") {
		src.Flags = append(src.Flags, config.Setting{Flag: "--preset", Key: "preset", Value: f.preset})
	}
	if f.flags.Changed("seed") {
		src.Flags = append(src.Flags, config.Setting{Flag: "--seed", Key: "predictor.seed", Value: strconv.FormatUint(f.seed, 10)})
	}
	for _, k := range f.keys {
		if f.flags.Changed(k.flag) {
			src.Flags = append(src.Flags, config.Setting{Flag: "--" + k.flag, Key: k.key, Value: f.flags.Lookup(k.flag).Value.String()})
		}
	}
	eff, err := config.Load(src)
	if err != nil {
		return nil, usageError(err)
	}
	c.detail("preset %s, configuration %s", eff.Preset, config.Hash(&eff.Config))
	return eff, nil
}

func completePresets(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, p := range config.Presets() {
		list = append(list, cobra.CompletionWithDesc(p.Name, p.Doc))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func completeKeys(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, f := range config.Schema() {
		list = append(list, cobra.CompletionWithDesc(f.Key+"=", f.Doc))
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
