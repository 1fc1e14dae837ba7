package registration

import (
	"bytes"
	"regexp"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/token"
)

// httpClientLog is the shape of the log of an application that registers
// lines over HTTP: requests of every kind, of which some register a line, some
// remove a registration, and some ask for a token.
const httpClientLog = "http-client-log"

// registrationPath is the path of the registrations of a line.
var registrationPath = regexp.MustCompile(`^/api/v2/telephony/sip/lines/([^/]+)/registrations$`)

// httpRow adds what one request of such a log says. Rows of another kind are
// skipped.
func (r *Reader) httpRow(row *rows.Row) error {
	request := row.Whole()
	method, path := textOf(request.Member("method")), pathOf(request.Member("path"))
	post, remove := strings.EqualFold(method, "POST"), strings.EqualFold(method, "DELETE")
	if line := registrationPath.FindStringSubmatch(path); line != nil && (post || remove) {
		return r.event(row, r.httpAttempt(row, line[1], remove))
	}

	r.batch.Skipped++
	if post && strings.HasSuffix(path, "/oauth/token") {
		r.request(row)
	}
	return nil
}

// httpAttempt returns what a request to register a line says, or one to remove
// its registration.
func (r *Reader) httpAttempt(row *rows.Row, line string, remove bool) *attempt {
	a := &attempt{
		line: jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(line)}, status: r.httpStatus(row),
		client: r.clientOf(row), authError: authErrorOf(row.Whole().Member("response").Member("headers")),
	}
	switch {
	case remove:
		a.expiry = 0
	case a.status >= 200 && a.status <= 299:
		a.expiry = r.seconds(row.Value(record.ExpirySeconds)) // of the answer, else of the request
	default:
		// What a refusal says of expiry is about something else.
		a.expiry = r.seconds(row.Whole().Member("request").Member("expiry_seconds"))
	}
	return a
}

// request adds a request for a token.
func (r *Reader) request(row *rows.Row) {
	at, _ := r.norm.Time(row.Value(record.EventTime))
	if !at.Known() {
		return
	}
	x := Request{Time: at, Org: r.orgOf(row), Client: r.clientOf(row), Ref: record.Ref{Row: row.Index}}
	switch status := r.httpStatus(row); {
	case status >= 200 && status <= 299:
		x.Outcome = Answered
		scope := row.Whole().Member("response").Member("scope")
		if x.Granted = r.rules.Granted(scope); x.Granted != token.Unlisted {
			x.scopes = digestOfScopes(scope)
		}
	case status != noStatus:
		x.Outcome = Unanswered
	}
	r.batch.Requests = append(r.batch.Requests, x)
}

// httpStatus returns the status of an answer, 0 when there was none. A dash
// stands for a missing value, as in logs of web servers.
func (r *Reader) httpStatus(row *rows.Row) int64 {
	v := row.Value(record.Status)
	if textOf(v) == "-" { // of the two places one may hold a status all the same
		whole := row.Whole()
		v = whole.Member("status")
		if text := textOf(v); text == "" || text == "-" {
			v = whole.Member("response").Member("code")
		}
	}
	if text := textOf(v); v.Kind == jsonscan.Absent || v.Kind == jsonscan.Null || v.Kind == jsonscan.String && (text == "" || text == "-") {
		return 0
	}
	return statusOf(&r.norm, v)
}

// clientOf returns the OAuth client that a row names.
func (r *Reader) clientOf(row *rows.Row) intern.Text {
	client, _ := r.norm.ID(row.Whole().Member("client_id"))
	if client == intern.None {
		client, _ = r.norm.ID(row.Whole().Member("request").Member("client_id"))
	}
	return client
}

// textOf returns a JSON text without white space around it, empty for any other
// value.
func textOf(v jsonscan.Value) string {
	if v.Kind != jsonscan.String {
		return ""
	}
	return string(bytes.TrimSpace(v.Text()))
}

// pathOf returns the path of a request without scheme, host, query and fragment.
func pathOf(v jsonscan.Value) string {
	path := textOf(v)
	path, _, _ = strings.Cut(path, "#")
	path, _, _ = strings.Cut(path, "?")
	if _, rest, ok := strings.Cut(path, "://"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		path = "/" + rest
	}
	return strings.TrimSuffix(path, "/")
}

// authErrorOf returns the error that the WWW-Authenticate header among some
// headers names. Names of headers are of any case; one that stands several times
// may be a list.
func authErrorOf(headers jsonscan.Value) []byte {
	if headers.Kind != jsonscan.Object {
		return nil
	}
	var found []byte
	for name, v := range headers.Members {
		if !bytes.EqualFold(name, []byte("www-authenticate")) {
			continue
		}
		if v.Kind != jsonscan.List {
			found = errorParameter(textOf(v))
			continue
		}
		found = nil
		for element := range v.Elements {
			if found == nil {
				found = errorParameter(textOf(element))
			}
		}
	}
	return found
}

// errorParameter returns the value of the parameter "error" of a WWW-Authenticate
// header (RFC 9110), nil when there is none.
func errorParameter(header string) []byte {
	for header != "" {
		// A name ends where a value, a space or the next parameter begins.
		end := strings.IndexAny(header, "=, \t\"")
		if end < 0 {
			return nil
		}
		name := header[:end]
		header = strings.TrimLeft(header[end:], " \t")
		if header == "" || header[0] != '=' {
			if header != "" && (header[0] == ',' || header[0] == '"') {
				header = header[1:]
			}
			continue
		}

		value, rest := parameterValue(strings.TrimLeft(header[1:], " \t"))
		if strings.EqualFold(name, "error") {
			return bytes.TrimSpace(value)
		}
		header = rest
	}
	return nil
}

// parameterValue returns the quoted or bare value that a text begins with, and
// what follows it.
func parameterValue(text string) (value []byte, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ", \t")
		if end < 0 {
			end = len(text)
		}
		return []byte(text[:end]), text[end:]
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return value, text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		value = append(value, text[i])
	}
	return value, ""
}
