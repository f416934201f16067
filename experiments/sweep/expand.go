package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/traces/fuel"
)

// maxPoints bounds a sweep: more is a mistake in its axes.
const maxPoints = 10_000_000

// embeddedName is what a sweep file and the results call the embedded block.
const embeddedName = "embedded"

// Plan is a sweep with its blocks found and its points made.
type Plan struct {
	File   *File
	Inputs []*Input
	Axes   []Column // with a column of their own in the results
	Points []Point  // blocks slowest, then the axes in the order of the file, then seeds
	bases  map[string]*config.Effective
	combos []combo
}

// combo is one machine: what the points of all blocks have in common.
type combo struct {
	point  Point // without block and identity
	preset string
	values []axisValue // of every axis but blocks
	seed   *uint64
}

type axisValue struct {
	axis  *Axis
	value Value
}

// Plan finds the blocks and makes the points, named for an executable with this
// SHA-256. Equal files and blocks give equal plans.
func (f *File) Plan(executable string) (*Plan, error) {
	p := &Plan{File: f, bases: map[string]*config.Effective{}}
	for _, a := range f.Axes {
		if strings.Contains(a.Name, ".") {
			p.Axes = append(p.Axes, axisColumn(a.Name))
		}
	}
	if err := p.findBlocks(); err != nil {
		return nil, err
	}
	if err := p.combine(); err != nil {
		return nil, err
	}
	identities := map[string]string{} // by ID
	for _, in := range p.Inputs {
		for _, c := range p.combos {
			if excluded, err := p.excluded(in, &c); excluded || err != nil {
				if err != nil {
					return nil, err
				}
				continue
			}
			pt := c.point
			pt.Index, pt.Block = len(p.Points), in
			pt.Identity = f.identity(&pt, executable)
			pt.ID = pt.Identity[:16]
			if other, ok := identities[pt.ID]; ok && other != pt.Identity {
				return nil, fmt.Errorf("points %s and %s have the same first 16 digits; change a seed", other, pt.Identity)
			}
			identities[pt.ID] = pt.Identity
			p.Points = append(p.Points, pt)
		}
	}
	if len(p.Points) == 0 {
		return nil, fmt.Errorf("%s: exclude leaves no point", f.Path)
	}
	return p, nil
}

// findBlocks expands the axis blocks; without it there is the embedded block.
func (p *Plan) findBlocks() error {
	a := p.File.axis(axisBlocks)
	if a == nil {
		a = &Axis{Values: []Value{{Text: embeddedName}}}
	}
	names := map[string]string{}
	for _, v := range a.Values {
		found := []*Input{{Name: "synthetic-mix", Path: embeddedName, Hash: embeddedName}}
		if v.Text != embeddedName {
			var err error
			if found, err = p.File.inputs(v.Text); err != nil {
				return fmt.Errorf("%s:%d: blocks: %w", p.File.Path, a.line, err)
			}
		}
		for _, in := range found {
			switch before, ok := names[in.Name]; {
			case !ok:
				names[in.Name] = in.Path
				p.Inputs = append(p.Inputs, in)
			case before != in.Path: // the same file twice is the same block
				return fmt.Errorf("%s:%d: blocks: %s and %s have the same name", p.File.Path, a.line, before, in.Path)
			}
		}
	}
	return nil
}

// inputs finds the bundles of a file, folder or pattern.
func (f *File) inputs(text string) (list []*Input, err error) {
	where := text
	if !filepath.IsAbs(where) {
		where = filepath.Join(f.Dir, where)
	}
	paths, _, err := corpus.Choose(context.Background(), []string{where}, f.Where, nil)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no block in it", text)
	}
	for _, path := range paths {
		in := &Input{Path: path, file: path}
		if !filepath.IsAbs(text) {
			if in.Path, err = filepath.Rel(f.Dir, path); err != nil {
				return nil, err
			}
			in.Path = filepath.ToSlash(in.Path)
		}
		if fuel.IsProgramFile(path) {
			return nil, fmt.Errorf("%s: sweeps are about blocks, not FuelVM programs", in.Path)
		}
		in.Name = corpus.Name(path)
		if in.Hash, err = corpus.HashFile(path); err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	return list, nil
}

// combine makes the combos: the product of the axes, where zipped ones count as one.
func (p *Plan) combine() error {
	var dims [][][]axisValue // dimension, place, one value of each axis in it
	size := len(p.Inputs)
	for _, group := range p.File.groups() {
		dim := make([][]axisValue, len(group[0].Values))
		for i := range dim {
			for _, a := range group {
				dim[i] = append(dim[i], axisValue{a, a.Values[i]})
			}
		}
		if size *= len(dim); size > maxPoints {
			return fmt.Errorf("%s: more than %d points", p.File.Path, maxPoints)
		}
		dims = append(dims, dim)
	}
	seeds := []*uint64{nil}
	if len(p.File.Seeds) > 0 {
		seeds = nil
		for i := range p.File.Seeds {
			seeds = append(seeds, &p.File.Seeds[i])
		}
	}
	if size *= len(seeds); size > maxPoints {
		return fmt.Errorf("%s: more than %d points", p.File.Path, maxPoints)
	}
	place := make([]int, len(dims))
	for {
		var values []axisValue
		for d, i := range place {
			values = append(values, dims[d][i]...)
		}
		for _, s := range seeds {
			c := combo{values: values, seed: s}
			if err := p.machine(&c); err != nil {
				return err
			}
			p.combos = append(p.combos, c)
		}
		d := len(place) - 1
		for ; d >= 0; d-- {
			if place[d]++; place[d] < len(dims[d]) {
				break
			}
			place[d] = 0
		}
		if d < 0 {
			return nil
		}
	}
}

// groups are the axes but blocks, zipped ones together at the place of the first.
func (f *File) groups() (list [][]*Axis) {
	grouped := map[string]bool{}
	for i := range f.Axes {
		a := &f.Axes[i]
		if a.Name == axisBlocks || grouped[a.Name] {
			continue
		}
		group := []*Axis{a}
		for _, names := range f.Zip {
			for _, name := range names {
				if name == a.Name {
					group = nil
				}
			}
			if group == nil {
				for _, name := range names {
					group = append(group, f.axis(name))
					grouped[name] = true
				}
				break
			}
		}
		list = append(list, group)
	}
	return list
}

// machine settles the configuration of a combo. A policy and a mapping that do not go
// together are not refused here: exclude may leave them out.
func (p *Plan) machine(c *combo) error {
	for _, v := range c.values {
		if v.axis.Key == axisPreset {
			c.preset = v.value.Text
		}
	}
	base, err := p.base(c.preset)
	if err != nil {
		return err
	}
	pt := &c.point
	pt.Preset = base.Preset
	cfg := base.Config
	pt.Values = make([]any, len(p.Axes))
	for _, v := range c.values {
		if v.axis.Key != axisPreset {
			v.axis.field.Set(&cfg, v.value.any)
		}
		for i := range p.Axes { // zipped axes are not in the order of the file
			if p.Axes[i].Name == v.axis.Name {
				pt.Values[i] = v.value.any
			}
		}
	}
	if c.seed != nil {
		cfg.Predictor.Seed = *c.seed
	}
	pt.describe(&cfg)
	return nil
}

// describe fills in what a configuration says of a point.
func (pt *Point) describe(cfg *config.Config) {
	pt.Config = cfg
	pt.Hash = config.Hash(cfg)
	pt.Stack, pt.Seed = cfg.Core.Stack, cfg.Predictor.Seed
	pt.Oracle, pt.Chaos = cfg.ReadsGolden(), cfg.Misbehaves()
	pt.Policy, pt.Cores = cfg.Machine.Policy, cfg.Machine.Cores
	if pt.Policy == machine.SequentialPolicy {
		return
	}
	pt.Mapping, pt.Crediting = cfg.Machine.Mapping, cfg.Machine.Crediting
	if info, mapping, err := policyOf(pt.Policy, pt.Mapping); err == nil {
		pt.Mapping = mapping
		pt.Oracle = pt.Oracle || info.Oracle || mapping == machine.PerfectFrames
		pt.Schedule = info.Model != nil
	}
}

// base loads the configuration under a preset, once.
func (p *Plan) base(preset string) (*config.Effective, error) {
	if e := p.bases[preset]; e != nil {
		return e, nil
	}
	src := config.Source{Flags: p.File.settings(preset)}
	for _, path := range p.File.Configs {
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.File.Dir, path)
		}
		src.Files = append(src.Files, path)
	}
	e, err := config.Load(src)
	if err != nil {
		var all []error
		for line := range strings.Lines(err.Error()) {
			all = append(all, fmt.Errorf("%s: base: %s", p.File.Path, strings.TrimSuffix(line, "\n")))
		}
		return nil, errors.Join(all...)
	}
	p.bases[preset] = e
	return e, nil
}

// excluded reports whether a point is left out. One that is not must have a policy
// that knows its mapping.
func (p *Plan) excluded(in *Input, c *combo) (bool, error) {
	for _, match := range p.File.Exclude {
		all := true
		for name, text := range match {
			if name == axisBlocks {
				all = all && (in.Path == text || in.Name == text)
				continue
			}
			for _, v := range c.values {
				all = all && (v.axis.Name != name || v.value.Text == text)
			}
		}
		if all {
			return true, nil
		}
	}
	if m := &c.point.Config.Machine; m.Policy != machine.SequentialPolicy {
		if _, _, err := policyOf(m.Policy, m.Mapping); err != nil {
			return false, fmt.Errorf("%s: %w; exclude such points", p.File.Path, err)
		}
	}
	return false, nil
}

// identity names all that the result of a point depends on. One core reads nothing of
// how cores share a block, so there the number of cores does not count.
func (f *File) identity(pt *Point, executable string) string {
	cores := pt.Cores
	if pt.Policy == machine.SequentialPolicy {
		cores = 1
	}
	h := sha256.New()
	fmt.Fprintf(h, "ooovm point 1\nexecutable=%s\nconfig=%s\nblock=%s\npolicy=%s\nmapping=%s\ncores=%d\nseed=%d\ncheck=%t\nbaseline=%t\nmaxCycles=%d\n",
		executable, pt.Hash, pt.Block.Hash, pt.Policy, pt.Mapping, cores, pt.Seed, f.Check, f.Baseline, f.MaxCycles)
	return hex.EncodeToString(h.Sum(nil))
}

func hashBytes(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Executable is the SHA-256 of the program that is running.
func Executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", errors.New("the program's own file cannot be found: " + err.Error())
	}
	return corpus.HashFile(path)
}
