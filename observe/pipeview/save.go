package pipeview

import (
	"compress/gzip"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/ooovm/ooovm/files"
)

// formats are chosen by the file name's ending, before .gz or .zst.
var formats = []struct {
	ending string
	write  func(*Recorder, io.Writer) error
}{
	{".kanata", (*Recorder).WriteKanata},
	{".o3", (*Recorder).WriteO3},
	{".json", (*Recorder).WritePerfetto},
}

// Supported reports whether a file name says which format to write.
func Supported(path string) error {
	_, _, err := formatOf(path)
	return err
}

func formatOf(path string) (write func(*Recorder, io.Writer) error, compression string, err error) {
	name := path
	if ext := filepath.Ext(name); ext == ".gz" || ext == ".zst" {
		compression = ext
		name = strings.TrimSuffix(name, ext)
	}
	for _, f := range formats {
		if strings.HasSuffix(name, f.ending) {
			return f.write, compression, nil
		}
	}
	return nil, "", fmt.Errorf("%s: a pipeline view ends in .kanata, .o3 or .json, and .gz or .zst behind it", path)
}

// Save writes the recording in the format that the name asks for. The file is
// written beside and renamed, so that it is whole or not there.
func (r *Recorder) Save(path string) error {
	write, compression, err := formatOf(path)
	if err != nil {
		return err
	}
	return files.Write(path, func(to io.Writer) error {
		var out io.WriteCloser
		switch compression {
		case "":
			return write(r, to)
		case ".gz":
			out = gzip.NewWriter(to)
		case ".zst":
			if out, err = zstd.NewWriter(to, zstd.WithEncoderConcurrency(1)); err != nil {
				return err
			}
		}
		if err := write(r, out); err != nil {
			return err
		}
		return out.Close()
	})
}
