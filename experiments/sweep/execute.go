package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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
	Alone bool            // nobody else works in the directory: what other hosts have left there is abandoned
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
	Ran        int           // simulations by this process
	Simulating time.Duration // host time inside simulations, over all jobs
	Wall       time.Duration
	Peak       int     // blocks open at once, at most
	Unkept     []error // why points are still not done: what this host lacks is no result of theirs
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
//
// A point that another process runs is left to it and looked at again in the end: it is
// done then, or awaited as long as that process is known to live. Of a process on another
// host nothing is known; its points are run here, too, when all else is done, and whoever
// ends first is who keeps the result.
func (r *Run) Execute(opt Options) (x Execution, err error) {
	begin := time.Now()
	defer func() { err = inTheWay(err) }()
	st, err := r.attach()
	if err != nil {
		return x, err
	}
	st.alone = opt.Alone
	if err := st.tidy(r.Points); err != nil {
		return x, err
	}
	first, last := opt.Shard.bounds(len(r.Points))
	tasks := r.tasks(st, first, last, &x.Tally)
	if opt.Progress != nil {
		opt.Progress(x.Tally)
	}
	if len(tasks) > 0 {
		if err := st.Mkdir(filepath.Join(r.Dir, pointsDir)); err != nil {
			return x, err
		}
		if err := r.forget(st, ResultsCSV, resultsPq); err != nil {
			return x, err
		}
	}
	w := r.executor(st, opt)
	err = w.settle(tasks, opt, &x)
	x.Simulating, x.Wall, x.Peak = time.Duration(w.simulating.Load()), time.Since(begin), w.blocks.peak
	return x, err
}

func (r *Run) executor(st *store, opt Options) *executor {
	w := &executor{run: r, store: st, stop: opt.Stop, blocks: newBlockCache(r.plan.File, opt.Stop)}
	if w.stop == nil {
		w.stop = context.Background()
	}
	return w
}

// settle does tasks until none is left, or something is in the way of all.
func (w *executor) settle(tasks []task, opt Options, x *Execution) (err error) {
	for len(tasks) > 0 && err == nil {
		before := len(tasks)
		w.blocks.expect(tasks)
		if tasks, err = w.round(tasks, opt, x); len(tasks) == before && w.last {
			w.store.Pause(w.stop)
		}
		w.last = true
	}
	return err
}

// round does tasks, several at once, and gives those that are left to other processes.
func (w *executor) round(tasks []task, opt Options, x *Execution) (left []task, err error) {
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
	for range min(jobs, len(tasks)) {
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
		switch {
		case o.err != nil:
			if err == nil {
				err = o.err
				close(quit)
			}
			continue
		case o.held:
			left = append(left, o.task)
			continue
		case o.unkept != nil:
			x.Unkept = append(x.Unkept, o.unkept)
			continue
		case o.ran:
			x.Ran++
		}
		x.add(o.status, o.task.same)
		if opt.Progress != nil {
			opt.Progress(x.Tally)
		}
	}
	slices.SortFunc(left, func(a, b task) int { return a.point.Index - b.point.Index })
	return left, err
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
		rec, err := st.read(pt)
		if err == nil {
			tally.add(rec.Status, 1)
			continue
		}
		if !errors.Is(err, errAbsent) {
			r.mended(err)
		}
		place[pt.ID] = len(list)
		list = append(list, task{pt, 1})
	}
	return list
}

// outcome is what became of a task.
type outcome struct {
	task   task
	status Status
	ran    bool // here
	held   bool // another process runs it
	unkept error
	err    error
}

// executor runs points.
type executor struct {
	run        *Run
	store      *store
	blocks     *blockCache
	stop       context.Context
	last       bool         // all is done but what others run
	simulating atomic.Int64 // nanoseconds
}

// do settles a point: it finds it done, leaves it to the process that runs it, or runs it
// and keeps its record.
func (w *executor) do(t task) (o outcome) {
	o.task = t
	defer w.blocks.release(t.point.Block)
	if o.err = w.stop.Err(); o.err != nil {
		return o
	}
	c, holder, err := w.store.claim(t.point.ID)
	if err != nil {
		o.err = err
		return o
	}
	defer func() { o.err = errors.Join(o.err, w.store.release(c, o.status != "")) }()
	if rec, err := w.store.read(t.point); err == nil {
		o.status = rec.Status
		return o
	}
	if o.held = c == nil && (holder == alive || !w.last); o.held {
		return o
	}
	rec, err := w.record(t.point)
	if err != nil && w.stop.Err() == nil {
		o.unkept = fmt.Errorf("point %s on %s: %w", t.point.ID, t.point.Block.Name, err)
		return o
	}
	if err == nil {
		rec, err = w.store.put(t.point, rec)
	}
	if err != nil {
		o.err = fmt.Errorf("point %s: %w", t.point.ID, err)
		return o
	}
	o.status, o.ran = rec.Status, true
	return o
}

// record runs a point and says what became of it; the error is for a run that was cut short.
func (w *executor) record(pt *Point) (*record, error) {
	simulate := w.run.simulate
	if simulate == nil {
		simulate = w.simulate
	}
	begin := time.Now()
	rec, err := simulate(pt)
	w.simulating.Add(int64(time.Since(begin)))
	if w.stop.Err() != nil { // whatever came out was cut short
		return nil, w.stop.Err()
	}
	if err != nil && ofHost(err) {
		return nil, err
	}
	if err != nil {
		rec = &record{Status: Failed, Error: portable(pt, err)}
	}
	if broken := new(invariant.Error); errors.As(err, &broken) {
		rec.fault = fmt.Appendf(nil, "%v\n\n%s", broken, broken.Stack)
	}
	rec.Schema, rec.Point = recordSchema, pt.Identity
	return rec, nil
}

// ofHost reports whether an error says something of the host, and nothing of the point: another
// host, or this one tomorrow, may do it. So it is no result.
func ofHost(err error) bool {
	return budget.Exceeds(err) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.As(err, new(syscall.Errno))
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
		if pt.Policy == machine.SequentialPolicy {
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
	file *File
	stop context.Context
	need run.Need // of all points

	mu   sync.Mutex
	left map[*Input]int // unfinished points
	open map[*Input]func() (*workbench.Workbench, error)
	peak int
}

func newBlockCache(f *File, stop context.Context) *blockCache {
	return &blockCache{file: f, stop: stop, left: map[*Input]int{}, open: map[*Input]func() (*workbench.Workbench, error){}}
}

// expect announces tasks; each is released once.
func (s *blockCache) expect(tasks []task) {
	for _, t := range tasks {
		s.left[t.point.Block]++
		s.need = max(s.need, run.NeedOf(s.file.Check, &t.point.Config.Config))
	}
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
			return workbench.New(b, opt, s.need)
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
