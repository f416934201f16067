package fuel

// Cost names an entry of a gas schedule, as the consensus parameters spell it
// (mod_op and move_op of the VM are mod and move there).
type Cost uint8

// The costs. CostFree is for what charges nothing of itself.
const (
	CostFree Cost = iota
	CostAdd
	CostAddi
	CostAnd
	CostAndi
	CostBal
	CostBhei
	CostBhsh
	CostBurn
	CostCb
	CostCfsi
	CostDiv
	CostDivi
	CostEck1
	CostEcr1
	CostEq
	CostExp
	CostExpi
	CostFlag
	CostGm
	CostGt
	CostGtf
	CostJi
	CostJmp
	CostJne
	CostJnei
	CostJnzi
	CostJmpf
	CostJmpb
	CostJnzf
	CostJnzb
	CostJnef
	CostJneb
	CostLb
	CostLog
	CostLt
	CostLw
	CostMint
	CostMlog
	CostMod
	CostModi
	CostMove
	CostMovi
	CostMroo
	CostMul
	CostMuli
	CostMldv
	CostNiop
	CostNoop
	CostNot
	CostOr
	CostOri
	CostPoph
	CostPopl
	CostPshh
	CostPshl
	CostRet
	CostRvrt
	CostSb
	CostSll
	CostSlli
	CostSrl
	CostSrli
	CostSub
	CostSubi
	CostSw
	CostTime
	CostTr
	CostTro
	CostWdcm
	CostWqcm
	CostWdop
	CostWqop
	CostWdml
	CostWqml
	CostWddv
	CostWqdv
	CostWdmd
	CostWqmd
	CostWdam
	CostWqam
	CostWdmm
	CostWqmm
	CostXor
	CostXori
	CostEcop
	CostAloc
	CostBsiz
	CostBldd
	CostCfe
	CostCfei
	CostCall
	CostCcp
	CostCroo
	CostCsiz
	CostEd19
	CostK256
	CostLdc
	CostLogd
	CostMcl
	CostMcli
	CostMcp
	CostMcpi
	CostMeq
	CostRetd
	CostS256
	CostSmo
	CostEpar
	CostStorageReadCold
	CostStorageReadHot
	CostStorageWrite
	CostStorageClear
	CostContractRoot
	CostStateRoot
	CostNewStoragePerByte
	CostVmInitialization
	CostSrw
	CostSww
	CostSrwq
	CostSwwq
	CostScwq
	costs
)

var costNames = [costs]string{
	CostFree:              "free",
	CostAdd:               "add",
	CostAddi:              "addi",
	CostAnd:               "and",
	CostAndi:              "andi",
	CostBal:               "bal",
	CostBhei:              "bhei",
	CostBhsh:              "bhsh",
	CostBurn:              "burn",
	CostCb:                "cb",
	CostCfsi:              "cfsi",
	CostDiv:               "div",
	CostDivi:              "divi",
	CostEck1:              "eck1",
	CostEcr1:              "ecr1",
	CostEq:                "eq",
	CostExp:               "exp",
	CostExpi:              "expi",
	CostFlag:              "flag",
	CostGm:                "gm",
	CostGt:                "gt",
	CostGtf:               "gtf",
	CostJi:                "ji",
	CostJmp:               "jmp",
	CostJne:               "jne",
	CostJnei:              "jnei",
	CostJnzi:              "jnzi",
	CostJmpf:              "jmpf",
	CostJmpb:              "jmpb",
	CostJnzf:              "jnzf",
	CostJnzb:              "jnzb",
	CostJnef:              "jnef",
	CostJneb:              "jneb",
	CostLb:                "lb",
	CostLog:               "log",
	CostLt:                "lt",
	CostLw:                "lw",
	CostMint:              "mint",
	CostMlog:              "mlog",
	CostMod:               "mod",
	CostModi:              "modi",
	CostMove:              "move",
	CostMovi:              "movi",
	CostMroo:              "mroo",
	CostMul:               "mul",
	CostMuli:              "muli",
	CostMldv:              "mldv",
	CostNiop:              "niop",
	CostNoop:              "noop",
	CostNot:               "not",
	CostOr:                "or",
	CostOri:               "ori",
	CostPoph:              "poph",
	CostPopl:              "popl",
	CostPshh:              "pshh",
	CostPshl:              "pshl",
	CostRet:               "ret_contract",
	CostRvrt:              "rvrt_contract",
	CostSb:                "sb",
	CostSll:               "sll",
	CostSlli:              "slli",
	CostSrl:               "srl",
	CostSrli:              "srli",
	CostSub:               "sub",
	CostSubi:              "subi",
	CostSw:                "sw",
	CostTime:              "time",
	CostTr:                "tr",
	CostTro:               "tro",
	CostWdcm:              "wdcm",
	CostWqcm:              "wqcm",
	CostWdop:              "wdop",
	CostWqop:              "wqop",
	CostWdml:              "wdml",
	CostWqml:              "wqml",
	CostWddv:              "wddv",
	CostWqdv:              "wqdv",
	CostWdmd:              "wdmd",
	CostWqmd:              "wqmd",
	CostWdam:              "wdam",
	CostWqam:              "wqam",
	CostWdmm:              "wdmm",
	CostWqmm:              "wqmm",
	CostXor:               "xor",
	CostXori:              "xori",
	CostEcop:              "ecop",
	CostAloc:              "aloc",
	CostBsiz:              "bsiz",
	CostBldd:              "bldd",
	CostCfe:               "cfe",
	CostCfei:              "cfei",
	CostCall:              "call",
	CostCcp:               "ccp",
	CostCroo:              "croo",
	CostCsiz:              "csiz",
	CostEd19:              "ed19",
	CostK256:              "k256",
	CostLdc:               "ldc",
	CostLogd:              "logd",
	CostMcl:               "mcl",
	CostMcli:              "mcli",
	CostMcp:               "mcp",
	CostMcpi:              "mcpi",
	CostMeq:               "meq",
	CostRetd:              "retd_contract",
	CostS256:              "s256",
	CostSmo:               "smo",
	CostEpar:              "epar",
	CostStorageReadCold:   "storage_read_cold",
	CostStorageReadHot:    "storage_read_hot",
	CostStorageWrite:      "storage_write",
	CostStorageClear:      "storage_clear",
	CostContractRoot:      "contract_root",
	CostStateRoot:         "state_root",
	CostNewStoragePerByte: "new_storage_per_byte",
	CostVmInitialization:  "vm_initialization",
	CostSrw:               "srw",
	CostSww:               "sww",
	CostSrwq:              "srwq",
	CostSwwq:              "swwq",
	CostScwq:              "scwq",
}

// String gives the name of the entry.
func (c Cost) String() string { return costNames[c] }
