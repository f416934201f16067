// Package asm turns mnemonics into EVM bytecode, for hand-made programs in tests.
package asm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/decoder/evm"
)

// Assemble takes mnemonics, as the table of Cancun has them, and behind each PUSH its
// operand: an integer of up to 64 bits in Go's notation.
func Assemble(text string) (code []byte, err error) {
	rows := evm.Table(evm.Cancun)
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		op := 0
		for op < 256 && rows[op].Name != words[i] {
			op++
		}
		if op == 256 {
			return nil, fmt.Errorf("no instruction %q", words[i])
		}
		code = append(code, byte(op))
		if size := op - evm.PUSH0; size > 0 && op <= evm.PUSH32 {
			i++
			if i == len(words) {
				return nil, fmt.Errorf("%s without an operand", rows[op].Name)
			}
			n, err := strconv.ParseUint(words[i], 0, 64)
			if err != nil {
				return nil, err
			}
			operand := uint256.NewInt(n).Bytes32()
			code = append(code, operand[32-size:]...)
		}
	}
	return code, nil
}
