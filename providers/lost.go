package providers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// lost maps a request that got no whole answer. left says that the service may have received it.
func (c *Client) lost(ctx context.Context, call Call, err error, left bool, timeout time.Duration) *fault {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	e := &model.Error{Kind: model.Unavailable, Op: call.Name, Err: err}
	f := &fault{err: e}
	switch {
	case ctx.Err() != nil:
		f.err = GivenUp(call.Name, ctx.Err())
		if call.Write && left {
			f.err.Message = "given up while the service was answering"
		}
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("no answer within %s", timeout)
	case tlsMessage(err) != "":
		e.Message = tlsMessage(err)
	case says(err, wordsHeaders):
		e.Kind, e.Message = model.Malformed, fmt.Sprintf("the headers of the answer are larger than %d KiB", headerLimit>>10)
	case says(err, wordsProtocol):
		e.Kind, e.Message = model.Malformed, "the answer is not proper HTTP"
	default:
		e.Message, f.repeat = reachMessage(err)
	}
	if call.Write && left {
		f.err.Kind = model.UnknownOutcome
	}
	return f
}

// reachMessage says why a service was not reached, and whether asking again at once may help: a name is the same then.
func reachMessage(err error) (words string, again bool) {
	var (
		dns *net.DNSError
		op  *net.OpError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host named " + dns.Name, false
	case errors.As(err, &dns):
		return "the host name " + dns.Name + " cannot be resolved", false
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot connect: " + op.Err.Error(), true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was lost", true
	}
	return "the connection was lost: " + err.Error(), true
}

// tlsMessage says why there is no secure connection; "" for another error.
func tlsMessage(err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case is[tls.RecordHeaderError](err) || err.Error() == "http: server gave HTTP response to HTTPS client":
		return "the service does not speak TLS"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate of the service has expired, or this machine's clock is wrong: " + err.Error()
	case badCertificate(err):
		return "the certificate of the service is not trusted: " + err.Error()
	case during(err, "remote error"):
		return "no secure connection: " + err.Error()
	}
	return ""
}

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func badCertificate(err error) bool {
	return is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err) ||
		is[x509.SystemRootsError](err) || is[*tls.CertificateVerificationError](err)
}

func during(err error, operation string) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == operation
}

// neverSent reports whether an error means that no byte of the request left.
func neverSent(err error) bool {
	return is[*net.DNSError](err) || badCertificate(err) || is[tls.RecordHeaderError](err) ||
		during(err, "dial") || during(err, "proxyconnect")
}

// The words of the standard library, whose errors for these have no type. They may quote the service, so nothing that matters
// to a write depends on them.
var (
	wordsHeaders  = []string{"response headers exceeded", "response header list larger", "header list too large"}
	wordsProtocol = []string{"malformed ", "too much non-data", "suspiciously long trailer", "bad trailer key", "invalid Trailer key",
		"header line too long", "in chunk length", "for chunk length", "chunk length too large", "chunked line", "Content-Length",
		"unsupported transfer encoding", "PROTOCOL_ERROR"}
)

func says(err error, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(err.Error(), w) })
}
