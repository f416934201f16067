package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/suggest"
	"github.com/ooovm/ooovm/traces"
)

// complainBriefly is complain for a command that was left, perhaps because nobody reads what it
// prints: it does not wait for ever.
func (c *cli) complainBriefly(err error) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		_ = invariant.Guard("", func() error { c.complain(err); return nil })
	}()
	select {
	case <-said:
	case <-time.After(patience):
	}
}

// complain prints an error, each of its lines as one of ours. Errors that name what inputs
// say have no line of theirs (plain.Visible).
func (c *cli) complain(err error) {
	text := err.Error()
	if broken, ok := fault(err); ok {
		text = plain.Visible(text) + c.faultNote(broken)
	}
	if number, ok := missingBlock(err); ok {
		text += fmt.Sprintf("; ooovm trace fetch --rpc URL --block %s -o %s.json.gz gets that block from a node", number, number)
	}
	for line := range strings.Lines(text) {
		c.say(strings.TrimSuffix(line, "\n"))
	}
}

// blockNumber is how people write one.
var blockNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,18}|0x[0-9a-fA-F]{1,16})$`)

// missingBlock finds out whether an error is that a file is not there whose name is the number
// of a block.
func missingBlock(err error) (number string, ok bool) {
	if !errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	path := ""
	var bundle *traces.BundleError
	var at *fs.PathError
	switch {
	case errors.As(err, &bundle):
		path = bundle.File
	case errors.As(err, &at):
		path = at.Path
	}
	name := traces.BundleName(filepath.Base(path))
	if !blockNumber.MatchString(name) {
		return "", false
	}
	n, err := strconv.ParseUint(name, 0, 64)
	return strconv.FormatUint(n, 10), err == nil && n > 0
}

// valueKinds say what a flag of a type of pflag takes.
var valueKinds = map[string]string{
	"bool": "true or false", "duration": "a time as 90s or 5m",
	"int": "an integer", "int64": "an integer", "uint": "an integer from 0", "uint64": "an integer from 0", "float64": "a number",
	"size": "a size as 512M or 2G",
}

// flagError says what is wrong with a flag, in our words: pflag's are those of the functions
// that it parses with.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return fmt.Errorf("%w%s", err, suggest.Text("--"+unknown.GetSpecifiedName(), names))
	case errors.As(err, &value):
		f := value.GetFlag()
		if kind := valueKinds[f.Value.Type()]; kind != "" {
			return fmt.Errorf("--%s %q: expected %s", f.Name, value.GetValue(), kind)
		}
	}
	return err
}
