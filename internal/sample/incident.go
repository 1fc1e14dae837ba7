package sample

import (
	"slices"
	"strings"
	"time"
)

// place is one hour of one trunk.
type place struct{ trunk, hour int }

// incident is an hour of a trunk in which something went wrong.
type incident struct {
	place
	kind     string
	cause    string // of its outages, empty when it makes none
	sentence string
	write    func(*registrar, client)
}

const (
	scopeTrunk = leeds
	scopeHour  = 10
	retry      = 5 * time.Minute
)

// incidents are those of the night, in the order of their chapters. An hour of a
// trunk has at most one.
var incidents = [...]incident{
	{place{scopeTrunk, scopeHour}, "scope-missing", "scope_missing", scopeSentence, (*registrar).scopeMissing},
	{place{dublin, 14}, "refresh-race", "refresh_race", raceSentence, (*registrar).refreshRace},
	{place{frankfurt, 16}, "wrong-organisation", "wrong_org", orgSentence, (*registrar).wrongOrg},
	{place{leeds, 3}, "token-expired", "token_expired", expiredSentence, (*registrar).tokenExpired},
	{place{dublin, 9}, "race-not-healed", "not_permitted", permissionSentence, (*registrar).notPermitted},
	{place{frankfurt, 12}, "client-gave-up", "client_gave_up", gaveUpSentence, (*registrar).clientGaveUp},
	{place{leeds, lapseHour}, "lapse", "lapsed", lapseSentence, (*registrar).lapse},
	{place{dublin, 18}, "throttled", "throttled", throttledSentence, (*registrar).throttled},
	{place{frankfurt, 7}, "challenge", "", challengeSentence, (*registrar).challenge},
}

// writerOf returns the function that writes the log of an hour of a trunk.
func writerOf(p place) func(*registrar, client) {
	for _, in := range incidents {
		if in.place == p {
			return in.write
		}
	}

	return func(r *registrar, c client) { r.ordinary(c) }
}

const (
	scopeSentence      = "At 10:08 the token of the Leeds client was renewed and came back with sip:manage:readonly instead of sip:manage. For 40 minutes every registration of its lines was refused with 403. The registrations of the hour before lasted until 10:20; for half an hour then no line was registered, while calls were still routed over the trunk. Give the service account the scope sip:manage back."
	raceSentence       = "At 14:25 the first Dublin line registered three seconds after its token was renewed, most likely before the new token was known everywhere, and was refused with 403 for about a minute. Its registration of the hour before still held, so nothing was unregistered. Let the client wait after a renewal, or try again."
	orgSentence        = "From 16:07 the second Frankfurt line presented a token of the sandbox organisation and was refused with 403 for ten minutes, until the right credentials were used again. Its registration of the hour before held just long enough."
	expiredSentence    = "At 03:08 the Leeds client could not renew its token. It went on with the old one, which ran out at 03:13, and its lines were refused with 401 until a new token came at 03:24. From 03:20, when their registrations ran out, until 03:26 they were not registered."
	permissionSentence = "At 09:25 the third Dublin line was refused with 403 three seconds after its token was renewed, and so it was with each of the three tokens that its client asked for after that. A token that is only new is accepted within a minute; this was no race, its client lacked a permission. The line was not registered from 09:38 until 09:45."
	gaveUpSentence     = "At 12:07 the client of the first Frankfurt line closed its requests before they were answered (499), four times. Its registration ran out at 12:17, and the fifth request succeeded at 12:19. Let the client wait longer."
	lapseSentence      = "At 15:10 the second Leeds line did not register at all: nothing was refused, there is simply no request. Its registration ran out at 15:20, and it came back at 16:10. Calls on that line in between possibly coincide with the lapse."
	throttledSentence  = "At 18:27 the Dublin lines were told twice to wait (429, too many requests) and were back after two minutes."
	challengeSentence  = "At 07:07 the third Frankfurt line was asked for its credentials (401) and answered within a second. That is how registration works and is no outage."
)

// scopeMissing writes an hour in which the renewed token lacks the scope that
// registering takes. The first refusals of each line show the token's claims, the
// last one the token itself.
func (r *registrar) scopeMissing(c client) {
	r.refreshed(c, c.refresh, 200).Response.Scope = readonlyScope
	weak := c.token()
	weak.Scope = readonlyScope

	for line := range trunks[c.trunk].lines {
		for at := c.turn(line); at.Before(c.mended()); at = at.Add(retry) {
			l := r.attempt(c, line, at, 403, weak)
			l.Response.Message = "missing permission: sip:manage"
			// Without logged claims the cause can be found only inside the token.
			if at.Add(retry).After(c.mended()) {
				l.Claims, l.AccessToken = nil, weak.compact()
			}
		}
	}

	r.refreshed(c, c.mended(), 200)
	for line := range trunks[c.trunk].lines {
		r.attempt(c, line, c.turn(line).Add(8*retry), 200, newToken(c.mended()))
	}
}

// mended returns when a token with the scope was issued again.
func (c client) mended() time.Time { return c.refresh.Add(8 * retry) }

// refreshRace writes an hour in which the first line does not wait until the new
// token is known everywhere.
func (r *registrar) refreshRace(c client) {
	r.ordinary(c, 0)

	r.attempt(c, 0, c.refresh.Add(3*time.Second), 403, c.token())
	r.attempt(c, 0, c.refresh.Add(23*time.Second), 403, c.token())
	r.attempt(c, 0, c.refresh.Add(68*time.Second), 200, c.token())
}

// wrongOrg writes an hour in which one line uses another organisation's token.
func (r *registrar) wrongOrg(c client) {
	const line = 1
	r.ordinary(c, line)

	wrong := c.token()
	wrong.OrgID = sandboxOrg

	r.attempt(c, line, c.turn(line), 403, wrong).AccessToken = wrong.compact()
	r.attempt(c, line, c.turn(line).Add(retry), 403, wrong).AccessToken = wrong.compact()
	r.attempt(c, line, c.turn(line).Add(2*retry), 200, c.token())
}

// tokenExpired writes an hour in which the token cannot be renewed in time.
func (r *registrar) tokenExpired(c client) {
	old := newToken(c.refresh.Add(-time.Hour))
	r.refreshed(c, c.refresh, 503)
	r.refreshed(c, c.refresh.Add(16*time.Minute), 200)

	for line := range trunks[c.trunk].lines {
		at := c.turn(line).Add(retry)
		r.attempt(c, line, at, 401, old)
		r.attempt(c, line, at.Add(retry), 401, old)
		r.attempt(c, line, at.Add(11*time.Minute), 200, newToken(c.refresh.Add(16*time.Minute)))
	}
}

// notPermitted writes an hour in which a line is refused with every new token,
// until its client has the permission.
func (r *registrar) notPermitted(c client) {
	const line = 2
	r.ordinary(c, line)

	for i := range 4 {
		at := c.refresh.Add(time.Duration(i) * retry)
		if i > 0 {
			r.refreshed(c, at, 200)
		}
		r.attempt(c, line, at.Add(3*time.Second), 403, newToken(at))
	}
	r.attempt(c, line, c.refresh.Add(4*retry), 200, newToken(c.refresh.Add(3*retry)))
}

// clientGaveUp writes an hour in which a client does not wait for the answer.
func (r *registrar) clientGaveUp(c client) {
	const line = 0
	r.ordinary(c, line)

	for i := range 4 {
		r.attempt(c, line, c.turn(line).Add(time.Duration(i)*3*time.Minute), 499, c.token())
	}
	r.attempt(c, line, c.turn(line).Add(4*3*time.Minute), 200, c.token())
}

const (
	lapseHour = 15
	lapsing   = 1 // the line
)

// lapse writes an hour in which a line does not register.
func (r *registrar) lapse(c client) { r.ordinary(c, lapsing) }

// throttled writes an hour in which every line is refused twice at first.
func (r *registrar) throttled(c client) {
	r.refreshed(c, c.refresh, 200)

	for line := range trunks[c.trunk].lines {
		for i, status := range []int{429, 429, 200} {
			r.attempt(c, line, c.turn(line).Add(time.Duration(i)*time.Minute), status, c.token())
		}
	}
}

// challenge writes an hour in which a line is challenged and answers at once.
func (r *registrar) challenge(c client) {
	const line = 2
	r.ordinary(c, line)

	r.attempt(c, line, c.turn(line), 401, c.token())
	r.attempt(c, line, c.turn(line).Add(800*time.Millisecond), 200, c.token())
}

// scopeOutage returns the span in which no line of the trunk was registered:
// from the end of the last binding until its first line registered again.
func (d date) scopeOutage() (from, until time.Time) {
	c := d.client(scopeTrunk, scopeHour)
	last := len(trunks[scopeTrunk].lines) - 1
	return c.boundUntil(last), c.turn(0).Add(8 * retry)
}

// addOutages adds a chapter for each incident, and its outages.
func (a *author) addOutages() {
	for _, in := range incidents {
		a.story.Chapters = append(a.story.Chapters, Chapter{Kind: in.kind, Sentence: in.sentence})
		if in.cause != "" {
			a.story.Outages = append(a.story.Outages, a.outages(in)...)
		}
	}
}

// outages returns the outages of an incident: of each line, from its first
// refusal, or the end of its binding, until it was registered again. They are read
// off the log that the incident writes.
func (d date) outages(in incident) []Outage {
	c := d.client(in.trunk, in.hour)
	if in.hour == lapseHour {
		from, next := c.boundUntil(lapsing), c.turn(lapsing).Add(time.Hour)
		return []Outage{{Kind: in.kind, Trunk: trunks[in.trunk].id, Line: trunks[in.trunk].lines[lapsing], Start: from, Unregistered: from, End: next, Cause: in.cause}}
	}

	r := registrar{date: d}
	in.write(&r, c)

	lines := trunks[in.trunk].lines
	list := make([]Outage, len(lines))
	for _, l := range r.log {
		line := slices.IndexFunc(lines, func(id string) bool { return strings.Contains(l.Path, id) })
		// Refreshes belong to no line.
		if line < 0 {
			continue
		}

		o := &list[line]
		switch {
		case l.Status != 200 && o.Failures == 0:
			*o = Outage{Kind: in.kind, Trunk: l.TrunkID, Line: lines[line], Start: l.at, Cause: in.cause, Failures: 1}
		case l.Status != 200:
			o.Failures++
		case o.Failures > 0:
			o.End = l.at
		}
	}

	for line := range list {
		o := &list[line]
		bound := c.boundUntil(line)
		if o.End.After(bound.Add(32 * time.Second)) {
			o.Unregistered = bound
		}
	}

	return slices.DeleteFunc(list, func(o Outage) bool { return o.Failures == 0 })
}
