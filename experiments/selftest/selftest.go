// Package selftest proves an installation on the machine where it stands: command selftest.
// It repeats the campaigns that docs/validation.md counts, with what the program has in itself:
// nothing of it needs a file.
package selftest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/suggest"
)

// Schema is that of Result.
const Schema = "ooovm.selftest/1"

// Options says what is tried, and for how long.
type Options struct {
	Seed    uint64    // of the first round; each has the next one
	Until   time.Time // rounds begin until then; the first one always runs to its end
	Only    []string  // checks, empty for all
	Program string    // this program, which some checks start and kill; empty leaves them out
	Stop    context.Context
	// Progress is told of every check that begins; nil: nobody is.
	Progress func(round int, check string)
}

// Result is what has been tried and what has failed.
type Result struct {
	Schema   string    `json:"schema"`
	Seed     uint64    `json:"seed"`
	Rounds   int       `json:"rounds"` // complete ones
	Checks   []Tally   `json:"checks"`
	Failures []Failure `json:"failures"`
}

// Tally is what one check has tried in all rounds.
type Tally struct {
	Check        string `json:"check"`
	What         string `json:"what"` // one of Runs
	Runs         uint64 `json:"runs"`
	Instructions uint64 `json:"instructions"` // committed and compared; 0 where a check compares files
	Failures     uint64 `json:"failures"`
}

// Failure is one run that went wrong. The seed of its round repeats it.
type Failure struct {
	Check string `json:"check"`
	Seed  uint64 `json:"seed"`
	Run   string `json:"run"`
	Error string `json:"error"`
}

// Names lists the checks.
func Names() (names []string) {
	for i := range checks {
		names = append(names, checks[i].name)
	}
	return names
}

// round is a check at work in one round.
type round struct {
	*Options
	tally  *Tally
	result *Result
	seed   uint64
	number int
	// embedded is the embedded block, prepared once.
	embedded func() (*run.Block, error)
}

// try runs something of the check. do returns the instructions that were compared. The error
// of try is that of the context: what goes wrong is noted, and the check goes on.
func (r *round) try(run string, do func() (instructions uint64, err error)) error {
	if err := r.Stop.Err(); err != nil {
		return err
	}
	var instructions uint64
	err := invariant.Guard("", func() (err error) {
		instructions, err = do()
		return err
	})
	if stopped := r.Stop.Err(); stopped != nil {
		return stopped // whatever it says: it was not let go on
	}
	r.tally.Runs++
	r.tally.Instructions += instructions
	if err != nil {
		r.tally.Failures++
		r.result.Failures = append(r.result.Failures, Failure{r.tally.Check, r.seed, run, err.Error()})
	}
	return nil
}

// Run tries everything once, and again with other seeds as long as there is time. When the
// context ends it returns what has been tried until then, with the error of the context.
func Run(o Options) (*Result, error) {
	for _, name := range o.Only {
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("check %q: %s", name, suggest.Among(name, Names()))
		}
	}
	result := &Result{Schema: Schema, Seed: o.Seed, Failures: []Failure{}}
	var list []*check
	for i := range checks {
		c := &checks[i]
		if len(o.Only) > 0 && !slices.Contains(o.Only, c.name) || c.starts && o.Program == "" {
			continue
		}
		list = append(list, c)
		result.Checks = append(result.Checks, Tally{Check: c.name, What: c.what})
	}
	embedded := sync.OnceValues(func() (*run.Block, error) { return prepareEmbedded(o.Stop) })
	for {
		for i, c := range list {
			if c.once && result.Rounds > 0 {
				continue
			}
			if o.Progress != nil {
				o.Progress(result.Rounds+1, c.name)
			}
			r := &round{&o, &result.Checks[i], result, o.Seed + uint64(result.Rounds), result.Rounds, embedded}
			if err := c.run(r); err != nil {
				return result, err
			}
		}
		result.Rounds++
		if !time.Now().Before(o.Until) {
			return result, nil
		}
	}
}
