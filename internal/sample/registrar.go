package sample

import (
	"bytes"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// What the client asks for and is granted. A token lasts a little longer than an
// hour and a binding a little longer than a token, so an hour in which all is
// well leaves no outage.
const (
	bindingSeconds = 4200
	tokenLife      = 65 * time.Minute
	settling       = 2 * time.Minute // between a new token and its first use
	apart          = 20 * time.Second
)

// The lines of the HTTP client's log.
type (
	logLine struct {
		Time        string       `json:"time"`
		Method      string       `json:"method"`
		Path        string       `json:"path"`
		Status      int          `json:"status"`
		OrgID       string       `json:"org_id"`
		TrunkID     string       `json:"trunk_id,omitempty"`
		Request     *logRequest  `json:"request,omitempty"`
		Response    *logResponse `json:"response,omitempty"`
		Grant       string       `json:"grant_type,omitempty"`
		Claims      *claims      `json:"token_claims,omitempty"`
		AccessToken string       `json:"access_token,omitempty"`
		Correlation string       `json:"correlation_id"`
		at          time.Time    // equals Time
	}
	logRequest struct {
		Client   string `json:"client_id"`
		Username string `json:"username,omitempty"`
		Domain   string `json:"sip_domain,omitempty"`
		Protocol string `json:"transport,omitempty"`
		Expiry   int    `json:"expiry_seconds,omitempty"`
	}
	logResponse struct {
		Expiry  int    `json:"expiry_seconds,omitempty"`
		Code    int    `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
		Scope   string `json:"scope,omitempty"`
	}
)

// registrar writes the log of the clients of all trunks.
type registrar struct {
	date
	ids *rand.Rand
	log []logLine
}

// registrations yields the registration log, one file for each day.
func (n *Night) registrations() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		r := registrar{date: n.date, ids: random(registrarStream, 0)}
		r.write()

		for len(r.log) > 0 {
			day := r.log[0].at.Truncate(24 * time.Hour)
			next := slices.IndexFunc(r.log, func(l logLine) bool { return !l.at.Before(day.Add(24 * time.Hour)) })
			if next < 0 {
				next = len(r.log)
			}

			var b bytes.Buffer
			for _, l := range r.log[:next] {
				b.Write(append(encode(l), '\n'))
			}

			if !yield(Object{Key: day.Format("registrations/date=2006-01-02/client.jsonl"), Body: b.Bytes()}) {
				return
			}
			r.log = r.log[next:]
		}
	}
}

// write writes every hour of every trunk, then sorts the lines by time.
func (r *registrar) write() {
	for h := firstHour; h < logUntil; h++ {
		for i := range trunks {
			writerOf(place{i, h})(r, r.client(i, h))
		}
		r.health(r.hour(h).Add(time.Minute))
	}

	// Correlation ids are drawn in the order of the log, not in that of writing.
	slices.SortStableFunc(r.log, func(a, b logLine) int { return a.at.Compare(b.at) })
	for i := range r.log {
		r.log[i].Correlation = newUUID(r.ids)
	}
}

// client registers the lines of one trunk. This is its state in one hour.
type client struct {
	trunk   int
	refresh time.Time
}

func (d date) client(trunk, hour int) client {
	return client{trunk, d.hour(hour).Add(time.Duration(trunks[trunk].refresh) * time.Minute)}
}

// turn returns when a line registers in an hour in which all is well.
func (c client) turn(line int) time.Time {
	return c.refresh.Add(settling + time.Duration(line)*apart)
}

// boundUntil returns how long the registration of a line in the hour before
// lasts.
func (c client) boundUntil(line int) time.Time {
	return c.turn(line).Add(bindingSeconds*time.Second - time.Hour)
}

func (c client) id() string { return trunks[c.trunk].name + "-registrar" }

func (c client) token() claims { return newToken(c.refresh) }

// ordinary writes an hour in which all lines but the given ones register as they
// should.
func (r *registrar) ordinary(c client, but ...int) {
	r.refreshed(c, c.refresh, 200)
	for line := range trunks[c.trunk].lines {
		if !slices.Contains(but, line) {
			r.attempt(c, line, c.turn(line), 200, c.token())
		}
	}
}

// refreshed logs a request for a new token. The pointer is valid until the next
// line is added.
func (r *registrar) refreshed(c client, at time.Time, status int) *logLine {
	l := logLine{
		at: at, Method: "POST", Path: "https://login.example/oauth/token", Status: status,
		Request: &logRequest{Client: c.id()}, Response: &logResponse{Code: status}, Grant: "client_credentials",
	}
	if status == 200 {
		l.Response = &logResponse{Scope: fullScope}
	}

	return r.add(l)
}

// attempt logs a request to register a line.
func (r *registrar) attempt(c client, line int, at time.Time, status int, token claims) *logLine {
	t := &trunks[c.trunk]
	l := logLine{
		at: at, Method: "POST", Path: "/api/v2/telephony/sip/lines/" + t.lines[line] + "/registrations", Status: status,
		TrunkID: t.id,
		Request: &logRequest{
			Client: c.id(), Username: t.name + "-" + string('1'+rune(line)), Domain: t.name + ".sip.example", Protocol: "tls", Expiry: bindingSeconds,
		},
		Response: &logResponse{Code: status, Message: messages[status]},
		Grant:    "client_credentials",
	}
	if status == 200 {
		l.Response = &logResponse{Expiry: bindingSeconds}
	}
	// The claims of an opaque token are known to its issuer only.
	if !t.opaque {
		l.Claims = &token
	}

	return r.add(l)
}

var messages = map[int]string{
	401: "Unauthorized",
	403: "Forbidden",
	429: "Too Many Requests",
	499: "Client Closed Request",
}

// health logs a request that has nothing to do with registering, as such logs
// also hold.
func (r *registrar) health(at time.Time) {
	r.add(logLine{at: at, Method: "GET", Path: "/api/v2/telephony/providers/edges/trunks?pageSize=25", Status: 200})
}

// add appends a line. The pointer is valid until the next one is added.
func (r *registrar) add(l logLine) *logLine {
	l.OrgID, l.Time = Org, l.at.Format(detailStamp)
	r.log = append(r.log, l)
	return &r.log[len(r.log)-1]
}
