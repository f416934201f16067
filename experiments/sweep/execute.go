package sweep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/workbench"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/machine"
)

// Options of the work on a sweep.
type Options struct {
	Jobs  int             // points at once; 0 for all host cores that have memory for one
	Shard Shard           // the part of the points that is this process's
	Stop  context.Context // ends the work between and within points, nil for never
	// Progress is told what became of points, one call at a time: first of all that were
	// done before, then of each as it is done. nil for nobody.
	Progress func(Tally)
}

// Tally counts points by what became of them. Points that are the same simulation
// count each.
type Tally struct {
	Points int `json:"points"` // of the shard
	OK     int `json:"ok"`
	Wrong  int `json:"wrong"`
	Failed int `json:"failed"`
}

// Done counts the points that need no more work.
func (t Tally) Done() int { return t.OK + t.Wrong + t.Failed }

// Left counts the points that do.
func (t Tally) Left() int { return t.Points - t.Done() }

func (t *Tally) add(s Status, n int) {
	switch s {
	case OK:
		t.OK += n
	case Wrong:
		t.Wrong += n
	case Failed:
		t.Failed += n
	}
}

// Execution is what one process has done for a sweep.
type Execution struct {
	Tally
	Ran        int           // points simulated by this process
	Simulating time.Duration // host time inside simulations, over all jobs
	Wall       time.Duration
	Peak       int // blocks open at once, at most
}

// task is a point that is not done; its block's tasks come one after the other.
type task struct {
	point *Point
	same  int // points that are this simulation
}

// Execute runs the points of the shard that are not done, several at once. What is done
// stays done whatever happens next; the error is for what stopped the work: the user,
// or a disk that is full. Its loop is not that of batch: a point is kept as it ends, in no
// order, so that a sweep that is killed loses only what was under way.
func (r *Run) Execute(opt Options) (x Execution, err error) {
	begin := time.Now()
	st := &store{dir: r.Dir}
	if err := st.open(opt.Shard); err != nil {
		return x, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	first, last := opt.Shard.bounds(len(r.Points))
	tasks := r.tasks(st, first, last, &x.Tally)
	if opt.Progress != nil {
		opt.Progress(x.Tally)
	}
	if len(tasks) > 0 && opt.Shard.All() {
		if err := r.forget(); err != nil {
			return x, err
		}
	}
	w := &executor{run: r, store: st, stop: opt.Stop, blocks: newBlockCache(tasks, r.plan.File, opt.Stop)}
	queue := make(chan task)
	ended := make(chan outcome)
	quit := make(chan struct{})
	go func() {
		defer close(queue)
		for _, t := range tasks {
			select {
			case queue <- t:
			case <-quit:
				return
			}
		}
	}()
	jobs := budget.Jobs(opt.Jobs)
	var workers sync.WaitGroup
	for range min(jobs, max(len(tasks), 1)) {
		workers.Go(func() {
			for t := range queue {
				var o outcome
				if fault := invariant.Guard(t.point.ID, func() error { o = w.do(t); return nil }); fault != nil {
					o = outcome{err: fault}
				}
				ended <- o
			}
		})
	}
	go func() { workers.Wait(); close(ended) }()
	for o := range ended {
		if o.err != nil {
			if err == nil {
				err = o.err
				close(quit)
			}
			continue
		}
		x.Ran++
		x.add(o.status, o.same)
		if opt.Progress != nil {
			opt.Progress(x.Tally)
		}
	}
	x.Simulating, x.Wall, x.Peak = time.Duration(w.simulating.Load()), time.Since(begin), w.blocks.peak
	return x, err
}

// tasks lists what is not done, each simulation once.
func (r *Run) tasks(st *store, first, last int, tally *Tally) (list []task) {
	place := map[string]int{} // of the unfinished in list
	for i := first; i < last; i++ {
		pt := &r.Points[i]
		tally.Points++
		if k, ok := place[pt.ID]; ok {
			list[k].same++
			continue
		}
		if status, done := st.done(pt.ID); done {
			tally.add(status, 1)
			continue
		}
		place[pt.ID] = len(list)
		list = append(list, task{pt, 1})
	}
	return list
}

type outcome struct {
	status Status
	same   int
	err    error
}

// executor runs points.
type executor struct {
	run        *Run
	store      *store
	blocks     *blockCache
	stop       context.Context
	simulating atomic.Int64 // nanoseconds
}

// do runs one point and keeps its record.
func (w *executor) do(t task) outcome {
	defer w.blocks.release(t.point.Block)
	if w.stop != nil && w.stop.Err() != nil {
		return outcome{err: w.stop.Err()}
	}
	begin := time.Now()
	rec, err := w.simulate(t.point)
	w.simulating.Add(int64(time.Since(begin)))
	if w.stop != nil && w.stop.Err() != nil { // whatever came out was cut short
		return outcome{err: w.stop.Err()}
	}
	rec.Schema, rec.Point = recordSchema, t.point.Identity
	if err != nil {
		rec.Status, rec.Error = Failed, portable(t.point, err)
	}
	if broken := new(invariant.Error); errors.As(err, &broken) {
		rec.fault = fmt.Appendf(nil, "%v\n\n%s", broken, broken.Stack)
	}
	if err := w.store.put(t.point.ID, rec); err != nil {
		return outcome{err: fmt.Errorf("point %s: %w", t.point.ID, err)}
	}
	return outcome{status: rec.Status, same: t.same}
}

// simulate runs a point on its block. The error says why there is no result; a broken
// invariant of the simulator is one like others.
func (w *executor) simulate(pt *Point) (rec *record, err error) {
	rec = &record{Status: OK}
	err = invariant.Guard(pt.Block.Name, func() error {
		bench, err := w.blocks.bench(pt.Block)
		if err != nil {
			return err
		}
		setup := run.Setup{Preset: pt.Preset, Hash: pt.Hash, Config: pt.Config}
		if pt.Policy == machine.InOrder {
			if rec.Run, err = bench.RunOne(setup, w.run.plan.File.Baseline); err == nil && !rec.Run.Valid.OK {
				rec.Status, rec.Error = Wrong, portable(pt, errors.New(rec.Run.Valid.Difference))
			}
			return err
		}
		var difference error
		rec.Levels, difference, err = bench.RunShared(setup)
		if err == nil && (difference != nil || !rec.Levels.Rows[0].Valid) {
			rec.Status = Wrong
			if difference != nil {
				rec.Error = portable(pt, difference)
			}
		}
		return err
	})
	return rec, err
}

// portable words an error so that it reads the same on every host: the block's path is that
// of the sweep file.
func portable(pt *Point, err error) string {
	text := err.Error()
	if pt.Block.file != "" {
		text = strings.ReplaceAll(text, pt.Block.file, pt.Block.Path)
	}
	return text
}

// blockCache has the blocks that are worked on; each is opened once, and put away after the
// last of its points.
type blockCache struct {
	file   *File
	stop   context.Context
	record bool

	mu   sync.Mutex
	left map[*Input]int // unfinished points
	open map[*Input]func() (*workbench.Workbench, error)
	peak int
}

func newBlockCache(tasks []task, f *File, stop context.Context) *blockCache {
	s := &blockCache{file: f, stop: stop, record: f.Check, left: map[*Input]int{}, open: map[*Input]func() (*workbench.Workbench, error){}}
	for _, t := range tasks {
		s.left[t.point.Block]++
		s.record = s.record || t.point.Config.ReadsGolden()
	}
	return s
}

func (s *blockCache) bench(in *Input) (*workbench.Workbench, error) {
	s.mu.Lock()
	open := s.open[in]
	if open == nil {
		open = sync.OnceValues(func() (*workbench.Workbench, error) {
			b, err := run.OpenContext(s.stop, in.file)
			if err != nil {
				return nil, err
			}
			opt := run.Options{Lockstep: s.file.Check, MaxCycles: s.file.MaxCycles, Stop: s.stop}
			return workbench.New(b, opt, s.record)
		})
		s.open[in] = open
		s.peak = max(s.peak, len(s.open))
	}
	s.mu.Unlock()
	return open()
}

func (s *blockCache) release(in *Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left[in]--; s.left[in] == 0 {
		delete(s.open, in)
	}
}
