package budget

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
)

func TestTake(t *testing.T) {
	b := New(100)
	if err := b.Take(60, "one"); err != nil {
		t.Fatal(err)
	}
	rest := b.Rest()
	err := b.Take(41, "two")
	var e *Exceeded
	if !errors.As(err, &e) || e.What != "two" || e.Need != 101 || e.Limit != 100 || b.Left() != 40 {
		t.Errorf("%+v, %d left", err, b.Left())
	}
	if err := b.Take(40, "three"); err != nil || b.Left() != 0 {
		t.Errorf("%v, %d left", err, b.Left())
	}
	b.Give(10)
	if b.Left() != 10 || rest.Left() != 40 {
		t.Errorf("%d left, %d in what was the rest", b.Left(), rest.Left())
	}
	if err := b.Take(math.MaxInt64, "all"); !Exceeds(err) || b.Left() != 10 {
		t.Errorf("%v, %d left", err, b.Left())
	}
	if err := b.Take(-5, "nothing"); err != nil || b.Left() != 10 {
		t.Errorf("%v, %d left", err, b.Left())
	}
}

func TestNoBudget(t *testing.T) {
	var b *Budget
	b.Give(7)
	if b.Take(math.MaxInt64, "all") != nil || b.Rest() != nil || b.Left() != math.MaxInt64 {
		t.Error("no budget has a bound")
	}
}

func TestTakeAtOnce(t *testing.T) {
	b := New(1000)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if b.Take(3, "some") == nil {
					b.Give(3)
				}
			}
		})
	}
	all.Wait()
	if b.Left() != 1000 {
		t.Errorf("%d left", b.Left())
	}
}

func TestRecover(t *testing.T) {
	try := func(do func()) (err error) {
		defer Recover("subject", &err)
		do()
		return nil
	}
	if err := try(func() {}); err != nil {
		t.Error(err)
	}
	err := try(func() { New(1<<20).Need(3<<20, "a thing") })
	if want := "subject: a thing would not fit: the run would take 3 MiB of memory, and it may have 1 MiB (--memory)"; !Exceeds(err) || err.Error() != want {
		t.Errorf("%v", err)
	}
	defer func() {
		if p := recover(); p != "other" {
			t.Errorf("another panic became %v", p)
		}
	}()
	_ = try(func() { panic("other") })
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		text, shown string
		bytes       int64
	}{
		{"512", "512 bytes", 512}, {"1K", "1 KiB", 1 << 10}, {"512M", "512 MiB", 512 << 20}, {"1.5G", "1.5 GiB", 3 << 29}, {"2GiB", "2 GiB", 2 << 30}, {"4TB", "4 TiB", 4 << 40},
	} {
		if n, err := Parse(c.text); n != c.bytes || err != nil {
			t.Errorf("%s: %d, %v", c.text, n, err)
		}
		if got := Size(c.bytes); got != c.shown {
			t.Errorf("%d: %s, want %s", c.bytes, got, c.shown)
		}
	}
	for _, text := range []string{"", "0", "-1", "M", "1Q", "1 M", "1MM", "nan", "inf", "1e30", "9e18"} {
		if n, err := Parse(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}

func TestFitting(t *testing.T) {
	const g = 1 << 30
	for _, c := range []struct {
		cores       int
		memory, run int64
		want        int
	}{{8, 64 * g, 0, 8}, {16, 8 * g, 0, 8}, {2, g / 2, 0, 1}, {8, 8 * g, 4 * g, 2}, {8, 8 * g, g / 8, 8}, {8, 8 * g, 100 * g, 1}} {
		if got := fitting(c.cores, c.memory, c.run); got != c.want {
			t.Errorf("%d cores, %s in runs of %s: %d at once, want %d", c.cores, Size(c.memory), Size(c.run), got, c.want)
		}
	}
}

// TestHost: the process has memory, and no more than a machine can.
func TestHost(t *testing.T) {
	if n := Host(); n < 64<<20 || n > 1<<50 {
		t.Errorf("%s", Size(n))
	}
}

// letters is a text of any length.
type letters struct{ left int64 }

func (l *letters) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), l.left)
	for i := range p[:n] {
		p[i] = 'a'
	}
	l.left -= n
	return int(n), nil
}

// TestLongValue: a value that would not fit is given up while it is short; many that do are
// read, however long the text.
func TestLongValue(t *testing.T) {
	source := &letters{left: 1 << 40}
	dec := NewDecoder(io.MultiReader(strings.NewReader(`["`), source), New(1<<20), 0)
	var v any
	err := dec.Decode(&v)
	if read := int64(1<<40) - source.left; !Exceeds(err) || read > 1<<20 {
		t.Errorf("%v after %d bytes", err, read)
	}

	const n = 100_000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "{\"pc\":%d}\n", i)
	}
	dec = NewDecoder(strings.NewReader(text.String()), New(1<<20), 0)
	for i := range n {
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("value %d: %v", i, err)
		}
	}
	dec = NewDecoder(strings.NewReader(text.String()), New(1<<20), 4) // what is kept counts
	for err = nil; err == nil; {
		err = dec.Decode(&v)
	}
	if !Exceeds(err) {
		t.Errorf("%v", err)
	}
}

func TestReadAll(t *testing.T) {
	if text, err := ReadAll(strings.NewReader("short"), New(1<<20)); string(text) != "short" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := ReadAll(&letters{left: 1 << 40}, New(1<<20)); !Exceeds(err) {
		t.Errorf("%v", err)
	}
	if text, err := ReadAll(strings.NewReader("any"), nil); string(text) != "any" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestNamesAreForWhatDoesNotFit: nothing is named, and nothing allocated, while it fits.
func TestNamesAreForWhatDoesNotFit(t *testing.T) {
	b, named := New(100), 0
	what := func() string { named++; return Size(1000) }
	if n := testing.AllocsPerRun(10, func() { b.NeedFor(1, what) }); n != 0 || named != 0 {
		t.Errorf("%g allocations, %d names", n, named)
	}
	if err := b.TakeFor(1000, what); err == nil || named != 1 || err.(*Exceeded).What != Size(1000) {
		t.Errorf("%v, %d names", err, named)
	}
}
