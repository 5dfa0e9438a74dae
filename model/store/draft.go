package store

import "context"

// SaveDraft keeps what was typed under a key; an empty text forgets it.
func (s *Store) SaveDraft(ctx context.Context, key, text string) error {
	return s.change(ctx, "save a draft", func(t *tx) error {
		if text == "" {
			return t.exec("DELETE FROM draft WHERE key = ?", key)
		}
		return t.exec("INSERT INTO draft (key, text, at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET text = excluded.text, at = excluded.at",
			key, text, ms(s.now()))
	})
}

// Draft gives what was typed under a key, "" if nothing is kept.
func (s *Store) Draft(ctx context.Context, key string) (string, error) {
	var text string
	err := s.read.QueryRowContext(ctx, "SELECT text FROM draft WHERE key = ?", key).Scan(&text)
	_, err = found(err)
	return text, localError("read a draft", err)
}
