package report

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// browse loads a page in headless Chromium and gives its DOM when its scripts have run, and what they wrote on the console.
func browse(t *testing.T, page string) (dom, console string) {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("no Chromium on the path: the page is not looked at in a browser")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	if err := os.WriteFile(file, []byte(page), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--window-size=1280,1600", "--user-data-dir="+filepath.Join(dir, "profile"), "--virtual-time-budget=3000",
		"--enable-logging=stderr", "--v=0", "--dump-dom", "file://"+file)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", browser, err, stderr.String())
	}
	var lines []string
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") {
			lines = append(lines, line)
		}
	}
	return stdout.String(), strings.Join(lines, "")
}

func TestBrowserShowsTheFigures(t *testing.T) {
	dom, console := browse(t, written(t, made(t, finished(t, small))))
	if console != "" {
		t.Errorf("the console says:\n%s", console)
	}
	for _, want := range []string{
		`<canvas`,                               // the lines
		`<option value="ipc">`,                  // the choice of metrics
		`IPC (micro-ops/cycle) = uops / cycles`, // the caption
		`class="bar"`,                           // the CPI stack
		`of 4 points`,                           // the table
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	body := dom[strings.Index(dom, `id="point-table"`):]
	if got := len(regexp.MustCompile(`<td class="ok">`).FindAllString(body, -1)); got != 4 {
		t.Errorf("%d rows of right points, not 4", got)
	}
}

// TestBrowserShowsWhatThereIs: a sweep of one machine has neither axes nor lines, and says so.
func TestBrowserShowsWhatThereIs(t *testing.T) {
	dom, console := browse(t, written(t, made(t, finished(t, "name: one\nbase: {preset: limit}\ncheck: false\naxes: {core.clock: [1000]}\n"))))
	if console != "" {
		t.Errorf("the console says:\n%s", console)
	}
	for _, want := range []string{"Nothing varies that lines could be drawn over", "No point has a CPI stack", "1 of 1 points"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
