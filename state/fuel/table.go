package fuel

// The opcodes, by their names in the specification.
const (
	ADD  Opcode = 0x10
	AND  Opcode = 0x11
	DIV  Opcode = 0x12
	EQ   Opcode = 0x13
	EXP  Opcode = 0x14
	GT   Opcode = 0x15
	LT   Opcode = 0x16
	MLOG Opcode = 0x17
	MROO Opcode = 0x18
	MOD  Opcode = 0x19
	MOVE Opcode = 0x1a
	MUL  Opcode = 0x1b
	NOT  Opcode = 0x1c
	OR   Opcode = 0x1d
	SLL  Opcode = 0x1e
	SRL  Opcode = 0x1f
	SUB  Opcode = 0x20
	XOR  Opcode = 0x21
	MLDV Opcode = 0x22
	NIOP Opcode = 0x23
	RET  Opcode = 0x24
	RETD Opcode = 0x25
	ALOC Opcode = 0x26
	MCL  Opcode = 0x27
	MCP  Opcode = 0x28
	MEQ  Opcode = 0x29
	BHSH Opcode = 0x2a
	BHEI Opcode = 0x2b
	BURN Opcode = 0x2c
	CALL Opcode = 0x2d
	CCP  Opcode = 0x2e
	CROO Opcode = 0x2f
	CSIZ Opcode = 0x30
	CB   Opcode = 0x31
	LDC  Opcode = 0x32
	LOG  Opcode = 0x33
	LOGD Opcode = 0x34
	MINT Opcode = 0x35
	RVRT Opcode = 0x36
	SCWQ Opcode = 0x37
	SRW  Opcode = 0x38
	SRWQ Opcode = 0x39
	SWW  Opcode = 0x3a
	SWWQ Opcode = 0x3b
	TR   Opcode = 0x3c
	TRO  Opcode = 0x3d
	ECK1 Opcode = 0x3e
	ECR1 Opcode = 0x3f
	ED19 Opcode = 0x40
	K256 Opcode = 0x41
	S256 Opcode = 0x42
	TIME Opcode = 0x43
	NOOP Opcode = 0x47
	FLAG Opcode = 0x48
	BAL  Opcode = 0x49
	JMP  Opcode = 0x4a
	JNE  Opcode = 0x4b
	SMO  Opcode = 0x4c
	ADDI Opcode = 0x50
	ANDI Opcode = 0x51
	DIVI Opcode = 0x52
	EXPI Opcode = 0x53
	MODI Opcode = 0x54
	MULI Opcode = 0x55
	ORI  Opcode = 0x56
	SLLI Opcode = 0x57
	SRLI Opcode = 0x58
	SUBI Opcode = 0x59
	XORI Opcode = 0x5a
	JNEI Opcode = 0x5b
	LB   Opcode = 0x5c
	LW   Opcode = 0x5d
	SB   Opcode = 0x5e
	SW   Opcode = 0x5f
	MCPI Opcode = 0x60
	GTF  Opcode = 0x61
	LQW  Opcode = 0x62
	LHW  Opcode = 0x63
	SQW  Opcode = 0x64
	SHW  Opcode = 0x65
	MCLI Opcode = 0x70
	GM   Opcode = 0x71
	MOVI Opcode = 0x72
	JNZI Opcode = 0x73
	JMPF Opcode = 0x74
	JMPB Opcode = 0x75
	JNZF Opcode = 0x76
	JNZB Opcode = 0x77
	JNEF Opcode = 0x78
	JNEB Opcode = 0x79
	JI   Opcode = 0x90
	CFEI Opcode = 0x91
	CFSI Opcode = 0x92
	CFE  Opcode = 0x93
	CFS  Opcode = 0x94
	PSHL Opcode = 0x95
	PSHH Opcode = 0x96
	POPL Opcode = 0x97
	POPH Opcode = 0x98
	JAL  Opcode = 0x99
	WDCM Opcode = 0xa0
	WQCM Opcode = 0xa1
	WDOP Opcode = 0xa2
	WQOP Opcode = 0xa3
	WDML Opcode = 0xa4
	WQML Opcode = 0xa5
	WDDV Opcode = 0xa6
	WQDV Opcode = 0xa7
	WDMD Opcode = 0xa8
	WQMD Opcode = 0xa9
	WDAM Opcode = 0xaa
	WQAM Opcode = 0xab
	WDMM Opcode = 0xac
	WQMM Opcode = 0xad
	ECAL Opcode = 0xb0
	BSIZ Opcode = 0xba
	BLDD Opcode = 0xbb
	ECOP Opcode = 0xbc
	EPAR Opcode = 0xbe
	SCLR Opcode = 0xc0
	SRDD Opcode = 0xc1
	SRDI Opcode = 0xc2
	SWRD Opcode = 0xc3
	SWRI Opcode = 0xc4
	SUPD Opcode = 0xc5
	SUPI Opcode = 0xc6
	SPLD Opcode = 0xc7
)

// table has a row for each of the 127 instructions: what a word of it looks like,
// which registers it writes beside its own effects, and the cost charged for it.
// Nine of them are not in the written specification (JAL, SCLR, SRDD, SRDI, SWRD,
// SWRI, SUPD, SUPI, SPLD); CFS is charged as CFSI, JAL as JMP, LQW and LHW as LW, SQW
// and SHW as SW.
var table = [...]Op{
	{"ADD", ADD, FormatRRR, ClassALU, CostAdd, WriteA | WriteFlags | Predicate},
	{"AND", AND, FormatRRR, ClassALU, CostAnd, WriteA | WriteFlags | Predicate},
	{"DIV", DIV, FormatRRR, ClassALU, CostDiv, WriteA | WriteFlags | Predicate},
	{"EQ", EQ, FormatRRR, ClassALU, CostEq, WriteA | WriteFlags | Predicate},
	{"EXP", EXP, FormatRRR, ClassALU, CostExp, WriteA | WriteFlags | Predicate},
	{"GT", GT, FormatRRR, ClassALU, CostGt, WriteA | WriteFlags | Predicate},
	{"LT", LT, FormatRRR, ClassALU, CostLt, WriteA | WriteFlags | Predicate},
	{"MLOG", MLOG, FormatRRR, ClassALU, CostMlog, WriteA | WriteFlags | Predicate},
	{"MROO", MROO, FormatRRR, ClassALU, CostMroo, WriteA | WriteFlags | Predicate},
	{"MOD", MOD, FormatRRR, ClassALU, CostMod, WriteA | WriteFlags | Predicate},
	{"MOVE", MOVE, FormatRR, ClassALU, CostMove, WriteA | WriteFlags | Predicate},
	{"MUL", MUL, FormatRRR, ClassALU, CostMul, WriteA | WriteFlags | Predicate},
	{"NOT", NOT, FormatRR, ClassALU, CostNot, WriteA | WriteFlags | Predicate},
	{"OR", OR, FormatRRR, ClassALU, CostOr, WriteA | WriteFlags | Predicate},
	{"SLL", SLL, FormatRRR, ClassALU, CostSll, WriteA | WriteFlags | Predicate},
	{"SRL", SRL, FormatRRR, ClassALU, CostSrl, WriteA | WriteFlags | Predicate},
	{"SUB", SUB, FormatRRR, ClassALU, CostSub, WriteA | WriteFlags | Predicate},
	{"XOR", XOR, FormatRRR, ClassALU, CostXor, WriteA | WriteFlags | Predicate},
	{"MLDV", MLDV, FormatRRRR, ClassALU, CostMldv, WriteA | WriteFlags | Predicate},
	{"NIOP", NIOP, FormatRRRI, ClassALU, CostNiop, WriteA | WriteFlags | Predicate},
	{"RET", RET, FormatR, ClassControl, CostRet, Predicate},
	{"RETD", RETD, FormatRR, ClassControl, CostRetd, 0},
	{"ALOC", ALOC, FormatR, ClassMemory, CostAloc, Predicate},
	{"MCL", MCL, FormatRR, ClassMemory, CostMcl, Predicate},
	{"MCP", MCP, FormatRRR, ClassMemory, CostMcp, Predicate},
	{"MEQ", MEQ, FormatRRRR, ClassMemory, CostMeq, WriteA | Predicate},
	{"BHSH", BHSH, FormatRR, ClassContract, CostBhsh, 0},
	{"BHEI", BHEI, FormatR, ClassContract, CostBhei, WriteA},
	{"BURN", BURN, FormatRR, ClassContract, CostBurn, 0},
	{"CALL", CALL, FormatRRRR, ClassContract, CostCall, 0},
	{"CCP", CCP, FormatRRRR, ClassContract, CostCcp, 0},
	{"CROO", CROO, FormatRR, ClassContract, CostCroo, 0},
	{"CSIZ", CSIZ, FormatRR, ClassContract, CostCsiz, WriteA},
	{"CB", CB, FormatR, ClassContract, CostCb, 0},
	{"LDC", LDC, FormatRRRI, ClassContract, CostLdc, Predicate},
	{"LOG", LOG, FormatRRRR, ClassLog, CostLog, 0},
	{"LOGD", LOGD, FormatRRRR, ClassLog, CostLogd, 0},
	{"MINT", MINT, FormatRR, ClassContract, CostMint, 0},
	{"RVRT", RVRT, FormatR, ClassControl, CostRvrt, 0},
	{"SCWQ", SCWQ, FormatRRR, ClassStorage, CostNoop, WriteB},
	{"SRW", SRW, FormatRRRI, ClassStorage, CostNoop, WriteA | WriteB},
	{"SRWQ", SRWQ, FormatRRRR, ClassStorage, CostNoop, WriteB},
	{"SWW", SWW, FormatRRR, ClassStorage, CostNoop, WriteB},
	{"SWWQ", SWWQ, FormatRRRR, ClassStorage, CostNoop, WriteB},
	{"TR", TR, FormatRRR, ClassContract, CostTr, 0},
	{"TRO", TRO, FormatRRRR, ClassContract, CostTro, 0},
	{"ECK1", ECK1, FormatRRR, ClassCrypto, CostEck1, WriteErr | Predicate},
	{"ECR1", ECR1, FormatRRR, ClassCrypto, CostEcr1, WriteErr | Predicate},
	{"ED19", ED19, FormatRRRR, ClassCrypto, CostEd19, WriteErr | Predicate},
	{"K256", K256, FormatRRR, ClassCrypto, CostK256, Predicate},
	{"S256", S256, FormatRRR, ClassCrypto, CostS256, Predicate},
	{"TIME", TIME, FormatRR, ClassContract, CostTime, WriteA},
	{"NOOP", NOOP, FormatNone, ClassALU, CostNoop, WriteFlags | Predicate},
	{"FLAG", FLAG, FormatR, ClassMeta, CostFlag, Predicate},
	{"BAL", BAL, FormatRRR, ClassContract, CostBal, WriteA},
	{"JMP", JMP, FormatR, ClassControl, CostJmp, Predicate},
	{"JNE", JNE, FormatRRR, ClassControl, CostJne, Predicate},
	{"SMO", SMO, FormatRRRR, ClassContract, CostSmo, 0},
	{"ADDI", ADDI, FormatRRI, ClassALU, CostAddi, WriteA | WriteFlags | Predicate},
	{"ANDI", ANDI, FormatRRI, ClassALU, CostAndi, WriteA | WriteFlags | Predicate},
	{"DIVI", DIVI, FormatRRI, ClassALU, CostDivi, WriteA | WriteFlags | Predicate},
	{"EXPI", EXPI, FormatRRI, ClassALU, CostExpi, WriteA | WriteFlags | Predicate},
	{"MODI", MODI, FormatRRI, ClassALU, CostModi, WriteA | WriteFlags | Predicate},
	{"MULI", MULI, FormatRRI, ClassALU, CostMuli, WriteA | WriteFlags | Predicate},
	{"ORI", ORI, FormatRRI, ClassALU, CostOri, WriteA | WriteFlags | Predicate},
	{"SLLI", SLLI, FormatRRI, ClassALU, CostSlli, WriteA | WriteFlags | Predicate},
	{"SRLI", SRLI, FormatRRI, ClassALU, CostSrli, WriteA | WriteFlags | Predicate},
	{"SUBI", SUBI, FormatRRI, ClassALU, CostSubi, WriteA | WriteFlags | Predicate},
	{"XORI", XORI, FormatRRI, ClassALU, CostXori, WriteA | WriteFlags | Predicate},
	{"JNEI", JNEI, FormatRRI, ClassControl, CostJnei, Predicate},
	{"LB", LB, FormatRRI, ClassMemory, CostLb, WriteA | Predicate},
	{"LW", LW, FormatRRI, ClassMemory, CostLw, WriteA | Predicate},
	{"SB", SB, FormatRRI, ClassMemory, CostSb, Predicate},
	{"SW", SW, FormatRRI, ClassMemory, CostSw, Predicate},
	{"MCPI", MCPI, FormatRRI, ClassMemory, CostMcpi, Predicate},
	{"GTF", GTF, FormatRRI, ClassMeta, CostGtf, WriteA | Predicate},
	{"LQW", LQW, FormatRRI, ClassMemory, CostLw, WriteA | Predicate},
	{"LHW", LHW, FormatRRI, ClassMemory, CostLw, WriteA | Predicate},
	{"SQW", SQW, FormatRRI, ClassMemory, CostSw, Predicate},
	{"SHW", SHW, FormatRRI, ClassMemory, CostSw, Predicate},
	{"MCLI", MCLI, FormatRI, ClassMemory, CostMcli, Predicate},
	{"GM", GM, FormatRI, ClassMeta, CostGm, WriteA | Predicate},
	{"MOVI", MOVI, FormatRI, ClassALU, CostMovi, WriteA | WriteFlags | Predicate},
	{"JNZI", JNZI, FormatRI, ClassControl, CostJnzi, Predicate},
	{"JMPF", JMPF, FormatRI, ClassControl, CostJmpf, Predicate},
	{"JMPB", JMPB, FormatRI, ClassControl, CostJmpb, Predicate},
	{"JNZF", JNZF, FormatRRI, ClassControl, CostJnzf, Predicate},
	{"JNZB", JNZB, FormatRRI, ClassControl, CostJnzb, Predicate},
	{"JNEF", JNEF, FormatRRRI, ClassControl, CostJnef, Predicate},
	{"JNEB", JNEB, FormatRRRI, ClassControl, CostJneb, Predicate},
	{"JI", JI, FormatI, ClassControl, CostJi, Predicate},
	{"CFEI", CFEI, FormatI, ClassMemory, CostCfei, Predicate},
	{"CFSI", CFSI, FormatI, ClassMemory, CostCfsi, Predicate},
	{"CFE", CFE, FormatR, ClassMemory, CostCfe, Predicate},
	{"CFS", CFS, FormatR, ClassMemory, CostCfsi, Predicate},
	{"PSHL", PSHL, FormatI, ClassMemory, CostPshl, Predicate},
	{"PSHH", PSHH, FormatI, ClassMemory, CostPshh, Predicate},
	{"POPL", POPL, FormatI, ClassMemory, CostPopl, Predicate},
	{"POPH", POPH, FormatI, ClassMemory, CostPoph, Predicate},
	{"JAL", JAL, FormatRRI, ClassControl, CostJmp, WriteA | Predicate},
	{"WDCM", WDCM, FormatRRRI, ClassWide, CostWdcm, WriteA | WriteFlags | Predicate},
	{"WQCM", WQCM, FormatRRRI, ClassWide, CostWqcm, WriteA | WriteFlags | Predicate},
	{"WDOP", WDOP, FormatRRRI, ClassWide, CostWdop, WriteFlags | Predicate},
	{"WQOP", WQOP, FormatRRRI, ClassWide, CostWqop, WriteFlags | Predicate},
	{"WDML", WDML, FormatRRRI, ClassWide, CostWdml, WriteFlags | Predicate},
	{"WQML", WQML, FormatRRRI, ClassWide, CostWqml, WriteFlags | Predicate},
	{"WDDV", WDDV, FormatRRRI, ClassWide, CostWddv, WriteFlags | Predicate},
	{"WQDV", WQDV, FormatRRRI, ClassWide, CostWqdv, WriteFlags | Predicate},
	{"WDMD", WDMD, FormatRRRR, ClassWide, CostWdmd, WriteFlags | Predicate},
	{"WQMD", WQMD, FormatRRRR, ClassWide, CostWqmd, WriteFlags | Predicate},
	{"WDAM", WDAM, FormatRRRR, ClassWide, CostWdam, WriteFlags | Predicate},
	{"WQAM", WQAM, FormatRRRR, ClassWide, CostWqam, WriteFlags | Predicate},
	{"WDMM", WDMM, FormatRRRR, ClassWide, CostWdmm, WriteFlags | Predicate},
	{"WQMM", WQMM, FormatRRRR, ClassWide, CostWqmm, WriteFlags | Predicate},
	{"ECAL", ECAL, FormatRRRR, ClassMeta, CostFree, Predicate},
	{"BSIZ", BSIZ, FormatRR, ClassContract, CostBsiz, WriteA | Predicate},
	{"BLDD", BLDD, FormatRRRR, ClassContract, CostBldd, Predicate},
	{"ECOP", ECOP, FormatRRRR, ClassCrypto, CostEcop, Predicate},
	{"EPAR", EPAR, FormatRRRR, ClassCrypto, CostEpar, WriteA | Predicate},
	{"SCLR", SCLR, FormatRR, ClassStorage, CostNoop, 0},
	{"SRDD", SRDD, FormatRRRR, ClassStorage, CostNoop, WriteErr},
	{"SRDI", SRDI, FormatRRRI, ClassStorage, CostNoop, WriteErr},
	{"SWRD", SWRD, FormatRRR, ClassStorage, CostNoop, 0},
	{"SWRI", SWRI, FormatRRI, ClassStorage, CostNoop, 0},
	{"SUPD", SUPD, FormatRRRR, ClassStorage, CostNoop, 0},
	{"SUPI", SUPI, FormatRRRI, ClassStorage, CostNoop, 0},
	{"SPLD", SPLD, FormatRR, ClassStorage, CostNoop, WriteA | WriteErr},
}
