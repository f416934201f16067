package predictor_test

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

func newValues(t *testing.T, name string, confidence int) predictor.Values {
	t.Helper()
	p := params
	p.TableBits, p.Confidence = 8, confidence
	v, err := predictor.ValuePredictors.New(name, p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// follow asks and teaches a stream of one site, and notes each answer: '.' for none, '+'
// for the right value, '-' for a wrong one.
func follow(v predictor.Values, site uint64, stream ...uint64) string {
	answers := make([]byte, len(stream))
	for i, n := range stream {
		actual := isa.Word{n}
		answers[i] = '.'
		if w, ok := v.Predict(at(site)); ok {
			answers[i] = '-'
			if w == actual {
				answers[i] = '+'
			}
		}
		v.Train(at(site), &actual)
	}
	return string(answers)
}

func TestValuesOnKnownStreams(t *testing.T) {
	for _, c := range []struct {
		name, predictor string
		confidence      int
		stream          []uint64
		want            string
	}{
		// The first value is seen, the next ones confirm it.
		{"constant", "last", 2, []uint64{7, 7, 7, 7, 7}, "...++"},
		{"constant, used at once", "last", 0, []uint64{7, 7, 7}, ".++"},
		{"a change costs one wrong value and all confidence", "last", 2, []uint64{7, 7, 7, 7, 8, 8, 8, 8}, "...+-..+"},
		{"counting is nothing for last", "last", 1, []uint64{1, 2, 3, 4, 5}, "....."},
		// 3 and 5 give the difference, 7 gives it again, 9 and 11 confirm it.
		{"counting", "stride", 2, []uint64{3, 5, 7, 9, 11, 13, 15}, ".....++"},
		{"a constant is a stride of zero", "stride", 2, []uint64{7, 7, 7, 7}, "...+"},
		{"one jump does not lose the stride", "stride", 1, []uint64{1, 2, 3, 4, 9, 10, 11}, "....-.+"},
		// Contexts 123, 231, 312 are there after six values, confirmed after nine.
		{"a period of three", "fcm", 1, []uint64{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}, ".........+++"},
		{"a period of three, used at once", "fcm", 0, []uint64{1, 2, 3, 1, 2, 3, 1, 2, 3}, "......+++"},
		{"a constant is a context", "fcm", 1, []uint64{7, 7, 7, 7, 7, 7}, ".....+"},
		{"a period of three is nothing for stride", "stride", 1, []uint64{1, 5, 2, 1, 5, 2, 1, 5, 2}, "........."},
		{"none", "none", 0, nil, ""},
	} {
		if v := newValues(t, c.predictor, c.confidence); v != nil {
			if got := follow(v, 3, c.stream...); got != c.want {
				t.Errorf("%s: %s answers %s, want %s", c.name, c.predictor, got, c.want)
			}
		} else if c.predictor != "none" {
			t.Errorf("%s: there is none", c.name)
		}
	}
}

// A line belongs to one site: another that takes it is not answered for.
func TestValuesAreNotShared(t *testing.T) {
	for _, name := range []string{"last", "stride", "fcm"} {
		v := newValues(t, name, 0)
		for site := range uint64(2000) {
			if got := follow(v, site+1, 7); got != "." {
				t.Fatalf("%s answers %s about site %d, which it has not seen", name, got, site+1)
			}
		}
	}
}

func TestValuesNumbersAreWords(t *testing.T) {
	v := newValues(t, "stride", 0)
	big := isa.Word{0, 0, 0, 1 << 63} // the difference wraps
	for _, w := range []isa.Word{{}, big, {}, big} {
		v.Train(at(1), &w)
	}
	if w, ok := v.Predict(at(1)); !ok || !w.IsZero() {
		t.Errorf("got %v, %t", w, ok)
	}
}
