package store

import "context"

// SaveDraft keeps what was typed under a key; an empty text forgets it.
func (s *Store) SaveDraft(ctx context.Context, key, text string) error {
	return s.change(ctx, "save a draft", func(t *tx) { t.saveDraft(key, text) })
}

func (t *tx) saveDraft(key, text string) {
	if text == "" {
		t.exec("DELETE FROM draft WHERE key = ?", key)
		return
	}
	t.exec("INSERT INTO draft (key, text, at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET text = excluded.text, at = excluded.at",
		key, text, ms(t.s.now()))
}

// Draft returns what was typed under a key, "" if nothing is kept.
func (s *Store) Draft(ctx context.Context, key string) (string, error) {
	text, _, err := one(ctx, s, "read a draft", column[string], "SELECT text FROM draft WHERE key = ?", key)
	return text, err
}
