package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

// editFlags say which conversations `edit` changes, and how many it may.
type editFlags struct {
	query       string
	cached      bool
	max, expect int
	given       func(flag string) bool
}

// checkWhich refuses what names no conversations, or all of them by mistake.
func (r *run) checkWhich(f editFlags, args []string) error {
	switch {
	case f.given("query") && len(args) > 0:
		return usage("name conversations or give --query, not both")
	case !f.given("query") && len(args) == 0:
		return usage("say which conversations: by REF, or with --query")
	case f.cached && !f.given("query"):
		return usage("--cached goes with --query")
	case f.max < 0 || f.expect < 0:
		return usage("--max and --expect want a number that is not negative")
	}
	if err := r.checkQuery(f.query); err != nil {
		return err
	}
	if q, err := query.Parse(f.query); f.given("query") && err == nil && !q.Conditional() {
		return usage("a query without a condition matches everything: write is:any to mean that")
	}
	return nil
}

// allows refuses a plan of more conversations than --max, or of another number
// than --expect.
func (f editFlags) allows(n int) error {
	would := "the plan would change " + theme.Count(n, "conversation")
	switch {
	case f.given("max") && n > f.max:
		return refused("%s, and --max allows %d: nothing was sent", would, f.max)
	case f.given("expect") && n != f.expect:
		return refused("%s, and --expect names %d: nothing was sent", would, f.expect)
	}
	return nil
}

// maxInput bounds what is read of standard input, in bytes.
const maxInput = 16 << 20

// refsOfInput puts the refs that standard input holds, separated by blanks or
// ends of lines, in the place of "-". What is no ref there is wrong usage.
func (r *run) refsOfInput(ctx context.Context, args []string) ([]string, error) {
	var text []byte
	got := make(chan error, 1)
	go func() {
		var err error
		text, err = io.ReadAll(io.LimitReader(r.In, maxInput+1))
		got <- err
	}()
	select {
	case err := <-got:
		if err != nil {
			return nil, local(err)
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(text) > maxInput {
		return nil, usage("standard input holds more than %d MB", maxInput>>20)
	}
	if !utf8.Valid(text) {
		return nil, usage("standard input is not UTF-8")
	}
	out := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-" })
	no := 0
	for line := range strings.Lines(string(text)) {
		no++
		for _, word := range strings.Fields(line) {
			if _, err := model.ParseRef(word); err != nil {
				return nil, usage("standard input, line %d: %q: %s", no, cell(word), err)
			}
			out = append(out, word)
		}
	}
	return out, nil
}

// editRefs returns the conversations that were named, or that match.
func (r *run) editRefs(ctx context.Context, args []string, f editFlags) ([]model.Ref, error) {
	if f.given("query") {
		if !f.cached {
			if err := r.engine.SyncQuery(ctx, f.query); err != nil {
				return nil, fmt.Errorf("%w\nnothing was changed; --cached goes by what is in the cache", err)
			}
		}
		refs, err := r.engine.Refs(ctx, r.scoped(f.query), false)
		if err == nil && len(refs) == 0 {
			r.say("No conversation matches%s.", r.nearest(ctx, f.query, false))
		}
		return refs, err
	}
	var refs []model.Ref
	for _, text := range args {
		ref, err := r.ref(text)
		if err != nil {
			return nil, err
		}
		refs = appendNew(refs, ref)
	}
	if len(refs) == 0 {
		r.say("Standard input names no conversation: nothing to do.")
	}
	return refs, nil
}
