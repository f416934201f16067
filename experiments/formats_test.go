package experiments

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

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
	walk("", reflect.TypeFor[Result]())
	walk("bench: ", reflect.TypeFor[Benchmark]())
	walk("limits: ", reflect.TypeFor[LimitResult]())
	walk("ablate: ", reflect.TypeFor[Ablation]())
	walk("ablate step: ", reflect.TypeFor[AblatedStep]())
	for _, schema := range []string{ResultSchema, BenchSchema, LimitSchema, AblationSchema} {
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
