package chain

import (
	"testing"

	"github.com/ooovm/ooovm/traces/corpustest"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// TestSamples runs the official blockchain tests that are there with go-ethereum alone: valid
// blocks are accepted, invalid ones refused for the reason that is stated, and the chain ends in
// the stated head and state. Every tenth whose blocks can all be payloads is run as such, too.
func TestSamples(t *testing.T) {
	path := corpustest.Data(t, "eest", "blocks-dev.tar.zst")
	tests, accepted, refused, unsupported, payloads := 0, 0, 0, 0, 0
	reasons := map[string]int{}
	scan(t, path, func(test *Test) {
		tests++
		c, err := New(test)
		if test.Unsupported != "" {
			unsupported++
			t.Log(test.ID(), test.Unsupported)
			return
		}
		if err != nil {
			t.Errorf("%s: %v", test.ID(), err)
			return
		}
		for i := range test.Items {
			item := &test.Items[i]
			b, r, err := c.judge(t.Context(), item)
			if err != nil {
				t.Errorf("%s: %v", test.ID(), err)
				return
			}
			if b != nil {
				accepted++
			} else {
				refused++
				reasons[item.Exception+" <- "+r.Reason]++
			}
		}
		if err := c.Finish(); err != nil {
			t.Errorf("%s: %v", test.ID(), err)
		}
		if tests%10 != 0 {
			return
		}
		if converted, ok := convert(t, test); ok {
			payloads += len(converted.Items)
			if err := runAll(t, converted); err != nil {
				t.Errorf("%s, as payloads: %v", test.ID(), err)
			}
		}
	})
	if payloads == 0 {
		t.Error("no test could be converted to payloads")
	}
	t.Logf("%d tests, %d not supported, %d blocks accepted, %d refused, %d payloads", tests, unsupported, accepted, refused, payloads)
	for r, n := range reasons {
		t.Log(n, r)
	}
}

func scan(t testing.TB, path string, visit func(*Test)) {
	t.Helper()
	if err := fixtures.Scan([]string{path}, &fixtures.Handler{
		Block:   func(test *Test) error { visit(test); return nil },
		Ignored: func(string, string) {},
		Broken:  func(err *fixtures.FileError) error { t.Error(err); return nil },
	}); err != nil {
		t.Fatal(err)
	}
}
