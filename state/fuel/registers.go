package fuel

// Registers is the size of the register file.
const Registers = 64

// The registers that programs cannot write, by their numbers. From RegWritable on,
// they can.
const (
	RegZero uint8 = iota // 0
	RegOne               // 1
	RegOf                // overflow, or the high word of a result
	RegPC
	RegSSP // end of the part of the stack that cannot be written
	RegSP
	RegFP // the call frame, 0 in a script
	RegHP // the lowest byte of the heap
	RegErr
	RegGGas // gas left to the transaction
	RegCGas // gas left to the call
	RegBal  // coins that came with the call
	RegIS   // where the code begins
	RegRet
	RegRetL
	RegFlag
	RegWritable
)

// Flags in RegFlag.
const (
	// FlagUnsafeMath lets undefined arithmetic set $err in place of a panic.
	FlagUnsafeMath uint64 = 1 << iota
	// FlagWrapping lets overflow set $of in place of a panic.
	FlagWrapping
)

var registerNames = [RegWritable]string{
	"zero", "one", "of", "pc", "ssp", "sp", "fp", "hp", "err", "ggas", "cgas", "bal", "is", "ret", "retl", "flag",
}

// RegisterName gives the name of a reserved register, and "" for the others.
func RegisterName(r uint8) string {
	if r < RegWritable {
		return registerNames[r]
	}
	return ""
}
