package token

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/wording"
)

// Examination is what can be said of one token at one time: whether a
// registration with it had to be refused, and the facts behind that.
type Examination struct {
	Fingerprint string
	JWT         bool // false: an opaque token, of which nothing else is known
	Signature   Signature
	Unsigned    bool   // its header says that it has no signature
	Type        string // typ of its header
	Issuer      string
	Audience    []string
	At          record.Time
	Expires     record.Time // NoTime when the token does not say
	NotBefore   record.Time
	Issued      record.Time
	TokenOrg    string // the organisation that the token names, empty when none
	WantedOrg   string // the organisation that registers, empty when not known
	Scoped      bool   // the token lists scopes, perhaps none
	Scopes      []string
	Missing     []string // the required scopes among them that it lacks
	Malformed   []string // claims whose values do not count
	Cause       Cause    // of a 403 at that time

	token []byte // so that no text that is shown holds a part of it
}

// Examine applies the rules to a token alone, as if a registration by the
// organisation org (empty: not known) had been answered 403 at time at.
func (r *Rules) Examine(token []byte, org string, at record.Time) Examination {
	token = BareText(token, &r.Limits)
	texts := intern.NewTable()
	n := &profile.Normalizer{Profile: &profile.Profile{}, Texts: texts}
	wanted, _ := n.ID(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(org)})

	x := Examination{Fingerprint: Fingerprint(token), At: at, WantedOrg: texts.String(wanted), token: token}
	jwt, ok := parseCompact(token, &r.Limits)
	if !ok {
		return x
	}
	x.JWT = true
	if r.Keys != nil {
		x.Signature = r.Keys.check(jwt)
	}
	x.Unsigned, x.Type = bytes.EqualFold(headerText(jwt, "alg"), []byte("none")), string(headerText(jwt, "typ"))
	x.readClaims(r, n, jwt.payload)
	x.Cause = r.Conclude(Refusal{Hint: r.Hint(n, Source{Access: token}, wanted, at), At: at})
	return x
}

// readClaims fills in what the claims of the token say.
func (x *Examination) readClaims(r *Rules, n *profile.Normalizer, payload jsonscan.Value) {
	c := r.readClaims(n, payload)
	x.Expires, x.NotBefore, x.Issued = c.expires, c.notBefore, c.issued
	x.TokenOrg, x.Scoped = n.Texts.String(c.org), c.scoped
	for _, scope := range c.scopes {
		x.Scopes = append(x.Scopes, string(scope))
	}
	if c.scoped {
		x.Missing = r.lacking(c.scopes)
	}

	if issuer := payload.Member("iss"); issuer.Kind == jsonscan.String {
		x.Issuer = string(issuer.Text())
	}
	switch audience := payload.Member("aud"); audience.Kind {
	case jsonscan.String:
		x.Audience = []string{string(audience.Text())}
	case jsonscan.List:
		for element := range audience.Elements {
			if element.Kind == jsonscan.String {
				x.Audience = append(x.Audience, string(element.Text()))
			}
		}
	}
	x.Malformed = r.malformed(payload)
}

// Refused reports whether the token itself is reason enough for a refusal.
func (x Examination) Refused() bool { return x.Cause >= Untrusted && x.Cause <= ScopeMissing }

// Sentences says it all in plain words, one fact each, the conclusion last.
// Texts from the token are quoted, and left out when they are long or hold a
// part of the token itself.
func (x Examination) Sentences() []string {
	name := "The token " + x.Fingerprint
	if !x.JWT {
		return []string{
			name + " is not a JWT: it can be read by its issuer only.",
			"Whether a 403 is to be expected cannot be told from it; ask the issuer to introspect it, or compare the time of its last refresh with that of the 403.",
		}
	}
	told := []string{name + " is a JWT" + x.typed() + "; " + x.signed() + ".", x.origin(), x.validity(), x.organisation(), x.scopes()}
	if len(x.Malformed) > 0 {
		told = append(told, fmt.Sprintf("Of these claims the value is of a kind that does not count: %s.", strings.Join(x.Malformed, ", ")))
	}
	return append(told, x.conclusion())
}

func (x Examination) typed() string {
	if x.Type == "" {
		return ""
	}
	return " of the type " + x.shown(x.Type)
}

// signed says who vouches for the token.
func (x Examination) signed() string {
	if x.Unsigned && x.Signature == NotChecked {
		return "its header says that it is not signed (alg: none), and no keys are configured: nobody checked it, anybody may have written it, and what follows is only what it says of itself"
	}
	return x.Signature.Sentence()
}

func (x Examination) origin() string {
	issuer, audience := "no issuer", "no audience"
	if x.Issuer != "" {
		issuer = "the issuer " + x.shown(x.Issuer)
	}
	if len(x.Audience) > 0 {
		audience = "the audience " + x.shownList(x.Audience)
	}
	return fmt.Sprintf("It names %s and %s.", issuer, audience)
}

func (x Examination) validity() string {
	var parts []string
	for _, p := range []struct {
		words string
		time  record.Time
	}{{"was issued at", x.Issued}, {"is valid from", x.NotBefore}, {"expires at", x.Expires}} {
		if p.time.Known() {
			parts = append(parts, p.words+" "+p.time.String())
		}
	}
	if parts == nil {
		return fmt.Sprintf("It does not say when it was issued or when it expires; the time in question is %s.", x.At)
	}
	return fmt.Sprintf("It %s; the time in question is %s.", strings.Join(parts, ", "), x.At)
}

func (x Examination) organisation() string {
	switch {
	case x.TokenOrg == "":
		return "It names no organisation."
	case x.WantedOrg == "":
		return fmt.Sprintf("It was issued for the organisation %s.", x.shown(x.TokenOrg))
	case x.TokenOrg == x.WantedOrg:
		return fmt.Sprintf("It was issued for the organisation %s, the one that registers.", x.shown(x.TokenOrg))
	default:
		return fmt.Sprintf("It was issued for the organisation %s, not for %q, the one that registers.", x.shown(x.TokenOrg), x.WantedOrg)
	}
}

func (x Examination) scopes() string {
	if !x.Scoped {
		return "It does not say which scopes it has."
	}
	held := "It has no scopes"
	if len(x.Scopes) > 0 {
		held = "It has the scopes " + x.shownList(x.Scopes)
	}
	if len(x.Missing) > 0 {
		return fmt.Sprintf("%s; it lacks %q.", held, x.Missing)
	}
	return held + "; none that is required is missing."
}

func (x Examination) conclusion() string {
	words, _ := wording.Cause(x.Cause.String())
	switch {
	case x.Refused():
		return fmt.Sprintf("A refusal is to be expected (%s): %s; %s.", x.Cause, words.Sentence, words.Remedy)
	case x.Cause == RefreshRace:
		return fmt.Sprintf("A refusal is possible (%s): %s; %s.", x.Cause, words.Sentence, words.Remedy)
	default:
		return "Nothing in the token explains a 403; if there is one, " + words.Remedy + "."
	}
}

// Bounds of what is shown of a text from a token.
const (
	maxShown = 100 // longer texts are left out
	maxPiece = 16  // a text may share fewer bytes than this with the token
)

func (x Examination) shown(text string) string {
	if len(text) > maxShown || sharesPiece(x.token, text) {
		return "(not shown)"
	}
	return strconv.QuoteToASCII(text)
}

func (x Examination) shownList(texts []string) string {
	shown := make([]string, len(texts))
	for i, text := range texts {
		shown[i] = x.shown(text)
	}
	return strings.Join(shown, ", ")
}

// sharesPiece reports whether some maxPiece bytes of text stand in the token:
// a claim can repeat the token that it came in.
func sharesPiece(token []byte, text string) bool {
	for i := 0; i+maxPiece <= len(text); i++ {
		if bytes.Contains(token, []byte(text[i:i+maxPiece])) {
			return true
		}
	}
	return false
}
