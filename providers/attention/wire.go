package attention

import (
	"encoding/json"
	"net/url"

	"confab/providers"
)

type titleBody struct {
	Title string `json:"title"`
}

type labelsBody struct {
	Labels       map[string]any `json:"labels"`
	SkipAnalysis bool           `json:"skip_analysis"`
}

// listPage is one page of any list; counts that are absent are 0.
type listPage struct {
	rows             []json.RawMessage
	pageCount, total int
}

// readPage reads {"data":[…],"meta":{…}}, {"data":null} and a bare array.
// Anything without a list is no empty list: a walk would take every row for
// deleted.
func readPage(a *providers.Answer) (listPage, error) {
	body, err := a.JSON()
	if err != nil {
		return listPage{}, err
	}
	if rows, ok := providers.Elements(body); ok {
		return listPage{rows: rows}, nil
	}
	top, _ := providers.ObjectOf(body)
	rows, ok := providers.Elements(top.Peek("data"))
	if !ok && !(top.Has("data") && top.Null("data")) {
		return listPage{}, providers.Malformed("list", "the answer holds no list")
	}
	meta := top.Object("meta")
	return listPage{rows: rows, pageCount: count(meta, "pageCount"), total: count(meta, "totalRecords")}, nil
}

func count(meta *providers.Object, name string) int {
	n, ok := meta.Number(name)
	if !ok || n < 0 || n > 1e9 {
		return 0
	}
	return int(n)
}

// resource is one conversation as it came: bare, or inside "data".
type resource struct {
	id         string
	raw        json.RawMessage   // the resource alone, out of its envelope
	outer, top *providers.Object // nil where there is none
	attributes *providers.Object
}

// readResource takes the attributes from wherever they are; a flat object
// with an id counts as its own attributes.
func readResource(raw json.RawMessage) (resource, error) {
	r := resource{raw: raw}
	top, ok := providers.ObjectOf(raw)
	if !ok {
		return r, providers.Malformed("read conversation", "the answer is no conversation")
	}
	if inner, ok := providers.ObjectOf(top.Peek("data")); ok && !top.Has("attributes") {
		r.raw = top.Take("data")
		r.outer, top = top, inner
	}
	r.top, r.attributes = top, top.Object("attributes")
	if r.attributes == nil {
		r.attributes, r.top = top, nil
	}
	r.id = r.top.Text("id")
	if r.id == "" {
		r.id = r.attributes.Text("id")
	}
	if r.id == "" {
		r.id = r.attributes.Text("uuid")
	}
	if r.id == "" {
		return r, providers.Malformed("read conversation", "the answer has no id")
	}
	return r, nil
}

// entry is one user, team or label: a plain object, or a JSON:API resource.
type entry struct {
	id     string
	fields *providers.Object
}

func readEntry(o *providers.Object) entry {
	e := entry{fields: o}
	if inner := o.Object("attributes"); inner != nil {
		e.fields = inner
	}
	e.id = e.fields.Text("uuid")
	for _, from := range []*providers.Object{e.fields, o} {
		if e.id == "" {
			e.id = from.Text("id")
		}
	}
	return e
}

// readMedia gives the link to a recording. It must be http or https, and is
// in no error.
func readMedia(a *providers.Answer) (string, error) {
	o, ok := providers.ParseObject(a.Body)
	if inner := o.Object("data"); ok && inner != nil {
		o = inner
	}
	link := o.Text("url")
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", providers.Malformed("get recording", "the answer holds no link to a recording")
	}
	return link, nil
}
