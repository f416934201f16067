package run

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/ooovm/ooovm/pipeline"
)

// TestCountersAreAll: every counter of a core is in the digest, each under a name of
// its own.
func TestCountersAreAll(t *testing.T) {
	var s pipeline.Stats
	digest := func() string {
		d := newDigester()
		d.counters(reflect.ValueOf(&s).Elem(), "")
		return d.hex()
	}
	const value = 1 << 32 // the same for all: only the name tells them apart
	seen := map[string]string{digest(): "no counter"}
	var visit func(name string, v reflect.Value)
	visit = func(name string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Uint64:
			v.SetUint(value)
			if other, twice := seen[digest()]; twice {
				t.Errorf("%s has the digest of %s", name, other)
			}
			seen[digest()] = name
			v.SetUint(0)
		case reflect.Array:
			for i := range v.Len() {
				visit(fmt.Sprintf("%s[%d]", name, i), v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				visit(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
		default:
			t.Fatalf("%s is no counter: %v", name, v.Kind())
		}
	}
	visit("Stats", reflect.ValueOf(&s).Elem())
	if len(seen) < 100 {
		t.Errorf("only %d counters found", len(seen))
	}
}
