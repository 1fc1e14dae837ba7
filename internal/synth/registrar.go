package synth

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
)

// Failures holds the rates at which attempts to register fail, by cause.
type Failures map[string]float64

// failure is a refusal and the evidence of its cause.
type failure struct {
	cause    string
	status   int
	evidence func(b []byte, l *logWriter, unix int64) []byte // token_claims or token_info, nil for none
}

const allScopes = `recordings:readonly sip:manage telephony:readonly`

// lapsed is the cause of an outage without a failure: the attempt is left out.
const lapsed = "lapsed"

// notPermitted is the cause of refusals that look like a race and do not heal.
const notPermitted = "not_permitted"

// failures are the causes, named as in the table of outages. token_untrusted is
// not among them, because it takes keys.
var failures = []failure{
	{"client_gave_up", 499, nil},
	{"credential_rejected", 403, func(b []byte, l *logWriter, unix int64) []byte {
		return l.claims(b, l.org, allScopes, unix-1800, 0, unix+1800)
	}},
	{"interval_too_brief", 423, nil},
	{lapsed, 0, nil},
	{notPermitted, 403, freshToken},
	{"refresh_race", 403, freshToken},
	{"rejected", 486, nil},
	{"scope_missing", 403, func(b []byte, l *logWriter, unix int64) []byte {
		return l.claims(b, l.org, "recordings:readonly sip:manage:readonly", unix-1800, 0, unix+1800)
	}},
	{"server_error", 503, nil},
	{"throttled", 429, nil},
	{"timeout", 408, nil},
	{"token_expired", 401, func(b []byte, l *logWriter, unix int64) []byte {
		return l.claims(b, l.org, allScopes, unix-3900, 0, unix-300)
	}},
	{"token_inactive", 401, func(b []byte, _ *logWriter, _ int64) []byte { return append(b, `,"token_info":{"active":false}`...) }},
	{"token_not_yet_valid", 401, func(b []byte, l *logWriter, unix int64) []byte {
		return l.claims(b, l.org, allScopes, unix-1800, unix+600, unix+3600)
	}},
	{"unauthenticated", 407, nil},
	{"unknown", 403, nil},
	{"unknown_line", 404, nil},
	{"wrong_org", 403, func(b []byte, l *logWriter, unix int64) []byte {
		return l.claims(b, l.sandbox, allScopes, unix-1800, 0, unix+1800)
	}},
}

// freshToken appends the claims of a token that is three seconds old.
func freshToken(b []byte, l *logWriter, unix int64) []byte {
	return l.claims(b, l.org, allScopes, unix-3, 0, unix+3600)
}

// Causes returns the causes that can have rates.
func Causes() []string {
	var list []string
	for _, f := range failures {
		list = append(list, f.cause)
	}

	return list
}

// UsualFailures returns a little of every cause.
func UsualFailures() Failures {
	f := Failures{}
	for _, cause := range Causes() {
		f[cause] = 0.0005
	}

	return f
}

// check reports rates that no night can have.
func (f Failures) check() error {
	sum := 0.0
	for cause, rate := range f {
		if !slices.Contains(Causes(), cause) {
			return fmt.Errorf("there is no cause %q of failed registrations: use one of %v", cause, Causes())
		}

		if sum += rate; !(rate >= 0 && sum <= 1+1e-9) {
			return fmt.Errorf("the rates of failed registrations must be from 0 to 1 in all, got %v for %s", rate, cause)
		}
	}

	return nil
}

// failing returns how an attempt fails, nil when it succeeds, and whether it
// fails until the registration before has run out. Attempts next to midnight
// succeed, so that no outage of the night crosses it.
func (d day) failing(line, turn int) (f *failure, long bool) {
	if turn < 2 || turn >= turns-2 {
		return nil, false
	}

	r := d.drawing(ofRegistration, d.number, line*turns+turn)
	at := r.unit()
	for i := range failures {
		if at -= d.Failures[failures[i].cause]; at >= 0 {
			continue
		}

		// A race heals within a minute, or it is none.
		f := &failures[i]
		switch f.cause {
		case "refresh_race":
			return f, false
		case notPermitted:
			return f, true
		}
		return f, r.below(2) == 0
	}

	return nil, false
}

// Every line registers twice an hour, five minutes before its registration runs
// out. One that fails tries again after a minute, and succeeds a little later.
// One that fails for long tries once more, and succeeds when it has been
// unregistered for a while.
const (
	turns     = 48
	turn      = clock(30*60) * 1000
	expiry    = 2100
	logs      = 24 // files in a day
	retried   = clock(60) * 1000
	mended    = clock(150) * 1000
	lateRetry = clock(330) * 1000
	lateMend  = clock(450) * 1000
)

// attempt is one attempt to register, a line of the log.
type attempt struct {
	at      clock
	line    int
	failure *failure
}

func (d day) registrations() iter.Seq[Object] {
	if v := vendorOf(d.Profile); v != nil {
		return trunks{d}.log(v)
	}
	return func(yield func(Object) bool) {
		for hour := range logs {
			key := fmt.Sprintf("registrations/date=%s/log-%02d.jsonl", d.date, hour)
			if d.Hourly {
				key = fmt.Sprintf("registrations/date=%s/hour=%02d/log.jsonl", d.date, hour)
			}
			if !yield(Object{key, d.sent(clock(hour+1) * oneDay / logs), func(w io.Writer) error { return d.writeLog(w, hour) }}) {
				return
			}
		}
	}
}

// attempts returns the attempts of all lines in an hour, in order of time.
func (d day) attempts(hour int) []attempt {
	var list []attempt
	for line := range d.Lines {
		r := d.drawing(ofLine, 1, line)
		offset := clock(150+r.below(900)) * 1000 // not next to the hour, when tokens are renewed

		for t := hour * turns / logs; t < (hour+1)*turns/logs; t++ {
			at := offset + clock(t)*turn
			f, long := d.failing(line, t)
			if f == nil {
				list = append(list, attempt{at, line, nil})
				continue
			}
			if f.cause == lapsed {
				continue
			}

			// The failures of a turn fall into one outage, which Planted counts.
			list = append(list, attempt{at, line, f}, attempt{at + retried, line, f})
			if long {
				list = append(list, attempt{at + lateRetry, line, f}, attempt{at + lateMend, line, nil})
			} else {
				list = append(list, attempt{at + mended, line, nil})
			}
		}
	}

	slices.SortStableFunc(list, func(a, b attempt) int { return cmp.Compare(a.at, b.at) })
	return list
}

// logWriter writes the lines of the log.
type logWriter struct {
	day
	sandbox uuid  // the organisation of a wrong token
	unix    int64 // midnight, in seconds since 1970
}

func (d day) writeLog(w io.Writer, hour int) error {
	r := d.drawing(ofOrg, 0, 1)

	l := &logWriter{d, r.uuid(), d.midnight().Unix()}
	o := newOut(w)
	if d.Profile == GenesysCloud {
		o.b = l.appendRefresh(o.b, clock(hour)*3_600_000)
	}

	for i, a := range d.attempts(hour) {
		if d.Profile == GenesysCloud {
			o.b = l.appendRequest(o.b, a)
		} else {
			o.b = l.appendEvent(o.b, a)
		}

		o.b = append(l.appendCorrelation(o.b, hour, i), "\"}\n"...)
		if err := o.flush(false); err != nil {
			return err
		}
	}
	return o.flush(true)
}

// appendRefresh appends the request for a new token.
func (l *logWriter) appendRefresh(b []byte, at clock) []byte {
	b = l.appendMillis(append(b, `{"time":"`...), at)
	b = append(b, `","method":"POST","path":"https://login.example/oauth/token","status":200,"grant_type":"client_credentials","request":{"client_id":"registrar"},"org_id":"`...)
	return append(append(b, l.org[:]...), "\"}\n"...)
}

// appendRequest appends an attempt as the log of the client shows it.
func (l *logWriter) appendRequest(b []byte, a attempt) []byte {
	b = l.appendMillis(append(b, `{"time":"`...), a.at)
	b = append(b, `","method":"POST","path":"/api/v2/telephony/sip/lines/`...)
	b = append(append(b, l.lines[a.line][:]...), `/registrations","status":`...)
	b = strconv.AppendInt(b, int64(a.status()), 10)
	b = append(append(b, `,"org_id":"`...), l.org[:]...)
	b = append(append(b, `","trunk_id":"`...), l.trunk(a.line)...)

	b = append(b, `","request":{"client_id":"registrar","username":"line-`...)
	b = appendPadded(b, a.line, 6)
	b = append(b, `","sip_domain":"sip.example","transport":"tls","expiry_seconds":2100},"response":{"code":`...)
	b = strconv.AppendInt(b, int64(a.status()), 10)

	if a.failure == nil {
		b = append(b, `,"expiry_seconds":2100`...)
	}
	return l.appendEvidence(append(b, '}'), a)
}

// appendEvent appends an attempt in the layout of profile cdrmend.
func (l *logWriter) appendEvent(b []byte, a attempt) []byte {
	b = l.appendMicros(append(b, `{"time":"`...), a.at)
	b = append(append(b, `","org_id":"`...), l.org[:]...)
	b = append(append(b, `","trunk_id":"`...), l.trunk(a.line)...)
	b = append(append(b, `","line_id":"`...), l.lines[a.line][:]...)
	b = appendPadded(append(b, `","username":"line-`...), a.line, 6)

	b = append(b, `","sip_domain":"sip.example","transport":"tls","status":`...)
	b = strconv.AppendInt(b, int64(a.status()), 10)
	b = append(b, `,"expiry_seconds":`...)
	b = strconv.AppendInt(b, expiry, 10)
	return l.appendEvidence(b, a)
}

// appendEvidence appends what the log shows of the token, if anything.
func (l *logWriter) appendEvidence(b []byte, a attempt) []byte {
	if f := a.failure; f != nil && f.evidence != nil {
		b = f.evidence(b, l, l.unix+int64(a.at)/1000)
	}

	return b
}

func (l *logWriter) appendCorrelation(b []byte, hour, row int) []byte {
	// The day number is shifted so that the ids do not share sequences with the
	// failures.
	r := l.drawing(ofRegistration, l.number-10, hour<<32+row)
	id := r.uuid()
	return append(append(b, `,"correlation_id":"`...), id[:]...)
}

func (l *logWriter) claims(b []byte, org uuid, scope string, issued, notBefore, expires int64) []byte {
	b = append(append(b, `,"token_claims":{"iss":"https://login.example","org_id":"`...), org[:]...)
	b = append(append(b, `","scope":"`...), scope...)
	b = strconv.AppendInt(append(b, `","iat":`...), issued, 10)
	if notBefore != 0 {
		b = strconv.AppendInt(append(b, `,"nbf":`...), notBefore, 10)
	}
	b = strconv.AppendInt(append(b, `,"exp":`...), expires, 10)
	return append(b, '}')
}

func (a attempt) status() int {
	if a.failure == nil {
		return 200
	}
	return a.failure.status
}
