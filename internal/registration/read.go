package registration

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"unicode"
	"unicode/utf8"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/steps"
	"cdrmend/internal/token"
)

// Batch is what one object holds, or a chunk of one.
type Batch struct {
	rows.Reading
	Events   []Event
	Requests []Request
	Skipped  int64 // rows of another kind, and lines that match no pattern
	Unusable int64 // attempts without a time, a status or anything that registered
	Unread   int64 // of those: attempts with a time that cannot be read
	Doubtful int64 // events whose local time occurs twice
}

// Add takes over what the next chunk of the object holds.
func (b *Batch) Add(next *Batch) {
	b.Reading.Add(next.Reading)
	b.Events = append(b.Events, next.Events...)
	b.Requests = append(b.Requests, next.Requests...)
	b.Skipped += next.Skipped
	b.Unusable += next.Unusable
	b.Unread += next.Unread
	b.Doubtful += next.Doubtful
}

// Reader reads the registration log of one source. It is not safe for
// concurrent use.
type Reader struct {
	// Forget is told that what was rejected so far does not count, as the
	// list of rows is spelled twice; nil when nobody keeps it.
	Forget func()

	norm    profile.Normalizer
	mapping *rows.Mapping
	rules   *token.Rules
	org     intern.Text // of rows that carry none
	reject  func(rows.Reject) error
	batch   *Batch

	digester digester
}

// NewReader returns a reader for a profile and for objects within the limits,
// which are those of the rules.
func NewReader(p *profile.Profile, texts *intern.Table, rules *token.Rules) *Reader {
	return &Reader{
		norm: profile.NewNormalizer(p, texts), mapping: rows.NewMapping(p, record.EventFields, &rules.Limits), rules: rules,
	}
}

// About says what the object that is read next says about the times in it.
func (r *Reader) About(c steps.Context) { r.mapping.Context = c }

// Read reads one object that is not Parquet. Rows without an organisation get
// the given one, as the cause of a failure may depend on it. Damage is part of the batch; the
// error is a failure to read. The bytes of rejected rows may hold secrets.
func (r *Reader) Read(in *bufio.Reader, f profile.Format, org intern.Text, reject func(rows.Reject) error) (*Batch, error) {
	r.begin(org, reject)
	var err error
	restart := func() {
		*r.batch = Batch{}
		if r.Forget != nil {
			r.Forget()
		}
	}
	r.batch.Reading, err = r.mapping.Read(in, f, r.norm.Profile.List, rows.Visitor{Row: r.Row, Reject: reject, Restart: restart})
	r.batch.Skipped += r.batch.Reading.Skipped()
	return r.batch, err
}

// ReadRows reads a chunk of an object as Read does all of it.
func (r *Reader) ReadRows(c *rows.Chunk, org intern.Text, reject func(rows.Reject) error) (*Batch, error) {
	r.begin(org, reject)
	var err error
	r.batch.Reading, err = r.mapping.ReadRows(c, rows.Visitor{Row: r.Row, Reject: reject})
	r.batch.Skipped += r.batch.Reading.Skipped()
	return r.batch, err
}

// ReadParquet reads one object whose content is the first size bytes of file.
// Damage is part of the batch; the error is a failure to read.
func (r *Reader) ReadParquet(file io.ReaderAt, size int64, org intern.Text, reject func(rows.Reject) error) (*Batch, error) {
	r.begin(org, reject)
	var err error
	r.batch.Reading, err = parquetfile.Read(r.mapping, file, size, rows.Visitor{Row: r.Row, Reject: reject})
	r.batch.Skipped += r.batch.Reading.Skipped()
	return r.batch, err
}

// begin starts a new batch.
func (r *Reader) begin(org intern.Text, reject func(rows.Reject) error) {
	r.batch, r.org, r.reject = &Batch{}, org, reject
}

// Row adds the attempt, or the request for a token, of one row to the batch.
func (r *Reader) Row(row *rows.Row) error {
	if r.norm.Profile.Shape == httpClientLog {
		return r.httpRow(row)
	}
	return r.event(row, &attempt{
		line: row.Value(record.LineID), status: StatusOf(&r.norm, row.Value(record.Status)),
		expiry: r.seconds(row.Value(record.ExpirySeconds)), authError: r.text(row.Value(record.AuthError)),
	})
}

func (r *Reader) orgOf(row *rows.Row) intern.Text {
	if org, _ := r.norm.ID(row.Value(record.OrgID)); org != intern.None {
		return org
	}
	return r.org
}

// seconds returns a number of seconds, -1 when it is missing.
func (r *Reader) seconds(v jsonscan.Value) int64 {
	n, _ := r.norm.Int(v)
	return n
}

// text returns a text, nil when it is missing. It is valid as long as v.
func (r *Reader) text(v jsonscan.Value) []byte {
	text, _ := r.norm.PlainBytes(v)
	return text
}

// attempt is what the shape of a log says about one attempt.
type attempt struct {
	line      jsonscan.Value
	status    int64
	expiry    int64
	client    intern.Text
	authError []byte
}

// event adds one attempt to register, or to remove a registration.
func (r *Reader) event(row *rows.Row, a *attempt) error {
	e := Event{
		Org: r.orgOf(row), Client: a.client, Expiry: a.expiry, Status: int16(a.status),
		Ref: record.Ref{Row: row.Index}, Issued: record.NoTime,
	}
	when := row.Value(record.EventTime)
	var read bool
	e.Time, read = r.norm.Time(when)
	e.Trunk, _ = r.norm.ID(row.Value(record.TrunkID))
	e.Line, _ = r.norm.ID(a.line)
	if reason := unusable(&e); reason != "" {
		r.batch.Unusable++
		reject := row.Reject(reason)
		if !e.Time.Known() && !read {
			r.batch.Unread++
			reject.Reason, reject.Value = r.norm.WhyNoTime(when)
		}
		return r.reject(reject)
	}
	if !read {
		r.batch.Doubtful++
		e.Facts |= DoubtfulTime
	}
	if e.Line == intern.None {
		e.User, _ = r.norm.Plain(row.Value(record.Username))
	}
	r.addRest(&e, row, a)
	r.batch.Events = append(r.batch.Events, e)
	return nil
}

func unusable(e *Event) string {
	switch {
	case !e.Time.Known():
		return "no time"
	case e.Status == noStatus:
		return "no status"
	case e.Trunk == intern.None && e.Line == intern.None:
		return "neither trunk nor line"
	}
	return ""
}

// noStatus is a status that is missing or does not parse.
const noStatus = profile.NoInt

// StatusOf returns a SIP or HTTP status: a number, or a text that begins with
// three digits, such as "503 Service Unavailable". 0 says that nobody answered.
func StatusOf(n *profile.Normalizer, v jsonscan.Value) int64 {
	status, ok := n.Int(v)
	if !ok {
		status = leadingStatus(v)
	}
	if status == 0 || status >= 100 && status <= 699 {
		return status
	}
	return noStatus
}

// leadingStatus returns the three digits that a text begins with.
func leadingStatus(v jsonscan.Value) int64 {
	if v.Kind != jsonscan.String && v.Kind != jsonscan.Cell {
		return noStatus
	}
	text := bytes.TrimSpace(v.Text())
	if len(text) < 4 {
		return noStatus
	}
	if next, _ := utf8.DecodeRune(text[3:]); !unicode.IsSpace(next) {
		return noStatus
	}
	status, err := strconv.ParseUint(string(text[:3]), 10, 16)
	if err != nil {
		return noStatus
	}
	return int64(status)
}

// addRest reads the fields of an event that concern its token, and the digest of
// those that only tell two events apart.
func (r *Reader) addRest(e *Event, row *rows.Row, a *attempt) {
	src := token.Source{
		Claims: r.rules.Object(row.Value(record.TokenClaims)), Info: r.rules.Object(row.Value(record.TokenInfo)),
		Access: token.Bare(row.Value(record.AccessToken), &r.rules.Limits),
	}
	issued, _ := r.norm.Time(row.Value(record.TokenIssuedAt))
	scope := row.Value(record.TokenScope)

	d := r.digester.begin()
	for _, f := range [...]record.Field{
		record.Username, record.SIPDomain, record.Transport, record.Reason, record.GrantType, record.CorrelationID,
	} {
		d.text(r.text(row.Value(f)))
	}
	d.text(a.authError)
	d.text(src.Access)
	d.object(src.Claims)
	d.object(src.Info)
	e.Rest = d.sum()
	if issued.Known() {
		e.Facts |= OwnIssue
		e.Rest ^= digestOfIssue(issued)
	}
	if granted := r.rules.Granted(scope); granted != token.Unlisted {
		e.Facts |= OwnScope
		e.Rest ^= digestOfScopes(scope)
		if granted == token.Lacking {
			e.Facts |= GrantLacks
		}
	}

	if e.Status == 401 || e.Status == 403 {
		r.judge(e, src)
	}
	if !e.Issued.Known() {
		e.Issued = issued
	}
	switch token.AuthErrorOf(string(a.authError)) {
	case token.InvalidToken:
		e.Facts |= InvalidToken
	case token.InsufficientScope:
		e.Facts |= InsufficientScope
	}
}

// judge notes what the token of a refused attempt proves.
func (r *Reader) judge(e *Event, src token.Source) {
	hint := r.rules.Hint(&r.norm, src, e.Org, e.Time)
	e.Token, e.Issued = hint.Cause, hint.Issued
	if hint.Evidence {
		e.Facts |= HasEvidence
	}
	if hint.Scoped {
		e.Facts |= ListsScopes
	}
}
