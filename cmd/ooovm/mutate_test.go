package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// mutator changes texts of JSON, one value or one a line, at random.
type mutator struct{ *rand.Rand }

// hostileValues are what nobody expects where they stand.
var hostileValues = []string{
	`null`, `-1`, `0`, `1e400`, `1.5`, `true`, `{}`, `[]`, `""`, `"0x"`, `"0x0"`, `"0x00"`, `"-0x1"`, `"1e9"`, `18446744073709551615`, `18446744073709551616`,
	`"0xffffffffffffffff"`, `"0x10000000000000000"`, `"0x7fffffffffffffff"`, `"0x` + strings.Repeat("f", 64) + `"`, `"0x1` + strings.Repeat("0", 64) + `"`,
	`"0x` + strings.Repeat("f", 100_000) + `"`, `"` + strings.Repeat("9", 100_000) + `"`, strings.Repeat("9", 100_000),
	strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000), strings.Repeat("[", 20_000), `"\u001b[2J\u0000"`, "\"\xff\xfe\"", `"ooovm: 1 of 1 blocks right"`, `{"a":{"a":1,"A":2}}`,
	`"0x5b600056"`, `"0x60006000fd"`, `"0x7fffffffffffffffff5360"`, `"0xzz"`, `"prague"`, `[null]`, `[{}]`, `["0x00"]`, `NaN`, `1` + strings.Repeat(" ", 50_000),
}

// mutate changes a text once or a few times.
func (m *mutator) mutate(text []byte) []byte {
	for range 1 + m.IntN(2) {
		if len(text) == 0 {
			return text
		}
		change := mutations[m.IntN(len(mutations))]
		text = change(m, text)
	}
	return text
}

// span draws a part of a text.
func (m *mutator) span(text []byte) (from, to int) {
	from = m.IntN(len(text))
	return from, from + m.IntN(min(len(text)-from, 1+1<<m.IntN(12))+1)
}

// mutations are ways to spoil a text. Those of values stand several times: they go deepest.
var mutations = []func(m *mutator, text []byte) []byte{
	(*mutator).value, (*mutator).value, (*mutator).value, (*mutator).value, (*mutator).value, (*mutator).value,
	(*mutator).member, (*mutator).member, (*mutator).member,
	(*mutator).compressed,
	func(m *mutator, text []byte) []byte { // bits
		text = bytes.Clone(text)
		for range 1 + m.IntN(8) {
			text[m.IntN(len(text))] ^= 1 << m.IntN(8)
		}
		return text
	},
	func(m *mutator, text []byte) []byte { // something is missing
		from, to := m.span(text)
		return slices.Concat(text[:from], text[to:])
	},
	func(m *mutator, text []byte) []byte { // something stands elsewhere, too
		from, to := m.span(text)
		at := m.IntN(len(text))
		return slices.Concat(text[:at], text[from:to], text[at:])
	},
	func(m *mutator, text []byte) []byte { return text[:m.IntN(len(text))] },
	func(m *mutator, text []byte) []byte { return append(bytes.Clone(text), text[:m.IntN(len(text))]...) },
	func(m *mutator, text []byte) []byte { // blanks without end
		at := m.IntN(len(text))
		return slices.Concat(text[:at], bytes.Repeat([]byte(" \n"), 1<<m.IntN(20)), text[at:])
	},
	func(m *mutator, text []byte) []byte { // a digit
		for range 100 {
			if at := m.IntN(len(text)); strings.IndexByte("0123456789abcdef", text[at]) >= 0 {
				text = bytes.Clone(text)
				text[at] = "0123456789abcdef"[m.IntN(16)]
				break
			}
		}
		return text
	},
}

// compressed is the text in gzip or zstd, sometimes broken.
func (m *mutator) compressed(text []byte) []byte {
	var out bytes.Buffer
	if m.IntN(2) == 0 {
		z := gzip.NewWriter(&out)
		_, _ = z.Write(text)
		_ = z.Close()
	} else {
		z, _ := zstd.NewWriter(&out)
		_, _ = z.Write(text)
		_ = z.Close()
	}
	if m.IntN(2) == 0 {
		return flip(out.Bytes(), m.IntN(out.Len()))
	}
	return out.Bytes()
}

// line draws a line of a text, all of it where it has one only.
func (m *mutator) line(text []byte) (before, line, after []byte) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	at := m.IntN(len(lines))
	return bytes.Join(lines[:at], nil), lines[at], bytes.Join(lines[at+1:], nil)
}

// value puts a value that nobody expects in place of another, or another of the text's own.
func (m *mutator) value(text []byte) []byte {
	return m.edit(text, func(places []place) {
		at := places[m.IntN(len(places))]
		if m.IntN(4) == 0 {
			var other bytes.Buffer
			print(&other, places[m.IntN(len(places))].get())
			at.set(json.RawMessage(other.Bytes()))
			return
		}
		at.set(json.RawMessage(hostileValues[m.IntN(len(hostileValues))]))
	})
}

// member takes a member away, or gives it another name, or another member's.
func (m *mutator) member(text []byte) []byte {
	return m.edit(text, func(places []place) {
		for range 20 {
			at := places[m.IntN(len(places))]
			if at.object == nil {
				continue
			}
			switch m.IntN(4) {
			case 0:
				delete(at.object, at.name)
			case 1:
				at.object[strings.ToUpper(at.name)] = at.get() // beside the other
			case 2:
				at.object[at.name+"x"] = at.get()
				delete(at.object, at.name)
			case 3:
				at.set(json.RawMessage(`1,"` + at.name + `":2`)) // given twice
			}
			return
		}
	})
}

// place is where a value stands in an object or a list.
type place struct {
	object object
	name   string
	list   []any
	index  int
}

func (p place) get() any {
	if p.object != nil {
		return p.object[p.name]
	}
	return p.list[p.index]
}

func (p place) set(v any) {
	if p.object != nil {
		p.object[p.name] = v
		return
	}
	p.list[p.index] = v
}

// edit changes the values of a text, if it is JSON; values of no JSON are possible.
func (m *mutator) edit(text []byte, change func([]place)) []byte {
	before, line, after := m.line(text)
	if json.Valid(text) {
		before, line, after = nil, text, nil
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var whole any
	if dec.Decode(&whole) != nil {
		return text
	}
	root := []any{whole}
	var places []place
	var walk func(place)
	walk = func(at place) {
		places = append(places, at)
		switch v := at.get().(type) {
		case object:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(place{object: v, name: name})
			}
		case []any:
			for i := range v {
				walk(place{list: v, index: i})
			}
		}
	}
	walk(place{list: root})
	if len(places) > 1 {
		places = places[1:] // the whole is spoiled by others
	}
	change(places)
	var out bytes.Buffer
	print(&out, root[0])
	if len(after) > 0 {
		out.WriteByte('\n')
	}
	return slices.Concat(before, out.Bytes(), after)
}

// print writes values as encoding/json does, raw ones as they stand, whatever they are.
func print(out *bytes.Buffer, v any) {
	switch v := v.(type) {
	case json.RawMessage:
		out.Write(v)
	case object:
		out.WriteByte('{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				out.WriteByte(',')
			}
			quoted, _ := json.Marshal(name)
			out.Write(quoted)
			out.WriteByte(':')
			print(out, v[name])
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			print(out, v[i])
		}
		out.WriteByte(']')
	default:
		text, _ := json.Marshal(v)
		out.Write(text)
	}
}
