package fuel

// Outcome is what one transaction came to.
type Outcome struct {
	ID           ID
	Receipts     []Receipt
	ReceiptsRoot ID
	Ending       Ending
	GasUsed      uint64 // by the script
	TotalGas     uint64 // that is billed
	Outputs      []Output
	Slots        []SlotChange // what it changed of the chain's state
	Balances     []BalanceChange
	Instructions uint64
}
