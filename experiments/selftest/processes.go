package selftest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ooovm/ooovm/traces/generator"
)

const (
	killsARound  = 5
	shardsARound = 2
	processes    = 8
)

// MeetingSweep is the file of a sweep over small.json whose shards meet: a simulation is the
// same whatever cores there are beside the one that runs.
const MeetingSweep = `name: meeting
base: {preset: scalar}
check: false
baseline: false
axes:
  blocks: [small.json]
  cores: [1, 2, 3, 4]
  core.rob: [1, 2, 3, 4, 5, 6]
`

// place is a folder with a small sweep and what one undisturbed process makes of it.
type place struct {
	*round
	dir  string
	span time.Duration // that the process took
}

// inPlace makes a place, and removes it in the end.
func (r *round) inPlace(do func(*place) error) error {
	dir, err := os.MkdirTemp("", "ooovm-selftest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b, err := generator.New(generator.Params{Workload: "erc20", Transactions: 2, Seed: 1})
	if err != nil {
		return err
	}
	if err := b.Save(filepath.Join(dir, "small.json")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "sweep.yaml"), []byte(MeetingSweep), 0o600); err != nil {
		return err
	}
	p := &place{round: r, dir: dir}
	begin := time.Now()
	if err := p.succeeds("sweep", "run", "sweep.yaml", "-o", "alone"); err != nil {
		return err
	}
	p.span = time.Since(begin)
	return do(p)
}

// start begins this program in the place. It ends with the context.
func (p *place) start(args ...string) (*exec.Cmd, *bytes.Buffer, error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(p.Stop, p.Program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &said, &said
	return cmd, &said, cmd.Start()
}

func (p *place) succeeds(args ...string) error {
	cmd, said, err := p.start(args...)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("ooovm %s: %w: %s", strings.Join(args, " "), err, lastLine(said.String()))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// same reports the first file of a sweep that differs from what one process has made.
func (p *place) same(dir string) error {
	for _, name := range []string{"points.csv", "results.csv", "results.parquet"} {
		got, err := os.ReadFile(filepath.Join(p.dir, dir, name))
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(p.dir, "alone", name))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not what one undisturbed process writes", name)
		}
	}
	return p.succeeds("sweep", "status", dir)
}

// kills ends sweeps by a signal that nobody can catch, and takes them up again.
func kills(r *round) error {
	return r.inPlace(func(p *place) error {
		dice := rand.New(rand.NewPCG(r.seed, 1))
		for i := range killsARound {
			after := time.Duration(dice.Int64N(int64(p.span)))
			if err := r.try(fmt.Sprintf("killed after %v", after.Round(time.Millisecond)), func() (uint64, error) {
				return 0, p.killed(fmt.Sprint("killed", i), after)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *place) killed(dir string, after time.Duration) error {
	cmd, _, err := p.start("sweep", "run", "sweep.yaml", "-o", dir)
	if err != nil {
		return err
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // it is killed, or it has been fast
	timer.Stop()
	again := []string{"sweep", "resume", dir}
	if _, err := os.Stat(filepath.Join(p.dir, dir, "sweep.json")); errors.Is(err, os.ErrNotExist) {
		again = []string{"sweep", "run", "sweep.yaml", "-o", dir} // it had not begun
	}
	if err := p.succeeds(again...); err != nil {
		return err
	}
	return p.same(dir)
}

// shards starts the processes of a sweep at once, in a directory that is not there yet.
func shards(r *round) error {
	return r.inPlace(func(p *place) error {
		for i := range shardsARound {
			if err := r.try(fmt.Sprint(processes, " processes"), func() (uint64, error) {
				return 0, p.together(fmt.Sprint("together", i))
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *place) together(dir string) error {
	type process struct {
		cmd  *exec.Cmd
		said *bytes.Buffer
	}
	var list []process
	var err error
	for i := range processes {
		cmd, said, failed := p.start("sweep", "run", "sweep.yaml", "-o", dir, "--shard", fmt.Sprintf("%d/%d", i, processes))
		if failed != nil {
			err = failed
			break
		}
		list = append(list, process{cmd, said})
	}
	for _, x := range list { // all of them, whatever happens: none is left behind
		if failed := x.cmd.Wait(); failed != nil && err == nil {
			err = fmt.Errorf("%s: %w: %s", strings.Join(x.cmd.Args[1:], " "), failed, lastLine(x.said.String()))
		}
	}
	if err != nil {
		return err
	}
	if err := p.succeeds("sweep", "merge", dir); err != nil {
		return err
	}
	return p.same(dir)
}
