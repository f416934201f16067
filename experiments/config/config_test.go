package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
)

// write makes a file in a folder of its own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, src Source) *Effective {
	t.Helper()
	e, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestDefaultIsTheDefaultPreset(t *testing.T) {
	e := mustLoad(t, Source{})
	for _, p := range Presets() {
		if p.Name == DefaultPreset && e.Config != p.Config {
			t.Errorf("got %+v\nwant %+v", e.Config, p.Config)
		}
	}
}

// Every value of every preset passes the checks that a user's value has to pass,
// and setting them all gives the preset back.
func TestPresetsAreLegal(t *testing.T) {
	for _, p := range Presets() {
		src := Source{}
		for _, f := range Schema() {
			src.Set = append(src.Set, fmt.Sprintf("%s=%v", f.Key, f.Value(&p.Config)))
		}
		if e := mustLoad(t, src); e.Config != p.Config {
			t.Errorf("%s: got %+v\nwant %+v", p.Name, e.Config, p.Config)
		}
	}
}

// What config show prints as JSON is a file that gives the same configuration.
func TestMapRoundTrips(t *testing.T) {
	for _, p := range Presets() {
		text, err := json.Marshal(Map(&p.Config))
		if err != nil {
			t.Fatal(err)
		}
		if e := mustLoad(t, Source{Files: []string{write(t, "all.json", string(text))}}); e.Config != p.Config {
			t.Errorf("%s: got %+v\nwant %+v", p.Name, e.Config, p.Config)
		}
	}
}

func TestFormatsAgree(t *testing.T) {
	want := mustLoad(t, Source{Set: []string{"preset=ooo-2", "core.rob=70", "core.inorder=true", "core.stack=rename", "predictor.seed=18446744073709551615"}})
	for name, text := range map[string]string{
		"nested.yaml": "preset: ooo-2\ncore:\n  rob: 70\n  inorder: true\n  stack: rename\npredictor:\n  seed: 18446744073709551615\n",
		"dotted.yml":  "preset: ooo-2\ncore.rob: 70\ncore.inorder: true\ncore.stack: 'rename'\npredictor.seed: 18446744073709551615\n",
		"case.yaml":   "Preset: ooo-2\nCORE: {Rob: 70, InOrder: True, Stack: rename}\npredictor: {seed: 18446744073709551615}\n",
		"a.json":      `{"preset":"ooo-2","core":{"rob":70,"inorder":true,"stack":"rename"},"predictor.seed":18446744073709551615}`,
	} {
		if e := mustLoad(t, Source{Files: []string{write(t, name, text)}}); e.Config != want.Config || e.Preset != want.Preset {
			t.Errorf("%s: got %+v\nwant %+v", name, e.Config, want.Config)
		}
	}
	// TOML's integers have 64 bits with a sign: the seed cannot be written in it.
	toml := write(t, "a.toml", "preset = 'ooo-2'\n[core]\nrob = 70\ninorder = true\nstack = 'rename'\n")
	if e := mustLoad(t, Source{Files: []string{toml}, Set: []string{"predictor.seed=18446744073709551615"}}); e.Config != want.Config {
		t.Errorf("TOML: got %+v\nwant %+v", e.Config, want.Config)
	}
}

// A file cannot be wrong in silence.
func TestFilesRefused(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown.yaml", "core:\n  rbo: 3\n", `:2: unknown key "core.rbo"; core has: inorder, stack`},
		{"section.yaml", "cor:\n  rob: 3\n", `unknown key "cor.rob"; there are preset and the sections core, fusion, units`},
		{"float.yaml", "core: {rob: 12.7}", "core.rob: 12.7 is not a decimal integer; allowed: integer 1..1048576"},
		{"whole.yaml", "core: {rob: 12.0}", "12.0 is not a decimal integer"},
		{"exponent.yaml", "core: {rob: 1e3}", "1e3 is not a decimal integer"},
		{"octal.yaml", "core: {rob: 010}", "010 is not a decimal integer"},
		{"hex.yaml", "core: {rob: 0x10}", "0x10 is not a decimal integer"},
		{"bool.yaml", "core: {rob: true}", "true is not a decimal integer"},
		{"text.yaml", "core: {rob: abc}", `"abc" is not a decimal integer`},
		{"quoted.yaml", "core: {rob: '12'}", `"12" is not a decimal integer`},
		{"low.yaml", "core: {rob: 0}", "0 is out of range; allowed: integer 1..1048576"},
		{"negative.yaml", "core: {rob: -3}", "-3 is out of range"},
		{"high.yaml", "core: {rob: 1048577}", "1048577 is out of range"},
		{"inorder.yaml", "core: {inorder: 1}", "core.inorder: 1 is not a boolean; allowed: true or false"},
		{"choice.yaml", "core: {stack: drop}", `"drop" is not one of the choices; allowed: one of execute, rename, fold`},
		{"predictor.yaml", "predictor: {call: btb}", `"btb" is not one of the choices; allowed: one of chaos, last, none, oracle`},
		{"preset.yaml", "preset: big", `preset: "big" is not one of the choices; allowed: one of scalar`},
		{"null.yaml", "core:\n  rob:\n", "core.rob: empty is not a value; allowed: integer"},
		{"list.yaml", "core: {rob: [1, 2]}", "core.rob: a list is not a value"},
		{"deep.yaml", "core: {rob: {size: 3}}", `unknown key "core.rob.size"`},
		{"scalarsection.yaml", "core: 3", "core is a section, not a value; it has: inorder"},
		{"emptysection.yaml", "core:\nlatency: {div: 3}\n", ":1: section core is empty"},
		{"emptymap.yaml", "core: {}\n", "section core is empty"},
		{"twice.yaml", "core: {rob: 3, ROB: 4}", "core.rob is set twice"},
		{"twicedotted.yaml", "core: {rob: 3}\ncore.rob: 4\n", ":2: core.rob is set twice, before in file "},
		{"documents.yaml", "core: {rob: 3}\n---\ncore: {rob: 4}\n", "more than one document"},
		{"alias.yaml", "core: &a {rob: 3}\nunits: *a\n", "aliases are not supported"},
		{"syntax.yaml", "core: {rob: 3", "yaml:"},
		{"top.yaml", "- core\n", "not a mapping of sections"},
		{"empty.yaml", "", "no settings in it"},
		{"comment.yaml", "# nothing\n", "no settings in it"},
		{"float.json", `{"core":{"rob":12.7}}`, "12.7 is not a decimal integer"},
		{"exponent.json", `{"core":{"rob":1e3}}`, "1e3 is not a decimal integer"},
		{"twice.json", "{\"core\":{\"rob\":1},\n\"core\":{\"rob\":2}}", ":2: core.rob is set twice"},
		{"null.json", `{"core":{"rob":null}}`, "core.rob: empty is not a value"},
		{"list.json", `{"core":{"rob":[1,{"a":2}]}}`, "core.rob: a list is not a value"},
		{"emptysection.json", `{"core":{}}`, "section core is empty"},
		{"truncated.json", `{"core":{"rob":1}`, "line 1: unexpected EOF"},
		{"trailing.json", "{\"core\":{\"rob\":1}}\n{}", "more after the end of the object"},
		{"syntax.json", "{\"core\":\n{\"rob\" 1}}", "line 2: "},
		{"empty.json", "  \n", "no settings in it"},
		{"emptyobject.json", "{}", "no settings in it"},
		{"top.json", "3", "not a mapping of sections"},
		{"float.toml", "[core]\nrob = 12.7\n", "12.7 is not a decimal integer"},
		{"bool.toml", "[core]\nrob = true\n", "true is not a decimal integer"},
		{"date.toml", "[core]\nrob = 2020-01-01\n", "2020-01-01 is not a decimal integer"},
		{"case.toml", "[core]\nROB = 3\nrob = 4\n", "core.rob is set twice"},
		{"twice.toml", "[core]\nrob = 3\nrob = 4\n", "key rob is already defined"},
		{"syntax.toml", "[core]\nrob = \n", "line 2: "},
		{"emptysection.toml", "[core]\n", "section core is empty"},
		{"empty.toml", "", "no settings in it"},
		{"a.conf", "core.rob=3", "unknown format; a configuration file ends in .yaml, .yml, .toml or .json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.name, test.text)
			_, err := Load(Source{Files: []string{path}})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v\nwant it to name %s and say %s", err, path, test.want)
			}
		})
	}
}

func TestFileMissing(t *testing.T) {
	_, err := Load(Source{Files: []string{"/nonexistent/a.yaml"}})
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/a.yaml: no such file") {
		t.Error(err)
	}
}

func TestTextRefused(t *testing.T) {
	for _, test := range []struct {
		src  Source
		want string
	}{
		{Source{Env: []string{"OOOVM_CORE_ROBX=3"}}, `env OOOVM_CORE_ROBX: unknown key "core.robx"; core has: `},
		{Source{Env: []string{"OOOVM_DEBUG=1"}}, `env OOOVM_DEBUG: unknown key "debug"; there are preset and the sections`},
		{Source{Env: []string{"OOOVM_=1"}}, "env OOOVM_: unknown key"},
		{Source{Env: []string{"OOOVM_CORE_ROB=12.7"}}, `env OOOVM_CORE_ROB: core.rob: "12.7" is not a decimal integer`},
		{Source{Env: []string{"OOOVM_CORE_ROB="}}, `"" is not a decimal integer`},
		{Source{Env: []string{"OOOVM_CORE_INORDER=1"}}, `"1" is not a boolean`},
		{Source{Env: []string{"OOOVM_PRESET=big"}}, `env OOOVM_PRESET: preset: "big"`},
		{Source{Set: []string{"core.rob"}}, "-s core.rob: not of the form key=value"},
		{Source{Set: []string{"core.rob= 3"}}, `" 3" is not a decimal integer`},
		{Source{Set: []string{"core.rob=+3"}}, `"+3" is not a decimal integer`},
		{Source{Set: []string{"=3"}}, `unknown key ""`},
		{Source{Set: []string{"predictor.seed=18446744073709551616"}}, "out of range; allowed: integer 0..18446744073709551615"},
		{Source{Flags: []Setting{{"--preset", "preset", "big"}}}, `--preset: preset: "big"`},
	} {
		if _, err := Load(test.src); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %s", test.src, err, test.want)
		}
	}
}

// Each layer of the precedence wins over all that come before it.
func TestPrecedence(t *testing.T) {
	one := write(t, "one.yaml", "core.rob: 31\n")
	two := write(t, "two.toml", "[core]\nrob = 32\n")
	src := Source{}
	for _, step := range []struct {
		add  func()
		rob  int
		from string
	}{
		{func() {}, 256, "preset ooo-4"},
		{func() { src.Files = append(src.Files, one) }, 31, "file " + one + ":1"},
		{func() { src.Files = append(src.Files, two) }, 32, "file " + two},
		{func() { src.Env = []string{"HOME=/", "OOOVM_CORE_ROB=33"} }, 33, "env OOOVM_CORE_ROB"},
		{func() { src.Set = []string{"core.rob=34"} }, 34, "-s core.rob=34"},
		{func() { src.Set = append(src.Set, "Core.ROB=35") }, 35, "-s Core.ROB=35"},
		{func() { src.Flags = []Setting{{"--rob", "core.rob", "36"}} }, 36, "--rob"},
	} {
		step.add()
		e := mustLoad(t, src)
		var from string
		for _, o := range e.Origins {
			if o.Key == "core.rob" {
				from = o.From
			}
		}
		if e.Config.Core.ROB != step.rob || from != step.from {
			t.Errorf("got %d from %q, want %d from %q", e.Config.Core.ROB, from, step.rob, step.from)
		}
	}
}

// A preset lies under every other value, wherever it is named.
func TestPresetIsTheLowestLayer(t *testing.T) {
	file := write(t, "a.yaml", "core.rob: 31\n")
	e := mustLoad(t, Source{Files: []string{file}, Flags: []Setting{{"--preset", "preset", "scalar"}}})
	if e.Config.Core.ROB != 31 || e.Config.Core.Width != 1 || e.Preset != "scalar" {
		t.Errorf("%+v", e)
	}
}

func TestOriginsCoverTheSchemaInOrder(t *testing.T) {
	e := mustLoad(t, Source{})
	want := []string{"preset"}
	for _, f := range Schema() {
		want = append(want, f.Key)
	}
	var got []string
	for _, o := range e.Origins {
		got = append(got, o.Key)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// Every field of Config has a key of two parts, a meaning, and a default
// in every preset; variables map back to keys because keys have no underscore.
func TestSchemaIsComplete(t *testing.T) {
	fields := 0
	for _, part := range []reflect.Type{reflect.TypeFor[pipeline.Config](), reflect.TypeFor[struct{ machine.Settings }]()} {
		for section := range part.NumField() {
			fields += part.Field(section).Type.NumField()
		}
	}
	if len(Schema()) != fields {
		t.Errorf("%d keys for %d fields", len(Schema()), fields)
	}
	seen := map[string]bool{}
	for _, f := range Schema() {
		if seen[f.Key] || strings.Count(f.Key, ".") != 1 || strings.ToLower(f.Key) != f.Key || strings.Contains(f.Key, "_") {
			t.Errorf("bad key %q", f.Key)
		}
		seen[f.Key] = true
		if f.Doc == "" || len(f.Default) != len(Presets()) || f.Type == Choice && len(f.Choices) == 0 {
			t.Errorf("%s is not described", f.Key)
		}
	}
}

// Hash depends on the values only: not on how they were given, nor on the preset.
func TestHash(t *testing.T) {
	base := Hash(&mustLoad(t, Source{}).Config)
	if len(base) != 64 {
		t.Errorf("%q is not a SHA-256", base)
	}
	if h := Hash(&mustLoad(t, Source{Set: []string{"core.rob=256"}}).Config); h != base {
		t.Error("the same values have another hash")
	}
	seen := map[string]string{base: "nothing"}
	for _, f := range Schema() {
		set := []string{f.Key + "=" + other(&f, &mustLoad(t, Source{}).Config)}
		if strings.HasPrefix(f.Key, "machine.") && f.Key != "machine.policy" {
			// A core alone reads none of these, and its hash does not have them.
			if h := Hash(&mustLoad(t, Source{Set: set}).Config); h != base {
				t.Errorf("%s is in the hash of one core alone", f.Key)
			}
			set = append(set, "machine.policy=monad")
		}
		e := mustLoad(t, Source{Set: set})
		h := Hash(&e.Config)
		if before, same := seen[h]; same {
			t.Errorf("changing %s and changing %s give one hash", f.Key, before)
		}
		seen[h] = f.Key
	}
}

// other is a legal value that the key does not have.
func other(f *Field, c *Config) string {
	now := fmt.Sprint(f.Value(c))
	switch f.Type {
	case Integer:
		if v := fmt.Sprint(f.Range.Max); v != now {
			return v
		}
		return fmt.Sprint(f.Range.Min)
	case Boolean:
		return fmt.Sprint(now != "true")
	}
	for _, v := range f.Choices {
		if v != now {
			return v
		}
	}
	return now
}

func TestDiff(t *testing.T) {
	a := mustLoad(t, Source{}).Config
	b := a
	a.Core.ROB, a.Predictor.Branch = 2, "gshare"
	b.Core.ROB, b.Predictor.Branch = 3, "taken"
	want := []Difference{{"core.rob", 2, 3}, {"predictor.branch", "gshare", "taken"}}
	if got := Diff(&a, &b); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Diff(&a, &a); len(got) != 0 {
		t.Errorf("a configuration differs from itself: %v", got)
	}
}

// Chaos names predictors that exist, on top of any preset.
func TestChaos(t *testing.T) {
	for _, p := range Presets() {
		Chaos(&p.Config.Config, 7)
		src := Source{}
		for _, f := range Schema() {
			src.Set = append(src.Set, fmt.Sprintf("%s=%v", f.Key, f.Value(&p.Config)))
		}
		e := mustLoad(t, src)
		q := e.Config.Predictor
		for _, name := range []string{q.Branch, q.Target, q.Call, q.Memory, q.State} {
			if name != "chaos" {
				t.Errorf("%s: predictor %q", p.Name, name)
			}
		}
		if q.Seed != 7 || e.Config.Chaos.Squash == 0 {
			t.Errorf("%s: %+v", p.Name, e.Config)
		}
	}
}

// Only the limit preset may name an oracle.
func TestOnlyLimitUsesOracles(t *testing.T) {
	for _, p := range Presets() {
		m, err := predictor.Directions.Lookup(p.Config.Predictor.Branch)
		if err != nil {
			t.Fatal(err)
		}
		if oracle := p.Name == "limit"; m.Oracle != oracle || (p.Config.Core.Gas == "free") != oracle {
			t.Errorf("%s: predictor %s, gas %s", p.Name, m.Name, p.Config.Core.Gas)
		}
	}
}

// What predicts state is named under predictor.state, too, where only a predictor of
// keys has the name.
func TestStateNamesPredictorsOfKeys(t *testing.T) {
	for _, c := range []struct{ set, state, keys string }{
		{"predictor.state=recipe", "store-sets", "recipe"},
		{"predictor.state=blind", "blind", "none"},
		{"predictor.state=oracle", "oracle", "none"}, // both have it: the dependence predictor
		{"predictor.keys=last", "store-sets", "last"},
	} {
		eff, err := Load(Source{Set: []string{c.set}})
		if err != nil {
			t.Fatal(err)
		}
		if p := eff.Config.Predictor; p.State != c.state || p.Keys != c.keys {
			t.Errorf("%s: state %s, keys %s; want %s, %s", c.set, p.State, p.Keys, c.state, c.keys)
		}
	}
	if _, err := Load(Source{Set: []string{"predictor.state=recipes"}}); err == nil {
		t.Error("recipes is no predictor")
	}
}
