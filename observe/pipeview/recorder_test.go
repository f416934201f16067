package pipeview

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/fuel"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle" // for the preset limit
	"github.com/ooovm/ooovm/traces"
)

// sample has a micro-op of every fate: 0 adds, 1 uses the sum, 2 takes no unit,
// 3 is squashed while it executes, 4 before it issues, 5 in the front end.
func sample() *Recorder {
	return &Recorder{records: []record{
		{pc: 2, label: "0002: ADD add", fetch: 1, dispatch: 3, issue: 4, complete: 5, end: 6},
		{pc: 3, label: "0003: MUL mul (+2 folded)", fetch: 1, dispatch: 3, issue: 5, complete: 10, end: 11, retired: 1, sources: []int{0}},
		{pc: 8, label: "0008: nop", fetch: 2, dispatch: 4, end: 11, retired: 2},
		{pc: 9, label: `0009: "quoted" div`, fetch: 2, dispatch: 4, issue: 6, end: 9, squashed: true, retired: 1, sources: []int{0, 1}},
		{pc: 10, label: "000a: SUB sub", fetch: 3, dispatch: 5, end: 9, squashed: true, retired: 1, sources: []int{3}},
		{pc: 11, label: "000b: JUMPI branch", fetch: 8, end: 9, squashed: true, retired: 1},
	}}
}

const sampleKanata = `Kanata	0004
C=	0
C	1
I	0	0	0
L	0	0	0002: ADD add
S	0	0	F
I	1	1	0
L	1	0	0003: MUL mul (+2 folded)
S	1	0	F
C	1
I	2	2	0
L	2	0	0008: nop
S	2	0	F
I	3	3	0
L	3	0	0009: "quoted" div
S	3	0	F
C	1
S	0	0	Is
S	1	0	Is
I	4	4	0
L	4	0	000a: SUB sub
S	4	0	F
C	1
S	0	0	X
S	2	0	Is
S	3	0	Is
C	1
S	0	0	Cm
S	1	0	X
W	1	0	0
S	4	0	Is
C	1
R	0	0	0
S	3	0	X
W	3	1	0
C	2
I	5	5	0
L	5	0	000b: JUMPI branch
S	5	0	F
C	1
R	3	1	1
R	4	1	1
R	5	1	1
C	1
S	1	0	Cm
C	1
R	1	1	0
R	2	2	0
`

const sampleO3 = `O3PipeView:fetch:1000:0x00000002:0:1:0002: ADD add
O3PipeView:decode:1000
O3PipeView:rename:1000
O3PipeView:dispatch:3000
O3PipeView:issue:4000
O3PipeView:complete:5000
O3PipeView:retire:6000:store:0
O3PipeView:fetch:1000:0x00000003:0:2:0003: MUL mul (+2 folded)
O3PipeView:decode:1000
O3PipeView:rename:1000
O3PipeView:dispatch:3000
O3PipeView:issue:5000
O3PipeView:complete:10000
O3PipeView:retire:11000:store:0
O3PipeView:fetch:2000:0x00000008:0:3:0008: nop
O3PipeView:decode:2000
O3PipeView:rename:2000
O3PipeView:dispatch:4000
O3PipeView:issue:0
O3PipeView:complete:4000
O3PipeView:retire:11000:store:0
O3PipeView:fetch:2000:0x00000009:0:4:0009: "quoted" div
O3PipeView:decode:2000
O3PipeView:rename:2000
O3PipeView:dispatch:4000
O3PipeView:issue:6000
O3PipeView:complete:0
O3PipeView:retire:0:store:0
O3PipeView:fetch:3000:0x0000000a:0:5:000a: SUB sub
O3PipeView:decode:3000
O3PipeView:rename:3000
O3PipeView:dispatch:5000
O3PipeView:issue:0
O3PipeView:complete:0
O3PipeView:retire:0:store:0
O3PipeView:fetch:8000:0x0000000b:0:6:000b: JUMPI branch
O3PipeView:decode:8000
O3PipeView:rename:8000
O3PipeView:dispatch:0
O3PipeView:issue:0
O3PipeView:complete:0
O3PipeView:retire:0:store:0
`

const samplePerfetto = `{"displayTimeUnit":"ns","otherData":{"unit":"1 us is 1 cycle"},"traceEvents":[{"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"core 0"}},
{"ph":"X","pid":1,"tid":1,"ts":1,"dur":5,"name":"0002: ADD add","cat":"committed","args":{"n":0}},
{"ph":"X","pid":1,"tid":1,"ts":1,"dur":2,"name":"front end","cat":"stage"},
{"ph":"X","pid":1,"tid":1,"ts":3,"dur":1,"name":"wait","cat":"stage"},
{"ph":"X","pid":1,"tid":1,"ts":4,"dur":1,"name":"execute","cat":"stage"},
{"ph":"X","pid":1,"tid":1,"ts":5,"dur":1,"name":"done","cat":"stage"},
{"ph":"X","pid":1,"tid":2,"ts":1,"dur":10,"name":"0003: MUL mul (+2 folded)","cat":"committed","args":{"n":1}},
{"ph":"X","pid":1,"tid":2,"ts":1,"dur":2,"name":"front end","cat":"stage"},
{"ph":"X","pid":1,"tid":2,"ts":3,"dur":2,"name":"wait","cat":"stage"},
{"ph":"X","pid":1,"tid":2,"ts":5,"dur":5,"name":"execute","cat":"stage"},
{"ph":"X","pid":1,"tid":2,"ts":10,"dur":1,"name":"done","cat":"stage"},
{"ph":"X","pid":1,"tid":3,"ts":2,"dur":9,"name":"0008: nop","cat":"committed","args":{"n":2}},
{"ph":"X","pid":1,"tid":3,"ts":2,"dur":2,"name":"front end","cat":"stage"},
{"ph":"X","pid":1,"tid":3,"ts":4,"dur":7,"name":"wait","cat":"stage"},
{"ph":"X","pid":1,"tid":4,"ts":2,"dur":7,"name":"0009: \"quoted\" div","cat":"squashed","args":{"n":3}},
{"ph":"X","pid":1,"tid":4,"ts":2,"dur":2,"name":"front end","cat":"stage"},
{"ph":"X","pid":1,"tid":4,"ts":4,"dur":2,"name":"wait","cat":"stage"},
{"ph":"X","pid":1,"tid":4,"ts":6,"dur":3,"name":"execute","cat":"stage"},
{"ph":"X","pid":1,"tid":5,"ts":3,"dur":6,"name":"000a: SUB sub","cat":"squashed","args":{"n":4}},
{"ph":"X","pid":1,"tid":5,"ts":3,"dur":2,"name":"front end","cat":"stage"},
{"ph":"X","pid":1,"tid":5,"ts":5,"dur":4,"name":"wait","cat":"stage"},
{"ph":"X","pid":1,"tid":1,"ts":8,"dur":1,"name":"000b: JUMPI branch","cat":"squashed","args":{"n":5}},
{"ph":"X","pid":1,"tid":1,"ts":8,"dur":1,"name":"front end","cat":"stage"}]}
`

// TestKnownBytes: every format writes the sample as computed by hand.
func TestKnownBytes(t *testing.T) {
	for _, f := range []struct {
		file, want string
	}{
		{"view.kanata", sampleKanata},
		{"view.o3", sampleO3},
		{"view.json", samplePerfetto},
	} {
		t.Run(f.file, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), f.file)
			if err := sample().Save(path); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != f.want {
				t.Errorf("got\n%s\nwant\n%s", got, f.want)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCompression: the ending decides, and the text is the same.
func TestCompression(t *testing.T) {
	dir := t.TempDir()
	for ending, open := range map[string]func(io.Reader) (io.Reader, error){
		".gz":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		".zst": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		path := filepath.Join(dir, "view.kanata"+ending)
		if err := sample().Save(path); err != nil {
			t.Fatal(err)
		}
		r, err := open(strings.NewReader(read(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != sampleKanata {
			t.Errorf("%s: %v, %d bytes", ending, err, len(text))
		}
	}
}

// TestSaveIsWhole: nothing is left behind when the file cannot be written.
func TestSaveIsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "view.kanata")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := sample().Save(path); err == nil {
		t.Error("saved over a folder")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// TestSupported: names that say no format are refused before anything is simulated.
func TestSupported(t *testing.T) {
	for path, ok := range map[string]bool{
		"a.kanata": true, "a.o3": true, "a.json": true, "a.kanata.gz": true, "x/a.o3.zst": true,
		"a": false, "a.gz": false, "kanata": false, "a.kanata.bz2": false, "a.txt": false, "a.kanata.gz.gz": false,
	} {
		if err := Supported(path); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// machine is a preset, under chaos when seed is not 0.
func machine(t *testing.T, preset string, seed uint64, set ...string) *pipeline.Config {
	t.Helper()
	eff, err := config.Load(config.Source{Set: append([]string{"preset=" + preset}, set...)})
	if err != nil {
		t.Fatal(err)
	}
	if seed > 0 {
		config.Chaos(&eff.Config.Config, seed)
	}
	return &eff.Config.Config
}

// recorded runs the block and keeps one transaction.
func recorded(t *testing.T, p *run.Block, cfg *pipeline.Config, tx int) *Recorder {
	t.Helper()
	rec := NewRecorder()
	out, err := p.Run(cfg, run.Options{Lockstep: true, Probe: rec, ProbeTx: tx})
	if err != nil {
		t.Fatal(err)
	}
	if !out.Verdict.OK {
		t.Fatal(out.Difference)
	}
	return rec
}

// views writes a recording in every format and wants them to obey their formats and to agree.
func views(t *testing.T, rec *Recorder) fates {
	t.Helper()
	var k, o, p bytes.Buffer
	for _, w := range []struct {
		write func(*Recorder, io.Writer) error
		to    io.Writer
	}{{(*Recorder).WriteKanata, &k}, {(*Recorder).WriteO3, &o}, {(*Recorder).WritePerfetto, &p}} {
		if err := w.write(rec, w.to); err != nil {
			t.Fatal(err)
		}
	}
	kanata, err := checkKanata(k.String())
	if err != nil {
		t.Error("Kanata: ", err)
	}
	o3, err := checkO3(o.String())
	if err != nil {
		t.Error("O3PipeView: ", err)
	}
	perfetto, err := checkPerfetto(p.Bytes())
	if err != nil {
		t.Error("Perfetto: ", err)
	}
	if kanata != o3 || o3 != perfetto || kanata.committed == 0 {
		t.Errorf("Kanata %+v, O3PipeView %+v, Perfetto %+v", kanata, o3, perfetto)
	}
	return kanata
}

// embedded is the block that is part of the program.
func embedded(t *testing.T) *run.Block {
	t.Helper()
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	block, err := run.Prepare(context.Background(), b, run.Recording)
	if err != nil {
		t.Fatal(err)
	}
	return block
}

// mechanisms are settings that make micro-ops pass the stages in unusual ways.
var mechanisms = [][]string{
	nil,
	{"core.stack=execute"},
	{"core.stack=rename"},
	{"core.stack=fold"},
	{"core.transactions=2"},
	{"core.transactions=16"},
	{"core.transactions=4", "core.stack=execute", "core.rob=1024"},
	{"core.transactions=4", "predictor.value=last", "predictor.keys=recipe", "predictor.ahead=4"},
	{"core.gas=prefix"},
	{"core.gas=prefix", "core.transactions=4", "core.stackregs=32"},
	{"core.gas=free"},
	{"fusion.jump=true", "fusion.test=true", "fusion.pair=true", "core.transactions=4"},
	{"predictor.runahead=true", "core.rob=16"},
	{"predictor.value=stride", "predictor.valueby=key"},
	{"core.rob=1", "core.iq=1", "core.loadq=1", "core.storeq=1", "core.stateq=1"},
	{"core.inorder=true"},
	{"state.hierarchy=nvme", "core.transactions=8"},
}

// TestViewsOfTransactions: whatever happens to its micro-ops, a transaction's views
// obey their formats, and agree on how many were committed.
func TestViewsOfTransactions(t *testing.T) {
	block := embedded(t)
	last := len(block.Bundle.Txs) - 1
	presets := []string{"scalar", "ooo-2", "ooo-4", "ooo-8", "limit"}
	chaos := fates{}
	for i, set := range mechanisms {
		for j, preset := range []string{presets[i%5], presets[(i+2)%5]} {
			seed := uint64((i + j) % 3) // 0: no chaos
			tx := []int{0, 3, 5, 17, 60, last}[(i+2*j)%6]
			t.Run(fmt.Sprintf("%s %v seed %d transaction %d", preset, set, seed, tx), func(t *testing.T) {
				f := views(t, recorded(t, block, machine(t, preset, seed, set...), tx))
				if seed > 0 {
					chaos.committed += f.committed
					chaos.squashed += f.squashed
				}
			})
		}
	}
	if chaos.squashed < chaos.committed/10 {
		t.Errorf("chaos squashed next to nothing: %+v", chaos)
	}
}

// TestViewsHoldOneTransaction: a window that reaches across transactions commits the same
// micro-ops of each as one that drains between them, and shows those only.
func TestViewsHoldOneTransaction(t *testing.T) {
	block := embedded(t)
	committed := func(tx int, set ...string) (labels []string) {
		set = append(set, "core.stack=execute") // else what is folded depends on when it is fetched
		for _, rec := range recorded(t, block, machine(t, "ooo-4", 0, set...), tx).records {
			if !rec.squashed {
				labels = append(labels, rec.label)
			}
		}
		return labels
	}
	for _, tx := range []int{0, 3, 40, len(block.Bundle.Txs) - 1} {
		want := committed(tx)
		for _, set := range [][]string{{"core.transactions=2"}, {"core.transactions=16", "core.rob=2048"}} {
			if got := committed(tx, set...); !slices.Equal(got, want) {
				t.Errorf("%v, transaction %d: %d micro-ops, %d when it drains", set, tx, len(got), len(want))
			}
		}
	}
}

// TestViewsOfFuel: the views of a register machine's transactions.
func TestViewsOfFuel(t *testing.T) {
	for _, name := range []string{"token", "swap", "loop", "hash"} {
		p, err := fuel.Workload(name, 3)
		if err != nil {
			t.Fatal(err)
		}
		empty := p.Transactions[0]
		empty.Script = nil
		p.Transactions = append(p.Transactions, empty)
		for i, set := range mechanisms {
			tx := i % len(p.Transactions)
			t.Run(fmt.Sprintf("%s %v transaction %d", name, set, tx), func(t *testing.T) {
				rec := NewRecorder()
				out, err := fuel.Run(p, machine(t, []string{"ooo-4", "scalar", "ooo-8"}[i%3], uint64(i%2), set...), fuel.Options{Lockstep: true, Probe: rec, ProbeTx: tx})
				if err == nil {
					err = out.Difference
				}
				if err != nil {
					t.Fatal(err)
				}
				views(t, rec)
			})
		}
	}
}
