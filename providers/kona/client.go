package kona

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	// perPage is asked of every list. The default is 25; the most is not documented, 100 stands in a sample.
	perPage = 100
	// surePage is the length below which a page is the last whatever per_page the server allows.
	surePage = 25
)

// Values of order_by; both newest first.
const (
	byCreated = "created_at"
	byUpdated = "updated_at"
)

// resource is the plural name of one: the key of every body, in both directions and even for one (responses.md).
type resource string

const (
	users           resource = "users"
	groups          resource = "groups"
	spaces          resource = "spaces"
	conversationKey resource = "conversations"
)

// page is a call for a page of a list. What is asked of it stands in pairs, of which empty values are left out.
func page(e providers.Endpoint, page, size int, pairs ...string) providers.Call {
	return e.With(append(pairs, "page", strconv.Itoa(page), "per_page", strconv.Itoa(size))...)
}

func conversations(order, space string, number int) providers.Call {
	return page(calls.ListConversations, number, perPage, "order_by", order, "space_id", space)
}

// comments lists the comments of a conversation, newest first.
func comments(conversation string, number int) providers.Call {
	return page(calls.ListComments, number, perPage, "resource_type", "conversation", "resource_id", conversation)
}

// named lists users or groups of a space, or with "" all whom one is connected with; like matches the start of a name or
// of an e-mail address. Of spaces it lists the active ones; those that are hidden are left out of the plain list.
func named(key resource, scope, like string, number, size int) providers.Call {
	if scope == hiddenSpaces {
		return page(calls.Directories[key].List, number, size, "hidden", "true")
	}
	return page(calls.Directories[key].List, number, size, "space_id", scope, "like", like)
}

// items returns the array in an answer; nil for null. An object stands for a list of one; an answer without the key is none.
func (r resource) items(a *providers.Answer, err error) ([]json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	list, top, err := a.Rows(string(r))
	if raw := top.Peek(string(r)); bytes.HasPrefix(raw, []byte("{")) {
		return []json.RawMessage{raw}, nil
	}
	return list, err
}

func (r resource) first(a *providers.Answer, err error) (json.RawMessage, error) {
	list, err := r.items(a, err)
	if err == nil && len(list) == 0 {
		err = a.Malformed("the answer is empty")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func idOf(raw json.RawMessage) string {
	o, _ := providers.ObjectOf(raw)
	return o.Text("id")
}

// pages walks a list by page number, each row once, to its end or for a number of pages. The API gives no total and no
// link, may cap per_page in silence, and rows shift while pages are read.
func pages(c *providers.Client, r resource, most int, call func(page int) providers.Call) providers.RawWalk {
	seen := map[string]bool{}
	read := func(ctx context.Context, at string) (out providers.RawPage, err error) {
		number := pageNumber(at)
		list, err := r.items(c.Do(ctx, call(number)))
		out.Holes = list == nil // null is no list
		for _, raw := range list {
			if id := idOf(raw); id == "" || !seen[id] {
				seen[id] = true
				out.Rows = append(out.Rows, raw)
			}
		}
		switch {
		case len(list) < surePage:
		case len(out.Rows) == 0:
			out.Holes = true // a server that does not look at page
		default:
			out.Next = cursorPrefix + strconv.Itoa(number+1)
		}
		return out, err
	}
	return providers.RawWalk{Most: most, Read: read}
}

// cursorPrefix marks the place of a page; its number follows.
const cursorPrefix = "page:"

// pageNumber reads a place; what is none is the first page.
func pageNumber(at string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(at, cursorPrefix))
	if err != nil {
		return 1
	}
	return max(1, n)
}

// readFailure reads an error body in either of the two documented shapes (exceptions.md); nil for what is neither.
func readFailure(body []byte) *model.Error {
	o, _ := providers.ParseObject(body)
	// details is documented as a string; an array or object is shown as it came.
	e := &model.Error{Message: providers.Titled(o.Text("title"), providers.TextOf(o.Peek("details")))}
	_, e.Code, _ = strings.Cut(o.Text("problemType"), "#")
	if code := o.Text("error"); code != "" {
		e.Code = code
		e.Message = cmp.Or(e.Message, o.Text("error_description"), code)
	}
	if e.Message == "" && e.Code == "" {
		return nil
	}
	return e
}

// passwordExpired recognises the error that no new token cures. Its status is not documented (401 or 403), so the
// words decide.
func passwordExpired(status int, e *model.Error) bool {
	if status != http.StatusUnauthorized && status != http.StatusForbidden {
		return false
	}
	text := strings.ToLower(e.Message)
	return e.Code == "expired" || e.Code == "expired_password" ||
		strings.Contains(text, "password") && strings.Contains(text, "expire")
}

const (
	hintPassword = "the Kona password has expired: change it on Kona's web site, then sign in again"
	hintSignIn   = "sign in: confab login ACCOUNT"
	hintUpdate   = "that Kona can update conversations is assumed, not documented"
)

// decodeError reads an error body. passed is told whether the password has expired: then nothing is refreshed.
func decodeError(passed func(bool)) func(int, http.Header, []byte) *model.Error {
	return func(status int, header http.Header, body []byte) *model.Error {
		e := readFailure(body)
		if e == nil {
			if status == http.StatusUnauthorized {
				passed(false)
			}
			return nil // no shape of the service's own
		}
		e.RequestID = header.Get("X-Request-Id")
		expired := passwordExpired(status, e)
		passed(expired)
		switch {
		case expired:
			e.Kind, e.Hint = model.Unauthorized, hintPassword
		case status == http.StatusUnauthorized:
			e.Hint = hintSignIn
		case status == http.StatusNotFound:
			e.Hint = "gone, or not visible to this user"
		}
		return e
	}
}
