package providers

import (
	"context"

	"confab/model"
)

// judge tells a right that is missing from a credential that is refused, for a
// call that may lack one and was answered 401. The proof is sent with the very
// credential that was refused, after the refusal: if it is taken, the credential
// is good, and the call is Forbidden. A proof that is refused too leaves the 401
// as it is, and one that fails in another way proves nothing: the call then
// fails as the proof did.
//
// It is sent in the place of the call, since waiting for another could wait for
// those who wait for this one.
func (c *Client) judge(ctx context.Context, call Call, f *fault, p proof) *fault {
	if !call.MayLack || c.options.Proof == nil {
		return f
	}
	b, err := c.build(*c.options.Proof)
	if err != nil {
		return f
	}
	if err := c.pace(ctx, call); err != nil {
		return &fault{err: err}
	}
	_, not := c.exchange(ctx, *c.options.Proof, b, p)
	switch {
	case not == nil:
		f = &fault{err: f.err}
		f.err.Kind, f.err.Hint = model.Forbidden, "the credential is good, and has no right to "+call.Name
	case !not.refused:
		f = &fault{err: not.err}
		f.err.Op = call.Name
	}
	return f
}
