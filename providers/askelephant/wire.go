package askelephant

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"

	"confab/model"
	"confab/providers"
)

type contactsBody struct {
	ContactIDs []string `json:"contact_ids"`
}

// listPage is one page of any list; next is "" at the end.
type listPage struct {
	rows []json.RawMessage
	next string
}

// readPage reads {"data":[…],"has_more":…,"next_cursor":…}, with a null list
// as an empty one.
func readPage(a *providers.Answer) (listPage, error) {
	body, err := a.JSON()
	if err != nil {
		return listPage{}, err
	}
	top, _ := providers.ObjectOf(body)
	rows, ok := providers.Elements(top.Peek("data"))
	if !ok && !(top.Has("data") && top.Null("data")) {
		// Nothing without a list is an empty one: a walk would take every
		// row for deleted.
		return listPage{}, providers.Malformed("list", "the answer holds no list")
	}
	p := listPage{rows: rows}
	if more, _ := top.Bool("has_more"); more {
		if p.next = top.Text("next_cursor"); p.next == "" {
			return listPage{}, providers.Malformed("list", "the service says there is more and not where")
		}
	}
	return p, nil
}

// readMedia gives the link to a recording, which must be http or https.
func readMedia(a *providers.Answer) (string, error) {
	o, _ := providers.ParseObject(a.Body)
	link := o.Text("media_url")
	if link == "" {
		return "", &model.Error{Kind: model.NotFound, Op: endpointMedia.Name, Message: "there is no recording"}
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", providers.Malformed(endpointMedia.Name, "the answer holds no link to a recording")
	}
	return link, nil
}

// readProblem reads application/problem+json; nil for anything else, which is
// then read like an error of unknown shape.
func readProblem(_ int, _ http.Header, body []byte) *model.Error {
	o, ok := providers.ParseObject(body)
	if !ok || !o.Has("title") && !o.Has("detail") && !o.Has("errors") {
		return nil
	}
	e := &model.Error{RequestID: o.Text("request_id"), Message: providers.Titled(o.Text("title"), o.Text("detail"))}
	if u, err := url.Parse(o.Text("type")); err == nil && u.Path != "" && u.Path != "about:blank" {
		e.Code = path.Base(u.Path)
	}
	list, _ := o.List("errors")
	for _, f := range list {
		e.Fields = append(e.Fields, model.FieldError{Field: f.Text("field"), Code: f.Text("code"), Message: f.Text("message")})
	}
	return e
}
