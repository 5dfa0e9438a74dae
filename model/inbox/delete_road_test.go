package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"confab/model"
	"confab/providers/sandbox"
)

// mine returns a conversation that the account may delete.
func (l *lab) mine(account string) model.Ref {
	if account == "support" {
		return model.Ref{Account: account, ID: l.sb.Bird().IDs()[0]}
	}
	for _, id := range l.sb.Kona().IDs() {
		if l.sb.Kona().JSON(id)["creator_id"] == float64(l.sb.Kona().Me()) {
			return model.Ref{Account: account, ID: id}
		}
	}
	l.t.Fatal("the sandbox has no conversation that the account may delete")
	return model.Ref{}
}

// del deletes a conversation of the account, after it has passed it to meet.
func (l *lab) del(account string, meet func(ref model.Ref)) (model.Ref, string, model.DeliveryResult) {
	l.t.Helper()
	ref := l.mine(account)
	if _, err := l.Load(context.Background(), ref, 0); err != nil {
		l.t.Fatalf("reading the conversation: %v", err)
	}
	id := submit(l.t, l.Inbox, ref, []model.Change{{Kind: model.EditDelete}})[0]
	meet(ref)
	return ref, id, l.deliver(id)[id]
}

func (l *lab) there(r model.Ref) bool {
	return slices.Contains(l.sb.Bird().IDs(), r.ID) || slices.Contains(l.sb.Kona().IDs(), r.ID)
}

func (l *lab) ignoreDeletes(on bool) {
	l.sb.Bird().Set(sandbox.Switches{"DeleteIgnored": on})
	l.sb.Kona().Set(sandbox.Switches{"DeleteIgnored": on})
}

func TestIgnoredDeleteIsUnverified(t *testing.T) {
	for _, account := range []string{"support", "projects"} {
		t.Run(account, func(t *testing.T) {
			over(t, 0, func(l *lab) {
				ref, id, r := l.del(account, func(model.Ref) { l.ignoreDeletes(true) })
				if r.Entry.State != model.NotVerified || r.Entry.Error.Message == "" {
					t.Fatalf("a delete that the service ignored ended as %s, want %s with a message: %s",
						r.Entry.State, model.NotVerified, inWords(r.Entry))
				}
				if _, ok, _ := l.Row(context.Background(), ref); !ok {
					t.Error("the conversation is hidden though the service still has it")
				}
				l.ignoreDeletes(false)
				if _, err := l.Decide(context.Background(), model.DecideRetry, named(id)...); err != nil {
					t.Fatalf("retrying the edit: %v", err)
				}
				if r = l.deliver(id)[id]; r.Entry.State != model.Done || l.there(ref) {
					t.Errorf("tried again, the delete ended as %s (want %s), and the service still has the conversation: %t (want false)",
						r.Entry.State, model.Done, l.there(ref))
				}
			})
		})
	}
}

func TestAnOldConversationInTheAnswerProvesNothing(t *testing.T) {
	over(t, 0, func(l *lab) {
		ref := l.mine("support")
		if _, err := l.Load(context.Background(), ref, 0); err != nil {
			t.Fatalf("reading the conversation: %v", err)
		}
		id := submit(t, l.Inbox, ref, []model.Change{{Kind: model.EditTitle, Target: model.TextValue("Lift inspection")}})[0]
		l.once(func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			before, _ := json.Marshal(l.sb.Bird().JSON(ref.ID))
			res, err := send()
			if err == nil {
				res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(before)), int64(len(before))
			}
			return res, err
		})
		if r := l.deliver(id)[id]; r.Entry.State != model.Done || l.writes("support", "PATCH") != 1 {
			t.Errorf("a change that was made, and answered with the conversation as it was before, ended as %s, want %s: %s",
				r.Entry.State, model.Done, inWords(r.Entry))
		}
	})
}

func TestDeleteIsDoneWhenReadingAnswersGone(t *testing.T) {
	for _, account := range []string{"support", "projects"} {
		for name, loss := range losses {
			t.Run(account+"/"+name, func(t *testing.T) {
				over(t, 0, func(l *lab) {
					ref, _, r := l.del(account, func(model.Ref) { l.once(loss) })
					if r.Entry.State != model.Done || l.there(ref) || l.writes(account, "DELETE") != 1 {
						t.Errorf("a delete with a lost answer ended as %s (want %s) after %d requests (want 1), and the service still has the conversation: %t (want false)",
							r.Entry.State, model.Done, l.writes(account, "DELETE"), l.there(ref))
					}
				})
			})
		}
		t.Run(account+"/somebody was faster", func(t *testing.T) {
			over(t, 0, func(l *lab) {
				_, _, r := l.del(account, func(ref model.Ref) {
					l.once(func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
						if account == "support" {
							l.sb.Bird().Remove(ref.ID)
						} else {
							l.sb.Kona().Remove(ref.ID)
						}
						return send()
					})
				})
				if r.Entry.State != model.OutcomeAlreadySet {
					t.Errorf("the delete of what somebody else deleted first ended as %s, want %s: %s",
						r.Entry.State, model.OutcomeAlreadySet, inWords(r.Entry))
				}
			})
		})
		t.Run(account+"/a read that fails", func(t *testing.T) {
			over(t, 0, func(l *lab) {
				ref, id, r := l.del(account, func(model.Ref) {
					l.once(func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
						res, err := send()
						l.sb.SetOffline("", true)
						return res, err
					})
				})
				if r.Entry.State != model.RetryAt || !r.Entry.Sent {
					t.Fatalf("a delete that could not be read back ended as %s and was sent: %t, want %s and true: %s",
						r.Entry.State, r.Entry.Sent, model.RetryAt, inWords(r.Entry))
				}
				l.sb.SetOffline("", false)
				time.Sleep(time.Hour)
				if r = l.deliver(id)[id]; r.Entry.State != model.Done || l.there(ref) || l.writes(account, "DELETE") != 1 {
					t.Errorf("read back later, the delete ended as %s (want %s) after %d requests (want 1), and the service still has the conversation: %t (want false)",
						r.Entry.State, model.Done, l.writes(account, "DELETE"), l.there(ref))
				}
			})
		})
	}
	t.Run("support/still shown as deleted", func(t *testing.T) {
		over(t, 0, func(l *lab) {
			l.sb.Bird().Set(sandbox.Switches{"DeletedShown": true})
			if _, _, r := l.del("support", func(model.Ref) {}); r.Entry.State != model.Done {
				t.Errorf("the delete of a conversation that is still shown as deleted ended as %s, want %s: %s",
					r.Entry.State, model.Done, inWords(r.Entry))
			}
		})
	})
}
