package sandbox

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (k *Kona) commentCount(c *konaConversation) int {
	return k.seed.seededComments(c.row) + len(c.comments)
}

// commentAt is the comment at a position, newest first.
func (k *Kona) commentAt(c *konaConversation, position int) konaComment {
	i := k.commentCount(c) - 1 - position
	seeded := k.seed.seededComments(c.row)
	if i >= seeded {
		return c.comments[i-seeded]
	}
	// From the row as seeded: who wrote it doesn't change with the participants.
	return k.seed.comment(k.seed.conversation(c.row), i)
}

// listComments wants both parameters and answers newest first.
func (k *Kona) listComments(x *exchange) konaAnswer {
	if a, ok := konaOnly(x, "resource_type", "resource_id", "page", "per_page"); !ok {
		return a
	}
	skip, size, a, ok := k.page(x)
	if !ok {
		return a
	}
	kind, id := x.query.Get("resource_type"), x.query.Get("resource_id")
	if kind == "" || id == "" {
		return konaBad("resource_type and resource_id are required.")
	}
	c, a, ok := k.resource(kind, id)
	if !ok {
		return a
	}
	items := []any{}
	seeded := k.seed.seededComments(c.row)
	var base *konaConversation
	for at := skip; at < min(skip+size, k.commentCount(c)); at++ {
		if i := k.commentCount(c) - 1 - at; i < seeded {
			if base == nil {
				base = k.seed.conversation(c.row)
			}
			items = append(items, k.seed.comment(base, i).render())
			continue
		}
		items = append(items, k.commentAt(c, at).render())
	}
	return konaOK("comments", items...)
}

// resource finds what a comment belongs to. The sandbox has no tasks, events or attachments.
func (k *Kona) resource(kind, id string) (*konaConversation, konaAnswer, bool) {
	switch kind {
	case "conversation":
		if c := k.find(id); c != nil {
			return c, konaAnswer{}, true
		}
		return nil, konaNotFound(), false
	case "task", "calendar_event", "attachment":
		return nil, konaNotFound(), false
	}
	return nil, konaBad("resource_type must be one of task, calendar_event, attachment, conversation."), false
}

func (k *Kona) getComment(x *exchange, id string) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return konaNotFound()
	}
	for _, c := range k.changed {
		if i := slices.IndexFunc(c.comments, func(m konaComment) bool { return m.id == n }); i >= 0 && !c.gone {
			return konaOK("comments", c.comments[i].render())
		}
	}
	row, i := int((n-konaFirstComment)/konaCommentsPer), int((n-konaFirstComment)%konaCommentsPer)
	if n < konaFirstComment || row >= k.seed.conversations || k.isGone(row) || i >= k.seed.seededComments(row) {
		return konaNotFound()
	}
	return konaOK("comments", k.seed.comment(k.seed.conversation(row), i).render())
}

func (k *Kona) postComment(x *exchange) konaAnswer {
	if a, ok := konaOnly(x); !ok {
		return a
	}
	fields, a, ok := konaElement(x, "comments")
	if !ok {
		return a
	}
	for name := range fields {
		if !slices.Contains([]string{"content", "priority", "resource_type", "resource_id"}, name) {
			return konaRule(name + " is unknown or read-only.")
		}
	}
	content, ok := read[string](fields["content"])
	if !ok || content == "" {
		return konaRule("Content can't be blank.")
	}
	priority := int64(0)
	if raw, ok := fields["priority"]; ok {
		var err error
		if priority, err = konaInt(raw); err != nil || priority < 0 || priority > 1 {
			return konaRule("Priority must be 0 or 1.")
		}
	}
	kind, _ := read[string](fields["resource_type"])
	id, err := konaInt(fields["resource_id"])
	if kind == "" || err != nil {
		return konaBad("resource_type and resource_id are required.")
	}
	c, a, ok := k.resource(kind, strconv.FormatInt(id, 10))
	if !ok {
		return a
	}
	markup, ok := k.mentions(c, content)
	if !ok {
		return konaNotFound()
	}
	m := k.post(c, markup, int(priority), x.now)
	a = konaOK("comments", m.render())
	a.status, a.location = http.StatusCreated, konaHost+"comments/"+strconv.FormatInt(m.id, 10)
	return a
}

// post adds a comment of the token's user; it doesn't move the conversation, whose updated_at follows its metadata.
func (k *Kona) post(c *konaConversation, content string, priority int, now time.Time) konaComment {
	k.keep(c)
	k.comments++
	m := konaComment{konaFirstPosted + int64(k.comments), konaUserID(konaMe), content, priority, now.Truncate(time.Millisecond)}
	c.comments = append(slices.Clip(c.comments), m)
	return m
}

var konaMentionForm = regexp.MustCompile(`@(user|group):([^\s<>,;@]+@[^\s<>,;]*[^\s<>,;.?!]|\d+)`)

// mentions turns @user:ID, @user:EMAIL and @group:ID into markup. An e-mail that is not a participant's fails the
// whole post.
func (k *Kona) mentions(c *konaConversation, text string) (string, bool) {
	found := true
	out := konaMentionForm.ReplaceAllStringFunc(text, func(s string) string {
		m := konaMentionForm.FindStringSubmatch(s)
		if m[1] == "user" && strings.Contains(m[2], "@") {
			for _, p := range c.people {
				if i, ok := konaUserIndex(p.id); ok {
					if name, email := k.seed.user(i); email == m[2] {
						return konaMention(p.id, name)
					}
				}
			}
			found = false
			return s
		}
		id, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return s
		}
		if m[1] == "group" {
			if g, ok := k.seed.groupIndex(id); ok {
				return `<span class="mention" data-group-id="` + m[2] + `">@` + k.seed.groupName(g) + `</span>`
			}
		} else if i, ok := konaUserIndex(id); ok {
			name, _ := k.seed.user(i)
			return konaMention(id, name)
		}
		return s
	})
	return out, found
}
