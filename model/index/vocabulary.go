package index

import "confab/model/query"

// Vocabulary returns the values of all conversations, for completion.
func (x *Index) Vocabulary() query.Vocabulary { return query.Vocabulary{} }
