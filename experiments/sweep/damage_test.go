package sweep

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/levels"
)

// altered gives a point a record that its DONE vouches for.
func altered(t *testing.T, r *Run, pt *Point, change func(*record)) {
	t.Helper()
	rec, err := r.look().read(pt)
	if err != nil {
		t.Fatal(err)
	}
	change(rec)
	data, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	place := r.look().folder(pt.ID)
	for name, text := range map[string][]byte{resultFile: data, doneFile: doneText(rec.Status, data)} {
		if err := os.WriteFile(filepath.Join(place, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnsoundRecords: a record that is not one of its point counts as damaged, whoever
// vouches for it: it is named, not read by anything, and made again.
func TestUnsoundRecords(t *testing.T) {
	f := sweepFile(t, tiny+"axes: {policy: [sequential, block-stm], cores: [2]}")
	dir, whole := t.TempDir(), t.TempDir()
	finished(t, whole, f, Options{})
	r, _ := finished(t, dir, f, Options{})
	one, several := &r.Points[0], &r.Points[1]
	for name, c := range map[string]struct {
		pt     *Point
		change func(*record)
	}{
		"levels without rows":    {several, func(rec *record) { rec.Levels.Rows = nil }},
		"levels with two rows":   {several, func(rec *record) { rec.Levels.Rows = append(rec.Levels.Rows, rec.Levels.Rows[0]) }},
		"no levels":              {several, func(rec *record) { rec.Levels = nil }},
		"no run":                 {one, func(rec *record) { rec.Run = nil }},
		"a run and levels":       {one, func(rec *record) { rec.Levels = &levels.Result{} }},
		"no status":              {one, func(rec *record) { rec.Status = "" }},
		"another status":         {one, func(rec *record) { rec.Status = "fine" }},
		"failed, with a result":  {one, func(rec *record) { rec.Status = Failed }},
		"another point":          {one, func(rec *record) { rec.Point = several.Identity }},
		"another sweep's schema": {one, func(rec *record) { rec.Schema = "x" }},
	} {
		t.Run(name, func(t *testing.T) {
			altered(t, r, c.pt, c.change)
			seen, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if list := seen.Damage(); len(list) != 1 || !strings.Contains(list[0].Error(), c.pt.ID) {
				t.Errorf("damage %v", list)
			}
			if _, err := seen.Table(); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("a table, and %v", err)
			}
			merged, tally, err := Merge([]string{dir}, false)
			if err != nil || tally.Left() != 1 || len(merged.Mended) != 1 {
				t.Errorf("merged: %+v, %v", tally, err)
			}
			if _, tally, err = Merge([]string{dir, whole}, false); err != nil || tally.OK != 2 {
				t.Errorf("merged with a whole one: %+v, %v", tally, err)
			}
			again, x := finished(t, dir, f, Options{})
			if x.Ran != 1 || len(again.Mended) == 0 {
				t.Errorf("%d points were run again, and said was %q", x.Ran, again.Mended)
			}
			if err := again.Sound(); err != nil || !bytes.Equal(read(t, dir, ResultsCSV), read(t, whole, ResultsCSV)) {
				t.Errorf("it has not become the same: %v", err)
			}
		})
	}
}

// TestShortPoints: points.csv without a line, or with its points in another order, is named
// by everything that reads it, and made again.
func TestShortPoints(t *testing.T) {
	f := sweepFile(t, tiny+"axes: {core.rob: [1, 2, 3]}")
	dir, whole := t.TempDir(), t.TempDir()
	finished(t, dir, f, Options{})
	finished(t, whole, f, Options{})
	path := filepath.Join(dir, pointsFile)
	lines := bytes.SplitAfter(read(t, path), []byte("\n"))
	for name, left := range map[string][][]byte{
		"a line short": lines[:len(lines)-2], "the heading alone": lines[:1], "nothing": nil, "two lines swapped": {lines[0], lines[2], lines[1], lines[3]},
		"a line more": append(slices.Clone(lines), lines[3]), "no heading": lines[1:],
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, bytes.Join(left, nil), 0o666); err != nil {
				t.Fatal(err)
			}
			want := path + ": not what sweep.json says; `ooovm sweep resume " + dir + "` mends it"
			if _, err := Open(dir); err == nil || err.Error() != want {
				t.Errorf("opened: %v", err)
			}
			for _, dirs := range [][]string{{dir}, {dir, whole}, {whole, dir}} {
				if _, _, err := Merge(dirs, false); err == nil || err.Error() != want {
					t.Errorf("merged: %v", err)
				}
			}
			r, err := Reopen(dir, tool, false)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil || len(r.Mended) != 1 {
				t.Errorf("said: %q (%v)", r.Mended, err)
			}
			if !bytes.Equal(read(t, path), bytes.Join(lines, nil)) {
				t.Error("it has not become the same")
			}
		})
	}
}

// TestSeal: a change of any byte shows.
func TestSeal(t *testing.T) {
	o := owner{Schema: ownerSchema, Name: "a", Text: "<&>\x00", Points: 7}
	data, err := seal(&o, &o.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var again owner
	if !unseal(data, &again, &again.SHA256) || again != o {
		t.Fatalf("%+v is not %+v", again, o)
	}
	for i := range data {
		for bit := range 8 {
			other := bytes.Clone(data)
			other[i] ^= 1 << bit
			var got owner
			if unseal(other, &got, &got.SHA256) {
				t.Errorf("byte %d of %q may be %q", i, data, other[i])
			}
		}
		var got owner
		if unseal(data[:i], &got, &got.SHA256) {
			t.Errorf("the first %d bytes are as good as all", i)
		}
	}
}
