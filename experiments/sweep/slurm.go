package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Slurm describes a job array that runs a sweep, and a job behind it that merges.
type Slurm struct {
	Program string   // this executable, where the nodes find it
	Chunk   int      // points a task; 0: as many as keep the array within maxTasks
	Limit   int      // tasks that run at once, 0 for as many as there is room for
	CPUs    int      // of a task, and points that it runs at once
	Options []string // more lines of #SBATCH, such as --time=01:00:00
}

// maxTasks is the size of a job array that clusters accept unless their MaxArraySize is
// set higher (slurm.conf(5): 1001, one more than the largest index).
const maxTasks = 1000

// defaultChunk amortizes what Slurm needs for a task, up to a second.
const defaultChunk = 100

// Scripts are the two batch scripts of a sweep.
type Scripts struct {
	Array string // path of the job array's script
	Merge string // and of the one that merges, to be run after it whatever became of it
	Tasks int
}

var sbatchOption = regexp.MustCompile(`^--[a-z][a-z0-9-]*(=[^\n]+)?$`)

// WriteScripts writes the scripts into the folder slurm of the sweep's directory.
func (r *Run) WriteScripts(s Slurm) (Scripts, error) {
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return Scripts{}, err
	}
	for _, o := range s.Options {
		if !sbatchOption.MatchString(o) {
			return Scripts{}, fmt.Errorf("--sbatch %s: expected an option of sbatch, as --time=01:00:00", o)
		}
	}
	if strings.ContainsAny(dir+s.Program, "\n'%") { // % is a pattern of sbatch
		return Scripts{}, fmt.Errorf("%s: a path for Slurm has no quotes, percent signs or line ends", dir)
	}
	n := len(r.Points)
	chunk := s.Chunk
	if chunk == 0 {
		chunk = max(defaultChunk, (n+maxTasks-1)/maxTasks)
	}
	tasks := (n + chunk - 1) / chunk
	limit := ""
	if s.Limit > 0 {
		limit = fmt.Sprintf("%%%d", s.Limit)
	}
	folder := filepath.Join(dir, "slurm")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return Scripts{}, err
	}
	head := func(job, output string, cpus int) string {
		lines := []string{
			"#!/bin/sh", "#SBATCH --job-name=" + job, "#SBATCH --output='" + filepath.Join(folder, output) + "'",
			fmt.Sprintf("#SBATCH --cpus-per-task=%d", cpus), "#SBATCH --export=NONE",
		}
		for _, o := range s.Options {
			lines = append(lines, "#SBATCH "+o)
		}
		return strings.Join(lines, "\n") + "\n"
	}
	array := head("ooovm-"+r.Name, "%A_%a.out", s.CPUs) +
		fmt.Sprintf("#SBATCH --array=0-%d%s\n", tasks-1, limit) +
		"# One task runs its part of the points, beside the others; one that is run again runs what is left.\n" +
		fmt.Sprintf("exec '%s' sweep resume '%s' --shard \"$SLURM_ARRAY_TASK_ID/%d\" --jobs %d --no-progress\n", s.Program, dir, tasks, s.CPUs)
	merge := head("ooovm-"+r.Name+"-merge", "merge_%j.out", 1) +
		fmt.Sprintf("exec '%s' sweep merge '%s'\n", s.Program, dir)
	out := Scripts{Array: filepath.Join(folder, "array.sh"), Merge: filepath.Join(folder, "merge.sh"), Tasks: tasks}
	st, err := r.attach()
	if err != nil {
		return Scripts{}, err
	}
	for _, f := range []struct{ path, text string }{{out.Array, array}, {out.Merge, merge}} {
		err = errors.Join(err, st.replace(f.path, []byte(f.text)))
	}
	return out, errors.Join(err, r.Close())
}

// Submit hands the scripts to sbatch and gives the numbers of the two jobs.
func (s Scripts) Submit() (array, merge string, err error) {
	if array, err = sbatch("--parsable", s.Array); err != nil {
		return "", "", err
	}
	merge, err = sbatch("--parsable", "--dependency=afterany:"+array, s.Merge)
	return array, merge, err
}

func sbatch(args ...string) (string, error) {
	cmd := exec.Command("sbatch", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("there is no sbatch in PATH; submit the scripts where there is one")
	}
	if err != nil {
		return "", fmt.Errorf("sbatch: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	job, _, _ := strings.Cut(strings.TrimSpace(string(out)), ";") // JOB or JOB;CLUSTER
	return job, nil
}
