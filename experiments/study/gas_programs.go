package study

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/traces/generator"
)

// The blocks of the study's own: an endless loop over a long run of one instruction with its
// operands, until the gas is gone, as in the benchmarks of execution-spec-tests
// (tests/benchmark/compute).

const (
	gasFork   = "osaka" // has CLZ and P256VERIFY
	gasOfOwn  = 2_000_000
	loopBytes = 6000 // of a loop's run, about
)

// loop is a program. The body leaves the stack as high as it found it.
type loop struct {
	name  string
	setup []byte
	body  func(at int) []byte // code at a position
}

// code is the program: where it is called with data it does nothing, so that it can call itself.
func (l *loop) code() []byte {
	const header = 5 // what stands here until the setup
	run := func(start int) []byte {
		var b []byte
		for len(b) < loopBytes {
			b = append(b, l.body(start+len(b))...)
		}
		return b
	}
	start := header + len(l.setup)
	body := run(start + 1)
	end := start + 1 + len(body) + 4
	code := join([]byte{evm.CALLDATASIZE}, push2(end), []byte{evm.JUMPI}, l.setup, []byte{evm.JUMPDEST}, body, push2(start), []byte{evm.JUMP})
	return append(code, evm.JUMPDEST, evm.STOP)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func push2(n int) []byte { return []byte{evm.PUSH2, byte(n >> 8), byte(n)} }

// push is the shortest push of a number.
func push(n uint64) []byte {
	if n == 0 {
		return []byte{evm.PUSH0}
	}
	var b []byte
	for ; n > 0; n >>= 8 {
		b = append([]byte{byte(n)}, b...)
	}
	return append([]byte{evm.PUSH0 + byte(len(b))}, b...)
}

// word pushes 32 bytes.
func word(b [32]byte) []byte { return append([]byte{evm.PUSH32}, b[:]...) }

// wide is a number of so many bytes without a zero byte.
func wide(size int, seed byte) (b [32]byte) {
	for i := 32 - size; i < 32; i++ {
		b[i] = seed + byte(i)*37 | 1
	}
	return b
}

// store puts words into memory, from 0.
func store(words ...[32]byte) (code []byte) {
	for i, w := range words {
		code = join(code, word(w), push(uint64(32*i)), []byte{evm.MSTORE})
	}
	return code
}

func small(n uint64) (b [32]byte) {
	for i := 31; n > 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
	return b
}

func still(code ...byte) func(int) []byte { return func(int) []byte { return code } }

// fixed makes a loop over code that stands anywhere.
func fixed(name string, setup []byte, code ...byte) loop { return loop{name, setup, still(code...)} }

// loops are all programs, by what they do.
func loops() (list []loop) {
	for _, group := range [][]loop{arithmetic(), logic(), moves(), jumps(), memory(), storage(), environment(), calls(), logs(), builtins()} {
		list = append(list, group...)
	}
	return list
}

// The operands of arithmetic: a divisor of half a word keeps a chain of divisions long.
var (
	wideWord = wide(32, 0x80)
	halfWord = wide(16, 0x40)
)

// each makes loops over an operation of two or three operands that stay the same: one that
// waits for nothing.
func each(operands int, setup []byte, ops map[string]byte, names ...string) (list []loop) {
	for _, name := range names {
		body := bytes.Repeat([]byte{evm.DUP1 + byte(operands) - 1}, operands)
		list = append(list, fixed(name, setup, append(body, ops[name], evm.POP)...))
	}
	return list
}

// chained makes loops over an operation whose second operand is its own result.
func chained(setup []byte, ops map[string]byte, names ...string) (list []loop) {
	for _, name := range names {
		list = append(list, fixed(name+"-chained", setup, evm.DUP1+1, ops[name]))
	}
	return list
}

func arithmetic() []loop {
	ops := map[string]byte{
		"add": evm.ADD, "mul": evm.MUL, "sub": evm.SUB, "div": evm.DIV, "sdiv": evm.SDIV, "mod": evm.MOD, "smod": evm.SMOD,
		"addmod": evm.ADDMOD, "mulmod": evm.MULMOD, "signextend": evm.SIGNEXTEND,
	}
	two := join(word(halfWord), word(wideWord)) // wide over half
	three := join(word(halfWord), word(wideWord), word(wide(32, 0x90)))
	list := each(2, two, ops, "add", "mul", "sub", "div", "sdiv", "mod", "smod")
	list = append(list, each(3, three, ops, "addmod", "mulmod")...)
	list = append(list, each(2, join(word(wideWord), push(15)), ops, "signextend")...)
	list = append(list, chained(join(word(wideWord), word(halfWord)), ops, "add", "mul", "sub", "div", "sdiv")...)
	return append(
		list,
		fixed("exp-1", join(push(200), word(wideWord)), evm.DUP1+1, evm.DUP1+1, evm.EXP, evm.POP),
		fixed("exp-32", join(word(wide(32, 0xa0)), word(wideWord)), evm.DUP1+1, evm.DUP1+1, evm.EXP, evm.POP),
	)
}

func logic() []loop {
	ops := map[string]byte{
		"lt": evm.LT, "gt": evm.GT, "slt": evm.SLT, "sgt": evm.SGT, "eq": evm.EQ, "and": evm.AND, "or": evm.OR, "xor": evm.XOR,
		"byte": evm.BYTE, "shl": evm.SHL, "shr": evm.SHR, "sar": evm.SAR,
	}
	two := join(word(halfWord), word(wideWord))
	list := each(2, two, ops, "lt", "gt", "slt", "sgt", "eq", "and", "or", "xor")
	list = append(list, each(2, join(word(wideWord), push(7)), ops, "byte", "shl", "shr", "sar")...)
	list = append(list, chained(two, ops, "xor", "lt")...)
	for _, one := range []struct {
		name string
		op   byte
	}{{"not", evm.NOT}, {"iszero", evm.ISZERO}, {"clz", evm.CLZ}} {
		list = append(list, fixed(one.name, word(wideWord), evm.DUP1, one.op, evm.POP), fixed(one.name+"-chained", word(wideWord), one.op))
	}
	return list
}

func moves() []loop {
	pushed := word(wideWord)
	return []loop{
		fixed("push0", nil, evm.PUSH0, evm.POP),
		fixed("push32", nil, append(pushed, evm.POP)...),
		fixed("dup", push(1), evm.DUP1, evm.POP),
		fixed("swap", join(push(1), push(2)), evm.SWAP1),
	}
}

func jumps() []loop {
	return []loop{
		fixed("jumpdest", nil, evm.JUMPDEST),
		fixed("pc", nil, evm.PC, evm.POP),
		{"jump", nil, func(at int) []byte { return join(push2(at+4), []byte{evm.JUMP, evm.JUMPDEST}) }},
		{"jumpi-taken", nil, func(at int) []byte { return join(push(1), push2(at+6), []byte{evm.JUMPI, evm.JUMPDEST}) }},
		fixed("jumpi-not-taken", nil, evm.PUSH0, evm.PUSH0, evm.JUMPI),
	}
}

func memory() []loop {
	return []loop{
		fixed("mload", nil, evm.PUSH0, evm.MLOAD, evm.POP),
		fixed("mload-chained", push(0), evm.MLOAD),
		fixed("mstore", word(wideWord), evm.DUP1, evm.PUSH0, evm.MSTORE),
		fixed("mstore8", push(7), evm.DUP1, evm.PUSH0, evm.MSTORE8),
		fixed("mcopy-32", nil, join(push(32), push(64), []byte{evm.PUSH0, evm.MCOPY})...),
		fixed("mcopy-1024", nil, join(push(1024), push(1024), []byte{evm.PUSH0, evm.MCOPY})...),
		fixed("msize", nil, evm.MSIZE, evm.POP),
		fixed("keccak256-32", nil, join(push(32), []byte{evm.PUSH0, evm.KECCAK256, evm.POP})...),
		fixed("keccak256-1024", nil, join(push(1024), []byte{evm.PUSH0, evm.KECCAK256, evm.POP})...),
		fixed("keccak256-chained", nil, join(push(32), []byte{evm.PUSH0, evm.KECCAK256, evm.PUSH0, evm.MSTORE})...),
	}
}

// next adds one to the top of the stack.
var next = []byte{evm.PUSH1, 1, evm.ADD}

func storage() []loop {
	return []loop{
		fixed("sload-warm", nil, evm.PUSH0, evm.SLOAD, evm.POP),
		fixed("sload-chained", push(0), evm.SLOAD),
		fixed("sload-cold", push(1), join([]byte{evm.DUP1, evm.SLOAD, evm.POP}, next)...),
		fixed("sstore-same", nil, evm.PUSH0, evm.PUSH0, evm.SSTORE),
		fixed("sstore-dirty", push(1), join([]byte{evm.DUP1, evm.PUSH0, evm.SSTORE}, next)...),
		fixed("sstore-new", push(1), join([]byte{evm.DUP1, evm.DUP1, evm.SSTORE}, next)...),
		fixed("tload", nil, evm.PUSH0, evm.TLOAD, evm.POP),
		fixed("tstore", push(1), evm.DUP1, evm.PUSH0, evm.TSTORE),
	}
}

func environment() (list []loop) {
	for _, op := range []struct {
		name string
		op   byte
	}{
		{"address", evm.ADDRESS},
		{"origin", evm.ORIGIN},
		{"caller", evm.CALLER},
		{"callvalue", evm.CALLVALUE},
		{"calldatasize", evm.CALLDATASIZE},
		{"codesize", evm.CODESIZE},
		{"gasprice", evm.GASPRICE},
		{"returndatasize", evm.RETURNDATASIZE},
		{"coinbase", evm.COINBASE},
		{"timestamp", evm.TIMESTAMP},
		{"number", evm.NUMBER},
		{"prevrandao", evm.PREVRANDAO},
		{"gaslimit", evm.GASLIMIT},
		{"chainid", evm.CHAINID},
		{"selfbalance", evm.SELFBALANCE},
		{"basefee", evm.BASEFEE},
		{"blobbasefee", evm.BLOBBASEFEE},
		{"gas", evm.GAS},
	} {
		list = append(list, fixed(op.name, nil, op.op, evm.POP))
	}
	copied := func(op byte) []byte { return join(push(32), []byte{evm.PUSH0, evm.PUSH0, op}) }
	far := word(wide(20, 0x10))
	return append(
		list,
		fixed("calldataload", nil, evm.PUSH0, evm.CALLDATALOAD, evm.POP),
		fixed("calldatacopy-32", nil, copied(evm.CALLDATACOPY)...),
		fixed("codecopy-32", nil, copied(evm.CODECOPY)...),
		fixed("blobhash", nil, evm.PUSH0, evm.BLOBHASH, evm.POP),
		fixed("blockhash", join(push(1), []byte{evm.NUMBER, evm.SUB}), evm.DUP1, evm.BLOCKHASH, evm.POP),
		fixed("balance-warm", []byte{evm.ADDRESS}, evm.DUP1, evm.BALANCE, evm.POP),
		fixed("balance-cold", far, join([]byte{evm.DUP1, evm.BALANCE, evm.POP}, next)...),
		fixed("extcodesize-warm", []byte{evm.ADDRESS}, evm.DUP1, evm.EXTCODESIZE, evm.POP),
		fixed("extcodesize-cold", far, join([]byte{evm.DUP1, evm.EXTCODESIZE, evm.POP}, next)...),
		fixed("extcodehash-warm", []byte{evm.ADDRESS}, evm.DUP1, evm.EXTCODEHASH, evm.POP),
		fixed("extcodecopy-32", []byte{evm.ADDRESS}, join(push(32), []byte{evm.PUSH0, evm.PUSH0, evm.DUP1 + 3, evm.EXTCODECOPY})...),
	)
}

// callGas is what a call hands on at most: enough for every built-in here.
const callGas = 50_000

// outputAt is where in memory calls put their output, after all inputs.
const outputAt = 256

// call is a call with so many bytes of input and without value; to is code that pushes the callee.
func call(op byte, to []byte, input, output int) []byte {
	args := join(push(uint64(output)), push(outputAt), push(uint64(input)), push(0))
	if op == evm.CALL || op == evm.CALLCODE {
		args = append(args, evm.PUSH0)
	}
	return join(args, to, push2(callGas), []byte{op, evm.POP})
}

func calls() []loop {
	self, nobody := []byte{evm.ADDRESS}, push(0xdead00)
	return []loop{
		fixed("call-nobody", nil, call(evm.CALL, nobody, 0, 0)...),
		fixed("call-code", nil, call(evm.CALL, self, 1, 0)...),
		fixed("callcode-code", nil, call(evm.CALLCODE, self, 1, 0)...),
		fixed("delegatecall-code", nil, call(evm.DELEGATECALL, self, 1, 0)...),
		fixed("staticcall-code", nil, call(evm.STATICCALL, self, 1, 0)...),
		fixed("create-empty", nil, evm.PUSH0, evm.PUSH0, evm.PUSH0, evm.CREATE, evm.POP),
		fixed("create2-empty", push(1), join([]byte{evm.DUP1, evm.PUSH0, evm.PUSH0, evm.PUSH0, evm.CREATE2, evm.POP}, next)...),
	}
}

func logs() []loop {
	data := join(push(32), []byte{evm.PUSH0})
	topics := func(n int) []byte { return bytes.Repeat([]byte{evm.DUP1}, n) }
	return []loop{
		fixed("log0-32", nil, join(data, []byte{evm.LOG0})...),
		fixed("log1-32", push(1), join(topics(1), data, []byte{evm.LOG1})...),
		fixed("log4-32", push(1), join(topics(4), data, []byte{evm.LOG4})...),
	}
}

// The coordinates of generators: points that are on their curves.
var (
	secpX = [32]byte{
		0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07,
		0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
	}
	p256X = [32]byte{
		0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
		0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
	}
	p256Y = [32]byte{
		0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
		0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
	}
)

func builtins() (list []loop) {
	scalar := wide(31, 0x20)
	for _, b := range []struct {
		name          string
		address       uint64
		input, output int
		memory        [][32]byte
	}{
		{"ecrecover", 1, 128, 32, [][32]byte{scalar, small(27), secpX, scalar}},
		{"sha256-128", 2, 128, 32, [][32]byte{scalar}},
		{"ripemd160-128", 3, 128, 32, [][32]byte{scalar}},
		{"identity-128", 4, 128, 128, [][32]byte{scalar}},
		{"modexp-32", 5, 192, 32, [][32]byte{small(32), small(32), small(32), wideWord, wide(32, 0xa0), wide(32, 0xc0)}},
		{"bn254-add", 6, 128, 64, [][32]byte{small(1), small(2), small(1), small(2)}},
		{"bn254-mul", 7, 96, 64, [][32]byte{small(1), small(2), wideWord}},
		{"blake2f-12", 9, 213, 64, [][32]byte{{3: 12}}},
		{"p256verify", 0x100, 160, 32, [][32]byte{scalar, scalar, scalar, p256X, p256Y}},
	} {
		list = append(list, fixed(b.name, store(b.memory...), call(evm.STATICCALL, push(b.address), b.input, b.output)...))
	}
	return list
}

// ownPrograms makes the blocks; equal parameters give equal files.
func ownPrograms(dir string) (paths []string, err error) { return writeLoops(dir, loops(), gasOfOwn) }

func writeLoops(dir string, list []loop, gas uint64) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for i := range list {
		l := &list[i]
		path := filepath.Join(dir, fmt.Sprintf("%s.json.gz", l.name))
		paths = append(paths, path)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		b, err := generator.Code(l.name, gasFork, l.code(), 1, gas)
		if err != nil {
			return nil, err
		}
		if err := b.Save(path); err != nil {
			return nil, err
		}
	}
	return paths, nil
}
