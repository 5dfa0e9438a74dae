package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Account is what is kept about an account.
type Account struct {
	Name     string
	Identity string
	// Head is the cursor of refreshes, Walk that of an unfinished full walk.
	Head    string
	Walk    string
	Checked time.Time
	Swept   time.Time
}

// asideMark stands between the name of an account and the short hash of an identity
// whose rows were set aside. Account names cannot contain it.
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
	const op = "open an account"
	if a, err = s.Account(ctx, name); err != nil || a.Identity != identity {
		if err = s.change(ctx, op, func(t *tx) { t.openAccount(name, identity, formerly) }); err != nil {
			return a, 0, err
		}
	}
	s.opened.Store(name, identity)
	held, _, err = one(ctx, s, op, column[int], "SELECT count(*) FROM outbox WHERE orphaned = 1 AND instr(account, ? || '~') = 1", name)
	if err == nil {
		a, err = s.Account(ctx, name)
	}
	return a, held, err
}

func (t *tx) openAccount(name, identity string, formerly []string) {
	was, known := t.identity(name)
	if was == identity && known {
		return
	}
	if known {
		if _, own := t.identity(aside(name, identity)); !own && slices.Contains(formerly, was) {
			t.identify(name, identity, was)
			return
		}
		t.rename(name, aside(name, was), true)
	}
	t.exec("DELETE FROM meta WHERE key = ?", formerlyKey(name))
	for _, earlier := range append([]string{identity}, formerly...) {
		back := aside(name, earlier)
		if _, there := t.identity(back); !there {
			continue
		}
		t.rename(back, name, false)
		if earlier != identity {
			t.identify(name, identity, earlier)
		}
		return
	}
	t.exec("INSERT INTO account (name, identity, conversations) VALUES (?1, ?2, "+countRows+")", name, identity)
}

func (t *tx) identity(name string) (identity string, ok bool) {
	return column[string](t.row("SELECT identity FROM account WHERE name = ?", name))
}

// identify gives an account the identity that it has been found to have. Processes
// that opened it under the lesser one go on with it.
func (t *tx) identify(name, identity, formerly string) {
	t.setMeta(formerlyKey(name), formerly)
	t.exec("UPDATE account SET identity = ? WHERE name = ?", identity, name)
}

func formerlyKey(account string) string { return "formerly " + account }

// sameIdentity fails for an account that another process has since given another
// identity, or forgotten: its rows and edits are not those of the service that this
// process talks to.
func (t *tx) sameIdentity(account string) {
	opened, ok := t.s.opened.Load(account)
	if !ok {
		return
	}
	now, _ := t.identity(account)
	if now != opened && (now == "" || t.meta(formerlyKey(account)) != opened) {
		t.fail(fmt.Errorf("another confab gave account %s another identity, or forgot it; start this one again", account))
	}
}

const countRows = "(SELECT count(*) FROM conversation WHERE account = ?1 AND gone = 0)"

func (t *tx) rename(from, to string, orphan bool) {
	t.newEpoch()
	for _, table := range []string{"conversation", "triage", "outbox", "journal"} {
		t.exec("UPDATE OR REPLACE "+table+" SET account = ? WHERE account = ?", to, from)
	}
	t.exec("UPDATE OR REPLACE account SET name = ? WHERE name = ?", to, from)
	t.exec("UPDATE account SET conversations = "+countRows+" WHERE name = ?1", to)
	if orphan {
		// What waits for a decision goes on waiting for that one.
		t.exec(`UPDATE outbox SET state = CASE WHEN state IN ('queued', 'sending', 'retry') THEN 'held' ELSE state END, orphaned = 1,
  claim = '' WHERE account = ?`, to)
	} else {
		t.exec("UPDATE outbox SET orphaned = 0 WHERE account = ?", to)
	}
}

// Account reads what is kept about an account.
func (s *Store) Account(ctx context.Context, name string) (Account, error) {
	return read(ctx, s, "read an account", func(t *tx) Account {
		a := Account{Name: name}
		if !t.row("SELECT identity, head, walk, checked, swept FROM account WHERE name = ?", name).
			scan(&a.Identity, &a.Head, &a.Walk, fromMS{&a.Checked}, fromMS{&a.Swept}) {
			t.fail(sql.ErrNoRows)
		}
		return a
	})
}

// Refreshed records the end of a successful refresh.
func (s *Store) Refreshed(ctx context.Context, account, head string) error {
	return s.changeCache(ctx, "record a refresh", func(t *tx) {
		t.exec("UPDATE account SET head = ?, checked = ? WHERE name = ?", head, ms(s.now()), account)
	})
}

// BeginWalk starts a full walk, or goes on with an unfinished one. It returns
// the number of the walk and the cursor to go on from.
func (s *Store) BeginWalk(ctx context.Context, account string) (no int64, cursor string, err error) {
	err = s.changeCache(ctx, "begin a walk", func(t *tx) {
		if !t.row("SELECT walk_no, walk FROM account WHERE name = ?", account).scan(&no, &cursor) {
			t.fail(sql.ErrNoRows)
		}
		if cursor == "" {
			no++
			t.exec("UPDATE account SET walk_no = ? WHERE name = ?", no, account)
		}
	})
	return no, cursor, err
}

// EndWalk records the end of a walk that read every page. Where it was complete
// it returns the ids of the conversations that it did not meet, longest unseen
// first; where rows could not be read, nothing can be said about those.
func (s *Store) EndWalk(ctx context.Context, account string, no int64, head string, complete bool) (missed []string, err error) {
	const op = "end a walk"
	now := ms(s.now())
	err = s.changeCache(ctx, op, func(t *tx) {
		t.exec(`UPDATE account SET walk = CASE WHEN walk_no = ? THEN '' ELSE walk END, swept = ?, checked = ?,
  head = CASE WHEN ? = '' THEN head ELSE ? END WHERE name = ?`,
			no, now, now, head, head, account)
	})
	if err != nil || !complete {
		return nil, err
	}
	// Read after the transaction: it looks at every row of the account.
	return all(ctx, s, op, column[string], `SELECT c.id FROM conversation c LEFT JOIN checked k ON k.key = c.key
WHERE c.account = ? AND coalesce(k.walk_no, 0) < ? AND c.gone = 0 ORDER BY k.at, c.key`, account, no)
}

// Hold keeps until when a service asked to be left alone, for every process.
func (s *Store) Hold(ctx context.Context, account string, until time.Time) error {
	return s.change(ctx, "hold an account", func(t *tx) {
		t.exec("UPDATE account SET hold = max(hold, ?) WHERE name = ?", ms(until), account)
	})
}

// maxHold bounds a hold: one further ahead was noted by a clock that has been set back
// since.
const maxHold = time.Hour + time.Minute

// HeldUntil returns until when an account is held; the zero time if it is not.
func (s *Store) HeldUntil(ctx context.Context, account string) (time.Time, error) {
	n, _, err := one(ctx, s, "read an account", column[int64], "SELECT hold FROM account WHERE name = ?", account)
	until := timeOf(n)
	if now := s.now(); !until.After(now) || until.After(now.Add(maxHold)) {
		return time.Time{}, err
	}
	return until, err
}

// Counts are what is kept of an account: cached conversations, edits on their
// way, and edits that need a person.
type Counts struct{ Conversations, Waiting, NeedPerson int }

// Counts returns the counts of all accounts by name.
func (s *Store) Counts(ctx context.Context) (map[string]Counts, error) {
	return read(ctx, s, "count", func(t *tx) map[string]Counts {
		out := map[string]Counts{}
		for r := range t.rows(`SELECT n.name, coalesce(a.conversations, 0), coalesce(t.waiting, 0), coalesce(t.person, 0)
FROM (SELECT name FROM account UNION SELECT account FROM tally) n
  LEFT JOIN account a ON a.name = n.name LEFT JOIN tally t ON t.account = n.name`) {
			var name string
			var c Counts
			r.scan(&name, &c.Conversations, &c.Waiting, &c.NeedPerson)
			out[name] = c
		}
		return out
	})
}

// Forget removes everything kept of an account, rows set aside included. Damaged
// databases that were set aside go whole: nothing can be removed from them alone,
// and what could be read of them is in this one.
func (s *Store) Forget(ctx context.Context, account string) error {
	const op = "forget an account"
	// Not LIKE: a name may hold an underscore, which would match any letter.
	err := s.change(ctx, op, func(t *tx) {
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
		// Drafts are keyed by what they are about, which names the account; a session
		// may be on a conversation of it.
		t.exec("DELETE FROM draft WHERE instr(key || ':', ':' || ? || ':') > 0 OR instr(key, ?) = 1", account, sessionKey)
	})
	if err != nil {
		return err
	}
	err = s.Pacer(account, 0, 0).locked(ctx, removed)
	// What was deleted must not stay readable in free pages or in the log.
	for _, statement := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if err == nil {
			_, err = s.write.ExecContext(ctx, statement)
		}
	}
	if err == nil {
		var paths []string
		paths, err = s.damagedFiles()
		for _, path := range paths {
			err = errors.Join(err, removed(path))
		}
		syncDir(filepath.Dir(s.path))
	}
	return s.localError(op, err)
}
