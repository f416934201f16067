package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/decoder/fuel"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	fuelstate "github.com/ooovm/ooovm/state/fuel"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

// listing is the disassembly of one code.
type listing struct {
	VM      string        `json:"vm"`
	Fork    string        `json:"fork,omitempty"`
	Account string        `json:"account,omitempty"`
	Bytes   int           `json:"bytes"`
	Lines   []listingLine `json:"instructions"`
}

type listingLine struct {
	PC   int      `json:"pc"`
	Code string   `json:"code"`
	Text string   `json:"text"`
	Uops []string `json:"uops"` // none where rename does the instruction; null where there is no instruction
}

func newTraceDisasm(c *cli) *cobra.Command {
	var vm, forkName string
	disasm := &cobra.Command{
		Use:   "disasm [--vm evm|fuel] CODE|BUNDLE:0xADDRESS",
		Short: "Print code as assembly beside its micro-ops",
		Long: `Prints the instructions of a code, each with the micro-ops that the decoder makes of it.
The code is given in hexadecimal, as a file of bytes or of hexadecimal text, or as an
account of a bundle (embedded:0xADDRESS for the embedded block); then the block's fork
decides what the opcodes are. FuelVM assembly can be assembled again.

Operands of micro-ops: s0 is the top of the stack before the instruction, r16 a register,
c3 a constant of the transaction or block, self, caller and so on a register of the frame,
temp the micro-op before, #1 an immediate. Results of EVM micro-ops are pushed. "rename"
stands for no micro-op: with core.stack=rename or fold it only changes the rename map.`,
		Example: `  ooovm trace disasm 6001600201
  ooovm trace disasm 5f54 --fork shanghai
  ooovm trace disasm 19426587.json.gz:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48
  ooovm trace disasm --vm fuel 5d43000024440000`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			l := listing{VM: vm, Lines: []listingLine{}}
			code, fork, err := l.locate(c.ctx, args[0])
			if err != nil {
				return usageError(err)
			}
			l.Bytes = len(code)
			switch {
			case vm == "evm":
				if forkName != "" {
					if l.Account != "" {
						return usageError(errors.New("--fork: the fork of a bundle's code is that of its block"))
					}
					if fork, err = parseFork(forkName); err != nil {
						return usageError(err)
					}
				}
				if target, ok := delegate(code); ok {
					c.note("the account is delegated to %s (EIP-7702), whose code runs in its place", target)
				}
				l.evm(code, fork)
			case vm != "fuel":
				return usageError(fmt.Errorf("--vm %q: it is evm or fuel", vm))
			case l.Account != "" || forkName != "":
				return usageError(errors.New("--vm fuel: bundles and forks are the EVM's"))
			default:
				l.fuel(code)
			}
			t := &table.Table{Header: []string{"pc", "code", "instruction", "micro-ops"}, Number: []bool{true}}
			for _, line := range l.Lines {
				uops := strings.Join(line.Uops, "; ")
				if line.Uops != nil && uops == "" {
					uops = "rename"
				}
				t.Add(line.PC, line.Code, line.Text, uops)
			}
			return c.print(l, t)
		}),
	}
	disasm.Flags().StringVar(&vm, "vm", "evm", "whose code it is: evm or fuel")
	disasm.Flags().StringVar(&forkName, "fork", "", "decode by the rules of this `fork` (default the newest)")
	complete(disasm, "vm", cobra.FixedCompletions([]string{"evm", "fuel"}, cobra.ShellCompDirectiveNoFileComp))
	complete(disasm, "fork", cobra.FixedCompletions(forkNames(), cobra.ShellCompDirectiveNoFileComp))
	return disasm
}

// locate finds the code that an argument names, and the fork that decodes it.
func (l *listing) locate(stop context.Context, arg string) (code []byte, fork evm.Fork, err error) {
	i := strings.LastIndex(arg, ":")
	if i < 0 || !common.IsHexAddress(arg[i+1:]) {
		code, err = readCode(arg)
		return code, evm.NumForks - 1, err
	}
	path := arg[:i]
	if path == "embedded" {
		path = ""
	}
	b, err := run.OpenContext(stop, path)
	if err != nil {
		return nil, 0, err
	}
	account := b.Prestate[state.Address(common.HexToAddress(arg[i+1:]))]
	switch {
	case account == nil:
		return nil, 0, fmt.Errorf("%s: the pre-state does not have the account", arg)
	case len(account.Code) == 0:
		return nil, 0, fmt.Errorf("%s: the account has no code", arg)
	}
	fork = evm.ForkOf(&state.BlockEnv{Rules: b.Rules()})
	l.Account = strings.ToLower(arg[i+1:])
	return account.Code, fork, nil
}

// delegate gives the account whose code runs in place of a delegation designator (EIP-7702).
func delegate(code []byte) (string, bool) {
	const prefix = "\xef\x01\x00"
	if len(code) != len(prefix)+common.AddressLength || string(code[:len(prefix)]) != prefix {
		return "", false
	}
	return "0x" + hex.EncodeToString(code[len(prefix):]), true
}

func forkNames() (names []string) {
	for f := range evm.NumForks {
		names = append(names, strings.ToLower(f.String()))
	}
	return names
}

func parseFork(name string) (evm.Fork, error) {
	for f := range evm.NumForks {
		if strings.EqualFold(f.String(), name) {
			return f, nil
		}
	}
	return 0, errOneOf("--fork", name, forkNames())
}

// readCode reads hexadecimal digits, or a file of them or of bytes.
func readCode(arg string) ([]byte, error) {
	if code, err := decodeHex(arg); err == nil {
		return code, nil
	}
	content, err := os.ReadFile(arg)
	if err != nil {
		return nil, fmt.Errorf("%q is neither code in hexadecimal nor a file nor BUNDLE:0xADDRESS: %w", arg, err)
	}
	if code, err := decodeHex(string(content)); err == nil {
		return code, nil
	}
	return content, nil
}

func decodeHex(s string) ([]byte, error) {
	return hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(s), "0x"))
}

// uops writes the micro-ops of an instruction.
func uops(p *decoder.Program, inst int) []string {
	list := []string{}
	micro := p.Micro(isa.InstIndex(inst))
	for i := range micro {
		list = append(list, p.Text(isa.InstIndex(inst), &micro[i]))
	}
	return list
}

// fuel lists the words of a code. The schedule prices instructions and makes no difference to what they are.
func (l *listing) fuel(code []byte) {
	p := fuel.Decode(code, fuel.Rows(&fuelstate.MainnetV7))
	const word = 4
	for i, text := range asm.Disassemble(code) {
		at := word * i
		line := listingLine{at, hex.EncodeToString(code[at:min(at+word, len(code))]), text, nil}
		if at+word <= len(code) {
			line.Uops = uops(p, i)
		}
		l.Lines = append(l.Lines, line)
	}
}

// evm lists the opcodes of a fork.
func (l *listing) evm(code []byte, fork evm.Fork) {
	l.Fork = strings.ToLower(fork.String())
	p := evm.Decode(code, evm.Table(fork))
	for i := range p.Insts {
		in := &p.Insts[i]
		if int(in.PC) >= len(code) {
			break // the stop behind the code
		}
		end := min(int(in.PC)+int(in.Size), len(code))
		text := p.Rows[in.Code].Name
		if in.Kind == decoder.KindPush && in.Size > 1 {
			text += " 0x" + hex.EncodeToString(code[in.PC+1:end])
		}
		l.Lines = append(l.Lines, listingLine{int(in.PC), hex.EncodeToString(code[in.PC:end]), text, uops(p, i)})
	}
}
