package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
	"github.com/ooovm/ooovm/traces/importer"
)

// importFlags are the flags of trace import.
type importFlags struct {
	out, config, fork string

	module  bool
	options importer.Options
}

func newTraceImport(c *cli) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE... -o FILE",
		Short: "Make bundles of what other tools write",
		Long: `Makes a bundle of one file, or of a block and what was traced of it: prestateTracer
output, a structLog of debug_traceTransaction or debug_traceBlockByNumber, EIP-3155
lines, tracer fixtures of go-ethereum. State tests (a file, a
folder, an archive) make a bundle of each subtest, in a folder. A trace alone stands in a
block of the fork that --fork names, or of one that its steps fit, by the schedule of
--chain-config or its own. Formats and dialects are detected and reported; lines that are no
JSON are passed over; plain, gzip or zstd. What could not be known is said on stderr and
in the bundle. go-ethereum executes every bundle; where it differs from the trace, the
header or the block's receipts (a file beside the others), the exit code is 3 and nothing
is written.`,
		Example: `  ooovm trace import block.json prestate.json -o b.json.zst
  ooovm trace import block.json structlogs.json.gz -o b.json.zst
  evm run --trace --trace.format json 6001600255 2> steps.jsonl; ooovm trace import steps.jsonl -o b.json
  ooovm trace import steps.jsonl --fork osaka -o b.json
  ooovm trace import --from-module -o fixtures/`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			switch {
			case f.out == "":
				return usageError(errors.New("-o: a file to write is needed"))
			case f.module && len(args) > 0:
				return usageError(errors.New("--from-module takes no files"))
			case !f.module && len(args) == 0:
				return usageError(errors.New("files to import are needed, or --from-module"))
			}
			if f.config != "" {
				config, err := traces.ReadChainConfig(f.config)
				if err != nil {
					return usageError(fmt.Errorf("--chain-config %w", err))
				}
				f.options.Config, f.options.ChainID = config, config.ChainID.Uint64()
			}
			if f.fork != "" {
				var ok bool
				if f.options.Fork, ok = fixtures.Fork(f.fork); !ok {
					return usageError(errOneOf("--fork", f.fork, fixtures.Forks()))
				}
			}
			if f.module {
				return f.fromModule(c)
			}
			if len(args) == 1 && manyTests(args[0]) {
				return f.stateTests(c, args[0])
			}
			return f.one(c, args, f.out)
		}),
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`file` to write (.json, .json.gz, .json.zst), or a folder with --from-module")
	flags.Uint64Var(&f.options.ChainID, "chain-id", 1, "chain of a block file, which does not say it")
	flags.StringVar(&f.config, "chain-config", "", "`file` with the fork schedule: genesis.json, or its config alone")
	flags.BoolVar(&f.module, "from-module", false, "import the tracer fixtures of the go-ethereum module on this host")
	flags.StringVar(&f.fork, "fork", "", "`fork` that a trace alone is of; of state tests, the only one whose subtests are imported")
	complete(cmd, "fork", cobra.FixedCompletions(fixtures.Forks(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// manyTests tells what makes many bundles: state tests in a file, a folder or an archive.
func manyTests(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.IsDir() || strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tar.zst") {
		return true
	}
	kind, err := importer.Detect(path)
	return err == nil && kind == importer.StateTest
}

// stateTests imports every subtest into a folder.
func (f *importFlags) stateTests(c *cli, path string) error {
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return usageError(err)
	}
	imported, differ, all := 0, 0, 0
	err := importer.StateTests(path, f.options.Fork, func(name string, got *importer.Imported, err error) error {
		all++
		if err != nil {
			if errors.As(err, new(*importer.DifferenceError)) {
				differ++
			}
			c.note("%s: not imported: %v", name, err)
			return nil
		}
		imported++
		return got.Bundle.Save(filepath.Join(f.out, fileName(name)+".json.zst"))
	}, func(path, why string) { c.detail("%s: ignored, %s", path, why) })
	if err != nil {
		return usageError(err)
	}
	if all == 0 {
		return usageError(fmt.Errorf("%s: no subtest was selected", path))
	}
	c.note("%d of %d subtests imported into %s; the others are transactions that have to be rejected, or of forks that are not known", imported, all, f.out)
	return differences(differ, "subtests")
}

// fileName replaces what does not belong into the name of a file, and shortens a long
// name by a digest of it: file systems allow 255 bytes.
func fileName(name string) string {
	const most = 160
	if len(name) > most {
		sum := sha256.Sum256([]byte(name))
		name = fmt.Sprintf("%s-%x", name[len(name)-most:], sum[:6])
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|[]`, r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
}

// one imports into one file.
func (f *importFlags) one(c *cli, files []string, path string) error {
	got, err := importer.Import(files, f.options)
	if err != nil {
		return importError(err)
	}
	if err := got.Bundle.Save(path); err != nil {
		return usageError(err)
	}
	p := got.Bundle.Provenance
	for _, w := range p.Warnings {
		c.note("%s", w)
	}
	made := p.Dialect
	if p.Source != "import" {
		made = "bundle made by " + p.Source + " " + p.Dialect
	}
	text := fmt.Sprintf("%s: %s, %s, %d transactions", path, made, got.Bundle.Fork(), len(got.Bundle.Txs))
	if got.Compared > 0 {
		text += fmt.Sprintf(", %d steps compared", got.Compared)
	}
	c.note("%s", text)
	return nil
}

// importError gives an error its exit code.
func importError(err error) error {
	var differs *importer.DifferenceError
	if errors.As(err, &differs) {
		return &exitError{exitDifference, err}
	}
	return usageError(err)
}

// fromModule imports every tracer fixture that can be, and says which cannot and why.
func (f *importFlags) fromModule(c *cli) error {
	dir, files, err := importer.ModuleFixtures()
	if err != nil {
		return usageError(err)
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return usageError(err)
	}
	imported, differ := 0, 0
	for _, file := range files {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		got, err := importer.Import([]string{file}, f.options)
		var differs *importer.DifferenceError
		switch {
		case errors.As(err, &differs):
			differ++
			c.note("%s: %v", name, err)
			continue
		case err != nil:
			c.note("%s", strings.TrimPrefix(err.Error(), dir+string(filepath.Separator)))
			continue
		}
		imported++
		out := strings.ReplaceAll(strings.TrimSuffix(name, ".json"), string(filepath.Separator), "-") + ".json.zst"
		if err := got.Bundle.Save(filepath.Join(f.out, out)); err != nil {
			return usageError(err)
		}
	}
	c.note("%d of %d tracer fixtures imported into %s, %d with another gas than they state, %d not", imported, len(files), f.out, differ, len(files)-imported-differ)
	return differences(differ, "tracer fixtures")
}

// differences is the end of an import of many: what differs from its source is not written.
func differences(n int, what string) error {
	if n == 0 {
		return nil
	}
	return &exitError{exitDifference, fmt.Errorf("%d %s are not what go-ethereum executes; nothing is written of them", n, what)}
}
