package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// forged is a name that a terminal would obey, and that would look like a line of ours.
const forged = "a\nooovm: 9 of 9 blocks right\x1b[2J\u009b2J\u202e\u2028b"

// forgedFiles is a folder of files of every kind, sound and not, whose names and contents are forged.
func forgedFiles(t *testing.T) (dir string, bundles, tests []string) {
	t.Helper()
	dir = t.TempDir()
	good := smallText(t)
	quoted := strings.NewReplacer("\n", `\n`, "\x1b", `\u001b`).Replace(forged)
	named := strings.ReplaceAll(stateTestText, `"tiny"`, `"`+quoted+`"`)
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bundles = []string{
		write(forged+".json", good), write(forged+"cut.json", good[:len(good)/2]), write(forged+"text.json", []byte(forged)),
		write("member.json", edited(t, good, func(o object) { account(o, hasCode)[forged] = 1 })),
		write("key.json", edited(t, good, func(o object) { o["prestate"].(object)[forged] = object{} })),
		write("chain.json", edited(t, good, func(o object) { o["chainId"] = forged })),
		write("fork.json", edited(t, good, func(o object) { o["chainId"], o["chainConfig"] = 424242, object{"chainId": forged} })),
		write("provenance.json", edited(t, good, func(o object) {
			o["provenance"] = object{"source": forged, "dialect": forged, "warnings": []string{forged}}
		})),
		write(forged+".fuel.json", []byte(strings.Replace(programText, `"sum"`, `"`+quoted+`"`, 1))),
		write("member.fuel.json", []byte(`{"schema":"ooovm.fuel/1","`+quoted+`":1}`)),
		filepath.Join(dir, forged+"none.json"),
	}
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := tar.NewWriter(z)
	for name, text := range map[string]string{forged + ".json": named, forged + "cut.json": named[:len(named)/2], forged + ".txt": "x"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	tests = []string{
		write(forged+".tar.gz", archive.Bytes()), write(forged+"cut.tar.gz", archive.Bytes()[:archive.Len()/2]), write("tests.json", []byte(named)),
		write("fork.tests.json", []byte(strings.ReplaceAll(named, `"Cancun"`, `"`+quoted+`"`))),
		write("key.tests.json", []byte(strings.ReplaceAll(named, `"currentNumber"`, `"`+quoted+`"`))),
	}
	return dir, bundles, tests
}

// TestForgedInputs: no name and no content of an input reaches a terminal as a control character, or as a line of ours.
func TestForgedInputs(t *testing.T) {
	dir, bundles, tests := forgedFiles(t)
	var lines [][]string
	add := func(inputs []string, commands ...string) {
		for _, command := range commands {
			for _, in := range append(inputs, dir) {
				lines = append(lines, append(strings.Fields(command), in))
			}
		}
	}
	scalar := " --preset scalar --baseline=false"
	add(bundles, "run"+scalar, "run --json"+scalar, "validate"+scalar, "validate --format csv"+scalar, "validate --format md"+scalar, "trace info", "trace info --json", "limits",
		"profile --preset scalar", "corpus list", "corpus list --json", "trace bal -o /dev/null", "trace import -o "+dir+"/out.json", "trace disasm", "run -c", "config diff scalar", "sweep run -o "+dir+"/s")
	sweepOf := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(sweepOf, fmt.Appendf(nil, "name: s\nbase: {preset: scalar}\nbaseline: false\nmaxCycles: 5\naxes: {blocks: [%q]}\n", filepath.Base(dir)+"/"+filepath.Base(bundles[0])), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(filepath.Dir(sweepOf), filepath.Base(dir))); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"run " + sweepOf + " --dry-run", "run " + sweepOf + " --dry-run --json", "run " + sweepOf + " --dry-run --format csv", "run -o " + dir + "/swept " + sweepOf, "merge " + dir + "/swept", "status " + dir + "/swept"} {
		lines = append(lines, strings.Fields("sweep "+command))
	}
	lines = append(lines, []string{"plot", dir + "/swept", "--x", "block", "--y", "ipc", "--kind", "bar"}, []string{"report", dir + "/swept"}, []string{"compare", dir + "/swept", dir + "/swept"})
	add(tests, "statetest", "statetest --json", "statetest --format csv", "trace import -v -o "+dir+"/imported", "trace import -v --fork Cancun -o "+dir+"/"+forged)
	add(nil, "corpus index", "sweep status", "plot --x core.rob --y ipc", "report", "study run definitions -o "+dir+"/study --blocks")
	lines = append(lines, []string{forged}, []string{"run", "--" + forged}, []string{"run", "--preset", forged}, []string{"run", "-s", forged}, []string{"run", "-s", "core.rob=" + forged},
		[]string{"run", "--where", forged, bundles[0]}, []string{"levels", "--policy", forged}, []string{"run", "--timeout", forged}, []string{"trace", "fetch", "--rpc", forged, "--block", "1"},
		[]string{"trace", "gen", "--workload", forged, "-o", "/dev/null"}, []string{"study", "run", forged, "-o", dir + "/x"}, []string{"list", forged}, []string{"--format", forged, "version"})
	for i, args := range append(lines, []string{"run"}) {
		var environ []string
		if i == len(lines) {
			environ = []string{"OOOVM_" + forged + "=1"}
		}
		var stdout, stderr bytes.Buffer
		execute(args, &stdout, &stderr, environ)
		for name, text := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String()} {
			obeyed := func(r rune) bool {
				return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl))
			}
			if strings.Contains(text, "\nooovm: 9 of 9") || strings.HasPrefix(text, "ooovm: 9 of 9") || strings.ContainsFunc(text, obeyed) {
				t.Errorf("%q: %s: %q", args, name, text)
			}
		}
	}
	t.Logf("%d command lines", len(lines))
}
