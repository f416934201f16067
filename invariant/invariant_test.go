package invariant

import (
	"errors"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	plain := errors.New("plain")
	for _, c := range []struct {
		name, subject, want string
		do                  func() error
	}{
		{"no error", "block", "", func() error { return nil }},
		{"an error passes as it is", "block", "plain", func() error { return plain }},
		{"a panic", "block", "block: simulator error: lost", func() error { panic("lost") }},
		{"a panic about nothing", "", "simulator error: lost", func() error { panic(errors.New("lost")) }},
		{"an invariant", "block", "simulator error: 3 lost", func() error { return Broken("%d lost", 3) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Guard(c.subject, c.do)
			if got := message(err); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
			var broken *Error
			if errors.As(err, &broken) != strings.Contains(c.want, "simulator error") {
				t.Errorf("the type of %v", err)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestOrFault: what a library says with a panic is about its input; what the runtime says is not.
func TestOrFault(t *testing.T) {
	about := errors.New("about the input")
	for _, c := range []struct {
		do    func()
		fault bool
	}{
		{func() { panic("no such contract") }, false},
		{func() { panic(errors.New("no such contract")) }, false},
		{func() { var p *int; *p = 1 }, true},
		{func() { _ = []int{}[len("x")] }, true},
	} {
		err := func() (err error) {
			defer func() { err = OrFault(recover(), about) }()
			c.do()
			return nil
		}()
		var broken *Error
		if fault := errors.As(err, &broken); fault != c.fault || fault && broken.Stack == nil || !fault && err != about {
			t.Errorf("%v is a fault: %v", err, fault)
		}
	}
}
