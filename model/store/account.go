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

	"confab/model/private"
)

// Account is what is kept about an account.
type Account struct {
	Name     string
	Identity string
	Head     string // the cursor of refreshes
	Walk     string // the cursor of an unfinished full walk
	Checked  time.Time
	Swept    time.Time
}

// asideMark separates the name of an account from a short hash of the identity whose rows
// were set aside. Account names can't contain it.
const asideMark = "~"

func aside(name, identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return name + asideMark + hex.EncodeToString(sum[:4])
}

// OpenAccount registers an account, or finds it again. If the name had another identity
// before, the rows of that identity are set aside and its outbox is held; rows of the new
// identity that were set aside earlier come back. formerly lists less precise identities of
// the same account, whose rows it takes over if it has none of its own. held counts the
// edits that wait for a person because their rows are set aside.
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

// identify replaces the identity of an account by a more precise one. Processes that opened
// the account under the former identity may go on.
func (t *tx) identify(name, identity, formerly string) {
	t.setMeta(formerlyKey(name), formerly)
	t.exec("UPDATE account SET identity = ? WHERE name = ?", identity, name)
}

func formerlyKey(account string) string { return "formerly " + account }

// sameIdentity fails if another process has given the account another identity, or
// forgotten it, since this process opened it: its rows and edits then belong to another
// service or workspace than the one this process talks to.
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
		// Edits that wait for a person keep their state.
		t.exec("UPDATE outbox SET orphaned = 1, claim = '' WHERE account = ?", to)
		t.exec("UPDATE outbox SET state = 'held', error = NULL WHERE account = ? AND state IN ('queued', 'sending', 'retry')", to)
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

// Refreshed records a successful refresh.
func (s *Store) Refreshed(ctx context.Context, account, head string) error {
	return s.changeCache(ctx, "record a refresh", func(t *tx) {
		t.exec("UPDATE account SET head = ?, checked = ? WHERE name = ?", head, ms(s.now()), account)
	})
}

// BeginWalk starts a full walk, or continues an unfinished one. It returns the number of
// the walk and the cursor to continue from.
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

// EndWalk records a walk that reached the end of the list. If it was complete, EndWalk
// returns the ids of the conversations that the walk did not meet, longest unseen first. If
// some rows could not be read, nothing is known about those.
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
	// Read outside the transaction, since it looks at every row of the account.
	return all(ctx, s, op, column[string], `SELECT c.id FROM conversation c LEFT JOIN checked k ON k.key = c.key
WHERE c.account = ? AND coalesce(k.walk_no, 0) < ? AND c.gone = 0 ORDER BY k.at, c.key`, account, no)
}

// Hold records, for every process, until when a service asked not to be called.
func (s *Store) Hold(ctx context.Context, account string, until time.Time) error {
	return s.change(ctx, "hold an account", func(t *tx) {
		t.exec("UPDATE account SET hold = max(hold, ?) WHERE name = ?", ms(until), account)
	})
}

// maxHold bounds a hold. A hold further ahead was set by a clock that has been set back
// since.
const maxHold = time.Hour + time.Minute

// HeldUntil returns until when an account is held, or the zero time.
func (s *Store) HeldUntil(ctx context.Context, account string) (time.Time, error) {
	n, _, err := one(ctx, s, "read an account", column[int64], "SELECT hold FROM account WHERE name = ?", account)
	until := timeOf(n)
	if now := s.now(); !until.After(now) || until.After(now.Add(maxHold)) {
		return time.Time{}, err
	}
	return until, err
}

// Counts are the numbers of an account's cached conversations, edits on their way, and
// edits that need a person.
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

// Forget removes everything kept of an account, including rows set aside. It deletes
// damaged databases that were set aside as a whole: single rows can't be removed from them,
// and what could be read of them is in this database.
func (s *Store) Forget(ctx context.Context, account string) error {
	const op = "forget an account"
	// Not LIKE, since an underscore in the name would match any character.
	err := s.change(ctx, op, func(t *tx) {
		for _, table := range []string{"conversation", "triage", "outbox", "journal"} {
			t.exec("DELETE FROM "+table+" WHERE account = ? OR instr(account, ? || '~') = 1", account, account)
		}
		// The sentence of a submission names conversations and people. If it has no edit
		// left, nobody can tell whose it was.
		t.exec("DELETE FROM submission WHERE waiting + person + delivered + already = 0")
		t.exec("DELETE FROM entering WHERE submission NOT IN (SELECT id FROM submission)")
		t.exec("DELETE FROM account WHERE name = ? OR instr(name, ? || '~') = 1", account, account)
		t.exec("DELETE FROM tally WHERE account = ?", account)
		t.exec("DELETE FROM meta WHERE key = ?", formerlyKey(account))
		t.exec("DELETE FROM view")
		t.newEpoch()
		// The key of a draft contains the account name; a session may show a conversation
		// of the account.
		t.exec("DELETE FROM draft WHERE instr(key || ':', ':' || ? || ':') > 0 OR instr(key, ?) = 1", account, sessionKey)
	})
	if err != nil {
		return err
	}
	err = s.Pacer(account, 0, 0).locked(ctx, removed)
	// Deleted text must not stay readable in free pages or in the log.
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
		private.SyncDir(filepath.Dir(s.path))
	}
	return s.localError(op, err)
}
