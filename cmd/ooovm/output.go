package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/plain"
)

// addOutputFlags adds the flags that say how to print.
func (c *cli) addOutputFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&c.format, "format", string(table.Text), "print as "+formatNames())
	f.BoolVar(&c.json, "json", false, "the same as --format json")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print no notes on stderr, only errors")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "print more notes on stderr")
	f.DurationVar(&c.timeout, "timeout", 0, "end after so much `time`, as 90s or 5m, with exit code 124 (0: never)")
	f.BoolVar(&c.noColor, "no-color", false, "no bold headings on terminals (also NO_COLOR)")
	complete(root, "format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	root.MarkFlagsMutuallyExclusive("quiet", "verbose")
}

// complete sets the completion of a flag; it can only fail when the flag does not
// exist.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

func formats() []string {
	names := make([]string, len(table.Formats))
	for i, f := range table.Formats {
		names[i] = string(f)
	}
	return names
}

func formatNames() string { return strings.Join(formats(), ", ") }

// checkOutput checks the output flags and settles --json.
func (c *cli) checkOutput() error {
	if !slices.Contains(formats(), c.format) {
		return errOneOf("--format", c.format, formats())
	}
	if c.json {
		if f := table.Format(c.format); f != table.Text && f != table.JSON {
			return errors.New("--json and --format " + c.format + " contradict each other")
		}
		c.format = string(table.JSON)
	}
	return nil
}

// print writes a result: the object as one line of JSON, or the tables, with an
// empty line between two of them.
func (c *cli) print(object any, tables ...*table.Table) error {
	f := table.Format(c.format)
	if f == table.JSON {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(object); err != nil {
			return err
		}
		_, err := c.stdout.Write(plain.VisibleJSON(text.Bytes()))
		return err
	}
	for i, t := range tables {
		if i > 0 {
			if _, err := fmt.Fprintln(c.stdout); err != nil {
				return err
			}
		}
		t.Bold = c.color()
		if err := t.Write(c.stdout, f); err != nil {
			return err
		}
	}
	return nil
}

// color reports whether stdout is a terminal that wants styles (no-color.org).
func (c *cli) color() bool {
	for _, e := range c.environ {
		if name, value, _ := strings.Cut(e, "="); name == "NO_COLOR" && value != "" {
			return false
		}
	}
	f, ok := file(c.stdout)
	if c.noColor || !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// note tells the user something that is not a result.
func (c *cli) note(format string, args ...any) {
	if !c.quiet {
		c.say(fmt.Sprintf(format, args...))
	}
}

// say prints a line on stderr; what inputs put into it cannot look like another one, nor fill
// the screen.
func (c *cli) say(text string) {
	fmt.Fprintf(c.stderr, "ooovm: %s\n", plain.Visible(plain.Short(text)))
}

// detail is a note for those who asked for more.
func (c *cli) detail(format string, args ...any) {
	if c.verbose {
		c.note(format, args...)
	}
}
