package sweep

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/suggest"
)

// File is a sweep as its author wrote it, checked against the schema of configurations.
// docs/experiments.md describes the format.
type File struct {
	Path string // as given, for messages
	Dir  string // what relative paths in it start from
	Text []byte

	Name      string
	Preset    string   // under everything; empty: the default, or an axis
	Configs   []string // configuration files
	Set       []config.Setting
	Axes      []Axis
	Where     string     // condition on the blocks of files, folders and patterns
	Zip       [][]string // names of axes that advance together
	Exclude   []map[string]string
	Seeds     []uint64 // empty: the configuration's
	Check     bool     // lockstep
	Baseline  bool
	MaxCycles uint64
}

// Axis is one dimension of the space.
type Axis struct {
	Name   string // as written: a configuration key, or blocks, preset, policy, mapping, crediting, cores
	Key    string // of the configuration; empty for blocks
	Values []Value
	line   int
	field  *config.Field
}

// Value is one place on an axis.
type Value struct {
	Text string
	any  any // of the key's type
}

const (
	axisBlocks = "blocks"
	axisPreset = "preset"
)

// short are the axes that have a name of their own beside the configuration key.
var short = map[string]string{
	"policy": "machine.policy", "mapping": "machine.mapping", "crediting": "machine.crediting", "cores": "machine.cores",
}

// ReadFile reads and checks a sweep file. Its error lists all that is wrong, a line each.
func ReadFile(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return parseFile(path, dir, data)
}

// Parse checks the text of a sweep file that is not on disk; name is for messages, dir is what relative paths in it
// start from.
func Parse(name, dir string, text []byte) (*File, error) { return parseFile(name, dir, text) }

// SHA256 identifies the file's text.
func (f *File) SHA256() string { return hashBytes(f.Text) }

func parseFile(path, dir string, data []byte) (*File, error) {
	p := parser{file: &File{Path: path, Dir: dir, Text: data, Check: true, Baseline: true}}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: nothing in it", path)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document", path)
	}
	p.sweep(doc.Content[0])
	if len(p.errs) == 0 {
		return p.file, nil
	}
	slices.SortStableFunc(p.errs, func(a, b complaint) int { return cmp.Compare(a.line, b.line) })
	var all []error
	for _, c := range p.errs {
		all = append(all, fmt.Errorf("%s:%d: %w", path, c.line, c.err))
	}
	return nil, errors.Join(all...)
}

// parser walks the document by hand: every complaint has the line that it is about.
type parser struct {
	file *File
	errs []complaint
}

type complaint struct {
	line int
	err  error
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	p.failAt(n.Line, fmt.Errorf(format, args...))
}

func (p *parser) failAt(line int, err error) {
	p.errs = append(p.errs, complaint{line, err})
}

// mapping visits the members of a mapping, each once.
func (p *parser) mapping(n *yaml.Node, what string, visit func(name string, key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s: expected a mapping", what)
		return
	}
	first := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if before, twice := first[key.Value]; twice {
			p.fail(key, "%s is given twice, before in line %d", key.Value, before)
			continue
		}
		first[key.Value] = key.Line
		visit(key.Value, key, value)
	}
}

// list visits the elements of a list that has some.
func (p *parser) list(n *yaml.Node, what string, visit func(n *yaml.Node)) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		p.fail(n, "%s: expected a list of one element or more", what)
		return
	}
	for _, e := range n.Content {
		visit(e)
	}
}

func (p *parser) string(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || n.Value == "" {
		p.fail(n, "%s: expected a text", what)
		return ""
	}
	return n.Value
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

func (p *parser) number(n *yaml.Node, what string, low, high uint64) uint64 {
	v, err := strconv.ParseUint(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || !decimal.MatchString(n.Value) || err != nil || v < low || v > high {
		p.fail(n, "%s: expected a decimal integer %d..%d", what, low, high)
		return low
	}
	return v
}

func (p *parser) boolean(n *yaml.Node, what string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		p.fail(n, "%s: expected true or false", what)
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

const members = "name, base, axes, where, zip, exclude, repeats, seeds, check, baseline, maxCycles"

// named is what a sweep may be called: it becomes part of file names.
var named = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (p *parser) sweep(n *yaml.Node) {
	f := p.file
	nodes := map[string]*yaml.Node{}
	p.mapping(n, "a sweep", func(name string, key, v *yaml.Node) {
		nodes[name] = v
		switch name {
		case "name":
			if f.Name = p.string(v, name); f.Name != "" && !named.MatchString(f.Name) {
				p.fail(v, "name: %q: expected up to 64 letters, digits, dots, dashes and underscores", f.Name)
			}
		case "base":
			p.base(v)
		case "axes":
			p.axes(v)
		case "zip", "exclude", "repeats", "seeds": // below: they need the axes
		case "check":
			f.Check = p.boolean(v, name)
		case "baseline":
			f.Baseline = p.boolean(v, name)
		case "where":
			f.Where = p.string(v, name)
			if _, err := corpus.Compile(f.Where); err != nil {
				p.fail(v, "where: %v", err)
			}
		case "maxCycles":
			f.MaxCycles = p.number(v, name, 0, math.MaxInt64)
		default:
			p.fail(key, "unknown key %q; %s", name, suggest.Among(name, strings.Split(members, ", ")))
		}
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	for _, name := range []string{"name", "axes"} {
		if nodes[name] == nil {
			p.fail(n, "%s is missing", name)
		}
	}
	p.zip(nodes["zip"])
	p.exclude(nodes["exclude"])
	p.seeds(nodes["repeats"], nodes["seeds"])
	for _, s := range f.Set {
		if a := f.axisOf(s.Key); a != nil {
			p.failAt(a.line, fmt.Errorf("%s is an axis and is set in base", a.Name))
		}
	}
	if a := f.axisOf(axisPreset); a != nil && f.Preset != "" {
		p.failAt(a.line, errors.New("preset is an axis and is set in base"))
	}
}

// base reads what all points have in common.
func (p *parser) base(n *yaml.Node) {
	p.mapping(n, "base", func(name string, key, v *yaml.Node) {
		switch name {
		case "preset":
			p.file.Preset = p.string(v, "base.preset")
			if !slices.ContainsFunc(config.Presets(), func(c config.Preset) bool { return c.Name == p.file.Preset }) {
				p.fail(v, "base.preset: no preset %q", p.file.Preset)
			}
		case "files":
			p.list(v, "base.files", func(e *yaml.Node) { p.file.Configs = append(p.file.Configs, p.string(e, "base.files")) })
		case "set":
			p.mapping(v, "base.set", func(name string, key, v *yaml.Node) {
				field, _ := p.key(key, name)
				if field == nil {
					return
				}
				if slices.ContainsFunc(p.file.Set, func(s config.Setting) bool { return s.Key == field.Key }) {
					p.fail(key, "base.set: %s is set twice", field.Key)
					return
				}
				if text, _, ok := p.value(field, v); ok {
					p.file.Set = append(p.file.Set, config.Setting{Flag: fmt.Sprintf("%s:%d", p.file.Path, v.Line), Key: field.Key, Value: text})
				}
			})
		default:
			p.fail(key, "unknown key %q in base; %s", name, suggest.Among(name, []string{"preset", "files", "set"}))
		}
	})
}

// key finds the configuration key that a name stands for.
func (p *parser) key(n *yaml.Node, name string) (*config.Field, string) {
	key := name
	if full, ok := short[name]; ok {
		key = full
	}
	field, err := config.Lookup(key)
	if err != nil {
		p.fail(n, "%w", err)
		return nil, ""
	}
	return field, key
}

// value checks one value of a key. The number of cores may be inf, as many as the block
// has transactions.
func (p *parser) value(field *config.Field, n *yaml.Node) (text string, v any, ok bool) {
	if field.Key == "machine.cores" && n.Kind == yaml.ScalarNode && n.Value == "inf" {
		return "0", 0, true
	}
	if n.Kind == yaml.AliasNode {
		p.fail(n, "%s: aliases are not supported", field.Key)
		return "", nil, false
	}
	v, err := field.ParseYAML(n)
	if err != nil {
		if field.Key == "machine.cores" {
			err = fmt.Errorf("%w, or inf", err)
		}
		p.fail(n, "%w", err)
		return "", nil, false
	}
	return cellText(v), v, true
}

func (p *parser) axes(n *yaml.Node) {
	p.mapping(n, "axes", func(name string, key, v *yaml.Node) {
		a := Axis{Name: name, line: key.Line}
		if name != axisBlocks {
			if a.field, a.Key = p.key(key, name); a.field == nil {
				return
			}
			if twin := p.file.axisOf(a.Key); twin != nil {
				p.fail(key, "%s and %s are the same axis", twin.Name, name)
				return
			}
		}
		p.list(v, name, func(e *yaml.Node) {
			var val Value
			ok := true
			if name == axisBlocks {
				val.Text = p.string(e, name)
			} else if val.Text, val.any, ok = p.value(a.field, e); !ok {
				return
			}
			if a.has(val.Text) {
				p.fail(e, "%s: %s is there twice", name, val.Text)
				return
			}
			a.Values = append(a.Values, val)
		})
		p.file.Axes = append(p.file.Axes, a)
	})
}

func (a *Axis) has(text string) bool {
	return slices.ContainsFunc(a.Values, func(v Value) bool { return v.Text == text })
}

// axis finds an axis by its name, nil when there is none; axisOf by its key.
func (f *File) axis(name string) *Axis {
	if i := slices.IndexFunc(f.Axes, func(a Axis) bool { return a.Name == name }); i >= 0 {
		return &f.Axes[i]
	}
	return nil
}

func (f *File) axisOf(key string) *Axis {
	if i := slices.IndexFunc(f.Axes, func(a Axis) bool { return a.Key == key && key != "" }); i >= 0 {
		return &f.Axes[i]
	}
	return nil
}

func (p *parser) zip(n *yaml.Node) {
	if n == nil {
		return
	}
	member := map[string]bool{}
	p.list(n, "zip", func(group *yaml.Node) {
		var names []string
		p.list(group, "zip", func(e *yaml.Node) {
			name := p.string(e, "zip")
			a := p.file.axis(name)
			switch {
			case a == nil:
				p.fail(e, "zip: %q is not an axis", name)
			case member[name]:
				p.fail(e, "zip: %s is there twice", name)
			case name == axisBlocks:
				p.fail(e, "zip: blocks is crossed with everything: a pattern may stand for any number of them")
			case len(names) > 0 && len(a.Values) != len(p.file.axis(names[0]).Values):
				p.fail(e, "zip: %s has %d values, %s has %d", name, len(a.Values), names[0], len(p.file.axis(names[0]).Values))
			default:
				member[name] = true
				names = append(names, name)
			}
		})
		p.file.Zip = append(p.file.Zip, names)
	})
}

// exclude reads partial points: what matches all of one is left out.
func (p *parser) exclude(n *yaml.Node) {
	if n == nil {
		return
	}
	p.list(n, "exclude", func(e *yaml.Node) {
		match := map[string]string{}
		p.mapping(e, "exclude", func(name string, key, v *yaml.Node) {
			a := p.file.axis(name)
			if a == nil {
				p.fail(key, "exclude: %q is not an axis", name)
				return
			}
			if name == axisBlocks { // a path or a name, of which patterns do not tell before they are expanded
				match[name] = p.string(v, "exclude")
				return
			}
			text, _, ok := p.value(a.field, v)
			if ok && !a.has(text) {
				p.fail(v, "exclude: axis %s has no value %s", name, text)
			}
			match[name] = text
		})
		if e.Kind == yaml.MappingNode && len(e.Content) == 0 {
			p.fail(e, "exclude: an empty match would leave nothing")
		}
		p.file.Exclude = append(p.file.Exclude, match)
	})
}

// seeds settles the repetitions: those of a list, or 1, 2, 3 and so on.
func (p *parser) seeds(repeats, seeds *yaml.Node) {
	f := p.file
	if repeats == nil && seeds == nil {
		return
	}
	at := repeats
	if at == nil {
		at = seeds
	}
	if a := f.axisOf("predictor.seed"); a != nil {
		p.fail(at, "seeds: predictor.seed is an axis already")
	}
	if slices.ContainsFunc(f.Set, func(s config.Setting) bool { return s.Key == "predictor.seed" }) {
		p.fail(at, "seeds: predictor.seed is set in base")
	}
	if seeds != nil {
		p.list(seeds, "seeds", func(e *yaml.Node) {
			s := p.number(e, "seeds", 0, math.MaxUint64)
			if slices.Contains(f.Seeds, s) {
				p.fail(e, "seeds: %d is there twice", s)
			}
			f.Seeds = append(f.Seeds, s)
		})
	}
	if repeats == nil {
		return
	}
	switch n := p.number(repeats, "repeats", 1, 1_000_000); {
	case seeds == nil:
		for s := range n {
			f.Seeds = append(f.Seeds, s+1)
		}
	case n != uint64(len(f.Seeds)):
		p.fail(repeats, "repeats: %d, but there are %d seeds", n, len(f.Seeds))
	}
}

// settings are the flags of a configuration without its axes.
func (f *File) settings(preset string) []config.Setting {
	flags := slices.Clone(f.Set)
	switch a := f.axisOf(axisPreset); {
	case a != nil:
		flags = append(flags, config.Setting{Flag: "axis preset", Key: axisPreset, Value: preset})
	case f.Preset != "":
		flags = append(flags, config.Setting{Flag: f.Path, Key: axisPreset, Value: f.Preset})
	}
	return flags
}

// policyOf settles the mapping that a configuration means; it is an error when the
// policy does not have it.
func policyOf(policy, mapping string) (machine.PolicyInfo, string, error) {
	if mapping == "default" {
		mapping = ""
	}
	return machine.FindPolicy(policy, mapping)
}
