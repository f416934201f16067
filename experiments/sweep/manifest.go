package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/klauspost/cpuid/v2"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/corpus"
)

// manifestSchema is the schema of Manifest.
const manifestSchema = "ooovm.sweep-manifest/1"

// Manifest is what it takes to repeat a sweep, and who has done what of it so far. It is
// the one file that varies between hosts and runs.
type Manifest struct {
	Schema     string     `json:"schema"`
	Name       string     `json:"name"`
	Tool       Tool       `json:"tool"`
	Sweep      FileInfo   `json:"sweep"`
	Text       string     `json:"text"`        // of the sweep file
	Base       []Base     `json:"base"`        // the configuration under each preset
	Axes       []AxisInfo `json:"axes"`        // what they vary of it
	Seeds      []uint64   `json:"seeds"`       // null: the configuration's
	Blocks     []FileInfo `json:"blocks"`      // inputs
	ConfigFile []FileInfo `json:"configFiles"` // inputs
	Tally      Tally      `json:"tally"`
	Sessions   []Session  `json:"sessions"`
	Outputs    []FileInfo `json:"outputs"`
	Warnings   []string   `json:"warnings"`
	ExitStatus int        `json:"exitStatus"` // of the latest session
	Wall       float64    `json:"wallSeconds"`
	User       float64    `json:"userSeconds"`
	SHA256     string     `json:"sha256"` // of this file, with zeros here
}

// FileInfo names a file and its content.
type FileInfo struct {
	Name   string `json:"name,omitempty"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Base is a configuration before the axes.
type Base struct {
	Preset string  `json:"preset"`
	Hash   string  `json:"hash"`
	Values []Where `json:"values"`
}

// Where is one value of a configuration and where it comes from. That of an axis is null.
type Where struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
	From  string `json:"from"`
}

// AxisInfo is an axis of the sweep file.
type AxisInfo struct {
	Name   string   `json:"name"`
	Key    string   `json:"key,omitempty"`
	Values []string `json:"values"`
}

// Session is the work of one process.
type Session struct {
	Argv       []string `json:"argv"`
	Host       Host     `json:"host"`
	Tool       Tool     `json:"tool"`
	Shard      string   `json:"shard"`
	Jobs       int      `json:"jobs"`
	Begin      string   `json:"begin"` // RFC 3339
	Ran        int      `json:"ran"`   // points
	Tally      Tally    `json:"tally"` // of the shard, at the end
	Wall       float64  `json:"wallSeconds"`
	User       float64  `json:"userSeconds"`
	System     float64  `json:"systemSeconds"`
	Simulating float64  `json:"simulatingSeconds"` // of the jobs, added up
	ExitStatus int      `json:"exitStatus"`
	Warnings   []string `json:"warnings"`
}

// Host describes the machine that a session ran on.
type Host struct {
	Name          string `json:"name"`
	CPU           string `json:"cpu"`
	Vendor        string `json:"vendor"`
	Family        int    `json:"family"`
	Model         int    `json:"model"`
	PhysicalCores int    `json:"physicalCores"`
	LogicalCores  int    `json:"logicalCores"`
	L1Data        int    `json:"l1dataBytes"`
	L2            int    `json:"l2Bytes"`
	L3            int    `json:"l3Bytes"`
	Virtual       bool   `json:"virtual"`
}

func thisHost() Host {
	c := cpuid.CPU
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return Host{
		Name: name, CPU: c.BrandName, Vendor: c.VendorID.String(), Family: c.Family, Model: c.Model,
		PhysicalCores: c.PhysicalCores, LogicalCores: c.LogicalCores, L1Data: c.Cache.L1D, L2: c.Cache.L2, L3: c.Cache.L3,
		Virtual: c.VM(),
	}
}

// NewSession begins the record of a process that works on a sweep.
func NewSession(argv []string, tool Tool) *Session {
	return &Session{Argv: argv, Host: thisHost(), Tool: tool, Shard: Shard{}.String(), Begin: time.Now().UTC().Format(time.RFC3339Nano), Warnings: []string{}}
}

// End completes the record.
func (s *Session) End(x Execution, opt Options, exit int) {
	s.Shard, s.Jobs, s.Ran, s.Tally, s.ExitStatus = opt.Shard.String(), opt.Jobs, x.Ran, x.Tally, exit
	s.Wall, s.Simulating = x.Wall.Seconds(), x.Simulating.Seconds()
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) == nil {
		s.User, s.System = time.Duration(use.Utime.Nano()).Seconds(), time.Duration(use.Stime.Nano()).Seconds()
	}
}

// manifestName is the file of a shard's manifest: shards of one directory write at the
// same time.
func manifestName(s Shard) string {
	if s.All() {
		return manifestFile
	}
	return "manifest-" + s.name() + ".json"
}

// readManifest gives an empty manifest where there is none.
func readManifest(h host, path string) (m Manifest, err error) {
	data, err := readFile(h, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, nil
	case err != nil:
		return m, damaged(path, "%s", reason(err))
	case !unseal(data, &m, &m.SHA256) || m.Schema != manifestSchema:
		return Manifest{}, damaged(path, "not a whole %s", manifestSchema)
	}
	return m, nil
}

// Manifest reads manifest.json; its schema is empty where there is none.
func (r *Run) Manifest() (Manifest, error) {
	return readManifest(r.host, filepath.Join(r.Dir, manifestFile))
}

// Source says in a line where the numbers of the sweep come from.
func (r *Run) Source() string {
	return fmt.Sprintf("sweep %s (sha256 %.16s), ooovm %s", r.Name, r.owner.Sweep, r.owner.Tool.Version)
}

// Manifests reads what is recorded of how the directory came about: the manifest of the sweep, or those of its shards
// before they are merged. There is none while the first process works, or when it was killed.
func (r *Run) Manifests() ([]Manifest, error) {
	paths := []string{filepath.Join(r.Dir, manifestFile)}
	if _, err := os.Stat(paths[0]); errors.Is(err, fs.ErrNotExist) {
		shards, err := filepath.Glob(filepath.Join(r.Dir, "manifest-*.json"))
		if err != nil {
			return nil, err
		}
		paths = shards
	}
	list := []Manifest{}
	for _, path := range paths {
		m, err := readManifest(r.host, path)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// describe describes the sweep without what became of it.
func (r *Run) describe() *Manifest {
	p := r.plan
	f := p.File
	m := r.bare()
	m.Seeds = f.Seeds
	for _, in := range p.Inputs {
		m.Blocks = append(m.Blocks, FileInfo{in.Name, in.Path, in.Hash})
	}
	for _, path := range f.Configs {
		info := FileInfo{Path: path}
		if !filepath.IsAbs(path) {
			path = filepath.Join(f.Dir, path)
		}
		info.SHA256, _ = corpus.HashFile(path) // it was read for the plan; one that has gone since has no hash
		m.ConfigFile = append(m.ConfigFile, info)
	}
	for i := range f.Axes {
		a := &f.Axes[i]
		info := AxisInfo{Name: a.Name, Key: a.Key}
		for _, v := range a.Values {
			info.Values = append(info.Values, v.Text)
		}
		m.Axes = append(m.Axes, info)
	}
	for _, v := range p.presets() {
		m.Base = append(m.Base, f.describeBase(p.bases[v]))
	}
	return m
}

// presets are the keys of bases in the order of the sweep file.
func (p *Plan) presets() []string {
	if a := p.File.axisOf(axisPreset); a != nil {
		var list []string
		for _, v := range a.Values {
			list = append(list, v.Text)
		}
		return list
	}
	return []string{""}
}

func (f *File) describeBase(e *config.Effective) Base {
	b := Base{Preset: e.Preset, Hash: config.Hash(&e.Config)}
	for _, o := range e.Origins {
		w := Where{o.Key, o.Value, o.From}
		if a := f.axisOf(o.Key); a != nil {
			w.Value, w.From = nil, fmt.Sprintf("axis %s, %s:%d", a.Name, f.Path, a.line)
		} else if o.Key == "predictor.seed" && len(f.Seeds) > 0 {
			w.Value, w.From = nil, "seeds, "+f.Path
		}
		b.Values = append(b.Values, w)
	}
	return b
}

// total fills in what follows from the sessions.
func (m *Manifest) total() {
	m.Warnings, m.Wall, m.User, m.ExitStatus = []string{}, 0, 0, 0
	for i := range m.Sessions {
		s := &m.Sessions[i]
		m.Wall, m.User, m.ExitStatus = m.Wall+s.Wall, m.User+s.User, s.ExitStatus
		for _, w := range s.Warnings {
			if !slices.Contains(m.Warnings, w) {
				m.Warnings = append(m.Warnings, w)
			}
		}
	}
}

// output is the hash that a manifest keeps of a file, empty for none.
func (m *Manifest) output(name string) string {
	for _, out := range m.Outputs {
		if out.Path == name {
			return out.SHA256
		}
	}
	return ""
}
