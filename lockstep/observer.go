package lockstep

import "github.com/ooovm/ooovm/decoder"

// Observer is a check as a core sees it that is simulated to its end: the check never stops
// the run. After the first difference it lets go of the core, so that the run has the digest
// of the same run without a check.
type Observer struct {
	decoder.Checker
	Core interface{ SetChecker(decoder.Checker) }
}

// Err is nil whatever was found: ask the check itself.
func (o Observer) Err() error {
	if o.Checker.Err() != nil {
		o.Core.SetChecker(nil)
	}
	return nil
}
