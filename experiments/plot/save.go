package plot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/ooovm/ooovm/files"
)

var backgroundColor = color.White

// pngDPI makes a column about 1,000 pixels wide.
const pngDPI = 300

// undated makes PDF files the same on every day: the library stamps them otherwise.
var undated = sync.OnceFunc(func() {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	fpdf.SetDefaultCreationDate(epoch)
	fpdf.SetDefaultModificationDate(epoch)
	fpdf.SetDefaultCatalogSort(true)
})

type pictureFormat struct {
	suffix string
	canvas func(w, h vg.Length) vg.CanvasWriterTo
}

// formats lists the picture files of a figure.
var formats = []pictureFormat{
	{".svg", func(w, h vg.Length) vg.CanvasWriterTo { return vgsvg.New(w, h) }},
	{".pdf", func(w, h vg.Length) vg.CanvasWriterTo { undated(); return vgpdf.New(w, h) }},
	{".png", func(w, h vg.Length) vg.CanvasWriterTo {
		return vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(pngDPI))}
	}},
}

// Files names the files that Save writes into a directory.
func (f *Figure) Files() []string {
	var names []string
	for _, format := range formats {
		names = append(names, f.Name+format.suffix)
	}
	return append(names, f.Name+".csv", f.Name+".json")
}

// Save writes NAME.svg, .pdf and .png, the plotted numbers as NAME.csv and the whole figure as NAME.json. Nothing is
// written when one of them cannot be made; each is written beside its place and renamed.
func (f *Figure) Save(dir string) error {
	var suffixes []string
	for _, format := range formats {
		suffixes = append(suffixes, format.suffix)
	}
	return f.save(dir, suffixes, f.Files())
}

// IsPicture reports whether a path has the suffix of a picture format.
func IsPicture(path string) bool {
	return slices.ContainsFunc(formats, func(format pictureFormat) bool { return format.suffix == filepath.Ext(path) })
}

// SaveAs writes one picture, and its numbers and description beside it. The figure takes the name of the file.
func (f *Figure) SaveAs(path string) error {
	suffix := filepath.Ext(path)
	f.Name = strings.TrimSuffix(filepath.Base(path), suffix)
	return f.save(filepath.Dir(path), []string{suffix}, []string{f.Name + suffix, f.Name + ".csv", f.Name + ".json"})
}

// save writes the named files, of which the pictures have these suffixes.
func (f *Figure) save(dir string, suffixes, names []string) error {
	contents := map[string][]byte{}
	for _, suffix := range suffixes {
		b, err := f.Render(suffix)
		if err != nil {
			return fmt.Errorf("figure %s: %w", f.Name, err)
		}
		contents[f.Name+suffix] = b
	}
	var table bytes.Buffer
	if err := f.WriteCSV(&table); err != nil {
		return err
	}
	contents[f.Name+".csv"] = table.Bytes()
	description, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	contents[f.Name+".json"] = append(description, '\n')
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range names {
		if err := files.WriteBytes(filepath.Join(dir, name), contents[name]); err != nil {
			return err
		}
	}
	return nil
}

// Render draws the figure in the format of a suffix: .svg, .pdf or .png.
func (f *Figure) Render(suffix string) ([]byte, error) {
	for _, format := range formats {
		if format.suffix != suffix {
			continue
		}
		c := format.canvas(f.size())
		if err := f.draw(c); err != nil {
			return nil, err
		}
		var b bytes.Buffer
		_, err := c.WriteTo(&b)
		return b.Bytes(), err
	}
	return nil, fmt.Errorf("no picture format %q", suffix)
}
