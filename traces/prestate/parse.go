// Package prestate reads what prestateTracers say of transactions, and puts the state before
// a block together from it.
package prestate

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// ErrDiff is the output of another mode of the tracer.
var ErrDiff = errors.New("it was traced with diffMode, which leaves out what is read and not changed: trace again without diffMode")

// errNoCode is an account with the hash of its code and without the code.
var errNoCode = errors.New("its code is left out, as with disableCode: trace again without disableCode")

// ParseResults reads what a tracer says of the transactions of a block, one result of each in
// order: the answer to debug_traceBlockByNumber, a list of answers to debug_traceTransaction,
// or a list of what is in them.
func ParseResults(raw json.RawMessage, txs types.Transactions) ([]state.Prestate, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errors.New("a list of results is expected, one of each transaction")
	}
	if len(list) != len(txs) {
		return nil, fmt.Errorf("%d results of %d transactions", len(list), len(txs))
	}
	states := make([]state.Prestate, len(list))
	for i, raw := range list {
		var err error
		if states[i], err = parseResult(raw, txs[i].Hash()); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	return states, nil
}

// parseResult reads a result in its wrapper, or without it.
func parseResult(raw json.RawMessage, hash common.Hash) (state.Prestate, error) {
	var wrapped struct {
		TxHash *common.Hash    `json:"txHash"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(raw, &wrapped); err != nil {
		return nil, errors.New("an object with txHash and result is expected")
	}
	switch {
	case len(wrapped.Error) > 0 && string(wrapped.Error) != "null":
		return nil, fmt.Errorf("the node answered with an error: %s", NodeError(wrapped.Error))
	case len(wrapped.Result) > 0:
		raw = wrapped.Result
	case wrapped.TxHash != nil:
		return nil, errors.New("it has a txHash and no result")
	}
	if h := wrapped.TxHash; h != nil && *h != hash {
		return nil, fmt.Errorf("its result is of %v, and the block has %v", h, hash)
	}
	return Parse(raw)
}

// NodeError is the text of a node's error: a string, or the error object of JSON-RPC.
func NodeError(raw json.RawMessage) string {
	var text string
	var object struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	switch {
	case json.Unmarshal(raw, &text) == nil:
	case json.Unmarshal(raw, &object) == nil && object.Message != "":
		text = fmt.Sprintf("%s (code %d)", object.Message, object.Code)
	default:
		text = string(raw)
	}
	return shorten(text)
}

// shorten bounds what is quoted of a file or node to one printable line.
func shorten(text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)), " ")
	const most = 200
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// Parse reads accounts by address. What an account leaves out is zero; one that is null is
// left out.
func Parse(raw json.RawMessage) (state.Prestate, error) {
	p := make(state.Prestate)
	err := members(raw, "an object with accounts by address", func(key string, value json.RawMessage) error {
		address, err := parseAddress(key)
		switch {
		case err != nil && (key == "pre" || key == "post"):
			return ErrDiff
		case err != nil:
			return err
		case string(value) == "null":
			return nil
		}
		if _, twice := p[address]; twice {
			return fmt.Errorf("account %v is given twice", common.Address(address))
		}
		if p[address], err = parseAccount(value); err != nil {
			return fmt.Errorf("account %v: %w", common.Address(address), err)
		}
		return nil
	})
	return p, err
}

func parseAccount(raw json.RawMessage) (*state.Account, error) {
	acct := new(state.Account)
	codeHash := types.EmptyCodeHash
	err := members(raw, "an object with balance, nonce, code and storage", func(key string, value json.RawMessage) (err error) {
		if string(value) == "null" {
			return nil
		}
		switch key {
		case "balance":
			acct.Balance, err = parseNumber(value)
		case "nonce":
			var n isa.Word
			if n, err = parseNumber(value); err != nil || !n.IsUint64() {
				err = fmt.Errorf("%s is not a 64-bit number", shorten(string(value)))
			}
			acct.Nonce = n.Uint64()
		case "code":
			acct.Code, err = parseCode(value)
		case "codeHash":
			var w isa.Word
			w, err = parseWord(strings.Trim(string(value), `"`))
			codeHash = w.Bytes32()
		case "storage":
			acct.Storage, err = parseStorage(value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err == nil && len(acct.Code) == 0 && codeHash != types.EmptyCodeHash && codeHash != (common.Hash{}) {
		err = errNoCode
	}
	return acct, err
}

func parseStorage(raw json.RawMessage) (map[isa.Word]isa.Word, error) {
	storage := make(map[isa.Word]isa.Word)
	return storage, members(raw, "an object with words by slot", func(key string, value json.RawMessage) error {
		slot, err := parseWord(key)
		if err != nil {
			return err
		}
		if _, twice := storage[slot]; twice {
			return fmt.Errorf("slot %s is given twice", slot.Hex())
		}
		var text string
		if json.Unmarshal(value, &text) != nil {
			return fmt.Errorf("slot %s: a word in hexadecimal is expected", slot.Hex())
		}
		if storage[slot], err = parseWord(text); err != nil {
			return fmt.Errorf("slot %s: %w", slot.Hex(), err)
		}
		return nil
	})
}

// members walks an object in the order of the text, and sees a member that is given twice.
func members(raw json.RawMessage, want string, visit func(key string, value json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("%s is expected", want)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := visit(key.(string), value); err != nil {
			return err
		}
	}
	return nil
}

// parseAddress reads 20 bytes, with or without 0x.
func parseAddress(text string) (state.Address, error) {
	digits, err := hex.DecodeString(trim0x(text))
	if err != nil || len(digits) != common.AddressLength {
		return state.Address{}, fmt.Errorf("%q is not an address", shorten(text))
	}
	return state.Address(digits), nil
}

// parseWord reads a word of storage in hexadecimal, padded or not, with or without 0x, as
// go-ethereum does in a genesis.
func parseWord(text string) (isa.Word, error) {
	digits := trim0x(text)
	var w isa.Word
	if digits == "" || len(digits) > 2*common.HashLength || w.SetFromHex(canonical(digits)) != nil {
		return isa.Word{}, fmt.Errorf("%q is not a word of 32 bytes in hexadecimal", shorten(text))
	}
	return w, nil
}

// parseNumber reads a JSON number, or a string that is hexadecimal with 0x and decimal
// without.
func parseNumber(raw json.RawMessage) (isa.Word, error) {
	text := strings.Trim(string(raw), `"`)
	var w isa.Word
	if digits := trim0x(text); len(digits) < len(text) {
		if digits == "" || w.SetFromHex(canonical(digits)) != nil {
			return isa.Word{}, fmt.Errorf("%q is not a number of 256 bits", shorten(text))
		}
		return w, nil
	}
	n, ok := new(big.Int).SetString(text, 10)
	if len(text) > 78 || !ok || n.Sign() < 0 || w.SetFromBig(n) {
		return isa.Word{}, fmt.Errorf("%q is not a number of 256 bits, in hexadecimal with 0x or in decimal", shorten(text))
	}
	return w, nil
}

func parseCode(raw json.RawMessage) ([]byte, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, errors.New("bytes in hexadecimal are expected")
	}
	code, err := hex.DecodeString(trim0x(text))
	if err != nil {
		return nil, fmt.Errorf("%q is not bytes in hexadecimal", shorten(text))
	}
	return code, nil
}

func trim0x(text string) string {
	if len(text) >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') {
		return text[2:]
	}
	return text
}

// canonical is hexadecimal without leading zeros.
func canonical(digits string) string {
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		digits = "0"
	}
	return "0x" + digits
}
