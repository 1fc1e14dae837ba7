package registration

import (
	"bufio"
	"io"
	"math"
	"regexp"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/token"
)

// httpClientLog is the shape of the log of an application that registers
// lines over HTTP. It holds requests of every kind; some register a line, some
// refresh the token.
const httpClientLog = "http-client-log"

// Refresh is one successful token refresh.
type Refresh struct {
	Time record.Time
	Org  intern.Text
}

// Batch is what one object holds, or a chunk of one.
type Batch struct {
	rows.Reading
	Events    []Event
	Refreshes []Refresh
	Skipped   int64 // rows of another kind
	Unusable  int64 // attempts without a time, a status or anything that registered
}

// Add appends the content of the object's next chunk.
func (b *Batch) Add(next *Batch) {
	b.Reading.Add(next.Reading)
	b.Events = append(b.Events, next.Events...)
	b.Refreshes = append(b.Refreshes, next.Refreshes...)
	b.Skipped += next.Skipped
	b.Unusable += next.Unusable
}

// Reader reads the registration log of one source. It is not safe for
// concurrent use.
type Reader struct {
	// Forget is called when the rows rejected so far do not count, because
	// the object names its list of rows a second time. It may be nil.
	Forget func()

	norm    profile.Normalizer
	mapping *rows.Mapping
	rules   *token.Rules
	org     intern.Text // for rows that name none
	reject  func(rows.Reject) error
	batch   *Batch
}

// NewReader returns a reader for a profile and for objects within the limits,
// which are those of the rules.
func NewReader(p *profile.Profile, texts *intern.Table, rules *token.Rules) *Reader {
	return &Reader{
		norm: profile.NewNormalizer(p, texts), mapping: rows.NewMapping(p, record.EventFields, &rules.Limits), rules: rules,
	}
}

// Read reads one object that is not Parquet. Rows without an organisation get
// the given one, because the cause of a failure may depend on it. Damage is part
// of the batch; the error is a failure to read. The bytes of rejected rows may
// hold secrets.
func (r *Reader) Read(in *bufio.Reader, f profile.Format, org intern.Text, reject func(rows.Reject) error) (_ *Batch, err error) {
	visitor := r.begin(org, reject)
	visitor.Restart = func() {
		*r.batch = Batch{}
		if r.Forget != nil {
			r.Forget()
		}
	}

	r.batch.Reading, err = r.mapping.Read(in, f, r.norm.Profile.List, visitor)
	return r.batch, err
}

// ReadRows reads a chunk of an object like Read.
func (r *Reader) ReadRows(c *rows.Chunk, org intern.Text, reject func(rows.Reject) error) (_ *Batch, err error) {
	visitor := r.begin(org, reject)
	r.batch.Reading, err = r.mapping.ReadRows(c, visitor)
	return r.batch, err
}

// ReadParquet reads one object whose content is the first size bytes of file.
// Damage is part of the batch; the error is a failure to read.
func (r *Reader) ReadParquet(file io.ReaderAt, size int64, org intern.Text, reject func(rows.Reject) error) (_ *Batch, err error) {
	visitor := r.begin(org, reject)
	r.batch.Reading, err = parquetfile.Read(r.mapping, file, size, visitor)
	return r.batch, err
}

// begin starts a new batch and returns what adds rows to it.
func (r *Reader) begin(org intern.Text, reject func(rows.Reject) error) rows.Visitor {
	r.batch, r.org, r.reject = &Batch{}, org, reject
	return rows.Visitor{Row: r.Row, Reject: reject}
}

// Row adds the attempt or the refresh of one row to the batch.
func (r *Reader) Row(row *rows.Row) error {
	if r.norm.Profile.Shape != httpClientLog {
		return r.event(row, row.Value(record.LineID))
	}
	path := pathOf(row)
	switch line := registrationPath.FindStringSubmatch(path); {
	case line != nil:
		// In this log only the path names the line.
		return r.event(row, jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(line[1])})
	case strings.HasSuffix(path, "/oauth/token"):
		r.refresh(row)
	}

	// A refresh is no attempt to register, so it counts as skipped, too.
	r.batch.Skipped++
	return nil
}

var registrationPath = regexp.MustCompile(`^/api/v2/telephony/sip/lines/([^/]+)/registrations$`)

// pathOf returns the path of a POST without scheme, host and query, empty for
// anything else.
func pathOf(row *rows.Row) string {
	request := row.Whole()
	method, path := request.Member("method"), request.Member("path")
	if method.Kind != jsonscan.String || path.Kind != jsonscan.String || string(method.Text()) != "POST" {
		return ""
	}

	p, _, _ := strings.Cut(string(path.Text()), "?")
	if _, rest, ok := strings.Cut(p, "://"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		p = "/" + rest
	}
	return p
}

func (r *Reader) refresh(row *rows.Row) {
	at, _ := r.norm.Time(row.Value(record.EventTime))
	status, _ := r.norm.Int(row.Value(record.Status))
	// Only a refresh that succeeded issued a token.
	if at.Known() && status >= 200 && status <= 299 {
		r.batch.Refreshes = append(r.batch.Refreshes, Refresh{at, r.orgOf(row)})
	}
}

func (r *Reader) orgOf(row *rows.Row) intern.Text {
	if org, _ := r.norm.ID(row.Value(record.OrgID)); org != intern.None {
		return org
	}
	return r.org
}

// event adds one attempt to register.
func (r *Reader) event(row *rows.Row, line jsonscan.Value) error {
	e := Event{Org: r.orgOf(row), Ref: record.Ref{Row: row.Index}, Issued: record.NoTime}

	e.Time, _ = r.norm.Time(row.Value(record.EventTime))
	e.Trunk, _ = r.norm.ID(row.Value(record.TrunkID))
	e.Line, _ = r.norm.ID(line)
	// What does not parse counts as missing. unusable says which of these an
	// attempt cannot do without.
	status, _ := r.norm.Int(row.Value(record.Status))
	expiry, _ := r.norm.Int(row.Value(record.ExpirySeconds))
	e.Status, e.Expiry = clamp(status), clamp(expiry)

	if reason := unusable(&e); reason != "" {
		r.batch.Unusable++
		return r.reject(rows.Reject{Row: int64(row.Index), Offset: row.Offset, Reason: reason, Bytes: row.Bytes})
	}

	// The token is judged now, since its bytes must not leave the reader.
	if e.Status == 401 || e.Status == 403 {
		r.judge(&e, row)
	}

	r.batch.Events = append(r.batch.Events, e)
	return nil
}

// unusable returns why an attempt proves nothing, empty when it does.
func unusable(e *Event) string {
	switch {
	case !e.Time.Known():
		return "no time"
	case e.Status == profile.NoInt:
		return "no status"
	case e.Trunk == intern.None && e.Line == intern.None:
		return "neither trunk nor line"
	}
	return ""
}

// clamp keeps a number that is too large for an event from wrapping around.
func clamp(n int64) int32 { return int32(min(n, math.MaxInt32)) }

// judge reduces what the row shows of its token to a hint.
func (r *Reader) judge(e *Event, row *rows.Row) {
	access := row.Value(record.AccessToken)
	var raw []byte
	if access.Kind == jsonscan.String || access.Kind == jsonscan.Cell {
		raw = access.Text()
	}

	hint := r.rules.Hint(&r.norm, token.Source{
		Claims: row.Value(record.TokenClaims), Info: row.Value(record.TokenInfo), Access: raw,
	}, e.Org, e.Time)

	// A profile may log the time of issue next to a token that does not say it.
	e.Token, e.Issued, e.Evidence = Cause(hint.Cause), hint.Issued, hint.Evidence
	if !e.Issued.Known() {
		e.Issued, _ = r.norm.Time(row.Value(record.TokenIssuedAt))
	}
}
