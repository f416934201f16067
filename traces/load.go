package traces

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/state"
)

// loader turns a stream of JSON tokens into a bundle. It never holds more of the
// text than one value: a transaction list, one account's code.
type loader struct {
	file string
	dec  *json.Decoder
	b    *Bundle
}

func (l *loader) fail(field, want string, err error) error {
	var known *BundleError
	if errors.As(err, &known) {
		return known
	}
	var exceeded *budget.Exceeded
	if errors.As(err, &exceeded) {
		return &BundleError{l.file, field, "", exceeded}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &BundleError{l.file, field, "more text (the file is truncated)", nil}
	}
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) && typ.Field != "" {
		field += "." + typ.Field
	}
	return &BundleError{l.file, field, want, err}
}

// object walks the members of the JSON object that comes next. visit must consume
// the member's value.
func (l *loader) object(field string, visit func(key string) error) error {
	open, err := l.dec.Token()
	if err != nil {
		return l.fail(field, "a JSON object", err)
	}
	if open != json.Delim('{') {
		return l.fail(field, "a JSON object", fmt.Errorf("found %v", tokenName(open)))
	}
	seen := make(map[string]struct{})
	for l.dec.More() {
		token, err := l.dec.Token()
		if err != nil {
			return l.fail(field, "a member name", err)
		}
		key, ok := token.(string)
		if !ok {
			return l.fail(field, "a member name", fmt.Errorf("found %v", tokenName(token)))
		}
		fold := plain.Fold(key)
		if _, twice := seen[fold]; twice {
			return l.fail(join(field, key), "to be given once", nil)
		}
		seen[fold] = struct{}{}
		if err := visit(key); err != nil {
			return err
		}
	}
	if _, err := l.dec.Token(); err != nil {
		return l.fail(field, "the end of the object", err)
	}
	return nil
}

// once refuses members that occur twice in a value, or differ in case only.
func (l *loader) once(field string, raw json.RawMessage) error {
	var twice *plain.RepeatedError
	switch err := plain.Repeated(raw); {
	case errors.As(err, &twice):
		return l.fail(join(field, twice.Path), "to be given once", nil)
	case err != nil:
		return l.fail(field, "a JSON value", err)
	}
	return nil
}

// text reads the JSON string that comes next.
func (l *loader) text(field, want string) (string, error) {
	token, err := l.dec.Token()
	if err != nil {
		return "", l.fail(field, want, err)
	}
	s, ok := token.(string)
	if !ok {
		return "", l.fail(field, want, fmt.Errorf("found %v", tokenName(token)))
	}
	return s, nil
}

func tokenName(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case json.Delim:
		return strconv.Quote(t.String())
	case string:
		return "the string " + strconv.Quote(shorten(t))
	default:
		return fmt.Sprint(t)
	}
}

func shorten(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + shorten(key)
}

func (l *loader) load() error {
	var hasChain, hasBlock, hasPrestate, hasHashes bool
	err := l.object("", func(key string) error {
		switch key {
		case "chainId":
			hasChain = true
			return l.chain()
		case "chainConfig":
			return l.chainConfig()
		case "unsigned":
			if err := l.dec.Decode(&l.b.Unsigned); err != nil {
				return l.fail(key, "true or false", err)
			}
			return nil
		case "provenance":
			if err := l.dec.Decode(&l.b.Provenance); err != nil {
				return l.fail(key, "an object with source, dialect and warnings", err)
			}
			return nil
		case "block":
			hasBlock = true
			return l.block()
		case "prestate":
			hasPrestate = true
			return l.prestate()
		case "blockHashes":
			hasHashes = true
			return l.blockHashes()
		case "contentHash":
			var err error
			l.b.ContentHash, err = l.text(key, "64 hexadecimal digits")
			return err
		}
		var ignored json.RawMessage
		if err := l.dec.Decode(&ignored); err != nil {
			return l.fail(shorten(key), "a JSON value", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := l.dec.Token(); !errors.Is(err, io.EOF) {
		return &BundleError{l.file, "", "nothing behind the bundle's object", err}
	}
	for _, m := range []struct {
		name string
		ok   bool
	}{{"chainId", hasChain}, {"block", hasBlock}, {"prestate", hasPrestate}, {"blockHashes", hasHashes}} {
		if !m.ok {
			return &BundleError{l.file, m.name, "to be present", nil}
		}
	}
	return l.finish()
}

// finish checks what concerns several fields.
func (l *loader) finish() error {
	b := l.b
	if err := l.settleChain(); err != nil {
		return err
	}
	if rule := unknownRule(b.Rules()); rule != "" {
		return &BundleError{l.file, "chainConfig", "a fork up to Osaka at the block", errors.New("found " + rule)}
	}
	if h := b.Header; h.ExcessBlobGas != nil && b.Rules().IsCancun {
		if _, err := state.BlobBaseFee(b.Config, h.Time, *h.ExcessBlobGas); err != nil {
			return &BundleError{l.file, "block.excessBlobGas", "what a chain can have", err}
		}
	}
	if b.ContentHash != "" {
		if got := ContentHash(b.Prestate, b.BlockHashes); !strings.EqualFold(strings.TrimPrefix(b.ContentHash, "0x"), got) {
			return &BundleError{l.file, "contentHash", "the hash of prestate and blockHashes, " + got, fmt.Errorf("found %s", shorten(b.ContentHash))}
		}
	}
	if n := b.Header.Number.Uint64(); n > 0 {
		if _, known := b.BlockHashes[n-1]; !known {
			b.BlockHashes[n-1] = b.Header.ParentHash
		}
	}
	return nil
}

func (l *loader) chain() error {
	if err := l.dec.Decode(&l.b.ChainID); err != nil {
		return l.fail("chainId", "a number", err)
	}
	return nil
}

func (l *loader) chainConfig() error {
	var raw json.RawMessage
	err := l.dec.Decode(&raw)
	if err == nil {
		l.b.Config = new(params.ChainConfig)
		err = json.Unmarshal(raw, l.b.Config)
	}
	if err != nil {
		return l.fail("chainConfig", "a fork schedule as in genesis.json", err)
	}
	return l.once("chainConfig", raw)
}

// settleChain finds the fork schedule: the file's own, or that of a known chain.
func (l *loader) settleChain() error {
	b := l.b
	if b.Config == nil {
		var err error
		if b.Config, err = ChainConfig(b.ChainID); err != nil {
			return &BundleError{l.file, "chainId", "a known chain, or a chainConfig", err}
		}
		return nil
	}
	if err := CheckChainConfig(b.Config, b.ChainID); err != nil {
		return &BundleError{l.file, "chainConfig", "a fork schedule as in genesis.json", err}
	}
	return nil
}

// blockFields are the members that every block has, whatever its fork.
var blockFields = []string{
	"hash", "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom",
	"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "transactions",
}

func (l *loader) block() error {
	var raw json.RawMessage
	if err := l.dec.Decode(&raw); err != nil {
		return l.fail("block", "a block object", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return l.fail("block", "a block object", err)
	}
	if err := l.once("block", raw); err != nil {
		return err
	}
	for _, name := range blockFields {
		if value, ok := members[name]; !ok || string(value) == "null" {
			return l.fail("block."+name, "to be present", nil)
		}
	}
	header := new(types.Header)
	if err := json.Unmarshal(raw, header); err != nil {
		return l.fail("block", "a block header", err)
	}
	if !header.Number.IsUint64() {
		return l.fail("block.number", "a number below 2^64", fmt.Errorf("found %v", header.Number))
	}
	l.b.Header = header
	if err := json.Unmarshal(members["hash"], &l.b.BlockHash); err != nil {
		return l.fail("block.hash", "32 bytes in hexadecimal", err)
	}
	if err := l.transactions(members["transactions"]); err != nil {
		return err
	}
	return l.withdrawals(members["withdrawals"])
}

func (l *loader) transactions(raw json.RawMessage) error {
	l.b.Txs, l.b.claims = types.Transactions{}, []claim{}
	return l.list(raw, "block.transactions", "an array of transactions", func(field string, raw json.RawMessage) error {
		if len(raw) > 0 && raw[0] == '"' {
			return l.fail(field, "a whole transaction object, as eth_getBlockByNumber(n, true) returns it", errors.New("found a hash"))
		}
		var said struct {
			Hash *common.Hash
			From *common.Address
		}
		if err := json.Unmarshal(raw, &said); err != nil {
			return l.fail(field, "a whole transaction object", err)
		}
		switch {
		case said.Hash == nil:
			return l.fail(field+".hash", "to be present", nil)
		case said.From == nil:
			return l.fail(field+".from", "to be present", nil)
		}
		tx := new(types.Transaction)
		if err := json.Unmarshal(raw, tx); err != nil {
			return l.fail(field, "a valid transaction", err)
		}
		l.b.Txs = append(l.b.Txs, tx)
		l.b.claims = append(l.b.claims, claim{*said.Hash, *said.From})
		return nil
	})
}

// itemBytes is what an item of a list takes beside its text.
const itemBytes = 256

// list walks the items of a JSON array.
func (l *loader) list(raw json.RawMessage, field, want string, visit func(field string, raw json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return l.fail(field, want, err)
	}
	for i := 0; dec.More(); i++ {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := l.b.Memory.Take(itemBytes, "an item of a list"); err != nil {
			return l.fail(at, "", err)
		}
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return l.fail(at, "a JSON value", err)
		}
		if err := visit(at, item); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) withdrawals(raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		if l.b.Header.WithdrawalsHash != nil {
			return l.fail("block.withdrawals", "to be present, as withdrawalsRoot is", nil)
		}
		return nil
	}
	l.b.Withdrawals = types.Withdrawals{}
	return l.list(raw, "block.withdrawals", "an array of withdrawals", func(field string, raw json.RawMessage) error {
		var w *types.Withdrawal
		if err := json.Unmarshal(raw, &w); err != nil {
			return l.fail(field, "a withdrawal object", err)
		}
		if w == nil {
			return l.fail(field, "a withdrawal object", errors.New("found null"))
		}
		l.b.Withdrawals = append(l.b.Withdrawals, w)
		return nil
	})
}

func (l *loader) prestate() error {
	l.b.Prestate = make(state.Prestate)
	return l.object("prestate", func(key string) error {
		field := join("prestate", key)
		digits, err := fixedHex(key, common.AddressLength)
		if err != nil {
			return l.fail(field, "an address", err)
		}
		address := state.Address(digits)
		if _, twice := l.b.Prestate[address]; twice {
			return l.fail(field, "to be given once", nil)
		}
		acct, err := l.account(field)
		if err != nil {
			return err
		}
		l.b.Prestate[address] = acct
		return nil
	})
}

func (l *loader) account(field string) (*state.Account, error) {
	acct := new(state.Account)
	var hasBalance, hasNonce bool
	err := l.object(field, func(key string) error {
		at := join(field, key)
		switch key {
		case "balance":
			hasBalance = true
			return l.quantity(at, &acct.Balance)
		case "nonce":
			hasNonce = true
			var nonce isa.Word
			if err := l.quantity(at, &nonce); err != nil {
				return err
			}
			if !nonce.IsUint64() {
				return l.fail(at, "a number below 2^64", fmt.Errorf("found %s", nonce.Hex()))
			}
			acct.Nonce = nonce.Uint64()
			return nil
		case "code":
			s, err := l.text(at, "code in hexadecimal")
			if err != nil {
				return err
			}
			if acct.Code, err = anyHex(s); err != nil {
				return l.fail(at, "code in hexadecimal", err)
			}
			return nil
		case "storage":
			return l.storage(at, acct)
		}
		return l.fail(at, "no such member (balance, nonce, code, storage)", nil)
	})
	if err != nil {
		return nil, err
	}
	switch {
	case !hasBalance:
		return nil, l.fail(field+".balance", "to be present", nil)
	case !hasNonce:
		return nil, l.fail(field+".nonce", "to be present", nil)
	}
	return acct, nil
}

func (l *loader) storage(field string, acct *state.Account) error {
	acct.Storage = make(map[isa.Word]isa.Word)
	return l.object(field, func(key string) error {
		at := join(field, key)
		slot, err := fixedHex(key, common.HashLength)
		if err != nil {
			return l.fail(at, "a slot number of 32 bytes", err)
		}
		s, err := l.text(at, "32 bytes in hexadecimal")
		if err != nil {
			return err
		}
		value, err := fixedHex(s, common.HashLength)
		if err != nil {
			return l.fail(at, "32 bytes in hexadecimal", err)
		}
		var k, v isa.Word
		k.SetBytes32(slot)
		if _, twice := acct.Storage[k]; twice {
			return l.fail(at, "to be given once", nil)
		}
		acct.Storage[k] = *v.SetBytes32(value)
		return nil
	})
}

// quantity reads a hexadecimal number of at most 256 bits.
func (l *loader) quantity(field string, to *isa.Word) error {
	const want = "a hexadecimal quantity of at most 256 bits"
	s, err := l.text(field, want)
	if err != nil {
		return err
	}
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok || digits == "" {
		return l.fail(field, want, fmt.Errorf("found %q", shorten(s)))
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		digits = "0"
	}
	if err := to.SetFromHex("0x" + digits); err != nil {
		return l.fail(field, want, err)
	}
	return nil
}

func (l *loader) blockHashes() error {
	l.b.BlockHashes = make(map[uint64]common.Hash)
	return l.object("blockHashes", func(key string) error {
		field := join("blockHashes", key)
		number, err := strconv.ParseUint(key, 10, 64)
		if err != nil {
			return l.fail(field, "a decimal block number", err)
		}
		if _, twice := l.b.BlockHashes[number]; twice {
			return l.fail(field, "to be given once", nil)
		}
		s, err := l.text(field, "32 bytes in hexadecimal")
		if err != nil {
			return err
		}
		hash, err := fixedHex(s, common.HashLength)
		if err != nil {
			return l.fail(field, "32 bytes in hexadecimal", err)
		}
		l.b.BlockHashes[number] = common.Hash(hash)
		return nil
	})
}

// anyHex decodes 0x-prefixed hexadecimal bytes of any length.
func anyHex(s string) ([]byte, error) {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok {
		return nil, fmt.Errorf("no 0x prefix in %q", shorten(s))
	}
	return hex.DecodeString(digits)
}

// fixedHex decodes 0x-prefixed hexadecimal of exactly size bytes.
func fixedHex(s string, size int) ([]byte, error) {
	if len(s) != 2+2*size {
		return nil, fmt.Errorf("%q has not %d bytes", shorten(s), size)
	}
	return anyHex(s)
}

// NewBundle makes a bundle of a block as eth_getBlockByNumber(n, true) gives it, without
// any pre-state. Its error is a *BundleError about the block.
func NewBundle(chainID uint64, config *params.ChainConfig, block json.RawMessage) (*Bundle, error) {
	l := loader{
		file: "the block", dec: json.NewDecoder(bytes.NewReader(block)),
		b: &Bundle{ChainID: chainID, Config: config, Prestate: state.Prestate{}, BlockHashes: map[uint64]common.Hash{}, Memory: budget.OfRun()},
	}
	if err := l.block(); err != nil {
		return nil, err
	}
	b := l.b
	b.Name = b.Header.Number.String()
	return b, l.finish()
}
