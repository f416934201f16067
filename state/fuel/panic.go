package fuel

// Panic is the reason why an instruction, and with it the whole transaction, failed.
// Receipts name it, but their root does not cover it.
type Panic uint8

// The panic reasons, with the names (and the spelling) of fuel-asm.
const (
	NoPanic Panic = iota
	PanicRevert
	PanicOutOfGas
	PanicTransactionValidity
	PanicMemoryOverflow
	PanicArithmeticOverflow
	PanicContractNotFound
	PanicMemoryOwnership
	PanicNotEnoughBalance
	PanicExpectedInternalContext
	PanicAssetIdNotFound
	PanicInputNotFound
	PanicOutputNotFound
	PanicWitnessNotFound
	PanicTransactionMaturity
	PanicInvalidMetadataIdentifier
	PanicMalformedCallStructure
	PanicReservedRegisterNotWritable
	PanicInvalidFlags
	PanicInvalidImmediateValue
	PanicExpectedCoinInput
	PanicEcalError
	PanicMemoryWriteOverlap
	PanicContractNotInInputs
	PanicInternalBalanceOverflow
	PanicContractMaxSize
	PanicExpectedUnallocatedStack
	PanicMaxStaticContractsReached
	PanicTransferAmountCannotBeZero
	PanicExpectedOutputVariable
	PanicExpectedParentInternalContext
	PanicPredicateReturnedNonOne
	PanicContractIdAlreadyDeployed
	PanicContractMismatch
	PanicMessageDataTooLong
	PanicArithmeticError
	PanicContractInstructionNotAllowed
	PanicTransferZeroCoins
	PanicInvalidInstruction
	PanicMemoryNotExecutable
	PanicPolicyIsNotSet
	PanicPolicyNotFound
	PanicTooManyReceipts
	PanicBalanceOverflow
	PanicInvalidBlockHeight
	PanicTooManySlots
	PanicExpectedNestedCaller
	PanicMemoryGrowthOverlap
	PanicUninitalizedMemoryAccess
	PanicOverridingConsensusParameters
	PanicUnknownStateTransactionBytecodeRoot
	PanicOverridingStateTransactionBytecode
	PanicBytecodeAlreadyUploaded
	PanicThePartIsNotSequentiallyConnected
	PanicBlobNotFound
	PanicBlobIdAlreadyUploaded
	PanicGasCostNotDefined
	PanicUnsupportedCurveId
	PanicUnsupportedOperationType
	PanicInvalidEllipticCurvePoint
	PanicInputContractDoesNotExist
	PanicStorageSlotsNotFound
	PanicProofInUploadNotFound
	PanicInvalidUpgradePurposeType
	PanicStorageOutOfBounds
)

var panicNames = [...]string{
	NoPanic:                                  "Success",
	PanicRevert:                              "Revert",
	PanicOutOfGas:                            "OutOfGas",
	PanicTransactionValidity:                 "TransactionValidity",
	PanicMemoryOverflow:                      "MemoryOverflow",
	PanicArithmeticOverflow:                  "ArithmeticOverflow",
	PanicContractNotFound:                    "ContractNotFound",
	PanicMemoryOwnership:                     "MemoryOwnership",
	PanicNotEnoughBalance:                    "NotEnoughBalance",
	PanicExpectedInternalContext:             "ExpectedInternalContext",
	PanicAssetIdNotFound:                     "AssetIdNotFound",
	PanicInputNotFound:                       "InputNotFound",
	PanicOutputNotFound:                      "OutputNotFound",
	PanicWitnessNotFound:                     "WitnessNotFound",
	PanicTransactionMaturity:                 "TransactionMaturity",
	PanicInvalidMetadataIdentifier:           "InvalidMetadataIdentifier",
	PanicMalformedCallStructure:              "MalformedCallStructure",
	PanicReservedRegisterNotWritable:         "ReservedRegisterNotWritable",
	PanicInvalidFlags:                        "InvalidFlags",
	PanicInvalidImmediateValue:               "InvalidImmediateValue",
	PanicExpectedCoinInput:                   "ExpectedCoinInput",
	PanicEcalError:                           "EcalError",
	PanicMemoryWriteOverlap:                  "MemoryWriteOverlap",
	PanicContractNotInInputs:                 "ContractNotInInputs",
	PanicInternalBalanceOverflow:             "InternalBalanceOverflow",
	PanicContractMaxSize:                     "ContractMaxSize",
	PanicExpectedUnallocatedStack:            "ExpectedUnallocatedStack",
	PanicMaxStaticContractsReached:           "MaxStaticContractsReached",
	PanicTransferAmountCannotBeZero:          "TransferAmountCannotBeZero",
	PanicExpectedOutputVariable:              "ExpectedOutputVariable",
	PanicExpectedParentInternalContext:       "ExpectedParentInternalContext",
	PanicPredicateReturnedNonOne:             "PredicateReturnedNonOne",
	PanicContractIdAlreadyDeployed:           "ContractIdAlreadyDeployed",
	PanicContractMismatch:                    "ContractMismatch",
	PanicMessageDataTooLong:                  "MessageDataTooLong",
	PanicArithmeticError:                     "ArithmeticError",
	PanicContractInstructionNotAllowed:       "ContractInstructionNotAllowed",
	PanicTransferZeroCoins:                   "TransferZeroCoins",
	PanicInvalidInstruction:                  "InvalidInstruction",
	PanicMemoryNotExecutable:                 "MemoryNotExecutable",
	PanicPolicyIsNotSet:                      "PolicyIsNotSet",
	PanicPolicyNotFound:                      "PolicyNotFound",
	PanicTooManyReceipts:                     "TooManyReceipts",
	PanicBalanceOverflow:                     "BalanceOverflow",
	PanicInvalidBlockHeight:                  "InvalidBlockHeight",
	PanicTooManySlots:                        "TooManySlots",
	PanicExpectedNestedCaller:                "ExpectedNestedCaller",
	PanicMemoryGrowthOverlap:                 "MemoryGrowthOverlap",
	PanicUninitalizedMemoryAccess:            "UninitalizedMemoryAccess",
	PanicOverridingConsensusParameters:       "OverridingConsensusParameters",
	PanicUnknownStateTransactionBytecodeRoot: "UnknownStateTransactionBytecodeRoot",
	PanicOverridingStateTransactionBytecode:  "OverridingStateTransactionBytecode",
	PanicBytecodeAlreadyUploaded:             "BytecodeAlreadyUploaded",
	PanicThePartIsNotSequentiallyConnected:   "ThePartIsNotSequentiallyConnected",
	PanicBlobNotFound:                        "BlobNotFound",
	PanicBlobIdAlreadyUploaded:               "BlobIdAlreadyUploaded",
	PanicGasCostNotDefined:                   "GasCostNotDefined",
	PanicUnsupportedCurveId:                  "UnsupportedCurveId",
	PanicUnsupportedOperationType:            "UnsupportedOperationType",
	PanicInvalidEllipticCurvePoint:           "InvalidEllipticCurvePoint",
	PanicInputContractDoesNotExist:           "InputContractDoesNotExist",
	PanicStorageSlotsNotFound:                "StorageSlotsNotFound",
	PanicProofInUploadNotFound:               "ProofInUploadNotFound",
	PanicInvalidUpgradePurposeType:           "InvalidUpgradePurposeType",
	PanicStorageOutOfBounds:                  "StorageOutOfBounds",
}

// String gives the name that receipts print.
func (p Panic) String() string {
	if int(p) < len(panicNames) {
		return panicNames[p]
	}
	return "UnknownPanicReason"
}
