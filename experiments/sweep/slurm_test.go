//go:build slurm

package sweep

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A cluster of one node on the loopback, without authentication, accounting or control
// groups: slurm.conf(5) of Slurm 22.05.
const slurmConf = `ClusterName=sweep
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=17817
SlurmdPort=17818
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0
ReturnToService=2
KillWait=1
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/spool
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/slurmd.pid
SlurmctldLogFile=%[2]s/slurmctld.log
SlurmdLogFile=%[2]s/slurmd.log
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
NodeName=n1 NodeHostname=%[1]s NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=n1 Default=YES MaxTime=00:30:00 State=UP
`

// startCluster runs slurmctld and slurmd until the test ends.
func startCluster(t *testing.T) {
	for _, name := range []string{"slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no %s here: apt-get install slurmctld slurmd slurm-client", name)
		}
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	dir := t.TempDir()
	for _, sub := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	conf := filepath.Join(dir, "slurm.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, slurmConf, host, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", conf)
	for _, args := range [][]string{{"slurmctld", "-D", "-i"}, {"slurmd", "-D", "-N", "n1"}} {
		cmd := exec.Command(args[0], args[1:]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		})
		time.Sleep(time.Second)
	}
	within(t, time.Minute, "the node is idle", func() bool {
		out, _ := exec.Command("sinfo", "-h", "-o", "%t").Output()
		return strings.TrimSpace(string(out)) == "idle"
	})
}

// within waits for what other processes are about to do.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v not yet: %s", limit, what)
		}
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func drained() bool {
	out, err := exec.Command("squeue", "-h").Output()
	return err == nil && len(bytes.TrimSpace(out)) == 0
}

// TestSlurm: a job array of which one task is killed and submitted again comes to the
// bytes of a local run.
func TestSlurm(t *testing.T) {
	startCluster(t)
	work := t.TempDir()
	program := filepath.Join(work, "ooovm")
	command(t, "go", "build", "-o", program, "../../cmd/ooovm")
	file := filepath.Join(work, "sweep.yaml")
	if err := os.WriteFile(file, []byte(`
name: cluster
base: {preset: ooo-4}
axes:
  core.rob: [16, 32, 48, 64, 96, 128, 192, 256, 384, 512]
  core.iq: [8, 16, 24, 32, 48, 64, 96, 128]
  predictor.branch: [bimodal, gshare]
`), 0o644); err != nil {
		t.Fatal(err)
	}
	dir, local := filepath.Join(work, "array"), filepath.Join(work, "local")
	command(t, program, "sweep", "slurm", file, "-o", dir, "--chunk", "40", "--array-limit", "2", "--sbatch=--time=00:10:00")
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	scripts := Scripts{Array: filepath.Join(dir, "slurm", "array.sh"), Merge: filepath.Join(dir, "slurm", "merge.sh")}
	array, merge, err := scripts.Submit()
	if err != nil {
		t.Fatal(err)
	}
	victim := Shard{1, 4}
	within(t, time.Minute, "task 1 is in its midst", func() bool { return r.Tally(victim).Done() >= 5 })
	command(t, "scancel", "--signal=KILL", "--full", array+"_1")
	within(t, 3*time.Minute, "array and merge have ended", drained)
	after := r.Tally(victim)
	if after.Left() == 0 {
		t.Fatal("the killed task has finished before")
	}
	if all := r.Tally(Shard{}); all.Left() != after.Left() || all.OK != all.Done() {
		t.Errorf("points %+v, of the killed task %+v: others are missing", all, after)
	}
	table, err := r.Table()
	if err != nil {
		t.Fatal(err)
	}
	if want := len(r.Points) - after.Left(); table.Len() != want {
		t.Errorf("job %s merged %d points, %d were there", merge, table.Len(), want)
	}
	t.Logf("array %s: %d of %d points after task 1 was killed with %d of its %d done", array, table.Len(), len(r.Points), after.Done(), after.Points)

	again := command(t, "sbatch", "--parsable", "--array=1", scripts.Array)
	command(t, "sbatch", "--parsable", "--dependency=afterany:"+again, scripts.Merge)
	within(t, 3*time.Minute, "the task and the merge have ended", drained)
	command(t, program, "sweep", "run", file, "-o", local)
	for _, name := range []string{pointsFile, ResultsCSV, resultsPq} {
		if !bytes.Equal(read(t, dir, name), read(t, local, name)) {
			t.Errorf("%s differs from that of a local run", name)
		}
	}
	for _, name := range []string{array + "_0", array + "_2", array + "_3", again + "_1"} {
		t.Logf("%s.out: %s", name, strings.Join(strings.Fields(string(read(t, dir, "slurm", name+".out"))), " "))
	}
}
