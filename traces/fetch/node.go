// Package fetch makes bundles from blocks that a node serves over JSON-RPC: the block,
// the part of the state that it reads, code, block hashes and the fork schedule. What
// the node says is believed only as far as it can be proved: a bundle comes out only if
// go-ethereum's execution of it reproduces the block's header.
package fetch

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
)

// Options say how a node is asked. A zero member is the default.
type Options struct {
	Timeout     time.Duration // of one request; 60 s
	Retries     int           // of a request that failed for a passing reason; negative: none; 5
	Backoff     time.Duration // before the first retry, doubled for each further one up to 32 times as much; 250 ms
	Rate        float64       // requests a second at most; 0: any number
	MaxResponse int64         // bytes of one answer at most; 512 MiB
	Redirects   bool          // follow redirects to other hosts, too
}

func (o *Options) complete() {
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	switch {
	case o.Retries == 0:
		o.Retries = 5
	case o.Retries < 0:
		o.Retries = 0
	}
	if o.Backoff <= 0 {
		o.Backoff = 250 * time.Millisecond
	}
	if o.MaxResponse <= 0 {
		o.MaxResponse = 512 << 20
	}
}

// Node is a connection to a node.
type Node struct {
	url    string
	opt    Options
	client *rpc.Client
	web    *transport
	next   time.Time // when the next request may leave
}

// Dial connects to http(s) and ws(s) addresses and to IPC sockets.
func Dial(ctx context.Context, url string, opt Options) (*Node, error) {
	opt.complete()
	web := &transport{RoundTripper: http.DefaultTransport, most: opt.MaxResponse}
	client, err := rpc.DialOptions(ctx, url, rpc.WithHTTPClient(&http.Client{Transport: web, CheckRedirect: opt.redirect}), rpc.WithWebsocketMessageSizeLimit(opt.MaxResponse))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, oneLine(err))
	}
	return &Node{url: url, opt: opt, client: client, web: web}, nil
}

// errRedirected is a redirect that is not followed.
var errRedirected = errors.New("the node redirects to another host")

// mostRedirects is how many in a row are followed.
const mostRedirects = 10

// redirect is that of http.Client. What is asked, and an address that holds a key, is for the
// host that was named, and for no other; nor does it go on without the encryption that was asked for.
func (o *Options) redirect(to *http.Request, via []*http.Request) error {
	from := via[0].URL
	switch {
	case len(via) > mostRedirects:
		return fmt.Errorf("%w more than %d times", errRedirected, mostRedirects)
	case o.Redirects:
		return nil
	case to.URL.Host != from.Host, from.Scheme == "https" && to.URL.Scheme != "https":
		return fmt.Errorf("%w: %s://%s; it is not followed", errRedirected, to.URL.Scheme, to.URL.Host)
	}
	return nil
}

// Close ends the connection.
func (n *Node) Close() { n.client.Close() }

// CallError is that a node did not answer a request as it should.
type CallError struct {
	Method string
	Err    error
}

func (e *CallError) Error() string { return e.Method + ": " + oneLine(e.Err).Error() }
func (e *CallError) Unwrap() error { return e.Err }

// errNull is the answer null: the node does not have what was asked for.
var errNull = errors.New("the node does not have it (null)")

// errTooLong is an answer beyond Options.MaxResponse.
var errTooLong = errors.New("the answer is too long")

// call asks once, and again after failures that may pass. The answer is decoded into
// result strictly: null is an error.
func (n *Node) call(ctx context.Context, result any, method string, args ...any) error {
	var err error
	for try := 0; ; try++ {
		if err = n.pace(ctx); err != nil {
			return &CallError{method, err}
		}
		var raw json.RawMessage
		once, cancel := context.WithTimeout(ctx, n.opt.Timeout)
		err = n.client.CallContext(once, &raw, method, args...)
		cancel()
		if err == nil {
			if len(raw) == 0 || string(raw) == "null" {
				return &CallError{method, errNull}
			}
			if err = json.Unmarshal(raw, result); err != nil {
				return &CallError{method, fmt.Errorf("wrong answer: %w", err)}
			}
			return nil
		}
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %v", n.opt.Timeout)
		} else if !passing(err) || ctx.Err() != nil {
			return &CallError{method, err}
		}
		if try >= n.opt.Retries {
			if try > 0 {
				err = fmt.Errorf("%w (%d times)", err, try+1)
			}
			return &CallError{method, err}
		}
		if err := sleep(ctx, max(n.opt.Backoff<<min(try, 5), n.web.asked())); err != nil {
			return &CallError{method, err}
		}
	}
}

// pace keeps to the rate.
func (n *Node) pace(ctx context.Context) error {
	if n.opt.Rate <= 0 {
		return ctx.Err()
	}
	now := time.Now()
	if n.next.Before(now) {
		n.next = now
	}
	wait := n.next.Sub(now)
	n.next = n.next.Add(time.Duration(float64(time.Second) / n.opt.Rate))
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// codeLimit is EIP-1474's "limit exceeded".
const codeLimit = -32005

// passing tells a failure that may not come again.
func passing(err error) bool {
	for _, lasting := range []error{errTooLong, errRedirected, http.ErrSchemeMismatch} {
		if errors.Is(err, lasting) {
			return false
		}
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return false
	}
	var status rpc.HTTPError
	if errors.As(err, &status) {
		return status.StatusCode == http.StatusTooManyRequests || status.StatusCode >= 500
	}
	var answer rpc.Error
	if errors.As(err, &answer) {
		return answer.ErrorCode() == codeLimit
	}
	var kind *json.UnmarshalTypeError
	return !errors.As(err, &kind) // connection refused or reset, text that ends too early
}

// refused tells whether the node answered that it does not do this: it has no such
// method, or not for this block. Trying another way makes sense then.
func refused(err error) bool {
	var answer rpc.Error
	var status rpc.HTTPError
	return errors.As(err, &answer) && answer.ErrorCode() != codeLimit ||
		errors.As(err, &status) && (status.StatusCode == http.StatusForbidden || status.StatusCode == http.StatusNotFound || status.StatusCode == http.StatusMethodNotAllowed)
}

// transport ends answers that are too long, and remembers how long a busy server wants to be left alone.
type transport struct {
	http.RoundTripper
	most int64
	wait atomic.Int64 // of the latest answer, in nanoseconds
}

// RoundTrip is that of http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.wait.Store(int64(retryAfter(resp, time.Now())))
	resp.Body = &boundedBody{resp.Body, t.most, t.most}
	return resp, nil
}

// asked is how long the latest answer wants to be waited, once.
func (t *transport) asked() time.Duration { return time.Duration(t.wait.Swap(0)) }

// mostWait bounds what a server can ask for.
const mostWait = 2 * time.Minute

// retryAfter reads the Retry-After of a busy server (RFC 9110, section 10.2.3): seconds or a date; 0 where there is none.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, mostWait)
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(0, date.Sub(now)), mostWait)
	}
	return 0
}

type boundedBody struct {
	io.ReadCloser
	left, most int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", errTooLong, b.most)
	}
	return n, err
}

// oneLine makes an error a line of bounded length: servers put whole pages into them.
func oneLine(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	const most = 300
	if len(text) <= most && text == err.Error() {
		return err
	}
	if len(text) > most {
		text = text[:most] + "..."
	}
	return &shortened{text, err}
}

type shortened struct {
	text string
	err  error
}

func (s *shortened) Error() string { return s.text }
func (s *shortened) Unwrap() error { return s.err }

// quantity encodes a number as JSON-RPC does.
func quantity(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }
