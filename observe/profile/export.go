package profile

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"github.com/google/pprof/profile"
	"github.com/ooovm/ooovm/pipeline"
)

// sample is one stack of functions, the innermost last, with the slots of its instructions.
type sample struct {
	stack []int32 // functions
	place place
	slots *Slots
}

// samples lists all places in a fixed order.
func (r *Recorder) samples() []sample {
	var list []sample
	for i := range r.nodes {
		stack, first := r.path(int32(i)), len(list)
		for p, s := range r.nodes[i].places {
			list = append(list, sample{stack, p, s})
		}
		slices.SortFunc(list[first:], func(a, b sample) int {
			return cmp.Or(cmp.Compare(id(&a.place), id(&b.place)), cmp.Compare(a.place.inst, b.place.inst))
		})
	}
	return list
}

func id(p *place) int32 {
	if p.prog == nil {
		return -1
	}
	return p.prog.ID
}

// WriteSpeedscope writes a profile for speedscope (speedscope.app, file format schema): a
// sample for each function in the context of its callers, weighted by cycles.
func (r *Recorder) WriteSpeedscope(w io.Writer, name string) error {
	type frame struct {
		Name string `json:"name"`
	}
	type sampled struct {
		Type    string    `json:"type"`
		Name    string    `json:"name"`
		Unit    string    `json:"unit"`
		Start   float64   `json:"startValue"`
		End     float64   `json:"endValue"`
		Samples [][]int32 `json:"samples"`
		Weights []float64 `json:"weights"`
	}
	file := struct {
		Schema   string `json:"$schema"`
		Shared   any    `json:"shared"`
		Profiles []any  `json:"profiles"`
		Name     string `json:"name"`
		Exporter string `json:"exporter"`
	}{Schema: "https://www.speedscope.app/file-format-schema.json", Name: name, Exporter: "ooovm"}
	frames := make([]frame, len(r.functions))
	for i, f := range r.functions {
		frames[i].Name = f.String()
	}
	file.Shared = map[string]any{"frames": frames}
	p := sampled{Type: "sampled", Name: name + ", cycles", Unit: "none", Samples: [][]int32{}, Weights: []float64{}}
	for i := range r.nodes {
		var sum Slots
		for _, s := range r.nodes[i].places {
			sum.add(s)
		}
		if sum.Total() == 0 {
			continue
		}
		weight := float64(sum.Total()) / float64(r.width)
		p.Samples, p.Weights, p.End = append(p.Samples, r.path(int32(i))), append(p.Weights, weight), p.End+weight
	}
	file.Profiles = []any{p}
	return json.NewEncoder(w).Encode(file)
}

// WritePprof writes a profile for `go tool pprof`: a value of slots for each cause besides the
// sum, lines are code positions.
func (r *Recorder) WritePprof(w io.Writer) error {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "slots", Unit: "slots"}}, DefaultSampleType: "slots"}
	for _, name := range pipeline.CauseNames {
		p.SampleType = append(p.SampleType, &profile.ValueType{Type: name, Unit: "slots"})
	}
	for i, f := range r.functions {
		p.Function = append(p.Function, &profile.Function{ID: uint64(i + 1), Name: f.String(), SystemName: f.code, Filename: f.code})
	}
	type line struct {
		function int32
		pc       int64
	}
	locations := map[line]*profile.Location{}
	at := func(f int32, pc int64) *profile.Location {
		k := line{f, pc}
		if locations[k] == nil {
			l := &profile.Location{ID: uint64(len(p.Location) + 1), Line: []profile.Line{{Function: p.Function[f], Line: pc}}}
			locations[k] = l
			p.Location = append(p.Location, l)
		}
		return locations[k]
	}
	for _, s := range r.samples() {
		pc := int64(-1)
		if s.place.prog != nil {
			pc = int64(s.place.instruction().PC)
		}
		x := &profile.Sample{Location: []*profile.Location{at(s.place.function, pc)}, Value: []int64{int64(s.slots.Total())}}
		for _, n := range s.slots {
			x.Value = append(x.Value, int64(n))
		}
		for i := len(s.stack) - 2; i >= 0; i-- {
			x.Location = append(x.Location, at(s.stack[i], 0))
		}
		p.Sample = append(p.Sample, x)
	}
	if err := p.CheckValid(); err != nil {
		return err
	}
	return p.Write(w)
}
