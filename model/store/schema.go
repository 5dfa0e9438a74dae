package store

import (
	"embed"
	"fmt"
)

// N.sql in schema brings a database from version N-1 to N. A migration that has
// been released is never edited; a change is a new one at the end.
//
//go:embed schema/*.sql
var schema embed.FS

// newestVersion is the version of the database that this program knows.
const newestVersion = 6

func (t *tx) migrate(version int) {
	sql, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", version))
	t.fail(err)
	t.exec(string(sql))
	if version == 3 {
		t.nameSubmissions()
	}
	t.exec(fmt.Sprint("PRAGMA user_version = ", version))
}
