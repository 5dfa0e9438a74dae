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

func (r *run) checkWhich(f flags, args []string) error {
	queried := f.Changed("query")
	switch {
	case queried && len(args) > 0:
		return usage("name conversations or give --query, not both")
	case !queried && len(args) == 0:
		return usage("say which conversations: by REF, or with --query")
	case f.on("cached") && !queried:
		return usage("--cached goes with --query")
	case f.number("max") < 0 || f.number("expect") < 0:
		return usage("--max and --expect want a number that is not negative")
	}
	if err := r.checkQuery(f.text("query")); err != nil {
		return err
	}
	if q, err := query.Parse(f.text("query")); queried && err == nil && !q.Conditional() {
		return usage("a query without a condition matches everything: write is:any to mean that")
	}
	return nil
}

func mayChange(f flags, n int) error {
	would := "the plan would change " + theme.Count(n, "conversation")
	switch limit, expected := f.number("max"), f.number("expect"); {
	case f.Changed("max") && n > limit:
		return refused("%s, and --max allows %d: nothing was sent", would, limit)
	case f.Changed("expect") && n != expected:
		return refused("%s, and --expect names %d: nothing was sent", would, expected)
	}
	return nil
}

// maxInput bounds what is read of standard input, in bytes.
const maxInput = 16 << 20

// refsOfInput puts the refs that standard input holds, separated by blanks or ends of lines, in the place of "-".
// What is no ref there is wrong usage.
func (r *run) refsOfInput(ctx context.Context, args []string) ([]string, error) {
	var text []byte
	var err error
	read := make(chan struct{})
	go func() {
		text, err = io.ReadAll(io.LimitReader(r.In, maxInput+1))
		close(read)
	}()
	select {
	case <-read:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, local(err)
	case len(text) > maxInput:
		return nil, usage("standard input holds more than %d MB", maxInput>>20)
	case !utf8.Valid(text):
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

func (r *run) editRefs(ctx context.Context, args []string, f flags) ([]model.Ref, error) {
	if f.Changed("query") {
		if !f.on("cached") {
			if err := r.engine.SyncQuery(ctx, f.text("query")); err != nil {
				return nil, fmt.Errorf("%w\nnothing was changed; --cached goes by what is in the cache", err)
			}
		}
		refs, err := r.engine.Refs(ctx, r.scoped(f.text("query")), false)
		if err == nil && len(refs) == 0 {
			r.say("No conversation matches%s.", r.nearest(ctx, f.text("query"), false))
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
