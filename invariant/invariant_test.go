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
