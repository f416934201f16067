package sweep

import (
	"fmt"
	"strconv"
	"strings"
)

// Shard is one of several equal parts of a sweep's points, from 0. The zero value is
// all of them.
type Shard struct{ Index, Of int }

// ParseShard reads i/n. Array engines count from 0, and so does this.
func ParseShard(text string) (Shard, error) {
	i, n, ok := strings.Cut(text, "/")
	if ok && decimal.MatchString(i) && decimal.MatchString(n) {
		index, err1 := strconv.Atoi(i)
		of, err2 := strconv.Atoi(n)
		if err1 == nil && err2 == nil && index < of {
			return Shard{index, of}, nil
		}
	}
	return Shard{}, fmt.Errorf("%q is not a shard; the four quarters are 0/4, 1/4, 2/4 and 3/4", text)
}

// Environment variables that array engines set, or that the job's description has to.
const (
	slurmTask  = "SLURM_ARRAY_TASK_ID"
	slurmCount = "SLURM_ARRAY_TASK_COUNT"
	slurmMin   = "SLURM_ARRAY_TASK_MIN"
	jobIndex   = "JOB_COMPLETION_INDEX" // of a Kubernetes indexed job
	jobCount   = "JOB_COMPLETIONS"      // its completions, which Kubernetes does not tell
)

// ShardOf finds the shard in the environment of an array task. from names the variable
// that it comes from, empty when there is none.
func ShardOf(environ []string) (s Shard, from string, err error) {
	env := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	number := func(name string) int {
		n, e := strconv.Atoi(env[name])
		if err == nil && (e != nil || n < 0) {
			err = fmt.Errorf("%s=%s: not a number", name, env[name])
		}
		return n
	}
	switch {
	case env[slurmTask] != "" && env[slurmCount] != "":
		s, from = Shard{number(slurmTask), number(slurmCount)}, slurmTask
		if env[slurmMin] != "" {
			s.Index -= number(slurmMin)
		}
	case env[jobIndex] != "":
		if env[jobCount] == "" {
			return s, jobIndex, fmt.Errorf("%s is set, but %s, the number of completions, is not; give --shard, or 0/1 for all points", jobIndex, jobCount)
		}
		s, from = Shard{number(jobIndex), number(jobCount)}, jobIndex
	default:
		return s, "", nil
	}
	if err == nil && (s.Index < 0 || s.Index >= s.Of) {
		err = fmt.Errorf("%s: shard %s does not exist; give --shard, or 0/1 for all points", from, s)
	}
	return s, from, err
}

// All reports whether the shard is everything.
func (s Shard) All() bool { return s.Of <= 1 }

func (s Shard) String() string {
	if s.Of == 0 {
		return "0/1"
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// name is the shard as part of a file name.
func (s Shard) name() string { return strings.ReplaceAll(s.String(), "/", "-of-") }

// bounds are the shard's points among n: neighbors, so that blocks are opened by few
// shards.
func (s Shard) bounds(n int) (first, last int) {
	if s.All() {
		return 0, n
	}
	return n * s.Index / s.Of, n * (s.Index + 1) / s.Of
}
