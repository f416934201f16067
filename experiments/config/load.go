package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"github.com/ooovm/ooovm/predictor"
)

const (
	presetKey = "preset"
	envPrefix = "OOOVM_"
)

// Source is where a configuration comes from. What comes later in the struct
// overrides what comes before, and all of it overrides the preset's values.
type Source struct {
	Files []string // YAML, TOML or JSON by extension, in order
	Env   []string // the environment as os.Environ gives it; other variables are ignored
	Set   []string // key=value, in order
	Flags []Setting
}

// Setting is one value given by a flag of its own.
type Setting struct {
	Flag  string // as typed, for messages: --preset
	Key   string
	Value string
}

// Effective is a configuration with the source of every value.
type Effective struct {
	Preset  string
	Config  Config
	Origins []Origin // the preset, then every key in the order of Schema
}

// Origin tells where a value comes from.
type Origin struct {
	Key   string
	Value any
	From  string // "preset ooo-4", "file a.yaml:3", "env OOOVM_CORE_ROB", "-s core.rob=64", "--seed"
}

// Load makes the configuration. Its error lists everything that is wrong, a line
// each.
func Load(src Source) (*Effective, error) {
	l := loader{v: viper.New(), from: map[string]string{presetKey: "default"}}
	l.v.SetDefault(presetKey, DefaultPreset)
	for _, path := range src.Files {
		l.file(path)
	}
	l.environment(src.Env)
	for _, s := range src.Set {
		key, text, ok := strings.Cut(s, "=")
		if !ok {
			l.fail("-s "+s, errors.New("not of the form key=value"))
			continue
		}
		l.override("-s "+s, strings.ToLower(key), text)
	}
	for _, f := range src.Flags {
		l.override(f.Flag, f.Key, f.Value)
	}
	return l.effective()
}

// meant is the key that a setting is for. What predicts state is a dependence predictor
// (predictor.state) or a predictor of keys (predictor.keys); a name that only the
// latter has is understood under the former as well.
func meant(key, text string) string {
	const dependence, keys = "predictor.state", "predictor.keys"
	if key == dependence && !slices.Contains(predictor.Dependences.Names(), text) && slices.Contains(predictor.KeyPredictors.Names(), text) {
		return keys
	}
	return key
}

// loader checks every value against the schema before viper layers it, so that
// viper holds nothing but known keys with values of their Go types.
type loader struct {
	v    *viper.Viper
	from map[string]string // key to origin
	errs []error
}

func (l *loader) fail(from string, err error) {
	l.errs = append(l.errs, fmt.Errorf("%s: %w", from, err))
}

// check gives a literal its type.
func (l *loader) check(from, key string, lit literal) (any, bool) {
	f, err := schema().lookup(key)
	if err == nil {
		var v any
		if v, err = f.parse(lit); err == nil {
			l.from[key] = from
			return v, true
		}
	}
	l.fail(from, err)
	return nil, false
}

func (l *loader) override(from, key, text string) {
	key = meant(key, text)
	if v, ok := l.check(from, key, literal{kindText, text}); ok {
		l.v.Set(key, v)
	}
}

// file merges one file.
func (l *loader) file(path string) {
	read, err := readerOf(path)
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		l.errs = append(l.errs, err) // a *PathError names the file
		return
	}
	name := "file " + path
	leaves, err := read(data)
	if err != nil {
		l.fail(name, err)
		return
	}
	if len(leaves) == 0 {
		l.fail(name, errors.New("no settings in it"))
		return
	}
	layer := map[string]any{}
	first := map[string]string{}
	for _, leaf := range leaves {
		from := name
		if leaf.line > 0 {
			from = fmt.Sprintf("%s:%d", name, leaf.line)
		}
		if before, twice := first[leaf.key]; twice {
			l.fail(from, fmt.Errorf("%s is set twice, before in %s", leaf.key, before))
			continue
		}
		first[leaf.key] = from
		leaf.key = meant(leaf.key, leaf.text)
		switch {
		case leaf.key == "":
			l.fail(from, errors.New("not a mapping of sections"))
		case leaf.kind == kindEmpty && slices.Contains(schema().sections, leaf.key):
			l.fail(from, fmt.Errorf("section %s is empty", leaf.key))
		default:
			if v, ok := l.check(from, leaf.key, leaf.literal); ok {
				put(layer, leaf.key, v)
			}
		}
	}
	if err := l.v.MergeConfigMap(layer); err != nil {
		l.fail(name, err)
	}
}

// put stores a value under a key of one or two parts.
func put(m map[string]any, key string, v any) {
	section, name, dotted := strings.Cut(key, ".")
	if !dotted {
		m[key] = v
		return
	}
	if m[section] == nil {
		m[section] = map[string]any{}
	}
	m[section].(map[string]any)[name] = v
}

// environment takes the OOOVM_ variables; one that sets nothing is an error.
func (l *loader) environment(env []string) {
	keys := map[string]string{envPrefix + strings.ToUpper(presetKey): presetKey}
	for _, f := range Schema() {
		keys[f.Env()] = f.Key
	}
	env = slices.Clone(env)
	slices.Sort(env)
	for _, e := range env {
		name, text, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		key, ok := keys[name]
		if !ok {
			_, err := schema().lookup(strings.ToLower(strings.Replace(strings.TrimPrefix(name, envPrefix), "_", ".", 1)))
			if err == nil {
				err = fmt.Errorf("unknown variable; there is %s", strings.ToUpper(name))
			}
			l.fail("env "+name, err)
			continue
		}
		l.override("env "+name, key, text)
	}
}

// effective puts the preset under everything and reads the result out.
func (l *loader) effective() (*Effective, error) {
	if l.errs != nil {
		return nil, errors.Join(l.errs...)
	}
	name := l.v.GetString(presetKey)
	for _, p := range presets {
		if p.Name == name {
			for _, f := range Schema() {
				l.v.SetDefault(f.Key, f.Value(&p.Config))
			}
		}
	}
	kept := hierarchies[l.v.GetString(hierarchyKey)]
	for key, value := range kept {
		l.v.SetDefault(key, value)
	}
	var all struct {
		Preset string `key:"preset"`
		Config `key:",squash"`
	}
	strict := func(c *mapstructure.DecoderConfig) { c.TagName, c.WeaklyTypedInput = "key", false }
	if err := l.v.UnmarshalExact(&all, strict); err != nil {
		return nil, err
	}
	e := &Effective{Preset: name, Config: all.Config}
	e.Origins = append(e.Origins, Origin{presetKey, name, l.from[presetKey]})
	for _, f := range Schema() {
		from, ok := l.from[f.Key]
		if _, given := kept[f.Key]; !ok && given && l.from[hierarchyKey] != "" {
			from = l.from[hierarchyKey]
		} else if !ok {
			from = "preset " + name
		}
		e.Origins = append(e.Origins, Origin{f.Key, f.Value(&e.Config), from})
	}
	return e, nil
}
