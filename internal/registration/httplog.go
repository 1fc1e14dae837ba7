package registration

import (
	"bytes"
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

// The path of the registrations of a line is linesPath, the line and this.
const (
	linesPath         = "/api/v2/telephony/sip/lines/"
	registrationsPath = "/registrations"
	tokenPath         = "/oauth/token"
)

// httpRow is one request of such a log.
type httpRow struct {
	*rows.Row
	method, path      []byte
	client            jsonscan.Value
	request, response jsonscan.Value
	status            jsonscan.Value // as it is written, see httpStatus
}

// httpRowOf finds the parts of a request, all at once, as there are many.
func httpRowOf(row *rows.Row) httpRow {
	h := httpRow{Row: row}
	whole := row.Whole()
	if whole.Kind != jsonscan.Object {
		return h
	}
	for name, v := range whole.Members {
		switch string(name) {
		case "method":
			h.method = textOf(v)
		case "path":
			h.path = pathOf(textOf(v))
		case "client_id":
			h.client = v
		case "request":
			h.request = v
		case "response":
			h.response = v
		case "status":
			h.status = v
		}
	}
	return h
}

// httpRow adds what one request of such a log says. Rows of another kind are
// skipped.
func (r *Reader) httpRow(row *rows.Row) error {
	h := httpRowOf(row)
	post, remove := bytes.EqualFold(h.method, []byte("POST")), bytes.EqualFold(h.method, []byte("DELETE"))
	if line := lineIn(h.path); line != nil && (post || remove) {
		a := r.httpAttempt(&h, line, remove)
		return r.event(row, &a)
	}

	r.batch.Skipped++
	if post && bytes.HasSuffix(h.path, []byte(tokenPath)) {
		r.tokenRequest(&h)
	}
	return nil
}

// lineIn returns the line whose registrations a path names, nil for any other
// path.
func lineIn(path []byte) []byte {
	line, ok := bytes.CutPrefix(path, []byte(linesPath))
	if !ok {
		return nil
	}
	line, ok = bytes.CutSuffix(line, []byte(registrationsPath))
	if !ok || len(line) == 0 || bytes.IndexByte(line, '/') >= 0 {
		return nil
	}
	return line
}

// httpAttempt returns what a request to register a line says, or one to remove
// its registration.
func (r *Reader) httpAttempt(h *httpRow, line []byte, remove bool) attempt {
	a := attempt{
		line: jsonscan.Value{Kind: jsonscan.Cell, Raw: line}, status: r.httpStatus(h),
		client: r.clientOf(h), authError: authErrorOf(h.response.Member("headers")),
	}
	switch {
	case remove:
		a.expiry = 0
	case a.status >= 200 && a.status <= 299:
		a.expiry = r.seconds(h.Value(record.ExpirySeconds)) // of the answer, else of the request
	default:
		// What a refusal says of expiry is about something else.
		a.expiry = r.seconds(h.request.Member("expiry_seconds"))
	}
	return a
}

// tokenRequest adds a request for a token.
func (r *Reader) tokenRequest(h *httpRow) {
	at, _ := r.norm.Time(h.Value(record.EventTime))
	if !at.Known() {
		return
	}
	x := Request{Time: at, Org: r.orgOf(h.Row), Client: r.clientOf(h), Ref: record.Ref{Row: h.Index}}
	switch status := r.httpStatus(h); {
	case status >= 200 && status <= 299:
		x.Outcome = Answered
		scope := h.response.Member("scope")
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
func (r *Reader) httpStatus(h *httpRow) int64 {
	v := h.Value(record.Status)
	if unwritten(v) { // the first place may hold a dash, and the second one a status
		if v = h.status; unwritten(v) {
			v = h.response.Member("code")
		}
	}
	if unwritten(v) {
		return 0
	}
	return StatusOf(&r.norm, v)
}

// unwritten reports whether a value of a status says nothing.
func unwritten(v jsonscan.Value) bool {
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return true
	case jsonscan.String:
		text := textOf(v)
		return len(text) == 0 || string(text) == "-"
	}
	return false
}

// clientOf returns the OAuth client that a row names.
func (r *Reader) clientOf(h *httpRow) intern.Text {
	client, _ := r.norm.ID(h.client)
	if client == intern.None {
		client, _ = r.norm.ID(h.request.Member("client_id"))
	}
	return client
}

// textOf returns a JSON text without white space around it, nil for any other
// value.
func textOf(v jsonscan.Value) []byte {
	if v.Kind != jsonscan.String {
		return nil
	}
	return bytes.TrimSpace(v.Text())
}

// pathOf returns the path of a URL without scheme, host, query, fragment and one
// slash at its end.
func pathOf(path []byte) []byte {
	if end := bytes.IndexAny(path, "#?"); end >= 0 {
		path = path[:end]
	}
	if _, rest, ok := bytes.Cut(path, []byte("://")); ok {
		start := bytes.IndexByte(rest, '/')
		if start < 0 {
			return nil
		}
		path = rest[start:]
	}
	return bytes.TrimSuffix(path, []byte("/"))
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
			found = errorParameter(string(textOf(v)))
			continue
		}
		found = nil
		for element := range v.Elements {
			if found == nil {
				found = errorParameter(string(textOf(element)))
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
