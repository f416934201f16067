package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/files"
)

// ownerSchema is the schema of owner.
const ownerSchema = "ooovm.sweep/1"

// owner says what a directory belongs to.
type owner struct {
	Schema     string `json:"schema"`
	Name       string `json:"name"`
	Sweep      string `json:"sweep"`      // sha256 of the sweep file
	Executable string `json:"executable"` // sha256 of the program
	Tool       Tool   `json:"tool"`
	Points     int    `json:"points"`
	PointsFile string `json:"pointsFile"` // sha256 of points.csv
	File       string `json:"file"`       // where the sweep file was: what its paths start from
}

// Tool describes the program that runs a sweep.
type Tool struct {
	Version    string `json:"version"`
	Commit     string `json:"commit"`
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	GoEthereum string `json:"goEthereum"`
	Executable string `json:"executable"` // sha256
}

// Run is the directory of a sweep.
type Run struct {
	Dir    string
	Name   string
	Points []Point
	Axes   []Column
	owner  owner
	plan   *Plan // nil when the directory was opened to be read
}

// Open opens the directory of a sweep to read it; it needs neither the sweep file nor
// the blocks.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	data, err := os.ReadFile(filepath.Join(dir, ownerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: not the directory of a sweep (it has no %s)", dir, ownerFile)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &r.owner); err != nil || r.owner.Schema != ownerSchema {
		return nil, fmt.Errorf("%s: not %s", filepath.Join(dir, ownerFile), ownerSchema)
	}
	r.Name = r.owner.Name
	path := filepath.Join(dir, pointsFile)
	if data, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	if r.Axes, r.Points, err = readPoints(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Create makes a directory for a sweep, or takes up the one that it has already.
// Anything else that is there is refused; force takes over the directory of another
// sweep or executable, and of its points uses those that this sweep has too.
func Create(dir string, f *File, tool Tool, force bool) (*Run, error) {
	plan, err := f.Plan(tool.Executable)
	if err != nil {
		return nil, err
	}
	points, err := writePoints(plan.Axes, plan.Points)
	if err != nil {
		return nil, err
	}
	own := owner{
		Schema: ownerSchema, Name: f.Name, Sweep: f.SHA256(), Executable: tool.Executable, Tool: tool,
		Points: len(plan.Points), PointsFile: hashBytes(points), File: filepath.Join(f.Dir, filepath.Base(f.Path)),
	}
	r := &Run{Dir: dir, Name: f.Name, Points: plan.Points, Axes: plan.Axes, owner: own, plan: plan}
	var old owner
	switch data, err := os.ReadFile(filepath.Join(dir, ownerFile)); {
	case errors.Is(err, fs.ErrNotExist):
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if !force && slices.ContainsFunc(entries, foreign) {
			if _, err := os.Stat(filepath.Join(dir, ownerFile)); err == nil {
				return Create(dir, f, tool, force) // another process has just begun the sweep
			}
			return nil, fmt.Errorf("%s: neither empty nor the directory of a sweep", dir)
		}
	case err != nil:
		return nil, err
	case json.Unmarshal(data, &old) != nil || old.Schema != ownerSchema:
		return nil, fmt.Errorf("%s: not %s", filepath.Join(dir, ownerFile), ownerSchema)
	default:
		if err := old.sameAs(&own); err == nil {
			return r, nil
		} else if !force {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		for _, name := range []string{ownerFile, ResultsCSV, resultsPq, manifestFile} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(own, "", "  ")
	if err != nil {
		return nil, err
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{textFile, f.Text}, {pointsFile, points}, {ownerFile, append(data, '\n')}} {
		if err := files.WriteBytes(filepath.Join(dir, file.name), file.data); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// foreign reports whether a file is none of those that a sweep begins with, or a draft of
// one: those a process may be writing, or may have left when it was killed.
func foreign(e fs.DirEntry) bool {
	name := strings.TrimPrefix(e.Name(), ".")
	return !strings.HasPrefix(name, textFile) && !strings.HasPrefix(name, pointsFile) && !strings.HasPrefix(name, ownerFile)
}

// sameAs tells what is different about another owner, nil for nothing.
func (o *owner) sameAs(other *owner) error {
	switch {
	case o.Sweep != other.Sweep:
		return fmt.Errorf("it belongs to another sweep (%s, sha256 %.16s; this one is %s, %.16s); --force takes it over", o.Name, o.Sweep, other.Name, other.Sweep)
	case o.Executable != other.Executable:
		return fmt.Errorf("it was begun by another executable (%s, sha256 %.16s; this one is %s, %.16s); --force begins it again", o.Tool.Version, o.Executable, other.Tool.Version, other.Executable)
	case o.PointsFile != other.PointsFile:
		return errors.New("the blocks or the configuration files of the sweep have changed since it was begun; --force takes up the new ones")
	}
	return nil
}

// Reopen takes up a sweep from its directory alone: the sweep file is the copy in it,
// and the blocks are where they were.
func Reopen(dir string, tool Tool, force bool) (*Run, error) {
	read, err := Open(dir)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, textFile))
	if err != nil {
		return nil, err
	}
	f, err := parseFile(filepath.Join(dir, textFile), filepath.Dir(read.owner.File), data)
	if err != nil {
		return nil, err
	}
	f.Path = read.owner.File
	return Create(dir, f, tool, force)
}

// pointColumns are the columns of points.csv.
func pointColumns(axes []Column) []source {
	list := []source{identity[1], identity[0], identity[2], {Column{Name: "path", Kind: Text, Doc: "of the block, as the sweep file leads to it"}, func(r *row) any { return r.point.Block.Path }}}
	list = append(list, axisSources(axes)...)
	return append(list, machineColumns...)
}

func writePoints(axes []Column, points []Point) ([]byte, error) {
	columns := pointColumns(axes)
	var buf bytes.Buffer
	out := table.NewCSV(&buf)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.Name
	}
	if err := out.Write(cells); err != nil {
		return nil, err
	}
	for i := range points {
		r := row{point: &points[i]}
		for k, c := range columns {
			cells[k] = cellText(c.cell(&r))
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	err := out.Flush()
	return buf.Bytes(), err
}

// readPoints reads points.csv. What it says of a point is enough to describe it in a
// table, not to run it.
func readPoints(data []byte) (axes []Column, points []Point, err error) {
	t, err := ReadTable(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	for _, c := range t.Columns {
		if strings.Contains(c.Name, ".") {
			axes = append(axes, c)
		}
	}
	for _, c := range pointColumns(axes) {
		if _, ok := t.index[c.Name]; !ok {
			return nil, nil, fmt.Errorf("no column %s", c.Name)
		}
	}
	blocks := map[string]*Input{}
	for i, cells := range t.rows {
		cell := func(name string) string { return cells[t.index[name]] }
		pt := Point{
			Index: i, ID: cell("point"), Preset: cell("preset"), Hash: cell("config"), Stack: cell("stack"),
			Policy: cell("policy"), Mapping: cell("mapping"), Crediting: cell("crediting"),
			Oracle: cell("oracle") == "true", Chaos: cell("chaos") == "true", Schedule: cell("schedule") == "true",
		}
		var err1, err2 error
		pt.Cores, err1 = strconv.Atoi(cell("cores"))
		pt.Seed, err2 = strconv.ParseUint(cell("seed"), 10, 64)
		if err1 != nil || err2 != nil || cell("index") != strconv.Itoa(i) || !isID(pt.ID) {
			return nil, nil, fmt.Errorf("line %d: not a point", i+2)
		}
		for _, axis := range axes {
			v, err := axis.parse(cell(axis.Name))
			if err != nil {
				return nil, nil, fmt.Errorf("line %d: %w", i+2, err)
			}
			pt.Values = append(pt.Values, v)
		}
		path := cell("path")
		if blocks[path] == nil {
			blocks[path] = &Input{Name: cell("block"), Path: path}
		}
		pt.Block = blocks[path]
		points = append(points, pt)
	}
	return axes, points, nil
}

// Table lists the points of a shard as points.csv has them.
func (p *Plan) Table(s Shard) (*table.Table, error) {
	first, last := s.bounds(len(p.Points))
	data, err := writePoints(p.Axes, p.Points[first:last])
	if err != nil {
		return nil, err
	}
	points, err := ReadTable(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	t := &table.Table{Rows: points.rows}
	for _, c := range points.Columns {
		t.Header = append(t.Header, c.Name)
		t.Number = append(t.Number, c.Kind == Integer || c.Kind == Unsigned || c.Kind == Real)
	}
	return t, nil
}

// isID tells the name of a point from anything else: it becomes part of a path.
func isID(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == ""
}

// parse reads a cell of the column as cellText writes it.
func (c *Column) parse(cell string) (v any, err error) {
	if cell == "" {
		return nil, nil
	}
	switch c.Kind {
	case Integer, Unsigned:
		v, err = strconv.ParseUint(cell, 10, 64)
	case Real:
		v, err = strconv.ParseFloat(cell, 64)
	case Flag:
		v, err = strconv.ParseBool(cell)
	default:
		return cell, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %q is not of kind %s", c.Name, cell, c.Kind)
	}
	return v, nil
}
