package inspect

import (
	"slices"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// fieldsOf returns the fields of a kind of record, in the order of its tables.
func fieldsOf(kind string) []record.Field {
	switch kind {
	case "manifests":
		return record.EntryFields
	case "cdrs":
		return record.LegFields
	}
	return record.EventFields
}

// The most characters of a value and of a line in a report.
const (
	longestExample = 48
	longestLine    = 160
)

// values reads the mapped fields of rows by themselves, before anything follows
// from them: a leg shows the end that follows from a duration, which would hide
// that nothing fills end_time.
type values struct {
	norm   profile.Normalizer
	zoned  profile.Normalizer // reads times without a zone, to say why they do not parse
	fields []record.Field
	counts map[record.Field]*Field

	unmatched string // the first line that no pattern matches
}

func newValues(p *profile.Profile) *values {
	zoned := *p
	zoned.Zone = utc
	texts := intern.NewTable()
	v := &values{norm: profile.NewNormalizer(p, texts), zoned: profile.NewNormalizer(&zoned, texts), counts: map[record.Field]*Field{}}
	for _, f := range fieldsOf(p.Kind) {
		if len(p.Fields[f]) > 0 && p.Shape == "" { // what a shape finds, its records show
			v.fields = append(v.fields, f)
			v.counts[f] = &Field{Name: f.String()}
		}
	}
	return v
}

// read counts the values of a file.
func (v *values) read(p *profile.Profile, f *File, limits *stream.Limits) error {
	// Lines that match nothing are rejects here, to get the first of them.
	strict := *p
	strict.RejectUnmatched = true
	m := rows.NewMapping(&strict, fieldsOf(p.Kind), limits)
	m.Context = f.context(p)

	in, err := open(p, f, limits)
	if err != nil {
		return err
	}
	defer in.stream.Close()

	before := v.snapshot()
	visitor := rows.Visitor{Row: v.row, Reject: v.reject, Restart: func() { v.restore(before) }}
	if in.file != nil {
		_, err = parquetfile.Read(m, in.file, in.file.Size(), visitor)
	} else {
		_, err = m.Read(in.body, in.format, p.List, visitor)
	}
	return err
}

// snapshot copies the counts. A list that is spelled twice goes back to them.
func (v *values) snapshot() map[record.Field]Field {
	all := map[record.Field]Field{}
	for f, count := range v.counts {
		all[f] = *count
	}
	return all
}

func (v *values) restore(all map[record.Field]Field) {
	for f, count := range all {
		*v.counts[f] = count
	}
}

func (v *values) reject(r rows.Reject) error {
	if v.unmatched == "" && r.Reason == rows.NoPattern {
		v.unmatched = shown(withoutOpaque(mask(string(r.Bytes))), longestLine)
	}
	return nil
}

// row counts the values of one row.
func (v *values) row(row *rows.Row) error {
	for _, f := range v.fields {
		raw := row.Value(f)
		text, ok := v.text(f, raw)
		count := v.counts[f]

		if text != "" {
			if count.Rows++; count.Example == "" {
				count.Example = v.example(f, text)
			}
		}
		if !ok {
			if count.Invalid++; count.Invalid == 1 {
				count.InvalidExample, count.Why = v.invalidExample(raw), v.why(f, raw)
			}
		}
	}
	return nil
}

// openFields are the fields of events whose values are shown. Any other field of a
// registration log may hold a secret: a user name its password, a reason the request.
var openFields = record.Of(
	record.EventTime, record.OrgID, record.TrunkID, record.LineID, record.Status, record.ExpirySeconds, record.TokenIssuedAt,
)

// example returns a value as it is shown.
func (v *values) example(f record.Field, text string) string {
	if v.norm.Profile.Kind == "registrations" && !openFields.Has(f) {
		return notShown
	}
	return shown(text, longestExample)
}

// invalidExample returns a value that did not parse as it is shown: of a registration
// log, where anything may stand in the wrong place, only how it is written.
func (v *values) invalidExample(raw jsonscan.Value) string {
	text := mask(profile.Shown(raw))
	if v.norm.Profile.Kind == "registrations" {
		text = shape(text)
	}
	return shown(text, longestExample)
}

// text returns a value in normal form, empty when it is missing; ok is false when
// it does not parse.
func (v *values) text(f record.Field, raw jsonscan.Value) (text string, ok bool) {
	switch f {
	case record.StartTime, record.EndTime, record.AnswerTime, record.UpdatedAt, record.EventTime, record.TokenIssuedAt:
		t, ok := v.norm.Time(raw)
		return t.String(), ok
	case record.DurationMS, record.TalkMS, record.MediaBytes, record.ExpirySeconds, record.SIPStatus:
		n, ok := v.norm.Int(raw)
		return number(n), ok
	case record.Status:
		n := registration.StatusOf(&v.norm, raw)
		return number(n), n != profile.NoInt || v.norm.Profile.IsMissing(raw)
	case record.Recorded:
		is, ok := v.norm.Bool(raw)
		return [...]string{"", "false", "true"}[is], ok
	case record.AccessToken, record.TokenClaims, record.TokenInfo:
		if v.norm.Profile.IsMissing(raw) {
			return "", true
		}
		return notShown, true
	case record.TokenScope:
		return string(raw.Text()), true
	case record.Talk, record.Pauses:
		spans, ok := v.norm.Spans(nil, raw)
		if len(spans) == 0 {
			return "", ok
		}
		return spans[0].Start.String() + "/" + spans[0].End.String(), ok
	case record.ANI, record.DNIS:
		party, ok := v.norm.Party(raw)
		return string(party.Number), ok
	case record.RecordingIDs, record.UserIDs, record.QueueIDs:
		return v.list(raw)
	case record.OrgID, record.RecordingID, record.ConversationID, record.LegID, record.TrunkID, record.LineID:
		id, ok := v.norm.AppendID(nil, raw)
		return string(id), ok
	}
	b, ok := v.norm.PlainBytes(raw)
	return string(b), ok
}

// list returns the ids of a list. They are not interned, which would keep those of
// all rows in memory.
func (v *values) list(raw jsonscan.Value) (string, bool) {
	var ids []string
	ok := v.norm.Elements(raw, func(element jsonscan.Value) bool {
		id, ok := v.norm.AppendID(nil, element)
		if ok && len(id) > 0 && !slices.Contains(ids, string(id)) {
			ids = append(ids, string(id))
		}
		return ok
	})
	if !ok {
		return "", false
	}
	return strings.Join(ids, ";"), true
}

// why says why a value does not parse, and what helps.
func (v *values) why(f record.Field, raw jsonscan.Value) string {
	if raw.Kind == jsonscan.Unusable {
		return "no step of the profile can take it"
	}
	switch f {
	case record.StartTime, record.EndTime, record.AnswerTime, record.UpdatedAt, record.EventTime, record.TokenIssuedAt:
		return v.whyNoTime(raw)
	case record.DurationMS, record.TalkMS, record.ExpirySeconds:
		return "is not a whole number; name its unit with the step unit"
	case record.MediaBytes, record.SIPStatus:
		return "is not a whole number"
	case record.Status:
		return "is neither 0 nor 100 to 699; map words to numbers with the step map"
	case record.Recorded:
		return "is neither true nor false; map it with the step map"
	case record.Talk, record.Pauses:
		return "is not a list of spans with a start and an end"
	}
	return "is no text, is too long, or holds a secret"
}

func (v *values) whyNoTime(raw jsonscan.Value) string {
	t, _ := v.norm.Time(raw)
	_, zoned := v.zoned.Time(raw)
	switch {
	case t.Known():
		return "the clock showed this time twice when it was set back; it is read as the earlier one"
	case zoned:
		return "has no zone, and the profile has none; set zone"
	case raw.Kind != jsonscan.Number && v.zoned.Profile.ParseTime(raw.Text()).Known():
		return "is outside the years 1990 to 2099; another epoch needs the step epoch"
	case raw.Kind == jsonscan.Number:
		return "is no time since 1970 within the years 1990 to 2099; another epoch needs the step epoch"
	}
	return "is no time in a usual spelling or a layout of the profile; name its layout in time_layouts or with the step time"
}
