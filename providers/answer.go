package providers

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"confab/model"
)

// Answer is a successful answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	op string
}

// Malformed is for an answer that is not what the service documents. It has no status: the words are ours.
func (a *Answer) Malformed(message string) *model.Error { return Malformed(a.op, message) }

// JSON returns the body, which is then known to be valid JSON.
func (a *Answer) JSON() (json.RawMessage, error) {
	if json.Valid(a.Body) {
		return a.Body, nil
	}
	var none any
	e := a.Malformed(fmt.Sprintf("the answer cannot be read: %v", json.Unmarshal(a.Body, &none)))
	e.Status = a.Status
	return nil, e
}

// Object returns the object that the body is.
func (a *Answer) Object() (*Object, error) {
	raw, err := a.JSON()
	if err != nil {
		return nil, err
	}
	if o, ok := ObjectOf(raw); ok {
		return o, nil
	}
	return nil, a.Malformed("the answer is no object")
}

// Rows returns the list under a name of the body; null is nil. What holds no list is no empty one: a walk would take every
// row for gone.
func (a *Answer) Rows(name string) (rows []json.RawMessage, top *Object, err error) {
	raw, err := a.JSON()
	if err != nil {
		return nil, nil, err
	}
	top, _ = ObjectOf(raw)
	rows, ok := Elements(top.Peek(name))
	if !ok && !(top.Has(name) && top.Null(name)) {
		return nil, top, a.Malformed("the answer holds no list of " + name)
	}
	return rows, top, nil
}

func (c *Client) accept(ctx context.Context, call Call, raw *http.Response, timeout time.Duration) (*Answer, *fault) {
	body, err := readBody(raw, c.options.BodyLimit)
	complaint := ""
	switch {
	case errors.Is(err, errTooLarge):
		complaint = fmt.Sprintf("the answer is larger than %d MiB", c.options.BodyLimit>>20)
	case errors.Is(err, errEncoding), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), is[flate.CorruptInputError](err):
		complaint = "the answer is compressed in a way that cannot be read"
	case err != nil:
		return nil, c.lost(ctx, call, err, true, timeout)
	default:
		complaint = notJSON(raw.Header.Get("Content-Type"), body, call.Write)
	}
	if complaint != "" {
		return nil, unreadable(call, raw.StatusCode, complaint)
	}
	return &Answer{Status: raw.StatusCode, Header: raw.Header, Body: body, op: call.Name}, nil
}

// notJSON says what is wrong with a body that cannot be an answer of an API. Some services name the content type wrongly.
func notJSON(contentType string, body []byte, write bool) string {
	t := bytes.TrimSpace(body)
	switch {
	case len(t) == 0:
		return ""
	case t[0] == '<':
		return "the answer is a web page, not data"
	case !strings.ContainsRune(`{["tfn-0123456789`, rune(t[0])) && contentType != "":
		return "the answer is not JSON but " + cut(contentType, 60)
	case !strings.ContainsRune(`{["tfn-0123456789`, rune(t[0])):
		return "the answer is not JSON"
	case write && !json.Valid(t):
		return "the answer is broken JSON"
	}
	return ""
}

var (
	errTooLarge = errors.New("too large")
	errEncoding = errors.New("unknown content encoding")
)

const mostReserved = 1 << 20

// readBody reads at most limit bytes, counted after decompression; with errTooLarge the beginning.
func readBody(raw *http.Response, limit int64) ([]byte, error) {
	var r io.Reader = raw.Body
	switch enc := strings.ToLower(strings.TrimSpace(raw.Header.Get("Content-Encoding"))); {
	case raw.Uncompressed, enc == "", enc == "identity":
	case enc == "gzip" || enc == "x-gzip":
		z, err := gzip.NewReader(raw.Body)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, errEncoding
		}
		defer z.Close()
		r = z
	default:
		return nil, errEncoding
	}
	var b bytes.Buffer
	if raw.ContentLength > 0 {
		b.Grow(int(min(raw.ContentLength, mostReserved)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if int64(b.Len()) > limit {
		return b.Bytes()[:limit], errTooLarge
	}
	return b.Bytes(), err
}
