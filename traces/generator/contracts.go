package generator

import (
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
)

//go:embed contracts/*.bin
var bins embed.FS

// creationCode gives the code that creates a contract, with the arguments of its
// constructor.
func creationCode(contract string, args ...*uint256.Int) ([]byte, error) {
	text, err := bins.ReadFile("contracts/" + contract + ".bin")
	if err != nil {
		return nil, err
	}
	code, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("code of %s: %w", contract, err)
	}
	return appendWords(code, args), nil
}

// callData gives the call data of a method whose arguments are all one word:
// selector, then words (contract ABI specification, "Formal Specification of the
// Encoding").
func callData(method string, args ...*uint256.Int) []byte {
	return appendWords(crypto.Keccak256([]byte(method))[:4], args)
}

// callDataLists is callData with arrays of words behind the other arguments: where
// each begins, and then each with its length.
func callDataLists(method string, words []*uint256.Int, lists ...[]*uint256.Int) []byte {
	at := uint64(32 * (len(words) + len(lists)))
	heads, tails := slices.Clone(words), []*uint256.Int{}
	for _, l := range lists {
		heads = append(heads, number(at))
		tails = append(append(tails, number(uint64(len(l)))), l...)
		at += 32 * uint64(1+len(l))
	}
	return callData(method, append(heads, tails...)...)
}

func appendWords(to []byte, words []*uint256.Int) []byte {
	for _, w := range words {
		b := w.Bytes32()
		to = append(to, b[:]...)
	}
	return to
}

// number and address make words.
func number(n uint64) *uint256.Int { return uint256.NewInt(n) }

func address(a common.Address) *uint256.Int { return new(uint256.Int).SetBytes20(a[:]) }

// tokens gives an amount of whole tokens (or of ether) in their smallest unit.
func tokens(n uint64) *uint256.Int {
	return new(uint256.Int).Mul(uint256.NewInt(n), uint256.NewInt(1e18))
}
