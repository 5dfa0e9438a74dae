package ui

import (
	"context"
	"errors"
	"sync"

	"confab/model"
	"confab/ui/theme"
)

// drafts holds what was typed and not submitted yet. Commands write it concurrently; Run writes
// it at the end, even if the program is stuck.
type drafts struct {
	save func(ctx context.Context, key, text string) error
	// writing orders the writes, so that no older text replaces a newer one.
	writing sync.Mutex
	kept    sync.Map // key to draft
}

type draft struct {
	text  string
	dirty bool // not on disk yet
}

func (d *drafts) get(key string) draft {
	v, _ := d.kept.Load(key)
	kept, _ := v.(draft)
	return kept
}

func (d *drafts) put(key, text string) { d.kept.Store(key, draft{text, true}) }

// write writes a draft to disk. After an error it stays dirty: the next change or the end writes it.
func (d *drafts) write(ctx context.Context, key string) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	now := d.get(key)
	if !now.dirty {
		return nil
	}
	err := d.save(ctx, key, now.text)
	if err == nil {
		d.kept.CompareAndSwap(key, now, draft{text: now.text})
	}
	return err
}

func (d *drafts) writeAll(ctx context.Context) error {
	var errs []error
	d.kept.Range(func(key, _ any) bool {
		errs = append(errs, d.write(ctx, key.(string)))
		return true
	})
	return errors.Join(errs...)
}

// finish writes all drafts, unless ctx ends first: the disk may not answer.
func (d *drafts) finish(ctx context.Context) (err error) {
	written := make(chan error, 1)
	go func() { written <- d.writeAll(ctx) }()
	select {
	case err = <-written:
	case <-ctx.Done():
		err = errors.New("the disk did not answer")
	}
	if err != nil {
		err = errors.New("what you typed could not be kept: " + model.Words(err))
	}
	return err
}

// keepTyped is what an error with a draft says could not be done.
const keepTyped = "keep what you typed"

// drafted is an overlay whose input is kept as a draft. Restore takes the draft unless something was
// typed by then, and returns a message for the person.
type drafted interface {
	overlay
	Draft() string
	Restore(draft string) (said string)
}

// draftOf returns the key of a draft for a single conversation, "" for several.
func draftOf(what string, in intent) string {
	return theme.Pick(in.single, what+":"+in.row.Conversation.Ref.String(), "")
}

func (o *overlays) recordDrafts() {
	for i := range o.layers {
		l := &o.layers[i]
		typed, ok := l.overlay.(drafted)
		if !ok || l.draft == "" || typed.Draft() == l.recorded {
			continue
		}
		l.recorded = typed.Draft()
		key, recorded := l.draft, l.recorded
		o.drafts.put(key, recorded)
		o.schedule(draftTime, func() {
			if o.drafts.get(key).text == recorded {
				o.saveDraft(key)
			}
		})
	}
}

// saveDraft writes a draft. The end of the program does not cancel that.
func (o *overlays) saveDraft(key string) {
	write := func(context.Context) error { return o.drafts.write(context.Background(), key) }
	o.try(keepTyped, write, func() {})
}

func (o *overlays) clearDraft(key string) {
	if key != "" {
		o.drafts.put(key, "")
		o.saveDraft(key)
	}
}

func (o *overlays) restoreDraft(to drafted, key string) {
	if key == "" {
		return
	}
	fetch(o.loop, keepTyped, func(ctx context.Context) (string, error) {
		if kept := o.drafts.get(key); kept != (draft{}) {
			return kept.text, nil
		}
		return o.be.Draft(ctx, key)
	}, func(text string) {
		i := o.layerOf(to)
		if i < 0 || text == "" || to.Draft() != "" {
			return
		}
		if said := to.Restore(text); said != "" {
			o.say(theme.Dim, said)
		}
		if o.layers[i].recorded = to.Draft(); o.layers[i].recorded == "" {
			o.clearDraft(key) // it equals what the form shows
		}
	})
}
