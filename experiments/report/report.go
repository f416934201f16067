// Package report makes one self-contained HTML page of a sweep's results: what became of the points, totals with their
// intervals, interactive figures, CPI stacks, every point, the configuration and the manifest. It needs no network and
// no other file.
//
// The same directory gives the same bytes; of what is on the page only the manifest varies from run to run.
package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's parts are files
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"path/filepath"

	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// The parts of the page. uPlot (https://github.com/leeoniya/uPlot, MIT; its license is beside it) draws the lines.
var (
	//go:embed assets/page.html
	pageHTML string
	//go:embed assets/page.css
	pageCSS string
	//go:embed assets/page.js
	pageJS string
	//go:embed assets/uplot/uPlot.iife.min.js
	plotJS string
	//go:embed assets/uplot/uPlot.min.css
	plotCSS string
	//go:embed assets/uplot/LICENSE
	plotLicense string
)

var page = template.Must(template.New("report").Funcs(template.FuncMap{"json": indented, "number": number, "title": title}).Parse(pageHTML))

// view is what the template shows.
type view struct {
	Name       string
	Tally      sweep.Tally
	Blocks     int
	Axes       []axis
	Failures   []string
	MoreFailed int
	Totals     []totals
	Resamples  int // of every interval
	Manifests  []sweep.Manifest
	Data       data
	Policy     string // the Content-Security-Policy: only the page's own scripts and styles
	Scripts    []template.JS
	Styles     []template.CSS
	License    string
}

// data is what the page's script draws from.
type data struct {
	Axes    []axis   `json:"axes"`
	Metrics []series `json:"metrics"`
	Stack   *stack   `json:"stack"` // null when no point has a CPI stack
	Points  points   `json:"points"`
}

// Page is a report, ready to be written.
type Page struct{ v view }

// mostFailures bounds the list of what went wrong; the table of points has them all.
const mostFailures = 20

// Make gathers the report of a sweep: of all its points when it is finished, else of those that are done.
func Make(r *sweep.Run) (*Page, error) {
	t, err := r.Table()
	if err != nil {
		return nil, err
	}
	v := view{Name: r.Name, Tally: r.Tally(sweep.Shard{}), Resamples: stats.DefaultBootstrap.Resamples, License: plotLicense}
	var list bytes.Buffer
	n, err := r.Failures(&list, mostFailures)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(list.Bytes()) {
		v.Failures = append(v.Failures, string(bytes.TrimSpace(line)))
	}
	v.MoreFailed = n - len(v.Failures)
	if v.Manifests, err = r.Manifests(); err != nil {
		return nil, err
	}
	if err := v.fill(t); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(r.Dir, sweep.ResultsCSV), err)
	}
	v.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; script-src"
	for _, script := range []string{plotJS, pageJS} {
		v.Scripts = append(v.Scripts, template.JS(script))
		v.Policy += " " + source(script)
	}
	v.Policy += "; style-src"
	for _, style := range []string{plotCSS, pageCSS} {
		v.Styles = append(v.Styles, template.CSS(style))
		v.Policy += " " + source(style)
	}
	return &Page{v}, nil
}

// fill takes from the results what the page shows of them.
func (v *view) fill(t *sweep.Table) error {
	if _, err := t.Column("status"); err != nil {
		return err
	}
	blocks, err := t.Text("block")
	if err != nil {
		return err
	}
	v.Blocks = len(distinct(blocks))
	if v.Axes, err = findAxes(t); err != nil {
		return err
	}
	measured, err := measure(t, v.Axes)
	if err != nil {
		return err
	}
	v.Totals = measured.totals(v.Axes)
	v.Data = data{Axes: v.Axes, Metrics: measured.series(v.Axes)}
	if v.Data.Stack, err = cpiStack(t, v.Axes); err != nil {
		return err
	}
	if v.Data.Points, err = listPoints(t, v.Axes); err != nil {
		return err
	}
	return nil
}

// source names an inline script or style by its hash (Content Security Policy Level 3, section 2.3.1).
func source(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write writes the page.
func (p *Page) Write(w io.Writer) error { return page.Execute(w, &p.v) }

func indented(v any) (string, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return string(text), err
}
