package ui

import (
	"context"

	"confab/model"
	"confab/model/query"
)

// Backend is what the screen needs of the engine. Facts are answered from memory, so Update
// and View may ask for them; everything else may read a disk or a network and is called
// inside a tea.Cmd only.
type Backend interface {
	model.Facts
	model.Reader
	model.Planner
	model.Ledger

	// Opening returns what can be shown before List can answer: what the view
	// showed last, or the head of the list on disk.
	Opening(ctx context.Context, req model.ListRequest) (model.Page, error)
	// Counts returns the lengths of the lists of the tabs, in the inbox's sense.
	Counts(ctx context.Context, queries []string) ([]int, error)
	// Select returns a set of rows of a list, RefsOf the conversations of a set,
	// Hidden how many of a set a list does not hold.
	Select(ctx context.Context, req model.SelectRequest) (model.Selection, error)
	RefsOf(ctx context.Context, s model.Selection) ([]model.Ref, error)
	Hidden(ctx context.Context, req model.ListRequest, s model.Selection) (int, error)
	// Complete offers ways to go on with a query at a cursor, a byte offset.
	Complete(ctx context.Context, text string, cursor int) ([]query.Completion, error)
	// Nearest returns, for a filter that finds nothing in a view, the nearest query that does, and how much; "" for none.
	Nearest(ctx context.Context, view, filter string, inbox bool) (nearest string, found int, err error)
	Link(ctx context.Context, ref model.Ref, kind model.LinkKind) (string, error)

	OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error)
	// Undecided counts, of the edits that an account has on their way, those that
	// wait for a decision on an earlier one.
	Undecided(ctx context.Context) (map[string]int, error)
	Withdraw(ctx context.Context, ids ...string) (n int, err error)

	// TriageMany is an act that can be taken back. Where it ends early the error
	// says how far it came, and the act is what was done.
	TriageMany(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error
	SaveDraft(ctx context.Context, key, text string) error
	Draft(ctx context.Context, key string) (string, error)
	// KeepSession keeps where a person is, in a scope such as a config file; LeftSession
	// returns where the process was that ended last without forgetting it.
	KeepSession(ctx context.Context, scope, text string) error
	LeftSession(ctx context.Context, scope string) (string, error)
}
