package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/table"
)

// Set by the linker: -ldflags "-X main.version=v1.2.3 -X main.commit=... -X main.date=...".
var version, commit, date string

// buildInfo is what is known of this program's making.
type buildInfo struct {
	Schema     string `json:"schema"`
	Version    string `json:"version"`
	Commit     string `json:"commit"`
	Date       string `json:"date"`
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	GoEthereum string `json:"goEthereum"` // of the golden run
}

func versionInfo() buildInfo {
	b := buildInfo{
		Schema: "ooovm.version/1", Version: version, Commit: commit, Date: date,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/ethereum/go-ethereum" {
				b.GoEthereum = m.Version
			}
		}
	}
	for _, s := range []*string{&b.Version, &b.Commit, &b.Date, &b.GoEthereum} {
		if *s == "" {
			*s = "unknown"
		}
	}
	if version == "" {
		b.Version = "(devel)"
	}
	return b
}

func newVersion(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it was built with",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			b := versionInfo()
			t := &table.Table{Header: []string{"what", "value"}}
			t.Add("version", b.Version)
			t.Add("commit", b.Commit)
			t.Add("date", b.Date)
			t.Add("go", b.Go)
			t.Add("platform", b.OS+"/"+b.Arch)
			t.Add("go-ethereum", b.GoEthereum)
			return c.print(b, t)
		}),
	}
}
