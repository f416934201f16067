package pipeview

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fates counts what became of the micro-ops of a view.
type fates struct{ committed, squashed int }

// kanataOp is what the validator knows of one micro-op.
type kanataOp struct {
	labeled, staged, over bool
}

// checkKanata is a strict reader of Kanata 0004, stricter than the viewer: the
// header; cycles only move forward and the first micro-op is of cycle 1; ids are
// sequential; every micro-op gets one label, then a stage, then one end; nothing
// follows its end; arrows join two that have begun and not ended; those that retire are
// numbered from 0 as they do, in the order of their ids, and a flush has the number of the
// next to retire.
func checkKanata(text string) (f fates, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 || lines[0] != "Kanata\t0004" || lines[1] != "C=\t0" {
		return f, errors.New("no header")
	}
	var ops []kanataOp
	now, last := 0, -1
	for n, line := range lines[2:] {
		fail := func(what string) (fates, error) { return f, fmt.Errorf("line %d: %q: %s", n+3, line, what) }
		fields := strings.Split(line, "\t")
		args := map[string]int{"C": 2, "I": 4, "L": 4, "S": 4, "W": 4, "R": 4}[fields[0]]
		if args == 0 || len(fields) != args {
			return fail("unknown command, or not its number of fields")
		}
		number := func(i int) int {
			v, err := strconv.Atoi(fields[i])
			if err != nil || v < 0 || strconv.Itoa(v) != fields[i] {
				return -1
			}
			return v
		}
		x := number(1)
		if x < 0 {
			return fail("not a number")
		}
		if fields[0] == "C" {
			if x == 0 {
				return fail("time stands still")
			}
			now += x
			continue
		}
		if fields[0] == "I" {
			if x != len(ops) || number(2) != x || number(3) != 0 {
				return fail("ids are not sequential")
			}
			if now < 1 {
				return fail("before cycle 1")
			}
			ops = append(ops, kanataOp{})
			continue
		}
		if x >= len(ops) {
			return fail("not begun")
		}
		op := &ops[x]
		if op.over {
			return fail("after its end")
		}
		switch fields[0] {
		case "L":
			if op.labeled || op.staged || fields[2] != "0" || fields[3] == "" {
				return fail("not one label before the first stage")
			}
			op.labeled = true
		case "S":
			if !op.labeled || fields[2] != "0" || !slices.Contains([]string{stageFront, stageWait, stageExecute, stageDone}, fields[3]) {
				return fail("no label, or not a stage of lane 0")
			}
			if (fields[3] == stageFront) == op.staged {
				return fail("the front end is the first stage, once")
			}
			op.staged = true
		case "W":
			p := number(2)
			if p < 0 || p >= len(ops) || ops[p].over || p == x || fields[3] != "0" {
				return fail("the producer is not in flight")
			}
		case "R":
			if !op.staged || number(2) != f.committed {
				return fail("no stage, or not the number of retirements")
			}
			op.over = true
			switch fields[3] {
			case "0":
				if x < last {
					return fail("retires after a younger one")
				}
				last = x
				f.committed++
			case "1":
				f.squashed++
			default:
				return fail("neither retired nor flushed")
			}
		}
	}
	for i := range ops {
		if !ops[i].over {
			return f, fmt.Errorf("micro-op %d has no end", i)
		}
	}
	return f, nil
}

// checkO3 reads gem5's O3PipeView: groups of seven lines in the order of stages,
// numbered from 1 in the order of fetch, ticks of whole cycles that do not decrease
// along the stages, 0 for a stage that was not reached.
func checkO3(text string) (f fates, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	stages := []string{"fetch", "decode", "rename", "dispatch", "issue", "complete", "retire"}
	if len(lines)%len(stages) != 0 {
		return f, fmt.Errorf("%d lines", len(lines))
	}
	var fetched uint64
	for i, line := range lines {
		fail := func(what string) (fates, error) { return f, fmt.Errorf("line %d: %q: %s", i+1, line, what) }
		stage := i % len(stages)
		fields := strings.SplitN(line, ":", 7)
		if len(fields) < 3 || fields[0] != "O3PipeView" || fields[1] != stages[stage] {
			return fail("not the stage that is due")
		}
		tick, err := strconv.ParseUint(fields[2], 10, 64)
		if err != nil || tick%ticksPerCycle != 0 {
			return fail("not a tick of a whole cycle")
		}
		switch stages[stage] {
		case "fetch":
			if len(fields) != 7 || len(fields[3]) != 10 || fields[4] != "0" || fields[5] != strconv.Itoa(i/len(stages)+1) || fields[6] == "" {
				return fail("not TICK:0xPC:UPC:SEQ:text")
			}
			if tick == 0 || tick < fetched {
				return fail("fetched before the one before it")
			}
			fetched = tick
		case "retire":
			if len(fields) != 5 || fields[3] != "store" || fields[4] != "0" {
				return fail("not TICK:store:TICK")
			}
			if tick == 0 {
				f.squashed++
			} else {
				f.committed++
			}
		default:
			if len(fields) != 3 {
				return fail("more than a tick")
			}
		}
		if tick > 0 {
			for j := i - stage; j < i; j++ {
				before, _ := strconv.ParseUint(strings.SplitN(lines[j], ":", 4)[2], 10, 64)
				if before > tick {
					return fail("before an earlier stage")
				}
			}
		}
	}
	return f, nil
}

// checkPerfetto reads Chrome trace JSON: the slices of a thread nest, and the stages
// of a micro-op lie inside it.
func checkPerfetto(text []byte) (f fates, err error) {
	var trace struct {
		DisplayTimeUnit string
		TraceEvents     []struct {
			Ph, Name, Cat string
			Pid, Tid      int
			Ts, Dur       uint64
		}
	}
	if err := json.Unmarshal(text, &trace); err != nil {
		return f, err
	}
	if trace.DisplayTimeUnit != "ns" {
		return f, errors.New("no displayTimeUnit")
	}
	type slice struct {
		from, to uint64
		name     string
	}
	lanes := map[int][]slice{}
	for i, e := range trace.TraceEvents {
		if e.Ph == "M" && i == 0 {
			continue
		}
		if e.Ph != "X" || e.Pid != 1 || e.Tid < 1 || e.Ts < 1 || e.Dur < 1 || e.Name == "" {
			return f, fmt.Errorf("event %d: %+v", i, e)
		}
		switch e.Cat {
		case "committed":
			f.committed++
		case "squashed":
			f.squashed++
		case "stage":
		default:
			return f, fmt.Errorf("event %d: category %q", i, e.Cat)
		}
		s := slice{e.Ts, e.Ts + e.Dur, e.Name}
		open := lanes[e.Tid]
		for len(open) > 0 && open[len(open)-1].to <= s.from {
			open = open[:len(open)-1]
		}
		if len(open) > 0 && s.to > open[len(open)-1].to {
			return f, fmt.Errorf("event %d: %q (%d to %d) crosses %q", i, s.name, s.from, s.to, open[len(open)-1].name)
		}
		if (e.Cat == "stage") != (len(open) == 1) {
			return f, fmt.Errorf("event %d: %q lies inside %d others", i, s.name, len(open))
		}
		lanes[e.Tid] = append(open, s)
	}
	return f, nil
}

// TestKanataValidator: a validator that accepts everything proves nothing.
func TestKanataValidator(t *testing.T) {
	if f, err := checkKanata(sampleKanata); err != nil || f != (fates{3, 3}) {
		t.Fatalf("the sample: %+v, %v", f, err)
	}
	for name, edit := range map[string][2]string{
		"no header":              {"Kanata\t0004\n", ""},
		"another version":        {"0004", "0003"},
		"time goes back":         {"C\t2\n", "C\t-2\n"},
		"time stands still":      {"C\t2\n", "C\t0\n"},
		"first cycle is 0":       {"C=\t0\nC\t1\n", "C=\t0\n"},
		"id skipped":             {"I\t5\t5\t0", "I\t6\t6\t0"},
		"id twice":               {"I\t1\t1\t0", "I\t0\t0\t0"},
		"no label":               {"L\t4\t0\t000a: SUB sub\n", ""},
		"tab in a label":         {"ADD add", "ADD\tadd"},
		"no stage":               {"S\t5\t0\tF\n", ""},
		"unknown stage":          {"S\t4\t0\tIs", "S\t4\t0\tQ"},
		"stage of lane 1":        {"S\t4\t0\tIs", "S\t4\t1\tIs"},
		"no end":                 {"R\t4\t1\t1\n", ""},
		"two ends":               {"R\t4\t1\t1\n", "R\t4\t1\t1\nR\t4\t1\t1\n"},
		"neither end":            {"R\t4\t1\t1\n", "R\t4\t1\t2\n"},
		"stage after its end":    {"R\t5\t1\t1\n", "R\t5\t1\t1\nS\t5\t0\tX\n"},
		"retires under its id":   {"R\t2\t2\t0\n", "R\t2\t1\t0\n"},
		"a number twice":         {"R\t1\t1\t0\n", "R\t1\t0\t0\n"},
		"a number left out":      {"R\t2\t2\t0\n", "R\t2\t3\t0\n"},
		"a flush that takes one": {"R\t5\t1\t1\n", "R\t5\t2\t1\n"},
		"retires out of order":   {"R\t1\t1\t0\nR\t2\t2\t0\n", "R\t2\t1\t0\nR\t1\t2\t0\n"},
		"arrow to nobody":        {"W\t1\t0\t0", "W\t1\t9\t0"},
		"arrow from the retired": {"W\t3\t1\t0", "W\t3\t0\t0"},
		"unknown command":        {"W\t1\t0\t0", "X\t1\t0\t0"},
	} {
		damaged := strings.Replace(sampleKanata, edit[0], edit[1], 1)
		if damaged == sampleKanata {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := checkKanata(damaged); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestO3Validator(t *testing.T) {
	if f, err := checkO3(sampleO3); err != nil || f != (fates{3, 3}) {
		t.Fatalf("the sample: %+v, %v", f, err)
	}
	for name, edit := range map[string][2]string{
		"stage missing":      {"O3PipeView:rename:1000\n", ""},
		"order of stages":    {"O3PipeView:decode:1000\nO3PipeView:rename:1000\n", "O3PipeView:rename:1000\nO3PipeView:decode:1000\n"},
		"time goes back":     {"dispatch:3000", "dispatch:9000"},
		"half a cycle":       {"dispatch:3000", "dispatch:3500"},
		"number skipped":     {":0:2:", ":0:3:"},
		"not fetched":        {"fetch:8000", "fetch:0"},
		"fetch out of order": {"fetch:8000", "fetch:2000"},
		"no text":            {":0002: ADD add", ":"},
	} {
		damaged := strings.Replace(sampleO3, edit[0], edit[1], 1)
		if _, err := checkO3(damaged); err == nil || damaged == sampleO3 {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPerfettoValidator(t *testing.T) {
	if f, err := checkPerfetto([]byte(samplePerfetto)); err != nil || f != (fates{3, 3}) {
		t.Fatalf("the sample: %+v, %v", f, err)
	}
	for name, edit := range map[string][2]string{
		"no JSON":              {"]}", "]"},
		"overlap":              {`"tid":2,"ts":1,"dur":10`, `"tid":1,"ts":1,"dur":10`},
		"stage out of its op":  {`"ts":10,"dur":1,"name":"done"`, `"ts":10,"dur":2,"name":"done"`},
		"stage without an op":  {`"tid":5,"ts":5`, `"tid":6,"ts":5`},
		"empty slice":          {`"ts":8,"dur":1,"name":"front end"`, `"ts":8,"dur":0,"name":"front end"`},
		"another kind of fate": {`"cat":"committed"`, `"cat":"lost"`},
	} {
		damaged := strings.Replace(samplePerfetto, edit[0], edit[1], 1)
		if _, err := checkPerfetto([]byte(damaged)); err == nil || damaged == samplePerfetto {
			t.Errorf("%s: accepted", name)
		}
	}
}
