package redact

import (
	"cmp"
	"slices"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// kinds maps the fields whose final values are ids to the kinds of their
// pseudonyms. They are those of the columns, so that an id has one pseudonym.
var kinds = map[string]string{
	"org_id": "org", "conversation_id": "con", "recording_id": "rec", "leg_id": "leg", "trunk_id": "trk", "line_id": "lin",
}

// plain are the fields whose final values this program wrote itself.
var plain = []string{"start_time", "end_time", "duration_ms"}

// value shows the final value of a field.
func (r *Redactor) value(field, v string) string {
	if slices.Contains(plain, field) {
		return v
	}
	return r.id(cmp.Or(kinds[field], "val"), v)
}

func asValue(r *Redactor, row *table.Row, v string) string {
	return r.value(row.Text(row.Schema().Index("field")), v)
}

// asDetail shows the detail of a finding. Its form depends on the class.
func asDetail(r *Redactor, row *table.Row, v string) string {
	field := row.Text(row.Schema().Index("field"))
	switch row.Text(row.Schema().Index("class")) {
	case "missing_recording":
		return r.instead(v)
	case "media_missing":
		return r.gone(v)
	case "media_unreadable":
		return r.unreadable(v)
	case "metadata_missing":
		return r.Key(v)
	case "conflict":
		return r.conflict(field, v)
	case "ambiguous_field":
		return r.list(cmp.Or(kinds[field], "val"), v)
	case "invalid_field":
		return r.invalid(field, v)
	}
	return v // counts and words of this program
}

// noMedia are the states with which an entry says that there is no media, and what
// stands for them when it says nothing.
var noMedia = []string{"absent", "deleted", "failed", "media_missing", "media_not_audio", "media_unreadable"}

// instead shows what there is instead of a missing recording: words of this
// program, or the name of a recording that looks like it.
func (r *Redactor) instead(v string) string {
	like, named := strings.CutPrefix(v, "like=")
	states, void := strings.CutPrefix(v, "void=")
	number, apart := strings.CutPrefix(v, "apart=")
	switch {
	case named && strings.Contains(like, ":") && strings.Contains(like, "#"): // its place, as it has no id
		return "like=" + r.evidence(like)
	case named:
		return "like=" + r.id("rec", like)
	case void && known(strings.Split(states, ";"), noMedia), apart && count(number), known([]string{v}, []string{"pending", "contested"}):
		return v
	}
	return r.text("val", v)
}

// gone shows why there is no media: what the entry says, how large it is, or else
// its key, which may look like either.
func (r *Redactor) gone(v string) string {
	state, says := strings.CutPrefix(v, "state=")
	bytes, small := strings.CutPrefix(v, "bytes=")
	if says && known([]string{state}, noMedia) || small && count(bytes) {
		return v
	}
	return r.Key(v)
}

// unreadable shows why a store does not let media be read. The name of a key has the
// number of an account in it.
func (r *Redactor) unreadable(v string) string {
	code, key, named := strings.Cut(v, ";key=")
	if !named || r.profile != policy.RedactAll {
		return v
	}
	return code + ";key=" + r.id("kms", key)
}

func known(values, words []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(words, v) })
}

// sources are the sources that a conflict can name.
var sources = []string{"object-key", "cdr", "arithmetic"}

// conflict shows entry=…;other=…;source=…. The two values come from outside and
// may hold anything. A text that cannot be split is redacted as one value.
func (r *Redactor) conflict(field, v string) string {
	rest, ok := strings.CutPrefix(v, "entry=")
	entry, rest, split := strings.Cut(rest, ";other=")
	end := strings.LastIndex(rest, ";source=")

	// LastIndex and the known sources: a value may contain ";source=" itself.
	if !ok || !split || end < 0 || !slices.Contains(sources, rest[end+len(";source="):]) {
		return r.text("val", v)
	}
	return "entry=" + r.value(field, entry) + ";other=" + r.value(field, rest[:end]) + rest[end:]
}

// invalid shows a raw text that did not parse.
func (r *Redactor) invalid(field, v string) string {
	switch {
	case v == "end-before-start" || v == "over-24h":
		return v
	case r.profile == policy.RedactNumbers && (field == "ani" || field == "dnis"):
		return maskDigits(v)
	}
	return r.text("val", v)
}

// evidence shows source:object_key#row;…;+N. With pseudonyms the sources are
// left out. A key may hold any of these characters, so only a part that
// certainly ends in a row is split.
func (r *Redactor) evidence(v string) string {
	if r.profile != policy.RedactAll {
		return r.text("obj", v)
	}
	if v == "key" { // in place of rows: nothing else is cited
		return v
	}

	parts := strings.Split(v, ";")
	for i, part := range parts {
		parts[i] = r.cited(part)
	}
	return strings.Join(parts, ";")
}

func (r *Redactor) cited(part string) string {
	// The number of rows beyond those that are cited.
	if strings.HasPrefix(part, "+") && count(part[1:]) {
		return part
	}

	_, key, ok := strings.Cut(part, ":")
	row := strings.LastIndexByte(key, '#')
	if !ok || row < 0 || !count(key[row+1:]) {
		return r.Key(part)
	}
	return r.Key(key[:row]) + key[row:]
}

// count reports whether v is a number too short to be a telephone number.
func count(v string) bool {
	return v != "" && len(v) < fewest && strings.Trim(v, "0123456789") == ""
}
