package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Lookup finds a key of the schema; its error says what there is. The key preset is
// known too, though it is no part of Config.
func Lookup(key string) (*Field, error) { return schema().lookup(key) }

// ParseYAML checks a scalar of a YAML document as the files of Load are checked: an
// integer key takes no 12.7 and no "12".
func (f *Field) ParseYAML(n *yaml.Node) (any, error) {
	leaves, err := walkYAML(nil, f.Key, n)
	if err != nil {
		return nil, err
	}
	if len(leaves) != 1 || leaves[0].key != f.Key { // a mapping
		return f.parse(literal{kindOther, "a mapping"})
	}
	return f.parse(leaves[0].literal)
}

// Set stores a value that parsing the key gave.
func (f *Field) Set(c *Config, v any) {
	reflect.ValueOf(c).Elem().FieldByIndex(f.index).Set(reflect.ValueOf(v))
}
