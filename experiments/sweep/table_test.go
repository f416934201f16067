package sweep

import (
	"math"
	"strings"
	"testing"
)

const results = `point,core.rob,predictor.branch,core.inorder,uipc
0123456789abcdef,64,tage,false,1.25
0123456789abcdee,128,bimodal,true,
`

func TestReadTable(t *testing.T) {
	table, err := ReadTable(strings.NewReader(results))
	if err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	if err := table.WriteCSV(&again); err != nil || again.String() != results {
		t.Errorf("written again (%v):\n%s", err, again.String())
	}
	for i, want := range []struct {
		kind Kind
		axis bool
	}{{Text, false}, {Integer, true}, {Text, true}, {Flag, true}, {Real, false}} {
		if c := table.Columns[i]; c.Kind != want.kind || c.Axis != want.axis {
			t.Errorf("%+v, want kind %s, axis %v", c, want.kind, want.axis)
		}
	}
	numbers, err := table.Numbers("uipc")
	if err != nil || numbers[0] != 1.25 || !math.IsNaN(numbers[1]) {
		t.Errorf("uipc is %v (%v)", numbers, err)
	}
	if _, err := table.Numbers("predictor.branch"); err == nil || err.Error() != `column predictor.branch: "tage" is not a number` {
		t.Errorf("numbers of a text: %v", err)
	}
	if _, err := table.Text("rob"); err == nil || err.Error() != `no column "rob"; there are core.rob` {
		t.Errorf("a column that is not there: %v", err)
	}
	small := table.Where(func(cell func(string) string) bool { return cell("core.rob") == "64" })
	if small.Len() != 1 {
		t.Errorf("%d rows with core.rob=64", small.Len())
	}
}
