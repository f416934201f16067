package chain

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/beacon/engine"
)

// Refusal is why a block is refused.
type Refusal struct {
	Reason string // as official tests name it; all names that mean it, separated by |
	Err    error

	further func() []error // what else is wrong with the block, nil for nothing that is known
}

func (r *Refusal) Error() string {
	if r.Reason == "" {
		return "refused: " + r.Err.Error()
	}
	return fmt.Sprintf("refused: %s: %v", r.Reason, r.Err)
}

func (r *Refusal) Unwrap() error { return r.Err }

// NewRefusal refuses a block for an error: of Propose's making, of Execute, or of whatever else
// has executed the block, as long as it wraps the error of go-ethereum, of state or of this
// package that names the reason.
func NewRefusal(err error) *Refusal {
	var names []string
	for _, n := range exceptions {
		if slices.ContainsFunc(n.rules, func(r rule) bool { return r.recognizes(err) }) {
			names = append(names, n.name)
		}
	}
	return &Refusal{Reason: strings.Join(names, "|"), Err: err}
}

// rule recognizes an error. All that it has must hold.
type rule struct {
	is   error    // the error is this one, by errors.Is
	says []string // all of it stands in the error's text
	when func(error) bool
}

func (r *rule) recognizes(err error) bool {
	if r.is != nil && !errors.Is(err, r.is) || r.when != nil && !r.when(err) {
		return false
	}
	text := err.Error()
	for _, part := range r.says {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// Meets compares a refusal with what an invalid item demands: nil for the same reason. A name that
// no rule knows is said, and met by nothing.
func (r *Refusal) Meets(item *Item) error {
	if item.Payload != nil && item.Payload.ErrorCode != 0 {
		var coded *engine.EngineAPIError
		if errors.As(r.Err, &coded) && coded.ErrorCode() == item.Payload.ErrorCode {
			return nil
		}
		return fmt.Errorf("%w; it has to be with error code %d", r, item.Payload.ErrorCode)
	}
	return Matches(item.Exception, r)
}

// Matches compares a refusal with the names of reasons, separated by |, of which one has to be
// its own; no name is any reason. Of a block that is wrong in several ways each is a reason.
func Matches(expected string, r *Refusal) error {
	if expected == "" {
		return nil
	}
	var names, unknown []string
	for name := range strings.SplitSeq(expected, "|") {
		name = strings.TrimSpace(name)
		if current, old := former[name]; old {
			name = current
		}
		names = append(names, name)
		if !slices.ContainsFunc(exceptions, func(n named) bool { return n.name == name }) {
			unknown = append(unknown, name)
		}
	}
	if r.isOne(names) {
		return nil
	}
	if r.further != nil && len(unknown) < len(names) {
		for _, err := range r.further() {
			if NewRefusal(err).isOne(names) {
				return nil
			}
		}
	}
	if unknown != nil {
		return fmt.Errorf("%w; it has to be %s, and %s is not known", r, expected, strings.Join(unknown, ", "))
	}
	return fmt.Errorf("%w; it has to be %s", r, expected)
}

// isOne reports whether the refusal's reason is among names.
func (r *Refusal) isOne(names []string) bool {
	for reason := range strings.SplitSeq(r.Reason, "|") {
		if reason != "" && slices.Contains(names, reason) {
			return true
		}
	}
	return false
}
