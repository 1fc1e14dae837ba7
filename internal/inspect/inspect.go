// Package inspect shows what a profile reads from files, for people who write
// profiles. [Test] counts: which fields are filled, what did not parse and why,
// which rows are skipped or rejected, and what judging still needs. [Print] prints
// the canonical records themselves.
//
// Values pass through one door on their way out, which masks what may be a secret,
// escapes and shortens them.
package inspect

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/printable"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/rows"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"
	"cdrmend/internal/token"
)

// Print reads a file as a profile says, within the default limits, and prints at
// most so many of its records, and of its rejects. It never prints tokens. Pass a
// buffer: most errors of w are seen only when it is flushed.
func Print(w io.Writer, p *profile.Profile, f *File, most int) error {
	in := printer{w: w, texts: intern.NewTable(), profile: p, path: f.Path, limits: stream.DefaultLimits(), most: most, about: f.context(p)}
	if p.NoDocuments {
		fmt.Fprintf(w, "# %s as %s\n", p.Kind, mediaFormat)
		return in.printMedia(f)
	}
	o, err := open(p, f, &in.limits)
	if err != nil {
		return err
	}
	defer o.stream.Close()
	in.opened = o

	fmt.Fprintf(w, "# %s as %s\n", p.Kind, in.format)
	switch p.Kind {
	case "manifests":
		return in.manifest()
	case "cdrs":
		return in.legs()
	}
	return in.events()
}

type printer struct {
	w       io.Writer
	texts   *intern.Table
	profile *profile.Profile
	path    string
	*opened
	limits   stream.Limits
	about    steps.Context
	most     int // records, and rejects, that are printed
	rejected int // so far
}

// first returns how many of so many records are printed, and says so when these are
// not all.
func (in *printer) first(n int) int {
	if n > in.most {
		_ = in.line("", "the first %d of %d records", in.most, n)
	}
	return min(n, in.most)
}

// line prints one line. A value of the file cannot begin another one, as line
// breaks are escaped.
func (in *printer) line(before, format string, args ...any) error {
	_, err := fmt.Fprintf(in.w, "%s%s\n", before, printable.Text(fmt.Sprintf(format, args...)))
	return err
}

func (in *printer) reject(r rows.Reject) error {
	if in.rejected++; in.rejected > in.most {
		return nil
	}
	return in.line("\n", "reject: row %d, byte %d: %s", r.Row, r.Offset, r.Reason)
}

func (in *printer) title(what string, row uint32) { _ = in.line("\n", "%s %d", what, row) }

func (in *printer) field(f record.Field, value string) {
	if value != "" {
		_ = in.line("  ", "%-16s %s", f, value)
	}
}

func (in *printer) text(f record.Field, t intern.Text) { in.field(f, in.texts.String(t)) }

func (in *printer) number(f record.Field, n int64) {
	if n != profile.NoInt {
		in.field(f, fmt.Sprint(n))
	}
}

func (in *printer) list(f record.Field, ids []intern.Text) {
	var texts []string
	for _, id := range ids {
		texts = append(texts, in.texts.String(id))
	}
	in.field(f, strings.Join(texts, ";"))
}

// ids prints a list of ids that is one text.
func (in *printer) ids(f record.Field, list intern.Text) {
	in.field(f, strings.ReplaceAll(in.texts.String(list), string(intern.ListSeparator), ";"))
}

func (in *printer) spans(f record.Field, spans []record.Span) {
	for _, span := range spans {
		in.field(f, span.Start.String()+"/"+span.End.String())
	}
}

func (in *printer) invalid(list []record.Invalid, row uint32) {
	for _, v := range list {
		if v.Row == row {
			_ = in.line("  ", "did not parse    %s: %s", v.Field, v.Raw)
		}
	}
}

func (in *printer) manifest() error {
	r := manifest.NewReader(in.profile, in.texts, 0, &in.limits)
	r.About(in.about)
	input := manifest.Input{Key: in.path, Stream: in.stream, Body: in.body, Format: in.format, Reject: in.reject}
	read := func() (*manifest.Batch, error) { return r.Read(input) }
	if in.file != nil {
		read = func() (*manifest.Batch, error) { return r.ReadParquet(input, in.file, in.file.Size()) }
	}

	b, err := read()
	if err != nil {
		return err
	}
	return in.batch(b)
}

// batch prints the entries of a document.
func (in *printer) batch(b *manifest.Batch) error {
	extra := b.Doc.Extra
	if extra == nil { // as most documents
		extra = &manifest.Extra{}
	}

	// The details of the entries are one after the other, in the order of entries.
	reader := manifest.NewDetailsReader(bytes.NewReader(b.Details))
	reader.Open([]manifest.Range{{End: int64(len(b.Details))}})
	var details manifest.Details

	entries := slices.Concat(b.Blocks()...)
	for i := range in.first(len(entries)) {
		e := &entries[i]
		if err := reader.Next(&details); err != nil {
			return err
		}

		in.entry(e, &details, extra.Invalid)
	}
	in.document(&b.Doc, extra)

	return nil
}

// entry prints one entry, and its values that did not parse.
func (in *printer) entry(e *manifest.Row, details *manifest.Details, invalid []record.Invalid) {
	in.title("entry", e.Index)
	in.text(record.OrgID, e.Org)
	in.text(record.RecordingID, e.Recording)
	in.text(record.ConversationID, e.Conversation)
	in.text(record.LegID, e.Leg)
	in.text(record.TrunkID, e.Trunk)
	in.text(record.LineID, e.Line)
	in.field(record.StartTime, e.Start.String())
	in.field(record.EndTime, e.End.String())
	in.number(record.DurationMS, e.Duration)
	in.text(record.Direction, e.Direction)
	in.field(record.ANI, string(in.texts.AppendNumber(nil, e.ANI)))
	in.field(record.DNIS, string(in.texts.AppendNumber(nil, e.DNIS)))
	in.text(record.MediaType, e.MediaType)
	in.text(record.MediaSubtype, e.MediaSubtype)
	in.ids(record.UserIDs, e.Users)
	in.field(record.MediaKey, string(details.MediaKey))
	in.number(record.MediaBytes, e.MediaBytes)
	in.field(record.MediaSHA256, string(details.MediaSHA256))
	in.text(record.State, e.State)
	in.invalid(invalid, e.Index)
}

// document prints what holds for the document as a whole.
func (in *printer) document(doc *manifest.Document, extra *manifest.Extra) {
	// These ids are of the whole object, so no entry shows them.
	key := doc.Key
	if key != (manifest.KeyIDs{}) {
		fmt.Fprint(in.w, "\nfrom the object key\n")
		in.text(record.OrgID, key.Org)
		in.text(record.ConversationID, key.Conversation)
		in.text(record.RecordingID, key.Recording)
		in.text(record.MediaKey, key.Media)
	}

	if extra.Truncated != nil {
		fmt.Fprintf(in.w, "\ntruncated at byte %d\n", extra.Truncated.Offset)
	}
	if extra.Malformed != nil {
		fmt.Fprintf(in.w, "\nmalformed at byte %d\n", extra.Malformed.Offset)
	}
}

func (in *printer) legs() error {
	r := cdr.NewReader(in.profile, in.texts, &in.limits)
	r.About(in.about)
	read := func() (*cdr.Batch, error) { return r.Read(in.body, in.format, in.reject) }
	if in.file != nil {
		read = func() (*cdr.Batch, error) { return r.ReadParquet(in.file, in.file.Size(), in.reject) }
	}

	b, err := read()
	if err != nil {
		return err
	}
	for i := range in.first(len(b.Legs)) {
		l := &b.Legs[i]
		in.title("leg", l.Ref.Row)
		in.text(record.OrgID, l.Org)
		in.text(record.ConversationID, l.Conversation)
		in.text(record.LegID, l.ID)
		in.list(record.RecordingIDs, record.SectionOf(l.Recordings, b.Recordings))
		in.text(record.TrunkID, l.Trunk)
		in.text(record.LineID, l.Line)
		in.text(record.Direction, l.Direction)
		in.field(record.ANI, string(in.texts.AppendNumber(nil, l.ANI)))
		in.field(record.DNIS, string(in.texts.AppendNumber(nil, l.DNIS)))
		in.ids(record.UserIDs, l.Users)
		in.ids(record.QueueIDs, l.Queues)
		in.field(record.StartTime, l.Start.String())
		in.field(record.AnswerTime, l.Answer.String())
		in.field(record.EndTime, l.End.String())
		in.number(record.TalkMS, int64(l.TalkMS))
		in.spans(record.Talk, record.SectionOf(l.Talk, b.Talk))
		in.spans(record.Pauses, record.SectionOf(cdr.ExtraOf(&l.Particulars, b.Extras).Pauses, b.Talk))

		// A value that is not known is not shown.
		in.field(record.Recorded, [...]string{"", "false", "true"}[l.Recorded])
		in.field(record.UpdatedAt, l.Updated.String())
		in.number(record.SIPStatus, int64(l.SIPStatus))
		in.invalid(b.Invalid, l.Ref.Row)
	}

	return in.damage(b.Reading)
}

func (in *printer) events() error {
	// Without keys and scopes: tokens are read for their times, not examined.
	r := registration.NewReader(in.profile, in.texts, &token.Rules{Limits: in.limits})
	r.About(in.about)
	read := func() (*registration.Batch, error) { return r.Read(in.body, in.format, intern.None, in.reject) }
	if in.file != nil {
		read = func() (*registration.Batch, error) {
			return r.ReadParquet(in.file, in.file.Size(), intern.None, in.reject)
		}
	}

	b, err := read()
	if err != nil {
		return err
	}
	for i := range in.first(len(b.Events)) {
		e := &b.Events[i]
		in.title("event", e.Ref.Row)
		in.field(record.EventTime, e.Time.String())
		in.text(record.OrgID, e.Org)
		in.text(record.TrunkID, e.Trunk)
		in.text(record.LineID, e.Line)
		in.number(record.Status, int64(e.Status))
		in.number(record.ExpirySeconds, int64(e.Expiry))
		in.field(record.TokenIssuedAt, e.Issued.String())
	}

	return in.damage(b.Reading)
}

func (in *printer) damage(r rows.Reading) error {
	if why := r.Incomplete(); why != nil {
		return in.line("\n", "damaged: %v", why)
	}
	return nil
}
