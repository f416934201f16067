package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fetch"
)

// fetchFlags are the flags of trace fetch.
type fetchFlags struct {
	rpc, block, list, out, method, config string

	every   uint64
	most    int64 // MiB of an answer
	options fetch.Options
}

// mostMiB bounds --max-answer.
const mostMiB = 1 << 20

func newTraceFetch(c *cli) *cobra.Command {
	var f fetchFlags
	cmd := &cobra.Command{
		Use:   "fetch --rpc URL {--block N | --list FILE} [-o FILE]",
		Short: "Make bundles of blocks that a node serves",
		Long: `Fetches blocks with everything that executing them reads: from the pre-state that a
node's tracer or witness gives, and by asking for what is missing one by one, so that
nodes without debug methods serve too. A bundle is written only if go-ethereum's
execution of it reproduces the header. A range or a list goes into a folder, a file a
block; files that are there and sound are skipped, and a block that fails does not keep
the others from being fetched (exit code 1). A list is CSV with the columns number and
hash (docs/corpus.csv; "ooovm corpus list" writes one); a block with another hash is not
fetched. Exits with 3 when what the node gave does not reproduce a header or is another
block than the list has.`,
		Example: `  ooovm trace fetch --rpc http://127.0.0.1:8545 --block 19426587 -o b.json.zst
  ooovm trace fetch --rpc geth.ipc --block 19426500-19426599 --every 10 --rate 5 -o blocks/
  ooovm trace fetch --rpc http://127.0.0.1:8545 --list docs/corpus.csv -o corpus/`,
		Args: cobra.NoArgs,
		RunE: action(func(_ *cobra.Command, _ []string) error {
			err := f.run(c.ctx, c)
			if code, name := reason(c.ctx); err != nil && code != exitOK {
				return &exitError{code, fmt.Errorf("%s: the rest has not been fetched", name)}
			}
			return err
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.rpc, "rpc", "", "`address` of the node: http, https, ws, wss or an IPC socket")
	flags.StringVar(&f.block, "block", "", "`number` of the block, FIRST-LAST, or latest")
	flags.StringVar(&f.list, "list", "", "`file` (CSV) with numbers and hashes of blocks, in place of --block")
	flags.Uint64Var(&f.every, "every", 1, "of a range, fetch every `N`th block")
	flags.StringVarP(&f.out, "out", "o", "", "`file` (.json, .json.gz, .json.zst), or the folder of a range or list (default NUMBER.json.zst)")
	flags.StringVar(&f.method, "method", fetch.Auto, "how to get the pre-state: "+strings.Join(fetch.Methods(), ", "))
	flags.StringVar(&f.config, "chain-config", "", "`file` with the fork schedule: genesis.json, or its config alone")
	flags.Float64Var(&f.options.Rate, "rate", 0, "requests a second at most (0: any number)")
	flags.DurationVar(&f.options.Timeout, "request-timeout", 0, "give up on an answer after so long (default 1m)")
	flags.Int64Var(&f.most, "max-answer", 512, "give up on an answer of more than so many `MiB`")
	flags.BoolVar(&f.options.Redirects, "follow-redirects", false, "follow redirects of the node to other hosts")
	flags.IntVar(&f.options.Retries, "retries", 5, "ask again so often after failures that may pass")
	complete(cmd, "method", cobra.FixedCompletions(fetch.Methods(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *fetchFlags) run(ctx context.Context, c *cli) error {
	switch {
	case f.rpc == "":
		return usageError(errors.New("--rpc: the address of a node is needed"))
	case f.block == "" && f.list == "":
		return usageError(errors.New("--block: a number, FIRST-LAST or latest is needed, or a --list"))
	case f.block != "" && f.list != "":
		return usageError(errors.New("--block and --list exclude each other"))
	case f.list != "" && f.every != 1:
		return usageError(errors.New("--every is for ranges; all blocks of a --list are fetched"))
	case f.every == 0:
		return usageError(errors.New("--every 0: it has to be at least 1"))
	case f.options.Rate < 0:
		return usageError(fmt.Errorf("--rate %v: it cannot be negative", f.options.Rate))
	case f.options.Timeout < 0:
		return usageError(fmt.Errorf("--request-timeout %v: it cannot be negative", f.options.Timeout))
	case f.most < 1 || f.most > mostMiB:
		return usageError(fmt.Errorf("--max-answer %d: a number of MiB from 1 to %d", f.most, mostMiB))
	case f.options.Retries < 0:
		return usageError(fmt.Errorf("--retries %d: it cannot be negative", f.options.Retries))
	case !slices.Contains(fetch.Methods(), f.method):
		return usageError(errOneOf("--method", f.method, fetch.Methods()))
	}
	f.options.MaxResponse = f.most << 20
	if f.options.Retries == 0 {
		f.options.Retries = -1
	}
	w, err := f.wanted()
	if err != nil {
		return usageError(err)
	}
	node, err := fetch.Dial(ctx, f.rpc, f.options)
	if err != nil {
		return usageError(fmt.Errorf("--rpc %w", err))
	}
	defer node.Close()
	fetcher := &fetch.Fetcher{Node: node, Method: f.method}
	if f.config != "" {
		if fetcher.Config, err = traces.ReadChainConfig(f.config); err != nil {
			return usageError(fmt.Errorf("--chain-config %w", err))
		}
	}
	if f.block == "latest" {
		if w.only.Number, err = fetcher.Latest(ctx); err != nil {
			return usageError(err)
		}
	}
	if w.many == nil {
		path := f.out
		if path == "" {
			path = bundleName(w.only.Number)
		}
		return f.one(ctx, c, fetcher, w.only, path)
	}
	if f.out == "" {
		f.out = "."
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return usageError(err)
	}
	if err := fetcher.Chain(ctx); err != nil {
		return usageError(err)
	}
	return f.all(ctx, c, fetcher, w.many)
}

// wanted is what is to be fetched: one block into a file, or many into a folder.
type wanted struct {
	only fetch.Listed
	many iter.Seq[fetch.Listed] // nil: only
}

func (f *fetchFlags) wanted() (w wanted, err error) {
	if f.list != "" {
		file, err := os.Open(f.list)
		if err != nil {
			return w, fmt.Errorf("--list %w", err)
		}
		defer file.Close()
		list, err := fetch.ReadList(file)
		if err != nil {
			return w, fmt.Errorf("--list %s: %w", f.list, err)
		}
		return wanted{many: slices.Values(list)}, nil
	}
	first, last, isRange, err := parseBlocks(f.block)
	if err == nil && isRange {
		return wanted{many: fetch.Range(first, last, f.every)}, nil
	}
	return wanted{only: fetch.Listed{Number: first}}, err
}

func bundleName(number uint64) string { return fmt.Sprintf("%d.json.zst", number) }

// all fetches a range or a list. A block that fails is reported, and the others are fetched; nothing of it is written.
func (f *fetchFlags) all(ctx context.Context, c *cli, fetcher *fetch.Fetcher, many iter.Seq[fetch.Listed]) error {
	blocks, failed, code := 0, 0, exitFailed
	for want := range many {
		blocks++
		err := f.one(ctx, c, fetcher, want, filepath.Join(f.out, bundleName(want.Number)))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		failed++
		if exitCode(err) == exitDifference {
			code = exitDifference
		}
		c.say(err.Error())
	}
	if failed == 0 {
		return nil
	}
	return &exitError{code, fmt.Errorf("%d of %d blocks were not fetched; the same command tries them again", failed, blocks)}
}

// one fetches a block into a file.
func (f *fetchFlags) one(ctx context.Context, c *cli, fetcher *fetch.Fetcher, want fetch.Listed, path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usageError(fmt.Errorf("-o %s: there is no folder %s", path, filepath.Dir(path)))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usageError(fmt.Errorf("-o %s: it is a folder; a single block goes into a file", path))
	}
	if fetch.Have(ctx, path, want) {
		c.note("%s: there already, skipped", path)
		return nil
	}
	got, err := fetcher.Listed(ctx, want)
	var differs *fetch.DifferenceError
	switch {
	case errors.As(err, &differs), errors.As(err, new(*fetch.OtherBlockError)):
		return &exitError{exitDifference, err}
	case err != nil:
		return usageError(err)
	}
	if err := got.Bundle.Save(path); err != nil {
		return usageError(err)
	}
	for _, w := range got.Bundle.Provenance.Warnings {
		c.note("%s: %s", path, w)
	}
	c.note("%s: block %d, %s, %d transactions, %d gas; pre-state by %s, %d values asked for one by one; it reproduces the header",
		path, want.Number, got.Bundle.Fork(), len(got.Bundle.Txs), got.Bundle.Header.GasUsed, got.Method, got.Asked)
	return nil
}

// parseBlocks reads N, FIRST-LAST or latest.
func parseBlocks(text string) (first, last uint64, isRange bool, err error) {
	if text == "latest" {
		return 0, 0, false, nil
	}
	wrong := fmt.Errorf("--block %q: it is a number, FIRST-LAST or latest", text)
	from, to, isRange := strings.Cut(text, "-")
	if first, err = strconv.ParseUint(from, 10, 64); err != nil {
		return 0, 0, false, wrong
	}
	last = first
	if isRange {
		if last, err = strconv.ParseUint(to, 10, 64); err != nil {
			return 0, 0, false, wrong
		}
	}
	switch {
	case last < first:
		return 0, 0, false, fmt.Errorf("--block %q: the range ends before it begins", text)
	case first == 0:
		return 0, 0, false, errors.New("--block 0: the genesis executes nothing")
	}
	return first, last, isRange, nil
}
