package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate"
)

// Kind is what a file is.
type Kind string

// The formats that can be imported, alone or with others.
const (
	Bundle      Kind = "bundle"
	Block       Kind = "block"
	Prestate    Kind = "prestateTracer output"
	Trace       Kind = "trace"
	Receipts    Kind = "receipts"
	BlockHashes Kind = "file of block hashes"
	StateTest   Kind = "state test"
	TraceTest   Kind = "go-ethereum tracer fixture"
)

// nodeError is the answer of a node that could not do what it was asked.
const nodeError Kind = "error of a node"

// where a kind shows its members.
const (
	outermost = iota // of the object, out of its JSON-RPC wrapping and of the list it is in
	named            // of an object that stands under a name of its own
)

// row is how a kind is recognized: by members that only it has together, whatever their
// order. What cannot be imported has advice: what to do instead.
type row struct {
	kind    Kind
	where   int
	members [][]string // any of these sets
	advice  string
}

// The advice that several kinds have.
const (
	traceAgain    = "trace the block again with prestateTracer, or without a tracer for its steps (structLogs)"
	beside        = "it goes beside its block (eth_getBlockByNumber, with whole transactions) and what was traced of that"
	filledBySteps = "fill it with a client that prints steps (EIP-3155), and import these; or import its state test, where there is one"
)

// rows are the kinds of files that users have at hand.
var rows = []row{
	{Bundle, outermost, [][]string{{"prestate"}, {"blockHashes"}, {"contentHash"}, {"chainId", "block"}}, ""},
	{Block, outermost, [][]string{{"parentHash", "transactionsRoot"}, {"parentHash", "sha3Uncles"}}, ""},
	{Trace, outermost, [][]string{{"structLogs"}, {"pc"}, {"opName"}, {"gasCost"}, {"failed"}, {"returnValue"}}, ""},
	{Receipts, outermost, [][]string{{"cumulativeGasUsed"}}, ""},
	{TraceTest, outermost, [][]string{{"genesis", "context"}}, ""},
	{StateTest, named, [][]string{{"env", "pre"}, {"env", "transaction"}, {"pre", "transaction"}, {"transaction", "post"}}, ""},

	{"prestateTracer output of diffMode", outermost, [][]string{{"pre", "post"}}, "it leaves out what is read and not changed: trace again without diffMode"},
	{"callTracer output", outermost, [][]string{{"from", "gasUsed", "input"}, {"calls", "gasUsed"}}, "it has neither steps nor state: " + traceAgain},
	{"flatCallTracer output, or that of trace_block", outermost, [][]string{{"action", "result"}, {"action", "subtraces"}, {"action", "traceAddress"}}, "it has neither steps nor state: " + traceAgain},
	{"output of trace_replayTransaction", outermost, [][]string{{"vmTrace"}, {"stateDiff"}}, "its steps have no operation and no whole stack: " + traceAgain},
	{"muxTracer output", outermost, [][]string{{"callTracer"}, {"prestateTracer"}, {"4byteTracer"}, {"flatCallTracer"}, {"noopTracer"}}, "several tracers are in it: put what prestateTracer says into a file of its own"},
	{"execution witness", outermost, [][]string{{"state", "codes"}, {"state", "headers"}, {"state", "keys"}}, "a witness is proved against its node's chain: trace fetch --method witness makes a bundle of it"},
	{"proof of an account (eth_getProof)", outermost, [][]string{{"accountProof"}}, "one account is not a pre-state: trace fetch --method proof asks for all that a block reads"},
	{"dump of a state", outermost, [][]string{{"root", "accounts"}}, "trace the block with prestateTracer: it has the part of the state that the block reads"},
	{"transaction", outermost, [][]string{{"input", "nonce", "gas"}, {"data", "nonce", "gas"}, {"input", "nonce", "gasLimit"}, {"r", "s", "nonce"}, {"secretKey", "nonce"}}, "a transaction alone has neither block nor state: a block (eth_getBlockByNumber, with whole transactions) with its prestateTracer output makes a bundle"},
	{"list of logs", outermost, [][]string{{"address", "topics"}}, "logs have neither steps nor state: " + traceAgain},
	{"access list (eth_createAccessList)", outermost, [][]string{{"accessList", "gasUsed"}}, "it names keys and not what they hold: " + traceAgain},
	{"execution payload of the engine API", outermost, [][]string{{"feeRecipient"}, {"executionPayload"}}, "take the block from eth_getBlockByNumber, with whole transactions"},
	{"request to a node", outermost, [][]string{{"method", "params"}}, "it is the answer that is imported"},
	{"genesis", outermost, [][]string{{"alloc", "config"}, {"alloc", "gasLimit"}, {"alloc", "difficulty"}}, "a genesis executes nothing: --chain-config takes its fork schedule"},
	{"fork schedule", outermost, [][]string{{"homesteadBlock"}, {"eip150Block"}, {"byzantiumBlock"}, {"berlinBlock"}, {"londonBlock"}, {"chainId", "shanghaiTime"}}, "--chain-config takes it"},
	{"t8n input", outermost, [][]string{{"alloc", "env"}, {"alloc", "txs"}, {"env", "txs"}, {"currentCoinbase"}}, "evm t8n --trace prints the steps of its transactions (EIP-3155): import these"},
	{"t8n output", outermost, [][]string{{"alloc", "result"}, {"alloc", "body"}, {"txRoot", "logsHash"}}, "evm t8n --trace prints the steps of its transactions (EIP-3155): import these"},
	{"blockchain test", named, [][]string{{"blocks", "genesisBlockHeader"}, {"blocks", "pre"}, {"blocks", "network"}, {"genesisRLP"}}, filledBySteps},
	{"engine test", named, [][]string{{"engineNewPayloads"}}, filledBySteps},
	{"test of a single frame (VMTests)", named, [][]string{{"exec", "env"}, {"exec", "pre"}, {"callcreates"}}, "the state tests have it too, under VMTests"},
	{"test of transactions", named, [][]string{{"txbytes"}}, "it executes nothing"},
	{"filler of tests", named, [][]string{{"expect", "transaction"}, {"expect", "blocks"}}, "import the filled test"},
}

// keyKinds are kinds whose members have no fixed names.
var keyKinds = []struct {
	kind   Kind
	key    *regexp.Regexp
	advice string
}{
	{Prestate, regexp.MustCompile(`^(0[xX])?[0-9a-fA-F]{40}$`), ""},
	{BlockHashes, regexp.MustCompile(`^[0-9]+$`), ""},
	{"4byteTracer output", regexp.MustCompile(`^0x[0-9a-fA-F]{8}-[0-9]+$`), "it has neither steps nor state: " + traceAgain},
	{"map of words, as of storage or of preimages", regexp.MustCompile(`^0x[0-9a-fA-F]{64}$`), "without its account it is no pre-state: " + traceAgain},
}

// advice is what to do with a kind that cannot be imported.
func (k Kind) advice() string {
	for _, r := range rows {
		if r.kind == k {
			return r.advice
		}
	}
	for _, r := range keyKinds {
		if r.kind == k {
			return r.advice
		}
	}
	return ""
}

// KindError is a file that is known and cannot be imported.
type KindError struct {
	Kind   Kind
	Advice string
}

func (e *KindError) Error() string { return fmt.Sprintf("this is %s: %s", e.Kind.article(), e.Advice) }

// article puts one before a kind that is counted.
func (k Kind) article() string {
	uncounted := regexp.MustCompile(`^receipts$|output|input$`)
	switch {
	case uncounted.MatchString(string(k)):
		return string(k)
	case slices.Contains([]byte("aeiou"), k[0]):
		return "an " + string(k)
	}
	return "a " + string(k)
}

// errUnknown is a file of no format that is known.
var errUnknown = errors.New("not a format that is known: a block, prestateTracer output, an EIP-3155 or structLog trace, a state test, a tracer fixture of go-ethereum, or a bundle")

// errNoJSON is a file in which no line begins as an object or a list does.
var errNoJSON = errors.New("there is no JSON object in it: no trace, and not a format that is known")

// Detect tells what a file is from the first of its values that tells; lines that are no
// JSON, and what a runner prints of itself, are passed over. It reads no more than it has
// to. A file that is known and cannot be imported is a *KindError.
func Detect(file string) (Kind, error) {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return "", err
	}
	defer closer()
	v, some := newValues(text), false
	v.each = true
	var unknown error = errUnknown
	for {
		switch err := v.next(); {
		case errors.Is(err, io.EOF) && !some:
			return "", errNoJSON
		case errors.Is(err, io.EOF):
			return "", unknown
		case err != nil:
			return "", tooEarly(err)
		}
		some = true
		d := &detector{dec: budget.NewDecoder(v, budget.OfRun(), 0)}
		kind, err := d.detect()
		switch {
		case err != nil:
			return "", tooEarly(err)
		case kind == nodeError: // a later value may be what was asked for
			unknown = &KindError{kind, d.said}
		case kind != "":
			if advice := kind.advice(); advice != "" {
				return "", &KindError{kind, advice}
			}
			return kind, nil
		}
	}
}

// tooEarly says what an end of the text within a value means.
func tooEarly(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the text ends too early")
	}
	return err
}

// detector looks at the first value of a text, and takes in no more than names.
type detector struct {
	dec    *json.Decoder
	looked int    // at members
	empty  bool   // there was an answer, or a list, with nothing in it
	said   string // by a node, of an error
}

func (d *detector) detect() (Kind, error) {
	kind, err := d.value(0)
	switch {
	case err != nil || kind != "":
		return kind, err
	case d.said != "":
		return nodeError, nil
	case d.empty: // of a block without transactions, or whose transactions read nothing
		return Prestate, nil
	}
	return "", nil
}

// deepest is how far lists and answers are looked into.
const deepest = 4

// value looks at a value that comes next: nothing, if it does not tell.
func (d *detector) value(depth int) (Kind, error) {
	open, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	if depth > deepest {
		return "", d.skip(open)
	}
	switch open {
	case nil:
		if depth > 0 && d.said == "" {
			d.said = "it answered null: it does not have what was asked for"
		}
	case json.Delim('{'):
		return d.object(depth)
	case json.Delim('['):
		d.empty = d.empty || !d.dec.More()
		for d.dec.More() {
			if kind, err := d.value(depth + 1); kind != "" || err != nil {
				return kind, err
			}
		}
		_, err := d.dec.Token()
		return "", err
	}
	return "", nil
}

// object looks at the rest of an object.
func (d *detector) object(depth int) (Kind, error) {
	names := make(map[string]bool)
	for d.dec.More() {
		name, err := d.name(names)
		if err != nil {
			return "", err
		}
		for _, k := range keyKinds {
			if k.key.MatchString(name) {
				return k.kind, nil
			}
		}
		if kind := match(outermost, names); kind != "" {
			return kind, nil
		}
		kind, err := d.member(name, names, depth)
		if kind != "" || err != nil {
			return kind, err
		}
	}
	if _, err := d.dec.Token(); err != nil {
		return "", err
	}
	d.empty = d.empty || len(names) == 0 && depth > 0
	if names["output"] || names["gasUsed"] && names["stateRoot"] { // the summary of a transaction without steps
		return Trace, nil
	}
	return "", nil
}

// member looks at the value of a member that does not tell by its name.
func (d *detector) member(name string, names map[string]bool, depth int) (Kind, error) {
	switch name {
	case "result":
		return d.value(depth + 1)
	case "error":
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil || string(raw) == "null" {
			return "", err
		}
		d.said = prestate.NodeError(raw)
		return "", nil
	}
	open, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	if open == json.Delim('{') && depth == 0 && name != "config" {
		return d.under()
	}
	return "", d.skip(open)
}

// under looks at the rest of an object that stands under a name.
func (d *detector) under() (Kind, error) {
	names := make(map[string]bool)
	for d.dec.More() {
		if _, err := d.name(names); err != nil {
			return "", err
		}
		if kind := match(named, names); kind != "" {
			return kind, nil
		}
		open, err := d.dec.Token()
		if err == nil {
			err = d.skip(open)
		}
		if err != nil {
			return "", err
		}
	}
	_, err := d.dec.Token()
	return "", err
}

func (d *detector) name(names map[string]bool) (string, error) {
	token, err := d.dec.Token()
	if err != nil {
		return "", err
	}
	name, _ := token.(string)
	names[name] = true
	if d.looked++; d.looked > mostNames {
		return "", errUnknown
	}
	return name, nil
}

// mostNames bounds how many members are looked at before one tells what a value is.
const mostNames = 1000

// skip passes over the rest of a value whose first token has been read.
func (d *detector) skip(open json.Token) error {
	depth := 0
	for token := open; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = d.dec.Token(); err != nil {
			return err
		}
	}
}

// match finds the kind whose members are all there.
func match(where int, names map[string]bool) Kind {
	for _, r := range rows {
		if r.where != where {
			continue
		}
		for _, set := range r.members {
			if !slices.ContainsFunc(set, func(m string) bool { return !names[m] }) {
				return r.kind
			}
		}
	}
	return ""
}
