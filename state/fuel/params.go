package fuel

// Parameters are the consensus parameters that execution depends on.
type Parameters struct {
	ChainID              uint64
	BaseAsset            ID
	Gas                  *Schedule
	GasPerByte           uint64 // of the transaction, for its fee
	PriceFactor          uint64 // gas times price, per coin
	ContractMaxSize      uint64 // bytes
	MaxMessageDataLength uint64 // bytes
	MaxSlotLength        uint64 // bytes of a storage slot's value
}

// Standard gives the parameters of fuel-vm's tests.
func Standard() *Parameters {
	return &Parameters{
		Gas: &StandardV7, GasPerByte: 4, PriceFactor: 1_000_000_000,
		ContractMaxSize: 100 << 10, MaxMessageDataLength: 1 << 20, MaxSlotLength: 1 << 20,
	}
}

// Mainnet gives the parameters of Fuel mainnet, version 10.
func Mainnet() *Parameters {
	return &Parameters{
		ChainID: 9889,
		BaseAsset: ID{
			0xf8, 0xf8, 0xb6, 0x28, 0x3d, 0x7f, 0xa5, 0xb6, 0x72, 0xb5, 0x30, 0xcb, 0xb8, 0x4f, 0xcc, 0xcb,
			0x4f, 0xf8, 0xdc, 0x40, 0xf8, 0x17, 0x6e, 0xf4, 0x54, 0x4d, 0xdb, 0x1f, 0x19, 0x52, 0xad, 0x07,
		},
		Gas: &MainnetV7, GasPerByte: 1, PriceFactor: 1_150_000,
		ContractMaxSize: 110 << 10, MaxMessageDataLength: 100 << 10, MaxSlotLength: 1 << 20,
	}
}

// Block is what instructions can ask about the block that they run in.
type Block struct {
	Height   uint32
	Time     uint64 // TAI64, in seconds
	Coinbase ID     // the contract that takes the fees
	GasPrice uint64
	Hashes   map[uint32]ID     // of earlier blocks; those that are not there read as zero
	Times    map[uint32]uint64 // of earlier blocks; those that are not there have Time
}

const (
	// balanceSlots is the number of entries of the table of free balances in memory, max_inputs of the parameters.
	balanceSlots = 255
	balanceEntry = 40 // bytes: asset, amount
	balanceTable = 64
	txLength     = balanceTable + balanceSlots*balanceEntry
	// TxOffset is where the transaction lies in memory.
	TxOffset = txLength + 8
	// ScriptOffset is where its script lies.
	ScriptOffset = TxOffset + scriptOffset
)
