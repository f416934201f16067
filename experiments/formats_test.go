package experiments_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/ablation"
	"github.com/ooovm/ooovm/experiments/bench"
	"github.com/ooovm/ooovm/experiments/limits"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
)

// TestFormatsDocument: docs/formats.md names every field of the results.
func TestFormatsDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, code := range regexp.MustCompile("`[^`]+`").FindAllString(string(text), -1) {
		for _, word := range regexp.MustCompile(`[A-Za-z]+`).FindAllString(code, -1) {
			named[word] = true
		}
	}
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Anonymous {
				walk(path, f.Type)
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !named[name] {
				t.Errorf("%s%s is not in docs/formats.md", path, name)
			}
			walk(path+name+".", f.Type)
		}
	}
	walk("", reflect.TypeFor[run.Result]())
	walk("bench: ", reflect.TypeFor[bench.Report]())
	walk("limits: ", reflect.TypeFor[limits.Result]())
	walk("ablate: ", reflect.TypeFor[ablation.Result]())
	walk("ablate step: ", reflect.TypeFor[ablation.Step]())
	for _, schema := range []string{run.ResultSchema, bench.Schema, limits.Schema, ablation.Schema} {
		if !strings.Contains(string(text), schema) {
			t.Errorf("%s is not in docs/formats.md", schema)
		}
	}
	for _, cause := range pipeline.CauseNames {
		if model, err := os.ReadFile("../docs/model.md"); err != nil || !strings.Contains(string(model), "`"+cause+"`") {
			t.Errorf("cause %s is not in docs/model.md (%v)", cause, err)
		}
	}
}
