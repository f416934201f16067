package bench_test

import (
	"encoding/json"
	"testing"

	"github.com/ooovm/ooovm/experiments/bench"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// TestBenchReport: the report has the fields that docs/formats.md and scripts count on.
func TestBenchReport(t *testing.T) {
	s := runtest.Setup(t, "ooo-2")
	var err error
	report := bench.Run(t.Context(), []string{""}, s.Preset, &s.Config.Config, false, func(e error) { err = e })
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"schema", "preset", "blocks", "instructions", "uops", "cycles", "cpuSeconds", "cyclesPerSecond",
		"instructionsPerSecond", "gethInstructionsPerSecond", "slowdown", "peakBytes",
	}
	for _, name := range want {
		if v := fields[name]; v == nil || v == 0.0 || v == "" {
			t.Errorf("%s is %v", name, v)
		}
	}
	if fields["schema"] != bench.Schema || fields["preset"] != "ooo-2" || fields["blocks"] != 1.0 {
		t.Errorf("the report says it is %v of %v blocks under %v", fields["schema"], fields["blocks"], fields["preset"])
	}
}
