package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// A leaf is one value of a file: where it is, and what it says. The decoders that
// viper brings lose what strictness needs (the difference of 12.7 and 12, empty
// sections, keys that differ by case only), so files are read here.
type leaf struct {
	key  string // dotted, lower case
	line int    // 0 when the format does not tell
	literal
}

// reader takes a file of one format apart, in an order that depends on nothing
// but the file.
type reader func(data []byte) ([]leaf, error)

var readers = map[string]reader{".yaml": readYAML, ".yml": readYAML, ".toml": readTOML, ".json": readJSON}

// readerOf chooses by the name's extension.
func readerOf(path string) (reader, error) {
	if r := readers[strings.ToLower(filepath.Ext(path))]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("%s: unknown format; a configuration file ends in .yaml, .yml, .toml or .json", path)
}

func join(prefix, key string) string {
	key = strings.ToLower(key)
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

// readYAML walks the one document of a YAML file.
func readYAML(data []byte) ([]leaf, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return walkYAML(nil, "", doc.Content[0])
}

var yamlKinds = map[string]kind{
	"!!int": kindInteger, "!!float": kindFloat, "!!bool": kindBool, "!!str": kindString, "!!null": kindEmpty,
}

func walkYAML(out []leaf, prefix string, n *yaml.Node) ([]leaf, error) {
	switch n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 0 && prefix != "" {
			return append(out, leaf{prefix, n.Line, literal{kind: kindEmpty}}), nil
		}
		for i := 0; i < len(n.Content); i += 2 {
			var err error
			if out, err = walkYAML(out, join(prefix, n.Content[i].Value), n.Content[i+1]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case yaml.ScalarNode:
		k, ok := yamlKinds[n.Tag]
		if !ok {
			k = kindOther
		}
		return append(out, leaf{prefix, n.Line, literal{k, n.Value}}), nil
	case yaml.SequenceNode:
		return append(out, leaf{prefix, n.Line, literal{kind: kindList}}), nil
	default:
		return nil, fmt.Errorf("line %d: aliases are not supported", n.Line)
	}
}

// readTOML walks the tables in the order of their keys; TOML itself refuses
// tables and keys that are defined twice.
func readTOML(data []byte) ([]leaf, error) {
	var m map[string]any
	if err := toml.Unmarshal(data, &m); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			return nil, fmt.Errorf("line %d: %w", row, err)
		}
		return nil, err
	}
	return walkTOML(nil, "", m), nil
}

func walkTOML(out []leaf, prefix string, v any) []leaf {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 && prefix != "" {
			return append(out, leaf{key: prefix, literal: literal{kind: kindEmpty}})
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = walkTOML(out, join(prefix, k), v[k])
		}
		return out
	case int64:
		return append(out, leaf{key: prefix, literal: literal{kindInteger, strconv.FormatInt(v, 10)}})
	case float64:
		return append(out, leaf{key: prefix, literal: literal{kindFloat, strconv.FormatFloat(v, 'g', -1, 64)}})
	case bool:
		return append(out, leaf{key: prefix, literal: literal{kindBool, strconv.FormatBool(v)}})
	case string:
		return append(out, leaf{key: prefix, literal: literal{kindString, v}})
	case []any:
		return append(out, leaf{key: prefix, literal: literal{kind: kindList}})
	default:
		return append(out, leaf{key: prefix, literal: literal{kindOther, fmt.Sprint(v)}})
	}
}

// readJSON walks the tokens, which keeps the spelling of numbers and keys that
// occur twice.
func readJSON(data []byte) ([]leaf, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	w := jsonWalk{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	w.dec.UseNumber()
	if err := w.value(""); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("line %d: %w", w.line(), err)
	}
	if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line %d: more after the end of the object", w.line())
	}
	return w.out, nil
}

type jsonWalk struct {
	data []byte
	dec  *json.Decoder
	out  []leaf
}

func (w *jsonWalk) line() int {
	return 1 + bytes.Count(w.data[:w.dec.InputOffset()], []byte("\n"))
}

func (w *jsonWalk) value(prefix string) error {
	tok, err := w.dec.Token()
	if err != nil {
		return err
	}
	l := leaf{key: prefix, line: w.line()}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '{' {
			return w.object(l)
		}
		l.kind = kindList
		for w.dec.More() {
			var skip json.RawMessage
			if err := w.dec.Decode(&skip); err != nil {
				return err
			}
		}
		if _, err := w.dec.Token(); err != nil {
			return err
		}
	case json.Number:
		l.literal = literal{kindInteger, tok.String()}
		if strings.ContainsAny(l.text, ".eE") {
			l.kind = kindFloat
		}
	case bool:
		l.literal = literal{kindBool, strconv.FormatBool(tok)}
	case string:
		l.literal = literal{kindString, tok}
	default:
		l.kind = kindEmpty
	}
	w.out = append(w.out, l)
	return nil
}

// object reads what follows an opening brace.
func (w *jsonWalk) object(l leaf) error {
	if !w.dec.More() && l.key != "" {
		l.kind = kindEmpty
		w.out = append(w.out, l)
	}
	for w.dec.More() {
		key, err := w.dec.Token()
		if err != nil {
			return err
		}
		if err := w.value(join(l.key, key.(string))); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}
