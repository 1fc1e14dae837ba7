// Package redact hides personal data in reports. Tables always hold the original
// values; a report reads its rows through a [Redactor]. There are three
// profiles:
//
//   - ops, the default: every digit of a telephone number but the last two is
//     masked, in the columns that hold numbers and wherever a text from
//     outside (an object key, evidence, a value that did not parse) may hold
//     one. Ids stay, because people have to look them up; in the id of a user
//     what may be a telephone number is masked.
//   - counsel: nothing is changed.
//   - public: every id, number, object key and value from outside is replaced
//     by a pseudonym. Equal values have equal pseudonyms in all reports made
//     with one key. Without the key nobody can find the value, not even by
//     trying all telephone numbers. Times, classes, verdicts, causes and texts
//     of the configuration stay.
//
// It is pure: equal rows and keys give equal rows.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// Redactor redacts values by one profile.
type Redactor struct {
	profile policy.Redaction
	key     []byte
	names   policy.Names
}

// New returns the redactor that a configuration asks for.
func New(c policy.Report) *Redactor { return &Redactor{c.Redact, c.PseudonymKey, c.Names} }

// Name returns the configured name of something, by its id as the tables have it. It
// is empty when there is none. A pseudonym has no name.
func (r *Redactor) Name(kind policy.NameKind, id string) string {
	if r.profile == policy.RedactAll {
		return ""
	}
	return r.names.Of(kind, id)
}

// Called returns the name of something with its id as reports show it, or the id alone.
func (r *Redactor) Called(kind policy.NameKind, id string) string {
	shown := r.ID(kind, id)
	if name := r.Name(kind, id); name != "" {
		return name + " (" + shown + ")"
	}
	return shown
}

// ID returns the id of something that may have a name, as reports show it.
func (r *Redactor) ID(kind policy.NameKind, id string) string {
	if kind == policy.UserName {
		return r.text(idKinds[kind], id) // it may be a telephone number
	}
	return r.id(idKinds[kind], id)
}

// idKinds are the kinds of pseudonyms of what has names.
var idKinds = map[policy.NameKind]string{
	policy.TrunkName: "trk", policy.LineName: "lin", policy.QueueName: "que", policy.UserName: "usr", policy.OrganisationName: "org",
}

// Rows yields the redacted rows of a table, in their order.
func (r *Redactor) Rows(rows table.Rows) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		var shown table.Row
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(r.Row(&shown, row), nil) {
				return
			}
		}
	}
}

// Row writes the redacted row to into and returns into. If the profile changes
// nothing it returns row itself.
func (r *Redactor) Row(into, row *table.Row) *table.Row {
	if r.profile == policy.RedactNothing {
		return row
	}

	s := row.Schema()
	into.Reset(s)
	for i, c := range s.Columns {
		switch {
		case !row.Known(i): // null tells nothing, and must not get a pseudonym
			into.AddNull()
		case c.Kind == table.Int:
			n, _ := row.Int(i)
			into.AddInt(n)
		case c.Kind == table.Time:
			into.AddTime(row.Time(i))
		default:
			r.addText(into, row, i)
		}
	}
	return into
}

func (r *Redactor) addText(into, row *table.Row, i int) {
	// All columns that a person or a thing outside can be known by are in shows.
	show, ok := shows[row.Schema().Columns[i].Name]
	if !ok {
		into.AddBytes(row.Bytes(i))
		return
	}

	into.AddText(show(r, row, row.Text(i)))
}

// shows holds the columns with texts from outside, or with ids of things
// outside. All other columns hold words of this program or of the configuration.
var shows = map[string]func(r *Redactor, row *table.Row, v string) string{
	"finding_id":      asID("fnd"),
	"outage_id":       asID("out"),
	"org_id":          asID("org"),
	"conversation_id": asID("con"),
	"recording_id":    asID("rec"),
	"leg_id":          asID("leg"),
	"trunk_id":        asID("trk"),
	"line_id":         asID("lin"),
	"media_sha256":    asID("sha"),
	"user_ids":        asPeople,
	"queue_ids":       asList("que"),
	"ani":             asNumber,
	"dnis":            asNumber,
	"username":        asAccount,
	"direction":       asWord,
	"media_type":      asWord,
	"media_subtype":   asWord,

	"object_key":       asKey,
	"first_object_key": asKey,
	"last_object_key":  asKey,
	"media_key":        asKey,
	"evidence":         asEvidence,
	"detail":           asDetail,
	"old_value":        asText,
	"new_value":        asValue,
	"state":            asState,
}

func asID(kind string) func(*Redactor, *table.Row, string) string {
	return func(r *Redactor, _ *table.Row, v string) string { return r.id(kind, v) }
}

func asList(kind string) func(*Redactor, *table.Row, string) string {
	return func(r *Redactor, _ *table.Row, v string) string { return r.list(kind, v) }
}

// asPeople shows users: their ids may be their telephone numbers.
func asPeople(r *Redactor, _ *table.Row, v string) string {
	parts := strings.Split(v, ";")
	for i, part := range parts {
		parts[i] = r.text("usr", part)
	}
	return strings.Join(parts, ";")
}

// asState shows what a recording says of its media. In a history the column of
// that name holds a word of this program.
func asState(r *Redactor, row *table.Row, v string) string {
	if row.Schema().Name != table.Recordings.Name {
		return v
	}
	return r.text("val", v)
}

// words are what exports call directions and types of media, in any case.
var words = []string{
	"inbound", "outbound", "internal", "incoming", "outgoing", "in", "out", "both", "local",
	"call", "voice", "audio", "callback", "chat", "email", "message", "sms", "mms", "fax", "video", "screen", "screenshare", "screenrecording", "cobrowse", "voicemail", "social", "webchat", "trunk", "station",
}

// Word returns what should be a word of those that exports use. Any other text may hold
// anything.
func (r *Redactor) Word(v string) string {
	if slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, v) }) {
		return v
	}
	return r.text("val", v)
}

func asWord(r *Redactor, _ *table.Row, v string) string { return r.Word(v) }

func asNumber(r *Redactor, _ *table.Row, v string) string { return r.number(v) }

// asAccount redacts a SIP user name, which may well be a telephone number.
func asAccount(r *Redactor, _ *table.Row, v string) string { return r.text("acc", v) }

func asKey(r *Redactor, _ *table.Row, v string) string      { return r.Key(v) }
func asText(r *Redactor, _ *table.Row, v string) string     { return r.text("val", v) }
func asEvidence(r *Redactor, _ *table.Row, v string) string { return r.evidence(v) }

// Org returns the redacted id of an organisation.
func (r *Redactor) Org(v string) string { return r.id("org", v) }

// Trunk returns the redacted id of a trunk.
func (r *Redactor) Trunk(v string) string { return r.id("trk", v) }

// Key returns a redacted object key or URL of a partition.
func (r *Redactor) Key(v string) string { return r.text("obj", v) }

// Reason returns a sentence of this program that quotes object keys after a colon.
// With pseudonyms only what stands before the colon is left of it: a key may hold
// anything, so that nobody can tell where it ends.
func (r *Redactor) Reason(v string) string {
	switch r.profile {
	case policy.RedactNumbers:
		return maskNumbers(v)
	case policy.RedactAll:
		v, _, _ = strings.Cut(v, ": ")
	}
	return v
}

// Grounds returns what a row of the file of accepted findings says. A pseudonym must not
// be joined with what people wrote about the finding behind it.
func (r *Redactor) Grounds(g policy.Grounds) policy.Grounds {
	switch r.profile {
	case policy.RedactNumbers:
		g.Reason, g.By = maskNumbers(g.Reason), maskNumbers(g.By)
	case policy.RedactAll:
		g = policy.Grounds{Row: g.Row}
	}
	return g
}

func (r *Redactor) number(v string) string {
	if r.profile == policy.RedactNumbers {
		return maskDigits(v)
	}
	return r.id("num", v)
}

// id redacts a value that identifies something and tells nothing by itself. Only
// the profile public changes it.
func (r *Redactor) id(kind, v string) string {
	if r.profile != policy.RedactAll || v == "" {
		return v
	}
	return r.pseudonym(kind, v)
}

func (r *Redactor) list(kind, v string) string {
	parts := strings.Split(v, ";")
	for i, part := range parts {
		parts[i] = r.id(kind, part)
	}
	return strings.Join(parts, ";")
}

// text redacts a text that may hold anything.
func (r *Redactor) text(kind, v string) string {
	if r.profile == policy.RedactNumbers {
		return maskNumbers(v)
	}
	return r.id(kind, v)
}

// pseudonym returns the pseudonym of a value of a kind.
func (r *Redactor) pseudonym(kind, v string) string {
	sum := hmac.New(sha256.New, r.key)
	sum.Write([]byte(kind))
	sum.Write([]byte{0}) // kind and value must not run together
	sum.Write([]byte(v))
	return kind + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
}
