package chain

import (
	"errors"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/consensus"
	"github.com/ethereum/go-ethereum/consensus/misc"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/state"
)

// named is a reason for which a block is refused, as official tests name it, and what it is
// recognized by. One without rules is known, and nothing here can be refused for it.
type named struct {
	name  string
	rules []rule
}

// exceptions are the reasons of execution-specs (packages/testing/src/execution_testing/exceptions),
// which ethereum/tests has taken over. One error may have several: a block of another fork than
// its chain's, say, which lacks a field.
var exceptions = slices.Concat(blockExceptions, transactionExceptions, encodingExceptions)

const (
	ofBlock = "BlockException."
	ofTx    = "TransactionException."
)

// is is the rule of any of some errors.
func is(errs ...error) []rule {
	rules := make([]rule, len(errs))
	for i, err := range errs {
		rules[i] = rule{is: err}
	}
	return rules
}

// says is the rule of words that go-ethereum's engine has no error for: all of them, of the
// header or of an uncle's.
func says(parts ...string) []rule {
	return []rule{{is: errHeader, says: parts}, {is: errUncle, says: parts}}
}

// either is the rule of several.
func either(lists ...[]rule) (all []rule) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// about is the rule of an error in what the test is about.
func about[T error](holds func(T) bool) []rule {
	return []rule{{when: func(err error) bool {
		var e T
		return errors.As(err, &e) && holds(e)
	}}}
}

// oddFields are the engine's words for fields that the header's fork does not have, or misses. A
// header that misses one in the middle has those behind it in the wrong places, and is not decoded.
var oddFields = either(
	decoding("(types.extblock).Header."),
	is(errFields, errNoWithdrawals, errOddWithdrawals), says("header is missing"), says("missing withdrawalsHash"), says("expected nil"),
	says("expected 'nil'"), says("ethash does not support"), []rule{{is: errPayload, says: []string{"invalid extradata length"}}},
)

// lacks and has are rules about one field.
func lacks(field, words string) []rule {
	return either([]rule{{is: errFields, says: []string{field, "is missing"}}}, says(words))
}

func has(field, words string) []rule {
	return either([]rule{{is: errFields, says: []string{field, "is there"}}}, says(words, "expected"))
}

var blockExceptions = []named{
	{ofBlock + "TOO_MANY_UNCLES", either(says("too many uncles"))},
	{ofBlock + "UNCLE_IN_CHAIN", either(is(errUncleIncluded), says("uncle is ancestor"))},
	{ofBlock + "UNCLE_IS_ANCESTOR", says("uncle is ancestor")},
	{ofBlock + "UNCLE_IS_BROTHER", is(errUncleRepeated)},
	{ofBlock + "UNCLE_PARENT_INCORRECT", is(errUncleRelation)},
	{ofBlock + "UNCLE_UNKNOWN_PARENT", is(errUncleOrphan)},
	{ofBlock + "EXTRA_DATA_TOO_BIG", either(says("extra-data longer than"), says("extra-data too long"), []rule{{is: errPayload, says: []string{"invalid extradata length"}}})},
	{ofBlock + "EXTRA_DATA_INVALID_DAO", is(misc.ErrBadProDAOExtra, misc.ErrBadNoDAOExtra)},
	{ofBlock + "UNKNOWN_PARENT", is(consensus.ErrUnknownAncestor)},
	{ofBlock + "UNKNOWN_PARENT_ZERO", is(errZeroParent)},
	{ofBlock + "GASLIMIT_TOO_BIG", says("invalid gasLimit: have", "max")},
	{ofBlock + "INVALID_BLOCK_NUMBER", is(consensus.ErrInvalidNumber)},
	{ofBlock + "INVALID_BLOCK_TIMESTAMP_OLDER_THAN_PARENT", either(says("timestamp older than parent"), says("invalid timestamp"))},
	{ofBlock + "INVALID_DIFFICULTY", says("invalid difficulty: have")},
	{ofBlock + "INVALID_LOG_BLOOM", is(ErrLogsBloom)},
	{ofBlock + "INVALID_STATE_ROOT", is(ErrStateRoot)},
	{ofBlock + "INVALID_RECEIPTS_ROOT", is(ErrReceiptsRoot)},
	{ofBlock + "INVALID_TRANSACTIONS_ROOT", is(errTransactions)},
	{ofBlock + "INVALID_UNCLES_HASH", is(errUnclesHash)},
	{ofBlock + "GAS_USED_OVERFLOW", either(is(core.ErrGasLimitReached), says("invalid gasUsed: have"))},
	{ofBlock + "INVALID_GASLIMIT", says("invalid gas limit")},
	{ofBlock + "INVALID_BASEFEE_PER_GAS", says("invalid baseFee: have")},
	{ofBlock + "INVALID_GAS_USED", is(ErrGasUsed)},
	{ofBlock + "INVALID_GAS_USED_ABOVE_LIMIT", says("invalid gasUsed: have")},
	{ofBlock + "INVALID_WITHDRAWALS_ROOT", is(errWithdrawals)},
	{ofBlock + "INCORRECT_BLOCK_FORMAT", oddFields},
	{ofBlock + "BLOB_GAS_USED_ABOVE_LIMIT", about(func(e *blobError) bool { return e.header })},
	{ofBlock + "INCORRECT_BLOB_GAS_USED", either(about(func(e *blobError) bool { return e.count }), says("not a multiple of blob gas"))},
	{ofBlock + "INCORRECT_EXCESS_BLOB_GAS", says("invalid excessBlobGas: have", "want")},
	{ofBlock + "INVALID_VERSIONED_HASHES", either(
		[]rule{{is: errPayload, says: []string{"invalid number of versionedHashes"}}}, []rule{{is: errPayload, says: []string{"invalid versionedHash at"}}},
	)},
	{ofBlock + "INVALID_BLOCK_HASH", []rule{{is: errPayload, says: []string{"blockhash mismatch"}}}},
	{ofBlock + "INVALID_REQUESTS", is(ErrRequests)},
	{ofBlock + "INVALID_DEPOSIT_EVENT_LAYOUT", is(state.ErrDepositLayout)},
	{ofBlock + "SYSTEM_CONTRACT_EMPTY", is(state.ErrNoSystemContract)},
	{ofBlock + "SYSTEM_CONTRACT_CALL_FAILED", is(state.ErrSystemCall)},
	{ofBlock + "RLP_BLOCK_LIMIT_EXCEEDED", is(core.ErrBlockOversized)},
	{ofBlock + "IMPORT_IMPOSSIBLE_LEGACY", lacks("baseFeePerGas", "header is missing baseFee")},
	{ofBlock + "IMPORT_IMPOSSIBLE_LEGACY_WRONG_PARENT", lacks("baseFeePerGas", "header is missing baseFee")},
	{ofBlock + "IMPORT_IMPOSSIBLE_LONDON_WRONG_PARENT", has("baseFeePerGas", "invalid baseFee before fork")},
	{ofBlock + "IMPORT_IMPOSSIBLE_PARIS_WRONG_POW", is(errBehindMerge)},
	{ofBlock + "IMPORT_IMPOSSIBLE_PARIS_WRONG_POS", is(errBeforeMerge)},
	{ofBlock + "IMPORT_IMPOSSIBLE_LONDON_OVER_PARIS", is(errOverMerged)},
	{ofBlock + "IMPORT_IMPOSSIBLE_PARIS_OVER_SHANGHAI", lacks("withdrawalsRoot", "missing withdrawalsHash")},
	{ofBlock + "IMPORT_IMPOSSIBLE_SHANGHAI", has("withdrawalsRoot", "invalid withdrawalsHash")},
	{ofBlock + "IMPORT_IMPOSSIBLE_UNCLES_OVER_PARIS", either(is(errUnclesMerged), []rule{{is: errHeader, says: []string{"invalid uncle hash"}}})},
	{ofBlock + "IMPORT_IMPOSSIBLE_DIFFICULTY_OVER_PARIS", is(errBehindMerge)},
	// Of forks to come.
	{name: ofBlock + "SYSTEM_CONTRACT_ADDRESS_OCCUPIED"},
	{name: ofBlock + "INVALID_BLOCK_ACCESS_LIST"},
	{name: ofBlock + "INVALID_BAL_HASH"},
	{name: ofBlock + "INVALID_BAL_EXTRA_ACCOUNT"},
	{name: ofBlock + "INVALID_BAL_MISSING_ACCOUNT"},
	{name: ofBlock + "BLOCK_ACCESS_LIST_GAS_LIMIT_EXCEEDED"},
}

// early is a transaction of a type before its fork.
func early(kind uint8, holds func(*typeError) bool) []rule {
	return about(func(e *typeError) bool { return e.kind == kind && (holds == nil || holds(e)) })
}

// creates is the rule of a transaction that has to have a recipient, and is decoded as one.
func creates(in string, err error) []rule {
	return either(is(err), []rule{{is: errEncoding, says: []string{"input string too short for common.Address", "(types." + in + ").To"}}})
}

var transactionExceptions = []named{
	{ofTx + "TYPE_NOT_SUPPORTED", is(types.ErrTxTypeNotSupported)},
	{ofTx + "SENDER_NOT_EOA", is(core.ErrSenderNoEOA)},
	{ofTx + "NONCE_MISMATCH_TOO_HIGH", is(core.ErrNonceTooHigh)},
	{ofTx + "NONCE_MISMATCH_TOO_LOW", is(core.ErrNonceTooLow)},
	{ofTx + "NONCE_TOO_BIG", is(core.ErrNonceMax)},
	{ofTx + "NONCE_IS_MAX", is(core.ErrNonceMax)},
	{ofTx + "VALUE_OVERFLOW", either(is(errValue), decoding("too long for *uint256.Int", ".Value"))},
	{ofTx + "GASPRICE_OVERFLOW", either(is(errPrice, core.ErrFeeCapVeryHigh), decoding("too long for *uint256.Int", ".GasFeeCap"))},
	{ofTx + "PRIORITY_OVERFLOW", either(is(errTip, core.ErrTipVeryHigh), decoding("too long for *uint256.Int", ".GasTipCap"))},
	{ofTx + "GASLIMIT_PRICE_PRODUCT_OVERFLOW", []rule{{is: core.ErrInsufficientFunds, says: []string{"exceeds 256 bits"}}}},
	{ofTx + "INVALID_SIGNATURE_VRS", is(types.ErrInvalidSig)},
	{ofTx + "INVALID_CHAINID", is(types.ErrInvalidChainId)},
	{ofTx + "EC_RECOVERY_FAIL", is(errRecovery)},
	{ofTx + "INSUFFICIENT_ACCOUNT_FUNDS", is(core.ErrInsufficientFunds, core.ErrInsufficientFundsForTransfer)},
	{ofTx + "INSUFFICIENT_MAX_FEE_PER_GAS", is(core.ErrFeeCapTooLow)},
	{ofTx + "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS", is(core.ErrTipAboveFeeCap)},
	{ofTx + "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2", is(core.ErrTipAboveFeeCap)},
	{ofTx + "INSUFFICIENT_MAX_FEE_PER_BLOB_GAS", is(core.ErrBlobFeeCapTooLow)},
	{ofTx + "INTRINSIC_GAS_TOO_LOW", is(core.ErrIntrinsicGas, core.ErrGasUintOverflow)},
	{ofTx + "INTRINSIC_GAS_BELOW_FLOOR_GAS_COST", is(core.ErrFloorDataGas)},
	{ofTx + "INITCODE_SIZE_EXCEEDED", is(core.ErrMaxInitCodeSizeExceeded)},
	{ofTx + "GAS_ALLOWANCE_EXCEEDED", is(core.ErrGasLimitReached)},
	{ofTx + "GAS_LIMIT_EXCEEDS_MAXIMUM", is(core.ErrGasLimitTooHigh)},
	{ofTx + "TYPE_1_TX_PRE_FORK", early(types.AccessListTxType, nil)},
	{ofTx + "TYPE_2_TX_PRE_FORK", early(types.DynamicFeeTxType, nil)},
	{ofTx + "TYPE_3_TX_PRE_FORK", early(types.BlobTxType, nil)},
	{ofTx + "TYPE_3_TX_ZERO_BLOBS_PRE_FORK", early(types.BlobTxType, func(e *typeError) bool { return e.blobs == 0 })},
	{ofTx + "TYPE_3_TX_ZERO_BLOBS", is(core.ErrMissingBlobHashes)},
	{ofTx + "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH", []rule{{when: func(err error) bool {
		return strings.Contains(err.Error(), "has invalid hash version") && strings.Contains(err.Error(), "blob ")
	}}}},
	{ofTx + "TYPE_3_TX_WITH_FULL_BLOBS", is(errSidecar)},
	{ofTx + "TYPE_3_TX_BLOB_COUNT_EXCEEDED", either(is(core.ErrTooManyBlobs), about(func(e *blobError) bool { return e.tx }))},
	{ofTx + "TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED", about(func(e *blobError) bool { return e.block })},
	{ofTx + "TYPE_3_TX_CONTRACT_CREATION", creates("BlobTx", core.ErrBlobTxCreate)},
	{ofTx + "TYPE_4_EMPTY_AUTHORIZATION_LIST", is(core.ErrEmptyAuthList)},
	{ofTx + "TYPE_4_TX_CONTRACT_CREATION", creates("SetCodeTx", core.ErrSetCodeTxCreate)},
	{ofTx + "TYPE_4_TX_PRE_FORK", early(types.SetCodeTxType, nil)},
	{ofTx + "TYPE_4_INVALID_AUTHORIZATION_FORMAT", decoding("(types.SetCodeTx).AuthList")},
	{ofTx + "TYPE_4_INVALID_AUTHORITY_SIGNATURE", either(decoding("(types.SetCodeTx).AuthList", ".V"), decoding("(types.SetCodeTx).AuthList", ".R"), decoding("(types.SetCodeTx).AuthList", ".S"))},
	{ofTx + "TYPE_4_INVALID_AUTHORITY_SIGNATURE_S_TOO_HIGH", decoding("(types.SetCodeTx).AuthList", ".S")},
	{name: ofTx + "LOG_MISMATCH"}, // of filling tools: a block says of its logs no more than their bloom filter
}

// decoding is the rule of words of an error in an encoding.
func decoding(parts ...string) []rule { return []rule{{is: errEncoding, says: parts}} }

// encodingExceptions are about encodings, of which go-ethereum has few errors to tell apart, but
// says what it was decoding.
var encodingExceptions = []named{
	{ofBlock + "RLP_STRUCTURES_ENCODING", decoding()},
	{ofBlock + "RLP_WITHDRAWALS_NOT_READ", either(is(errNoWithdrawals), decoding("expected input list", ").Withdrawals"))},
	{ofBlock + "RLP_INVALID_FIELD_OVERFLOW_64", decoding("too long for uint64")},
	{ofBlock + "RLP_INVALID_ADDRESS", either(decoding("too short for common.Address", ".Withdrawals[", ".Address"), decoding("too long for common.Address", ".Withdrawals[", ".Address"))},
	{ofTx + "ADDRESS_TOO_SHORT", decoding("too short for common.Address", ").To")},
	{ofTx + "ADDRESS_TOO_LONG", decoding("too long for common.Address", ").To")},
	{ofTx + "NONCE_OVERFLOW", decoding("too long for uint64", "Tx).Nonce")},
	{ofTx + "GASLIMIT_OVERFLOW", decoding("too long for uint64", "Tx).Gas")},
	{ofTx + "RLP_INVALID_SIGNATURE_R", decoding("expected input string", "Tx).R")},
	{ofTx + "RLP_INVALID_SIGNATURE_S", decoding("expected input string", "Tx).S")},
	{ofTx + "RLP_LEADING_ZEROS_GASLIMIT", decoding(leadingZeros, "Tx).Gas")},
	{ofTx + "RLP_LEADING_ZEROS_GASPRICE", decoding(leadingZeros, "Tx).GasPrice")},
	{ofTx + "RLP_LEADING_ZEROS_VALUE", decoding(leadingZeros, "Tx).Value")},
	{ofTx + "RLP_LEADING_ZEROS_NONCE", decoding(leadingZeros, "Tx).Nonce")},
	{ofTx + "RLP_LEADING_ZEROS_R", decoding(leadingZeros, "Tx).R")},
	{ofTx + "RLP_LEADING_ZEROS_S", decoding(leadingZeros, "Tx).S")},
	{ofTx + "RLP_LEADING_ZEROS_V", decoding(leadingZeros, "Tx).V")},
	{ofTx + "RLP_LEADING_ZEROS_BASEFEE", decoding(leadingZeros, "Tx).GasFeeCap")},
	{ofTx + "RLP_LEADING_ZEROS_PRIORITY_FEE", decoding(leadingZeros, "Tx).GasTipCap")},
	{ofTx + "RLP_LEADING_ZEROS_DATA_SIZE", decoding(oddSize, "Tx).Data")},
	{ofTx + "RLP_LEADING_ZEROS_NONCE_SIZE", decoding(oddSize, "Tx).Nonce")},
	{ofTx + "RLP_TOO_FEW_ELEMENTS", decoding("too few elements", "Tx")},
	{ofTx + "RLP_TOO_MANY_ELEMENTS", decoding("too many elements", "Tx")},
	{ofTx + "RLP_ERROR_EOF", either(decoding("unexpected EOF"), decoding("typed transaction too short"))},
	{ofTx + "RLP_ERROR_SIZE", either(decoding("value size exceeds available input length"), decoding("element is larger than containing list"))},
	{ofTx + "RLP_ERROR_SIZE_LEADING_ZEROS", decoding(oddSize)},
	{ofTx + "RLP_INVALID_DATA", decoding("expected input string", "Tx).Data")},
	{ofTx + "RLP_INVALID_GASLIMIT", decoding("expected input string", "Tx).Gas")},
	{ofTx + "RLP_INVALID_NONCE", decoding("expected input string", "Tx).Nonce")},
	{ofTx + "RLP_INVALID_TO", decoding("expected input string", "Tx).To")},
	{ofTx + "RLP_INVALID_VALUE", either(decoding("Tx).Value"), is(errValue))},
	{ofTx + "RLP_INVALID_ACCESS_LIST_ADDRESS_TOO_LONG", decoding("too long for common.Address", "AccessList")},
	{ofTx + "RLP_INVALID_ACCESS_LIST_ADDRESS_TOO_SHORT", decoding("too short for common.Address", "AccessList")},
	{ofTx + "RLP_INVALID_ACCESS_LIST_STORAGE_TOO_LONG", decoding("too long for common.Hash", "StorageKeys")},
	{ofTx + "RLP_INVALID_ACCESS_LIST_STORAGE_TOO_SHORT", decoding("too short for common.Hash", "StorageKeys")},
	{ofTx + "RLP_INVALID_HEADER", either(decoding("expected input list", "Tx"), decoding("expected List"))},
}

const (
	leadingZeros = "leading zero bytes"
	oddSize      = "non-canonical size information"
)
