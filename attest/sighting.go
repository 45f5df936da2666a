package attest

// Place is where in a profile a link counts.
type Place string

// The places. Everything else on a profile's page may be a stranger's.
const (
	InAttachment Place = "attachment" // the actor's own fields
	InHead       Place = "head"       // <link rel="me"> in the head of its page
)

// Sighting is what a look at a profile has seen. Once the link is found in the
// attachment, the page is not fetched.
type Sighting struct {
	Found      bool
	Where      Place // empty if it was not found
	FieldLinks int   // links in the actor's fields, this one or others
	HeadLinks  int   // <link rel="me"> in the page's head, this one or others
	PageRead   bool  // whether the page was read
	// Links are some of the others, MaxSeen at most, those that nearly count first;
	// none if the link was found.
	Links []SeenLink
}

// Bounds of what is told of the links in a profile, which are a stranger's words.
const (
	MaxSeen     = 5
	MaxSeenText = 160 // of one link, in bytes
)

// SeenLink is a link in a profile that is not the one looked for.
type SeenLink struct {
	Where Place
	Text  string // as it is written, if short and printable
	Near  Near   // why it does not count though it nearly does; empty if it is just another link
}

// Near is why a link does not count that nearly does.
type Near string

// The reasons, in the order in which they are looked for.
const (
	NearHost     Near = "host"     // a badge on another site
	NearPage     Near = "page"     // another page of this site
	NearBadge    Near = "badge"    // another badge of this site
	NearPicture  Near = "picture"  // a picture of the badge
	NearSlash    Near = "slash"    // a slash at the end
	NearScheme   Near = "scheme"   // http instead of https
	NearQuery    Near = "query"    // "?" and what follows, such as a language
	NearFragment Near = "fragment" // "#" and what follows
	NearInexact  Near = "inexact"  // not to the byte: cut off, or with something more
)
