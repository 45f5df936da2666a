package attest

import "context"

// lookForLink looks at the profile now. Only once the badge's link is found there
// is the account proven, and the mail asked for. Until then the request stays as
// it is, and the view tells what was seen.
func (q *Requests) lookForLink(ctx context.Context, r Request, client string) (View, error) {
	if err := q.countLook(ctx, r); err != nil {
		return View{}, err
	}
	seen, err := q.profiles.FindLink(ctx, r.Actor, q.linkURL(r))
	if err != nil {
		return View{}, err
	}
	view := q.view(r)
	if seen.Found {
		if view, err = q.proveAccount(ctx, r, client); err != nil {
			return View{}, err
		}
	}
	view.Link = &seen
	return view, nil
}

// linkURL is what the profile must show where the account is proven by a link. What
// opens what is kept must have been placed for that request: the badge's own link
// stands in many a profile, for everybody to see.
func (q *Requests) linkURL(r Request) string {
	switch {
	case r.Method != ByLink:
		return ""
	case r.Purpose == ForAccess:
		return q.badgeURL(r.BadgeID) + "?request=" + r.ID
	}
	return q.badgeURL(r.BadgeID)
}
