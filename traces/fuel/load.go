package fuel

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/plain"
)

// maxText bounds a file in bytes, decompressed.
const maxText = 256 << 20

// Schema names the program file.
const Schema = "ooovm.fuel/1"

// errFormat is what everything about the content of a file is wrapped in.
var errFormat = errors.New("not a FuelVM program")

// Load reads the programs of a file: one of a program file, all of a vector file. Errors name the file and the member.
func Load(path string) ([]*Program, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	programs, err := Read(f, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return programs, nil
}

// Read does the same for text that may be compressed with gzip. name is that of a program that has none of its own.
func Read(r io.Reader, name string) ([]*Program, error) {
	memory := budget.OfRun()
	text, err := readText(r, memory)
	if err != nil {
		return nil, err
	}
	programs, err := parse(text, name)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		p.Memory = memory
	}
	return programs, nil
}

// parse reads the text of a file.
func parse(text []byte, name string) ([]*Program, error) {
	if err := checkMembers(text); err != nil {
		return nil, err
	}
	var kind struct {
		Schema   *string
		Vectors  json.RawMessage
		Programs json.RawMessage
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, plain.Error(err))
	}
	switch {
	case kind.Schema != nil:
		if *kind.Schema != Schema {
			return nil, fmt.Errorf("%w: schema: %q where %q is wanted", errFormat, *kind.Schema, Schema)
		}
		var file programFile
		if err := strict(text, &file); err != nil {
			return nil, err
		}
		p, err := file.program(name)
		return []*Program{p}, err
	case kind.Vectors != nil:
		var file vectorFile
		if err := strict(text, &file); err != nil {
			return nil, err
		}
		return file.programs()
	case kind.Programs != nil:
		var file swayFile
		if err := strict(text, &file); err != nil {
			return nil, err
		}
		return file.programs()
	}
	return nil, fmt.Errorf("%w: it has none of the members schema, vectors, programs", errFormat)
}

func readText(r io.Reader, memory *budget.Budget) ([]byte, error) {
	text, err := readBounded(r, memory)
	if err != nil || !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, err
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return readBounded(z, memory)
}

func readBounded(r io.Reader, memory *budget.Budget) ([]byte, error) {
	text, err := budget.ReadAll(io.LimitReader(r, maxText+1), memory)
	if err == nil && len(text) > maxText {
		err = fmt.Errorf("more than %d bytes", maxText)
	}
	return bytes.TrimPrefix(text, []byte("\uFEFF")), err // a byte-order mark, as editors write it
}

// strict decodes JSON and refuses members that it does not know.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errFormat, plain.Error(err))
	}
	return nil
}

// checkMembers refuses a member given twice, which encoding/json takes the last of, one whose
// name differs from another's in case only, and text behind the object.
func checkMembers(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	err := d.Decode(&value)
	if err == nil {
		err = plain.Repeated(value)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errFormat, plain.Error(err))
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: text behind the object", errFormat)
	}
	return nil
}
