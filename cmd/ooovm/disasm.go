package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

// listing is the disassembly of one code.
type listing struct {
	VM    string        `json:"vm"`
	Bytes int           `json:"bytes"`
	Lines []listingLine `json:"instructions"`
}

type listingLine struct {
	PC   int    `json:"pc"`
	Code string `json:"code"`
	Text string `json:"text"`
}

func newTraceDisasm(c *cli) *cobra.Command {
	var vm string
	disasm := &cobra.Command{
		Use:   "disasm [--vm evm|fuel] CODE",
		Short: "Print code as assembly",
		Long: `Prints the instructions of a code, given in hexadecimal or as a file of bytes or of
hexadecimal text. FuelVM assembly can be assembled again.`,
		Example: `  ooovm trace disasm 6001600201
  ooovm trace disasm --vm fuel 5d43000024440000`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			code, err := readCode(args[0])
			if err != nil {
				return usageError(err)
			}
			l := listing{VM: vm, Bytes: len(code), Lines: []listingLine{}}
			switch vm {
			case "evm":
				l.evm(code)
			case "fuel":
				l.fuel(code)
			default:
				return usageError(fmt.Errorf("--vm %q: it is evm or fuel", vm))
			}
			t := &table.Table{Header: []string{"pc", "code", "instruction"}, Number: []bool{true}}
			for _, line := range l.Lines {
				t.Add(line.PC, line.Code, line.Text)
			}
			return c.print(l, t)
		}),
	}
	disasm.Flags().StringVar(&vm, "vm", "evm", "whose code it is: evm or fuel")
	complete(disasm, "vm", cobra.FixedCompletions([]string{"evm", "fuel"}, cobra.ShellCompDirectiveNoFileComp))
	return disasm
}

// readCode reads hexadecimal digits, or a file of them or of bytes.
func readCode(arg string) ([]byte, error) {
	if code, err := decodeHex(arg); err == nil {
		return code, nil
	}
	content, err := os.ReadFile(arg)
	if err != nil {
		return nil, fmt.Errorf("%q is neither code in hexadecimal nor a file: %w", arg, err)
	}
	if code, err := decodeHex(string(content)); err == nil {
		return code, nil
	}
	return content, nil
}

func decodeHex(s string) ([]byte, error) {
	return hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(s), "0x"))
}

func (l *listing) fuel(code []byte) {
	const word = 4
	for i, text := range asm.Disassemble(code) {
		at := word * i
		l.Lines = append(l.Lines, listingLine{at, hex.EncodeToString(code[at:min(at+word, len(code))]), text})
	}
}

// evm lists the opcodes of the newest fork.
func (l *listing) evm(code []byte) {
	p := evm.Decode(code, evm.Table(evm.NumForks-1))
	for i := range p.Insts {
		in := &p.Insts[i]
		if int(in.PC) >= len(code) {
			break // the stop behind the code
		}
		end := min(int(in.PC)+int(in.Size), len(code))
		text := p.Rows[in.Code].Name
		if in.Kind == decoder.KindPush {
			text += " 0x" + hex.EncodeToString(code[in.PC+1:end])
		}
		l.Lines = append(l.Lines, listingLine{int(in.PC), hex.EncodeToString(code[in.PC:end]), text})
	}
}
