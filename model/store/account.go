package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Account is what the database keeps about an account.
type Account struct {
	Name     string
	Identity string
	// Head is the cursor of refreshes, Walk that of an unfinished full walk.
	Head string
	Walk string
	// WalkNo numbers full walks; a conversation carries that of the last walk it was seen in.
	WalkNo  int64
	Checked time.Time
	Swept   time.Time
}

// asideMark stands between the name of an account and the short hash of an
// identity whose rows were set aside. Account names cannot hold it.
const asideMark = "~"

func aside(name, identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return name + asideMark + hex.EncodeToString(sum[:4])
}

// OpenAccount makes an account known, or finds it again. When the name has
// another identity than before, the rows of the old one are set aside and its
// outbox is held; when rows of the new identity were set aside earlier, they
// come back. Rows of what it was formerly are those of the same account under a
// lesser name: they take the identity where it has none of its own. held counts
// the edits that wait for a person because of that.
func (s *Store) OpenAccount(ctx context.Context, name, identity string, formerly ...string) (a Account, held int, err error) {
	if a, err = s.Account(ctx, name); err == nil && a.Identity == identity {
		held, err = s.openedAccount(ctx, name, identity)
		return a, held, err
	}
	err = s.tx(ctx, func(t *tx) error {
		var was string
		err := t.QueryRowContext(ctx, "SELECT identity FROM account WHERE name = ?", name).Scan(&was)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		case was == identity:
			return nil
		default:
			own, err := t.hasAccount(aside(name, identity))
			if err != nil {
				return err
			}
			if !own && slices.Contains(formerly, was) {
				return t.identify(name, identity, was)
			}
			t.rename(name, aside(name, was), true)
			t.newEpoch()
		}
		t.exec("DELETE FROM meta WHERE key = ?", formerlyKey(name))
		for _, known := range append([]string{identity}, formerly...) {
			back := aside(name, known)
			switch there, err := t.hasAccount(back); {
			case err != nil:
				return err
			case !there:
				continue
			}
			t.rename(back, name, false)
			t.newEpoch()
			if known != identity {
				return t.identify(name, identity, known)
			}
			return t.err
		}
		return t.exec("INSERT INTO account (name, identity, conversations) VALUES (?1, ?2, "+countRows+")", name, identity)
	})
	if err != nil {
		return a, 0, localError("open an account", err)
	}
	if held, err = s.openedAccount(ctx, name, identity); err != nil {
		return a, 0, err
	}
	a, err = s.Account(ctx, name)
	return a, held, err
}

func (t *tx) hasAccount(name string) (bool, error) {
	var n int
	err := t.QueryRowContext(t.ctx, "SELECT count(*) FROM account WHERE name = ?", name).Scan(&n)
	return n > 0, err
}

// identify gives an account the identity that it has been found to have. Those who
// opened it under the lesser one go on with it.
func (t *tx) identify(name, identity, formerly string) error {
	t.setMeta(formerlyKey(name), formerly)
	return t.exec("UPDATE account SET identity = ? WHERE name = ?", identity, name)
}

func formerlyKey(account string) string { return "formerly " + account }

func (s *Store) openedAccount(ctx context.Context, name, identity string) (held int, err error) {
	s.opened.Store(name, identity)
	err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM outbox WHERE orphaned = 1 AND instr(account, ? || '~') = 1", name).Scan(&held)
	return held, localError("open an account", err)
}

// same refuses to go on with an account that another process has since given
// another identity, or forgotten: its rows and edits are not those of the
// service that this process talks to.
func (t *tx) same(account string) error {
	identity, ok := t.s.opened.Load(account)
	if !ok || t.err != nil {
		return t.err
	}
	var now string
	err := t.QueryRowContext(t.ctx, "SELECT identity FROM account WHERE name = ?", account).Scan(&now)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if now != identity && (now == "" || t.meta(formerlyKey(account)) != identity) {
		return fmt.Errorf("another confab gave account %s another identity, or forgot it; start this one again", account)
	}
	return nil
}

// countRows counts the conversations of account ?1 that are not gone.
const countRows = "(SELECT count(*) FROM conversation WHERE account = ?1 AND gone = 0)"

// rename moves every row of an account to another name.
func (t *tx) rename(from, to string, orphan bool) {
	for _, table := range []string{"conversation", "triage", "outbox", "journal"} {
		t.exec("UPDATE OR REPLACE "+table+" SET account = ? WHERE account = ?", to, from)
	}
	t.exec("UPDATE OR REPLACE account SET name = ? WHERE name = ?", to, from)
	t.exec("UPDATE account SET conversations = "+countRows+" WHERE name = ?1", to)
	if orphan {
		// What waits for a decision goes on waiting for that one.
		t.exec("UPDATE outbox SET state = CASE WHEN state IN ('queued', 'sending', 'retry') THEN 'held' ELSE state END, orphaned = 1, claim = '' WHERE account = ?", to)
	} else {
		t.exec("UPDATE outbox SET orphaned = 0 WHERE account = ?", to)
	}
}

// Account reads what is kept about an account.
func (s *Store) Account(ctx context.Context, name string) (Account, error) {
	a := Account{Name: name}
	var checked, swept int64
	err := s.read.QueryRowContext(ctx,
		"SELECT identity, head, walk, walk_no, checked, swept FROM account WHERE name = ?", name).
		Scan(&a.Identity, &a.Head, &a.Walk, &a.WalkNo, &checked, &swept)
	a.Checked, a.Swept = fromMS(checked), fromMS(swept)
	return a, localError("read an account", err)
}

// Refreshed records the end of a successful refresh.
func (s *Store) Refreshed(ctx context.Context, account, head string) error {
	return localError("record a refresh", s.txRead(ctx, func(t *tx) error {
		return t.exec("UPDATE account SET head = ?, checked = ? WHERE name = ?", head, ms(s.now()), account)
	}))
}

// BeginWalk starts a full walk, or goes on with an unfinished one. It gives
// the number of the walk and the cursor to go on from.
func (s *Store) BeginWalk(ctx context.Context, account string) (no int64, cursor string, err error) {
	err = s.txRead(ctx, func(t *tx) error {
		if err := t.QueryRowContext(ctx, "SELECT walk_no, walk FROM account WHERE name = ?", account).Scan(&no, &cursor); err != nil {
			return err
		}
		if cursor != "" {
			return nil
		}
		no++
		return t.exec("UPDATE account SET walk_no = ? WHERE name = ?", no, account)
	})
	return no, cursor, localError("begin a walk", err)
}

// EndWalk records the end of a walk that read every page. Where it was complete
// it gives the ids of the conversations that it did not meet, longest unseen
// first; where rows could not be read, nothing can be said about those.
func (s *Store) EndWalk(ctx context.Context, account string, no int64, head string, complete bool) (missed []string, err error) {
	now := ms(s.now())
	err = s.txRead(ctx, func(t *tx) error {
		return t.exec(`UPDATE account SET walk = CASE WHEN walk_no = ? THEN '' ELSE walk END, swept = ?, checked = ?,
  head = CASE WHEN ? = '' THEN head ELSE ? END WHERE name = ?`,
			no, now, now, head, head, account)
	})
	if err != nil || !complete {
		return nil, localError("end a walk", err)
	}
	// Read after the transaction: it looks at every row of the account.
	missed, err = list(ctx, s.read, scanID, `SELECT c.id FROM conversation c LEFT JOIN checked k ON k.key = c.key
WHERE c.account = ? AND coalesce(k.walk_no, 0) < ? AND c.gone = 0 ORDER BY k.at, c.key`, account, no)
	return missed, localError("end a walk", err)
}

// AbandonWalk forgets the cursor of an unfinished walk: the next starts anew.
func (s *Store) AbandonWalk(ctx context.Context, account string) error {
	return localError("abandon a walk", s.txRead(ctx, func(t *tx) error {
		return t.exec("UPDATE account SET walk = '' WHERE name = ?", account)
	}))
}

// Hold keeps until when a service asked to be left alone, for every process.
func (s *Store) Hold(ctx context.Context, account string, until time.Time) error {
	return s.change(ctx, "hold an account", func(t *tx) error {
		return t.exec("UPDATE account SET hold = max(hold, ?) WHERE name = ?", ms(until), account)
	})
}

// maxHold bounds a hold: one that is further ahead was noted by a clock that
// has been set back since.
const maxHold = time.Hour + time.Minute

// HeldUntil gives until when an account is held; the zero time if it is not.
func (s *Store) HeldUntil(ctx context.Context, account string) (time.Time, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, "SELECT hold FROM account WHERE name = ?", account).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, localError("read an account", err)
	}
	until := fromMS(n)
	if now := s.now(); !until.After(now) || until.After(now.Add(maxHold)) {
		return time.Time{}, nil
	}
	return until, nil
}

// Counts are what is kept of an account: cached conversations, edits on their
// way, and edits that need a person.
type Counts struct{ Conversations, Waiting, NeedPerson int }

// Counts returns the counts of all accounts by name.
func (s *Store) Counts(ctx context.Context) (map[string]Counts, error) {
	out := map[string]Counts{}
	err := each(ctx, s.read, func(row scanner) error {
		var name string
		var c Counts
		err := row.Scan(&name, &c.Conversations, &c.Waiting, &c.NeedPerson)
		out[name] = c
		return err
	}, `SELECT n.name, coalesce(a.conversations, 0), coalesce(t.waiting, 0), coalesce(t.person, 0)
FROM (SELECT name FROM account UNION SELECT account FROM tally) n LEFT JOIN account a ON a.name = n.name LEFT JOIN tally t ON t.account = n.name`)
	return out, localError("count", err)
}

// Forget removes everything kept of an account, rows set aside included. Damaged
// databases that were set aside go whole: nothing can be removed from them alone,
// and what could be read of them is in this one.
func (s *Store) Forget(ctx context.Context, account string) error {
	// Not LIKE: a name may hold an underscore, which would match any letter.
	err := s.tx(ctx, func(t *tx) error {
		for _, table := range []string{"conversation", "triage", "outbox", "journal"} {
			t.exec("DELETE FROM "+table+" WHERE account = ? OR instr(account, ? || '~') = 1", account, account)
		}
		// The sentence of a submission names conversations and people. Of one that
		// has no edit left nobody can say whose it was.
		t.exec("DELETE FROM submission WHERE waiting + person + delivered + already = 0")
		t.exec("DELETE FROM entering WHERE submission NOT IN (SELECT id FROM submission)")
		t.exec("DELETE FROM account WHERE name = ? OR instr(name, ? || '~') = 1", account, account)
		t.exec("DELETE FROM tally WHERE account = ?", account)
		t.exec("DELETE FROM meta WHERE key = ?", formerlyKey(account))
		t.exec("DELETE FROM view")
		t.newEpoch()
		// Drafts are keyed by what they are about, which names the account.
		return t.exec("DELETE FROM draft WHERE instr(key || ':', ':' || ? || ':') > 0", account)
	})
	if err == nil {
		err = s.Pacer(account, 0, 0).forget(ctx)
	}
	if err != nil {
		return localError("forget an account", err)
	}
	// What was deleted must not stay readable in free pages or in the log.
	if _, err := s.write.ExecContext(ctx, "VACUUM"); err != nil {
		return localError("forget an account", err)
	}
	if _, err = s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err == nil {
		err = s.removeAside()
	}
	return localError("forget an account", err)
}
