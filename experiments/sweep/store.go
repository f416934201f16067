package sweep

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
)

// ResultsCSV is the table of results in the directory of a sweep.
const ResultsCSV = "results.csv"

// What else is there.
const (
	ownerFile    = "sweep.json" // what the directory belongs to; written last of the first four
	textFile     = "sweep.yaml" // the sweep file
	pointsFile   = "points.csv" // every point, before the first is run
	pointsDir    = "points"     // a folder for each finished point
	resultsPq    = "results.parquet"
	manifestFile = "manifest.json"
	doneFile     = "DONE"        // in a point's folder: its status; written last
	resultFile   = "result.json" // in a point's folder
	faultFile    = "fault.txt"   // in a point's folder: a dump, where ooovm was at fault
	tmpDir       = "tmp"         // what is being written, a folder for each process
)

// recordSchema is the schema of record.
const recordSchema = "ooovm.sweep-point/1"

// record is what a point's folder holds: nothing in it varies between hosts or runs.
type record struct {
	Schema string         `json:"schema"`
	Point  string         `json:"point"` // its whole identity
	Status Status         `json:"status"`
	Error  string         `json:"error,omitempty"`
	Run    *run.Result    `json:"run,omitempty"`    // as `ooovm run --json` has it
	Levels *levels.Result `json:"levels,omitempty"` // as `ooovm run --policy --json` has it

	fault []byte // a dump, of a fault of ours
}

// row gives the record of a point its place in the table.
func (rec *record) row(pt *Point) *row {
	r := &row{point: pt, status: rec.Status, err: rec.Error, run: rec.Run, levels: rec.Levels}
	switch {
	case rec.Run != nil:
		r.trace = &rec.Run.Trace
	case rec.Levels != nil:
		r.trace = &rec.Levels.Trace
	}
	return r
}

// store keeps finished points under their names. Several processes may use one, as
// long as each has a folder of its own for what it is writing.
type store struct {
	dir string // of the sweep
	tmp string // of this process
}

func (s *store) folder(id string) string { return filepath.Join(s.dir, pointsDir, id) }

// open makes the folders, and throws away what processes of the same shard left behind
// on this host when they were killed. One that still runs keeps its own.
func (s *store) open(shard Shard) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	mine := shard.name() + "-" + host + "-"
	left, err := filepath.Glob(filepath.Join(s.dir, tmpDir, "*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		rest, ok := strings.CutPrefix(filepath.Base(path), mine)
		pid, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(pid); ok && err == nil && !runs(n) {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	s.tmp = filepath.Join(s.dir, tmpDir, fmt.Sprintf("%s%d.%d", mine, os.Getpid(), opened.Add(1)))
	return os.MkdirAll(filepath.Join(s.dir, pointsDir), 0o777)
}

// opened counts the stores of this process.
var opened atomic.Int64

// runs reports whether a process of this host is there.
func runs(pid int) bool {
	return pid == os.Getpid() || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// close removes the folder of what was being written.
func (s *store) close() error {
	err := os.RemoveAll(s.tmp)
	_ = os.Remove(filepath.Dir(s.tmp)) // only when no other shard is at work
	return err
}

// put keeps a record. Whatever moment the process is killed at, the point either has
// its DONE file and is complete, or counts as not run.
func (s *store) put(id string, rec *record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	for range 3 { // another process may be at the same point
		if err = s.tryPut(id, append(data, '\n'), rec); err == nil {
			return nil
		}
		if status, done := s.done(id); done && status == rec.Status {
			return nil
		}
	}
	return err
}

func (s *store) tryPut(id string, data []byte, rec *record) error {
	draft, place := filepath.Join(s.tmp, id), s.folder(id)
	if err := os.MkdirAll(draft, 0o777); err != nil { // another process removes the folder above when it finds it empty
		return err
	}
	if err := os.WriteFile(filepath.Join(draft, resultFile), data, 0o666); err != nil {
		return err
	}
	if rec.fault != nil {
		if err := os.WriteFile(filepath.Join(draft, faultFile), rec.fault, 0o666); err != nil {
			return err
		}
	}
	if err := os.Rename(draft, place); err != nil { // something without DONE is in the way
		if err := os.RemoveAll(place); err != nil {
			return err
		}
		if err := os.Rename(draft, place); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(place, doneFile), []byte(rec.Status+"\n"), 0o666)
}

// done tells whether a point is complete, and what became of it. A DONE file that was
// being written when the process was killed says nothing yet.
func (s *store) done(id string) (Status, bool) {
	data, err := os.ReadFile(filepath.Join(s.folder(id), doneFile))
	if err != nil {
		return "", false
	}
	switch status := Status(strings.TrimSuffix(string(data), "\n")); status {
	case OK, Wrong, Failed:
		return status, strings.HasSuffix(string(data), "\n")
	}
	return "", false
}

// get reads the record of a point that is done.
func (s *store) get(id string) (*record, error) {
	path := filepath.Join(s.folder(id), resultFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rec record
	if err := json.Unmarshal(data, &rec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if rec.Schema != recordSchema || !strings.HasPrefix(rec.Point, id) {
		return nil, fmt.Errorf("%s: not the result of point %s", path, id)
	}
	if rec.Levels != nil && len(rec.Levels.Rows) != 1 {
		return nil, fmt.Errorf("%s: levels.rows has %d rows, expected one", path, len(rec.Levels.Rows))
	}
	return &rec, nil
}
