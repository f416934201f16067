package traces

import (
	"reflect"
	"testing"
)

// TestEveryCheckCounts: a check that fails makes the verdict wrong, whichever it is.
func TestEveryCheckCounts(t *testing.T) {
	no, yes := false, true
	for i := range reflect.TypeFor[Verdict]().NumField() {
		name := reflect.TypeFor[Verdict]().Field(i).Name
		if name == "OK" {
			continue
		}
		for _, passes := range []*bool{&no, &yes, nil} {
			var v Verdict
			reflect.ValueOf(&v).Elem().Field(i).Set(reflect.ValueOf(passes))
			if v.Settle(); v.OK != (passes != &no) {
				t.Errorf("%s %v: %v", name, passes, v.OK)
			}
		}
	}
}
