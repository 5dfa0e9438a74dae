package bird

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/providers"
)

// Bounds of one walk.
const (
	maxPages            = 20_000 // of conversations: two million
	maxParticipantPages = 100
	maxChannelPages     = 10
)

// cursorPrefix marks a cursor of an unfinished walk; the page token follows.
const cursorPrefix = "page:"

// Sync implements model.Provider. The list has no filter, and newest created conversations come first, so an old
// conversation with a new message is found by a full walk only. Since and Filter are left to the caller, since the
// service cannot apply them. A page token that the service no longer takes starts the walk again, once.
func (p *Provider) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	full := req.Mode == model.SyncFull
	token := ""
	if full {
		if t, ok := strings.CutPrefix(req.Cursor, cursorPrefix); ok {
			token = t
		}
	}
	cursor := func(token string) string {
		if !full || token == "" {
			return ""
		}
		return cursorPrefix + token
	}
	var (
		seen      = newSeenTokens(token)
		restarted bool
		holes     bool
	)
	for range maxPages {
		answer, err := p.client.do(ctx, p.client.listConversations(pageLimit, token))
		if err != nil {
			if token != "" && !restarted && refusesToken(err) {
				token, restarted, seen, holes = "", true, newSeenTokens(""), false
				continue
			}
			return model.SyncResult{Cursor: cursor(token)}, err
		}
		pg, err := readPage(answer)
		if err != nil {
			return model.SyncResult{Cursor: cursor(token)}, named(err, "list conversations")
		}
		batch := model.Batch{Total: -1, Cursor: cursor(pg.Next), Conversations: make([]model.Conversation, 0, len(pg.Results))}
		holes = holes || pg.Null
		name := p.channels.namer(ctx, p.client)
		for _, raw := range pg.Results {
			c, ok := convertRow(raw, p.account.Name, name)
			if !ok {
				holes = true // a row that cannot be told apart may be one that is known
				continue
			}
			batch.Conversations = append(batch.Conversations, c)
		}
		if err := ctx.Err(); err != nil {
			return model.SyncResult{Cursor: cursor(token)}, providers.GivenUp("list conversations", err)
		}
		more, err := emit(batch)
		if err != nil {
			return model.SyncResult{Cursor: cursor(token)}, err
		}
		if !more {
			return model.SyncResult{Cursor: cursor(pg.Next)}, nil
		}
		if pg.Next == "" {
			return model.SyncResult{Complete: !holes}, nil
		}
		if !seen.add(pg.Next) {
			return model.SyncResult{}, &model.Error{Kind: model.Malformed, Op: "list conversations",
				Message: "the service gave the same page twice, so the list cannot be read to its end"}
		}
		token = pg.Next
	}
	return model.SyncResult{}, &model.Error{Kind: model.Malformed, Op: "list conversations", Message: "the list does not end"}
}

// refusesToken reports whether an answer may be about the page token: how long one lives is not documented.
func refusesToken(err error) bool {
	var e *model.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Kind == model.Invalid || e.Kind == model.NotFound || e.Kind == model.ConflictKind
}

// named gives an error the name of what was being done.
func named(err error, op string) error {
	e := *model.AsError(err)
	if e.Op == "" {
		e.Op = op
	}
	return &e
}

// seenTokens remembers page tokens by digest, since they may be long.
type seenTokens map[[sha256.Size]byte]struct{}

func newSeenTokens(token string) seenTokens {
	s := seenTokens{}
	if token != "" {
		s.add(token)
	}
	return s
}

// add reports whether the token is new.
func (s seenTokens) add(token string) bool {
	sum := sha256.Sum256([]byte(token))
	if _, ok := s[sum]; ok {
		return false
	}
	s[sum] = struct{}{}
	return true
}

// walk reads a list to its end or to a number of pages. whole is false where more is there, or may be.
func (p *Provider) walk(ctx context.Context, pages int, call func(token string) providers.Call) (all []json.RawMessage, whole bool, err error) {
	token, seen, null := "", newSeenTokens(""), false
	for range pages {
		c := call(token)
		answer, err := p.client.do(ctx, c)
		if err != nil {
			return nil, false, err
		}
		pg, err := readPage(answer)
		if err != nil {
			return nil, false, named(err, c.Name)
		}
		all = append(all, pg.Results...)
		null = null || pg.Null
		if pg.Next == "" {
			return all, !null, nil
		}
		if !seen.add(pg.Next) {
			return all, false, nil
		}
		token = pg.Next
	}
	return all, false, nil
}

// channelNames names channels. They are listed once, when the first name is wanted; where that is refused, ids stay
// without names.
type channelNames struct {
	gate chan struct{} // of one place, taken while they are listed

	mu    sync.Mutex
	list  []channel
	at    map[string]channel
	tried time.Time
	final bool  // listed, or refused for good
	err   error // how the last listing failed
}

// channelPause is how long a failed listing is left alone.
const channelPause = time.Minute

// namer gives a function that names channels, for convert.
func (n *channelNames) namer(ctx context.Context, c *client) func(string) (string, string) {
	_, _ = n.load(ctx, c) // names are a courtesy: what cannot be named is shown by its id
	n.mu.Lock()
	at := n.at // replaced as a whole, never changed
	n.mu.Unlock()
	return func(id string) (string, string) {
		ch := at[id]
		return ch.name, ch.platform
	}
}

func (n *channelNames) load(ctx context.Context, c *client) ([]channel, error) {
	select {
	case n.gate <- struct{}{}:
		defer func() { <-n.gate }()
	case <-ctx.Done():
		return nil, providers.GivenUp("list channels", ctx.Err())
	}
	n.mu.Lock()
	list, failed, wait := n.list, n.err, n.final || !n.tried.IsZero() && time.Since(n.tried) < channelPause
	n.mu.Unlock()
	if wait {
		return list, failed
	}
	found, err := c.allChannels(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tried, n.err = time.Now(), err
	switch model.KindOf(err) {
	case "", model.Forbidden, model.NotFound:
		n.final = true
	case model.Canceled:
		n.tried = time.Time{}
	}
	if err != nil {
		return nil, err
	}
	at := make(map[string]channel, len(found))
	for _, ch := range found {
		at[ch.id] = ch
	}
	n.list, n.at = found, at
	return found, nil
}

func (c *client) allChannels(ctx context.Context) ([]channel, error) {
	var out []channel
	token, seen := "", newSeenTokens("")
	for range maxChannelPages {
		answer, err := c.do(ctx, c.listChannels(channelLimit, token))
		if err != nil {
			return nil, err
		}
		pg, err := readPage(answer)
		if err != nil {
			return nil, named(err, "list channels")
		}
		for _, raw := range pg.Results {
			if ch, ok := convertChannel(raw); ok {
				out = append(out, ch)
			}
		}
		if pg.Next == "" || !seen.add(pg.Next) {
			break
		}
		token = pg.Next
	}
	return out, nil
}
