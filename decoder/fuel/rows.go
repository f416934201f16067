// Package fuel is the FuelVM as an instruction set of the simulated core: its rows and
// micro-ops, and a System over state/fuel's sessions.
package fuel

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// Codes of rows that are no instruction's own: opcodes that do not exist.
const (
	// codeSerial is an instruction in a form that has no micro-ops, or that always panics.
	codeSerial uint8 = iota
	// codeElsewhere stands for code that was not decoded: the word at $pc, whatever it is.
	codeElsewhere
	// codeMove is a MOVE of something that is no renamed value.
	codeMove
)

// maxHeight lets every height of the rename map pass: registers are no stack.
const maxHeight = 1<<16 - 1

// serialFlags are of what the system executes as a whole, behind which fetch waits.
const serialFlags = decoder.Dynamic | decoder.Effect | decoder.Serial

// Rows builds the row table of a gas schedule.
func Rows(schedule *fuel.Schedule) *decoder.RowTable {
	rows := new(decoder.RowTable)
	for i := range rows {
		rows[i] = decoder.Row{Name: "SERIAL", Kind: decoder.KindExec, MaxStack: maxHeight, Flags: serialFlags}
	}
	for _, op := range fuel.Ops() {
		rows[op.Code] = row(&op, schedule)
	}
	rows[codeMove] = rows[fuel.MOVE]
	rows[codeMove].Kind = decoder.KindExec
	return rows
}

func row(op *fuel.Op, schedule *fuel.Schedule) decoder.Row {
	r := decoder.Row{Name: op.Name, Kind: decoder.KindExec, MaxStack: maxHeight, Flags: serialFlags}
	rate := schedule.Rate(op.Cost)
	form := forms[op.Code]
	if form.build == nil || !rate.Defined {
		return r
	}
	if form.kind != 0 {
		r.Kind = form.kind
	}
	r.Gas, r.Flags = uint32(rate.Base), form.flags
	if op.Attr&fuel.WriteFlags != 0 {
		r.Flags |= decoder.ClearsStatus
	}
	return r
}

// form says how an instruction becomes micro-ops; none is serial. No kind is KindExec.
type form struct {
	kind  decoder.Kind
	flags decoder.Flags
	build func(b *builder, in *fuel.Inst) bool // false: not in this form
}

// checked are rows that System.Check charges and checks; effect those that
// System.Execute completes at commit.
const (
	checked = decoder.Dynamic
	effect  = decoder.Dynamic | decoder.Effect
)

var forms = map[fuel.Opcode]form{
	fuel.ADD:  flagged(isa.Add64),
	fuel.SUB:  flagged(isa.Sub64),
	fuel.MUL:  flagged(isa.Mul64),
	fuel.EXP:  flagged(isa.Exp64),
	fuel.MLDV: flagged(isa.MulDiv64),
	fuel.NIOP: flagged(isa.Narrow),
	fuel.DIV:  flagged(isa.Div64),
	fuel.MOD:  flagged(isa.Mod64),
	fuel.MLOG: flagged(isa.Log64),
	fuel.MROO: flagged(isa.Root64),
	fuel.ADDI: flagged(isa.Add64),
	fuel.SUBI: flagged(isa.Sub64),
	fuel.MULI: flagged(isa.Mul64),
	fuel.EXPI: flagged(isa.Exp64),
	fuel.DIVI: flagged(isa.Div64),
	fuel.MODI: flagged(isa.Mod64),

	fuel.AND:  plain(isa.And),
	fuel.OR:   plain(isa.Or),
	fuel.XOR:  plain(isa.Xor),
	fuel.NOT:  plain(isa.Not64),
	fuel.SLL:  plain(isa.Shl64),
	fuel.SRL:  plain(isa.Shr64),
	fuel.EQ:   plain(isa.Eq),
	fuel.LT:   plain(isa.Lt),
	fuel.GT:   plain(isa.Gt),
	fuel.ANDI: plain(isa.And),
	fuel.ORI:  plain(isa.Or),
	fuel.XORI: plain(isa.Xor),
	fuel.SLLI: plain(isa.Shl64),
	fuel.SRLI: plain(isa.Shr64),

	fuel.WDCM: wide,
	fuel.WQCM: wide,
	fuel.WDOP: wide,
	fuel.WQOP: wide,
	fuel.WDML: wide,
	fuel.WQML: wide,
	fuel.WDDV: wide,
	fuel.WQDV: wide,
	fuel.WDMD: wide,
	fuel.WQMD: wide,
	fuel.WDAM: wide,
	fuel.WQAM: wide,
	fuel.WDMM: wide,
	fuel.WQMM: wide,

	fuel.NOOP: {kind: decoder.KindNop, build: func(b *builder, _ *fuel.Inst) bool { b.add(isa.Nop); return true }},
	fuel.MOVE: {kind: decoder.KindMove, build: buildMove},
	fuel.MOVI: {kind: decoder.KindMove, build: buildMove},

	fuel.LB:   load(1),
	fuel.LQW:  load(2),
	fuel.LHW:  load(4),
	fuel.LW:   load(8),
	fuel.SB:   store(1),
	fuel.SQW:  store(2),
	fuel.SHW:  store(4),
	fuel.SW:   store(8),
	fuel.MCP:  {flags: checked, build: buildCopy},
	fuel.MCPI: {flags: checked, build: buildCopy},
	fuel.MCL:  {flags: checked, build: buildClear},
	fuel.MCLI: {flags: checked, build: buildClear},
	fuel.MEQ:  {flags: checked, build: buildEqual},
	fuel.K256: hash(isa.HashKeccak256),
	fuel.S256: hash(isa.HashSHA256),
	fuel.ALOC: movePointer(isa.Sub64, fuel.RegHP),
	fuel.CFE:  movePointer(isa.Add64, fuel.RegSP),
	fuel.CFEI: movePointer(isa.Add64, fuel.RegSP),
	fuel.CFS:  movePointer(isa.Sub64, fuel.RegSP),
	fuel.CFSI: movePointer(isa.Sub64, fuel.RegSP),
	fuel.PSHL: {flags: checked, build: buildPush},
	fuel.PSHH: {flags: checked, build: buildPush},
	fuel.POPL: {flags: checked, build: buildPop},
	fuel.POPH: {flags: checked, build: buildPop},

	fuel.JMP:  {kind: decoder.KindJump, flags: checked, build: buildJump},
	fuel.JI:   {kind: decoder.KindJump, flags: checked, build: buildJump},
	fuel.JMPF: {kind: decoder.KindJump, flags: checked, build: buildJump},
	fuel.JMPB: {kind: decoder.KindJump, flags: checked, build: buildJump},
	fuel.JAL:  {kind: decoder.KindJump, flags: checked, build: buildLink},
	fuel.JNE:  {kind: decoder.KindBranch, flags: checked, build: buildJump},
	fuel.JNEI: {kind: decoder.KindBranch, flags: checked, build: buildJump},
	fuel.JNZI: {kind: decoder.KindBranch, flags: checked, build: buildJump},
	fuel.JNZF: {kind: decoder.KindBranch, flags: checked, build: buildJump},
	fuel.JNZB: {kind: decoder.KindBranch, flags: checked, build: buildJump},
	fuel.JNEF: {kind: decoder.KindBranch, flags: checked, build: buildJump},
	fuel.JNEB: {kind: decoder.KindBranch, flags: checked, build: buildJump},

	fuel.RET:  {kind: decoder.KindReturn, flags: effect, build: buildReturn},
	fuel.RETD: {kind: decoder.KindReturn, flags: effect, build: buildReturn},
	fuel.LOG:  {flags: effect, build: buildLog},
	fuel.LOGD: {flags: effect, build: buildLog},
	fuel.GTF:  {flags: checked, build: buildQuery},
	fuel.GM:   {flags: checked, build: buildQuery},
	fuel.BHEI: {flags: checked, build: buildQuery},
	fuel.SRW:  {flags: effect, build: buildReadWord},
	fuel.SWW:  {flags: effect, build: buildWriteWord},
}
