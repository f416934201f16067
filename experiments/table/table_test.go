package table

import (
	"errors"
	"strings"
	"testing"
)

func sample() *Table {
	t := &Table{Header: []string{"IPC_max", "what"}, Number: []bool{true}}
	t.Add(1.5, "a|b")
	t.Add(12, `long text, not wrapped, "quoted", over and over and over and over`)
	return t
}

func TestWrite(t *testing.T) {
	for _, test := range []struct {
		format Format
		want   string
	}{
		{Text, `
  IPC_max  what
------------------------------------------------------------------------------
      1.5  a|b
       12  long text, not wrapped, "quoted", over and over and over and over
`},
		{Markdown, `
| IPC_max | what                                                              |
|---------|-------------------------------------------------------------------|
|     1.5 | a\|b                                                              |
|      12 | long text, not wrapped, "quoted", over and over and over and over |
`},
		{CSV, `
IPC_max,what
1.5,a|b
12,"long text, not wrapped, ""quoted"", over and over and over and over"
`},
	} {
		var got strings.Builder
		if err := sample().Write(&got, test.format); err != nil {
			t.Errorf("%s: %v", test.format, err)
		}
		if want := strings.TrimPrefix(test.want, "\n"); got.String() != want {
			t.Errorf("%s: got\n%swant\n%s", test.format, got.String(), want)
		}
	}
}

func TestBoldOnlyWhenAsked(t *testing.T) {
	for _, bold := range []bool{false, true} {
		var got strings.Builder
		table := sample()
		table.Bold = bold
		if err := table.Write(&got, Text); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.String(), "\x1b[1m") != bold {
			t.Errorf("bold %v: %q", bold, got.String())
		}
	}
}

func TestJSONIsNotATable(t *testing.T) {
	if err := sample().Write(&strings.Builder{}, JSON); err == nil {
		t.Error("no error")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriteErrorsAreReturned(t *testing.T) {
	for _, f := range []Format{Text, Markdown, CSV} {
		if err := sample().Write(brokenPipe{}, f); err == nil {
			t.Errorf("%s: no error", f)
		}
	}
}
