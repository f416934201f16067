package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
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
	rpc, block, out, method, config string

	every   uint64
	options fetch.Options
}

func newTraceFetch(c *cli) *cobra.Command {
	var f fetchFlags
	cmd := &cobra.Command{
		Use:   "fetch --rpc URL --block N [-o FILE]",
		Short: "Make bundles of blocks that a node serves",
		Long: `Fetches blocks with everything that executing them reads: from the pre-state that a
node's tracer or witness gives, and by asking for what is missing one by one, so that
nodes without debug methods serve too. A bundle is written only if go-ethereum's
execution of it reproduces the header. A range goes into a folder, a file a block;
files that are there and sound are skipped, and a block that fails does not keep the
others from being fetched (exit code 1). Exits with 3 when what the node gave does not
reproduce a header.`,
		Example: `  ooovm trace fetch --rpc http://127.0.0.1:8545 --block 19426587 -o b.json.zst
  ooovm trace fetch --rpc geth.ipc --block 19426500-19426599 --every 10 --rate 5 -o blocks/`,
		Args: cobra.NoArgs,
		RunE: action(func(_ *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			err := f.run(ctx, c)
			if ctx.Err() != nil {
				return &exitError{exitInterrupted, errors.New("interrupted: the rest has not been fetched")}
			}
			return err
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.rpc, "rpc", "", "`address` of the node: http, https, ws, wss or an IPC socket")
	flags.StringVar(&f.block, "block", "", "`number` of the block, FIRST-LAST, or latest")
	flags.Uint64Var(&f.every, "every", 1, "of a range, fetch every `N`th block")
	flags.StringVarP(&f.out, "out", "o", "", "`file` (.json, .json.gz, .json.zst), or the folder of a range (default NUMBER.json.zst)")
	flags.StringVar(&f.method, "method", fetch.Auto, "how to get the pre-state: "+strings.Join(fetch.Methods(), ", "))
	flags.StringVar(&f.config, "chain-config", "", "`file` with the fork schedule: genesis.json, or its config alone")
	flags.Float64Var(&f.options.Rate, "rate", 0, "requests a second at most (0: any number)")
	flags.DurationVar(&f.options.Timeout, "request-timeout", 0, "give up on an answer after so long (default 1m)")
	flags.IntVar(&f.options.Retries, "retries", 5, "ask again so often after failures that may pass")
	complete(cmd, "method", cobra.FixedCompletions(fetch.Methods(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *fetchFlags) run(ctx context.Context, c *cli) error {
	switch {
	case f.rpc == "":
		return usageError(errors.New("--rpc: the address of a node is needed"))
	case f.block == "":
		return usageError(errors.New("--block: a number, FIRST-LAST or latest is needed"))
	case f.every == 0:
		return usageError(errors.New("--every 0: it has to be at least 1"))
	case f.options.Rate < 0:
		return usageError(fmt.Errorf("--rate %v: it cannot be negative", f.options.Rate))
	case f.options.Retries < 0:
		return usageError(fmt.Errorf("--retries %d: it cannot be negative", f.options.Retries))
	case !slices.Contains(fetch.Methods(), f.method):
		return usageError(errOneOf("--method", f.method, fetch.Methods()))
	}
	if f.options.Retries == 0 {
		f.options.Retries = -1
	}
	first, last, isRange, err := parseBlocks(f.block)
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
		if first, err = fetcher.Latest(ctx); err != nil {
			return usageError(err)
		}
		last = first
	}
	if !isRange {
		path := f.out
		if path == "" {
			path = fmt.Sprintf("%d.json.zst", first)
		}
		return f.one(ctx, c, fetcher, first, path)
	}
	r := &fetch.Range{From: first, To: last, Every: f.every, Dir: f.out, Ext: ".json.zst"}
	if r.Dir == "" {
		r.Dir = "."
	}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return usageError(err)
	}
	if err := fetcher.Chain(ctx); err != nil {
		return usageError(err)
	}
	return f.all(ctx, c, fetcher, r)
}

// all fetches a range. A block that fails is reported, and the others are fetched; nothing of it is written.
func (f *fetchFlags) all(ctx context.Context, c *cli, fetcher *fetch.Fetcher, r *fetch.Range) error {
	blocks, failed, code := 0, 0, exitFailed
	for n := range r.Numbers() {
		blocks++
		err := f.one(ctx, c, fetcher, n, r.Path(n))
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
func (f *fetchFlags) one(ctx context.Context, c *cli, fetcher *fetch.Fetcher, number uint64, path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usageError(fmt.Errorf("-o %s: there is no folder %s", path, filepath.Dir(path)))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usageError(fmt.Errorf("-o %s: it is a folder; a single block goes into a file", path))
	}
	if fetch.Have(path, number) {
		c.note("%s: there already, skipped", path)
		return nil
	}
	got, err := fetcher.Block(ctx, number)
	var differs *fetch.DifferenceError
	switch {
	case errors.As(err, &differs):
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
		path, number, got.Bundle.Fork(), len(got.Bundle.Txs), got.Bundle.Header.GasUsed, got.Method, got.Asked)
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
