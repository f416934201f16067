package fetch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReadList: number and hash are found by the heading, wherever they stand.
func TestReadList(t *testing.T) {
	a, b := "0x"+strings.Repeat("ab", 32), "0x"+strings.Repeat("01", 32)
	list, err := ReadList(strings.NewReader("fork,hash,number\nlondon," + a + ",7\ncancun," + b + ",3\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Number != 7 || list[0].Hash.Hex() != a || list[1].Number != 3 || list[1].Hash.Hex() != b {
		t.Errorf("%v", list)
	}
}

// TestReadListErrors: what is no list is refused with the line and what was expected there.
func TestReadListErrors(t *testing.T) {
	hash := "0x" + strings.Repeat("ab", 32)
	for _, c := range []struct{ text, want string }{
		{"", "a heading with number and hash is expected"},
		{"block,hash\n", "line 1: the heading is"},
		{"number\n1\n", "number and hash are expected in it"},
		{"number,hash\n", "it lists no blocks"},
		{"number,hash\nx," + hash, `line 2: number "x"`},
		{"number,hash\n-1," + hash, `line 2: number "-1"`},
		{"number,hash\n0," + hash, "a decimal number from 1"},
		{"number,hash\n18446744073709551616," + hash, "a decimal number from 1"},
		{"number,hash\n1,0xab", `line 2: hash "0xab": 0x and 64`},
		{"number,hash\n1," + hash[2:], "0x and 64"},
		{"number,hash\n1,0x" + strings.Repeat("0", 64), "0x and 64"},
		{"number,hash\n1," + hash + "\n2", "line 3"},
		{"number,hash\n1," + hash + "\n2," + hash + "\n1," + hash, "line 4: number 1: line 2 has it already"},
	} {
		if list, err := ReadList(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, error %v; want %q", c.text, list, err, c.want)
		}
	}
}

// TestCorpusList: the list of the project's corpus is one, in the order of numbers.
func TestCorpusList(t *testing.T) {
	file, err := os.Open(filepath.Join("..", "..", "docs", "corpus.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	list, err := ReadList(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 56 || !slices.IsSortedFunc(list, func(a, b Listed) int { return int(a.Number) - int(b.Number) }) {
		t.Errorf("%d blocks; 56 in the order of their numbers are expected", len(list))
	}
}

// TestRange: every so manieth block, the last included where it is met, up to the largest number.
func TestRange(t *testing.T) {
	for _, c := range []struct {
		from, to, every uint64
		want            string
	}{
		{5, 5, 1, "[5]"},
		{5, 9, 2, "[5 7 9]"},
		{5, 8, 2, "[5 7]"},
		{1<<64 - 2, 1<<64 - 1, 1, "[18446744073709551614 18446744073709551615]"},
	} {
		var got []uint64
		for l := range Range(c.from, c.to, c.every) {
			got = append(got, l.Number)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%d-%d every %d: %v, want %s", c.from, c.to, c.every, got, c.want)
		}
	}
}
