// Package config makes configurations out of presets, files, the environment and the
// command line. The schema is Config itself: the field tags of the parts that it is
// composed of give the keys, the ranges and the choices. Nothing is accepted that
// the schema does not allow, and the source of every value is kept.
package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle" // the limit preset names oracle predictors
	"github.com/ooovm/ooovm/suggest"
)

// Config is all that can be configured, composed of what each room reads of it.
type Config struct {
	pipeline.Config `key:",squash"`
	Machine         machine.Settings `key:"machine"`
}

// Type is the type of a key.
type Type string

// The types.
const (
	Integer Type = "integer"
	Boolean Type = "boolean"
	Choice  Type = "choice"
)

// Range is what an integer key allows, both ends included.
type Range struct {
	Min uint64 `json:"min"`
	Max uint64 `json:"max"`
}

// Field is one key of the configuration.
type Field struct {
	Key     string    `json:"key"`
	Type    Type      `json:"type"`
	Range   *Range    `json:"range,omitempty"`   // of an integer
	Choices []string  `json:"choices,omitempty"` // of a choice
	Doc     string    `json:"doc"`
	Default []Default `json:"defaults"` // one for each preset, in the order of Presets

	index []int // the field in Config
}

// Default is the value that a preset gives a key.
type Default struct {
	Preset string `json:"preset"`
	Value  any    `json:"value"`
}

// Allowed says in words what the key takes.
func (f *Field) Allowed() string {
	switch f.Type {
	case Integer:
		return fmt.Sprintf("integer %d..%d", f.Range.Min, f.Range.Max)
	case Boolean:
		return "true or false"
	default:
		return "one of " + strings.Join(f.Choices, ", ")
	}
}

// Value reads the key from a configuration: an int, uint64, bool or string.
func (f *Field) Value(c *Config) any {
	return reflect.ValueOf(c).Elem().FieldByIndex(f.index).Interface()
}

// Env is the environment variable that sets the key. Keys have no underscore, so
// the name is unambiguous.
func (f *Field) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.Key, ".", "_"))
}

// Schema lists every key of Config in the order of its declaration.
func Schema() []Field { return schema().fields }

// index is the schema, made once; a registry is complete when every init has run.
type index struct {
	fields   []Field
	byKey    map[string]*Field
	sections []string
	preset   Field // the key that names the preset; it is not part of Config
}

// keys lists all keys.
func (x *index) keys() []string {
	list := []string{presetKey}
	for i := range x.fields {
		list = append(list, x.fields[i].Key)
	}
	return list
}

var schema = sync.OnceValue(func() *index {
	x := &index{byKey: map[string]*Field{}}
	for _, section := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if section.Anonymous { // its fields are visible, too
			continue
		}
		name := section.Tag.Get("key")
		x.sections = append(x.sections, name)
		for j := range section.Type.NumField() {
			f := newField(name, section.Type.Field(j))
			f.index = append(slices.Clone(section.Index), j)
			for _, p := range presets {
				f.Default = append(f.Default, Default{p.Name, f.Value(&p.Config)})
			}
			x.fields = append(x.fields, f)
		}
	}
	for i := range x.fields {
		x.byKey[x.fields[i].Key] = &x.fields[i]
	}
	x.preset = Field{Key: presetKey, Type: Choice, Choices: presetNames(), Doc: "the values that everything else overrides"}
	return x
})

// registered lists what a key with a registry tag can name.
func registered(registry, key string) []string {
	switch registry {
	case "policy":
		return machine.PolicyNames()
	case "predictor":
		for _, kind := range pipeline.PredictorKinds() {
			if kind.Key == key {
				return kind.Names()
			}
		}
	}
	return nil
}

// newField reads a field's tags. A tag that makes no sense is a programming error.
func newField(section string, sf reflect.StructField) Field {
	f := Field{Key: section + "." + sf.Tag.Get("key"), Doc: sf.Tag.Get("doc")}
	oneof, registry, limits := sf.Tag.Get("oneof"), sf.Tag.Get("registry"), sf.Tag.Get("range")
	switch {
	case sf.Type.Kind() == reflect.Bool:
		f.Type = Boolean
	case oneof != "":
		f.Type, f.Choices = Choice, strings.Fields(oneof)
	case registry != "":
		f.Type, f.Choices = Choice, registered(registry, sf.Tag.Get("key"))
		if len(f.Choices) == 0 {
			panic(fmt.Sprintf("config: %s: nothing is registered as %q", f.Key, registry))
		}
	case limits != "":
		low, high, _ := strings.Cut(limits, "..")
		lo, err1 := strconv.ParseUint(low, 10, 64)
		hi, err2 := strconv.ParseUint(high, 10, 64)
		if err1 != nil || err2 != nil {
			panic(fmt.Sprintf("config: %s: range %q", f.Key, limits))
		}
		f.Type, f.Range = Integer, &Range{lo, hi}
	default:
		panic(fmt.Sprintf("config: %s has neither range, oneof nor registry", f.Key))
	}
	return f
}

// lookup finds a key; its error says what there is.
func (x *index) lookup(key string) (*Field, error) {
	if f := x.byKey[key]; f != nil {
		return f, nil
	}
	if key == presetKey {
		return &x.preset, nil
	}
	section, _, _ := strings.Cut(key, ".")
	var keys []string
	for _, f := range x.fields {
		if name, ok := strings.CutPrefix(f.Key, section+"."); ok {
			keys = append(keys, name)
		}
	}
	switch {
	case keys == nil:
		return nil, fmt.Errorf("unknown key %q; there are %s and the sections %s%s", key, presetKey, strings.Join(x.sections, ", "), suggest.Text(key, x.keys()))
	case key == section:
		return nil, fmt.Errorf("%s is a section, not a value; it has: %s", key, strings.Join(keys, ", "))
	default:
		return nil, fmt.Errorf("unknown key %q; %s has: %s%s", key, section, strings.Join(keys, ", "), suggest.Text(key, x.keys()))
	}
}

// Map gives a configuration as sections of keys: in JSON, a file that Load takes.
func Map(c *Config) map[string]map[string]any {
	m := map[string]map[string]any{}
	for _, f := range Schema() {
		section, name, _ := strings.Cut(f.Key, ".")
		if m[section] == nil {
			m[section] = map[string]any{}
		}
		m[section][name] = f.Value(c)
	}
	return m
}

// MarshalJSON gives the defaults as one object, preset by preset.
func (f Field) MarshalJSON() ([]byte, error) {
	type plain Field // without this method
	defaults := map[string]any{}
	for _, d := range f.Default {
		defaults[d.Preset] = d.Value
	}
	return json.Marshal(struct {
		plain
		Default map[string]any `json:"defaults"`
	}{plain(f), defaults})
}
