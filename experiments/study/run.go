package study

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/traces"
)

// Options say how to run studies.
type Options struct {
	Out     string   // each study has a folder in it
	Blocks  []string // files, folders and patterns; none: the embedded block
	Jobs    int      // 0: all host cores
	Force   bool     // take over what another executable has begun
	Redraw  bool     // measure nothing: draw and write again what was measured, by whatever executable
	Tool    sweep.Tool
	Argv    []string
	Stop    context.Context
	Measure func(study, data string) func(sweep.Tally) // progress of a sweep; nil for nobody
}

// Report is what a study has left behind.
type Report struct {
	Schema  string   `json:"schema"`
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Text    string   `json:"text"`
	Files   []string `json:"files"`
	Points  int      `json:"points"`
	Missing int      `json:"missing"` // points without a right result
}

// ReportSchema names the form of a Report.
const ReportSchema = "ooovm.study/1"

// manifestSchema names the form of a study's manifest.json.
const manifestSchema = "ooovm.study-manifest/1"

// The folders and files of a study.
const (
	dataDir    = "data"
	figuresDir = "figures"
	blocksDir  = "blocks"
	tableCSV   = "table.csv"
)

// Run measures what is not measured yet, and writes figures, table, text and manifest.
func (s *Study) Run(opt Options) (*Report, error) {
	w := &work{Study: s, opt: opt, dir: filepath.Join(opt.Out, s.Name), tables: map[string]*sweep.Table{}, sources: map[string]string{}}
	w.report = Report{Schema: ReportSchema, Name: s.Name, Title: s.Title, Files: []string{}}
	for i := range s.Data {
		if err := w.measure(&s.Data[i]); err != nil {
			return nil, fmt.Errorf("study %s: %w", s.Name, err)
		}
	}
	if err := errors.Join(w.figures(), w.table(), w.text(), w.manifest()); err != nil {
		return nil, fmt.Errorf("study %s: %w", s.Name, err)
	}
	return &w.report, nil
}

// work is a study that is being run.
type work struct {
	*Study
	opt      Options
	dir      string
	tables   map[string]*sweep.Table
	sources  map[string]string
	captions []string // of the figures
	list     *table.Table
	report   Report
}

// data gives a table by the name of its measurements, the first for no name.
func (w *work) data(name string) *sweep.Table {
	if name == "" {
		name = w.Data[0].Name
	}
	return w.tables[name]
}

func (w *work) source(name string) string {
	if name == "" {
		name = w.Data[0].Name
	}
	return w.sources[name]
}

func (w *work) write(name string, content []byte) error {
	path := filepath.Join(w.dir, name)
	w.report.Files = append(w.report.Files, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return files.WriteBytes(path, content)
}

// measure fills in the table of one set of measurements.
func (w *work) measure(d *Data) (err error) {
	dir := filepath.Join(w.dir, dataDir, d.Name)
	blocks := w.opt.Blocks
	own := d.Blocks
	if len(blocks) == 0 && own == nil {
		own = d.Default
	}
	if own != nil && !w.opt.Redraw {
		if blocks, err = own(filepath.Join(w.dir, blocksDir)); err != nil {
			return err
		}
	}
	var t *sweep.Table
	if d.Measure != nil {
		t, err = w.compute(d, dir, blocks)
	} else {
		t, err = w.sweep(d, dir, blocks)
	}
	if err != nil {
		return err
	}
	for _, derived := range d.Derive {
		t = t.With(sweep.Column{Name: derived.Column, Kind: sweep.Text, Doc: derived.Doc}, derived.Make)
	}
	w.tables[d.Name] = t
	return nil
}

// sweep runs the points that are not done, and gives all.
func (w *work) sweep(d *Data, dir string, blocks []string) (*sweep.Table, error) {
	var run *sweep.Run
	var err error
	if w.opt.Redraw {
		if run, err = sweep.Open(dir); err != nil {
			return nil, err
		}
	} else if run, err = w.execute(d, dir, blocks); err != nil {
		return nil, err
	}
	tally := run.Tally(sweep.Shard{})
	w.report.Points += tally.Points
	w.report.Missing += tally.Points - tally.OK
	w.sources[d.Name] = run.Source()
	return run.Table()
}

func (w *work) execute(d *Data, dir string, blocks []string) (*sweep.Run, error) {
	if len(blocks) == 0 {
		blocks = []string{"embedded"}
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	name := w.Name + "-" + d.Name
	f, err := sweep.Parse(name+".yaml", here, []byte(d.text(name, blocks)))
	if err != nil {
		return nil, err
	}
	run, err := sweep.Create(dir, f, w.opt.Tool, w.opt.Force)
	if err != nil {
		return nil, err
	}
	opt := sweep.Options{Jobs: w.opt.Jobs, Stop: w.opt.Stop}
	if w.opt.Measure != nil {
		opt.Progress = w.opt.Measure(w.Name, d.Name)
	}
	session := sweep.NewSession(w.opt.Argv, w.opt.Tool)
	x, err := run.Execute(opt)
	exit := 0
	if err != nil {
		exit = 1
	}
	session.End(x, opt, exit)
	return run, errors.Join(err, run.Conclude(sweep.Shard{}, session, err == nil))
}

// rowsOf is the file of a block's rows: a block is not computed again when it is there.
type rowsOf struct {
	Executable string     `json:"executable"`
	Rows       [][]string `json:"rows"`
}

// compute gives the rows of all blocks.
func (w *work) compute(d *Data, dir string, blocks []string) (*sweep.Table, error) {
	path := filepath.Join(dir, sweep.ResultsCSV)
	w.sources[d.Name] = "study " + w.Name + ", ooovm " + w.opt.Tool.Version
	if w.opt.Redraw {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return sweep.ReadTable(bytes.NewReader(data))
	}
	paths := []string{""}
	if len(blocks) > 0 {
		var err error
		if paths, _, err = corpus.Choose(w.opt.Stop, blocks, "", nil); err != nil {
			return nil, err
		}
	}
	if d.Choose != nil {
		paths = d.Choose(paths)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	host := batch.Host{Jobs: w.opt.Jobs}
	if d.Measure.Alone {
		host.Jobs = 1
	}
	show, done := func(sweep.Tally) {}, 0
	if w.opt.Measure != nil {
		show = w.opt.Measure(w.Name, d.Name)
	}
	var buf bytes.Buffer
	out := table.NewCSV(&buf)
	if err := out.Write(append([]string{"block", "status"}, d.Measure.Columns...)); err != nil {
		return nil, err
	}
	type outcome struct {
		name string
		rows [][]string
		err  error
	}
	err := batch.Ordered(host, paths, func(path string) (o outcome) {
		if o.name, o.err = blockName(path); o.err != nil {
			return o
		}
		o.rows, o.err = w.computeOne(d, filepath.Join(dir, o.name+".json"), path)
		return o
	}, func(o outcome) error {
		if o.err != nil {
			return o.err
		}
		done++
		show(sweep.Tally{Points: len(paths), OK: done})
		for _, row := range o.rows {
			if err := out.Write(append([]string{o.name, string(sweep.OK)}, row...)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	if err := files.WriteBytes(path, buf.Bytes()); err != nil {
		return nil, err
	}
	return sweep.ReadTable(&buf)
}

// blockName names a block as sweeps do; no path is the embedded block.
func blockName(path string) (string, error) {
	if path != "" {
		return corpus.Name(path), nil
	}
	b, err := traces.Embedded()
	if err != nil {
		return "", err
	}
	return b.Name, nil
}

func (w *work) computeOne(d *Data, file, path string) ([][]string, error) {
	var kept rowsOf
	switch data, err := os.ReadFile(file); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case json.Unmarshal(data, &kept) == nil && kept.Executable == w.opt.Tool.Executable:
		return kept.Rows, nil
	}
	rows, err := d.Measure.Of(w.opt.Stop, path)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(rowsOf{w.opt.Tool.Executable, rows})
	if err != nil {
		return nil, err
	}
	return rows, files.WriteBytes(file, append(data, '\n'))
}

func (w *work) figures() error {
	for i := range w.Figures {
		fig := &w.Figures[i]
		t := w.data(fig.Data)
		make := func(t *sweep.Table) (f *plot.Figure, err error) { return chart.Draw(t, fig.Spec) }
		switch {
		case fig.All != nil:
			make = func(*sweep.Table) (*plot.Figure, error) { return fig.All(w.data) }
		case fig.Make != nil:
			make = fig.Make
		}
		f, err := make(t)
		if err != nil {
			return fmt.Errorf("figure %s: %w", fig.Name, err)
		}
		f.Name, f.Wide, f.Source = fig.Name, fig.Wide, w.source(fig.Data)
		if err := f.Save(filepath.Join(w.dir, figuresDir)); err != nil {
			return err
		}
		for _, name := range f.Files() {
			w.report.Files = append(w.report.Files, filepath.Join(w.dir, figuresDir, name))
		}
		w.captions = append(w.captions, f.Caption)
	}
	return nil
}

// table writes the means of the study, with their intervals and the number of blocks.
func (w *work) table() error {
	if w.Table.All != nil {
		return w.wholeTable()
	}
	t := w.data(w.Table.Data)
	var keys [][]string
	cells := map[string][]string{}
	head := append([]string{}, w.Table.By...)
	w.list = &table.Table{}
	for i, name := range w.Table.Metrics {
		m, err := metric.Find(name, t)
		if err != nil {
			return err
		}
		g, err := chart.Group(t, &m, w.Table.By...)
		if err != nil {
			return fmt.Errorf("table: %w", err)
		}
		mean := m.Mean(stats.TotalRatio)
		if i == 0 {
			head = append(head, "blocks")
			for k := range g.List {
				keys = append(keys, g.List[k].Key)
				id := strings.Join(g.List[k].Key, "\x00")
				cells[id] = append(append(cells[id], g.List[k].Key...), fmt.Sprint(len(g.List[k].Blocks)))
			}
		}
		head = append(head, fmt.Sprintf("%s (%s)", name, mean), "low", "high")
		have := map[string]bool{}
		for k := range g.List {
			c := &g.List[k]
			id := strings.Join(c.Key, "\x00")
			have[id] = true
			interval := stats.DefaultBootstrap.Interval(c.Samples, mean)
			cells[id] = append(cells[id], stats.Float(stats.Round(mean.Of(c.Samples))).String(), interval.Low.String(), interval.High.String())
		}
		for _, key := range keys {
			if id := strings.Join(key, "\x00"); !have[id] {
				cells[id] = append(cells[id], "", "", "")
			}
		}
	}
	w.list = &table.Table{Header: head}
	for _, key := range keys {
		w.list.Rows = append(w.list.Rows, cells[strings.Join(key, "\x00")])
	}
	for i := range head {
		w.list.Number = append(w.list.Number, i >= len(w.Table.By))
	}
	return w.writeTable()
}

// wholeTable writes a table that the study makes itself.
func (w *work) wholeTable() (err error) {
	if w.list, err = w.Table.All(w.data); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return w.writeTable()
}

func (w *work) writeTable() error {
	var buf bytes.Buffer
	out := table.NewCSV(&buf)
	if err := out.WriteAll(append([][]string{w.list.Header}, w.list.Rows...)); err != nil {
		return err
	}
	return w.write(tableCSV, buf.Bytes())
}

// manifest says what it takes to repeat the study; that of a sweep is beside its results.
func (w *work) manifest() error {
	type file struct {
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
	}
	m := struct {
		Schema  string            `json:"schema"`
		Study   string            `json:"study"`
		Tool    sweep.Tool        `json:"tool"`
		Argv    []string          `json:"argv"`
		Blocks  []string          `json:"blocks"`
		Data    map[string]string `json:"data"` // where the manifest of each set of measurements is, or its results
		Outputs []file            `json:"outputs"`
	}{Schema: manifestSchema, Study: w.Name, Tool: w.opt.Tool, Argv: w.opt.Argv, Blocks: w.opt.Blocks, Data: map[string]string{}}
	for i := range w.Data {
		d := &w.Data[i]
		m.Data[d.Name] = filepath.ToSlash(filepath.Join(dataDir, d.Name, "manifest.json"))
		if d.Measure != nil {
			m.Data[d.Name] = filepath.ToSlash(filepath.Join(dataDir, d.Name, sweep.ResultsCSV))
		}
	}
	for _, path := range w.report.Files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		m.Outputs = append(m.Outputs, file{filepath.ToSlash(rel), hex.EncodeToString(sum[:])})
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return w.write("manifest.json", append(data, '\n'))
}
