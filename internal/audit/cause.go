package audit

import (
	"cmp"
	"maps"
	"slices"

	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// Cause counts the outages of one cause, each once however many nights it lasts, and what
// coincides with them. An outage is evidence, never proof.
type Cause struct {
	Cause       string   `json:"cause"`
	Sentence    string   `json:"sentence"`
	Failed      bool     `json:"failed"` // a failed registration opened them; else one ended without a failure
	Outages     int64    `json:"outages"`
	LastingMS   int64    `json:"lasting_ms"`
	LongestMS   int64    `json:"longest_ms"`
	NotRecorded Relation `json:"not_recorded"` // calls that are missing or recorded in part
	Findings    Findings `json:"findings"`     // that name the cause
}

// Relation counts calls by how they relate to an outage.
type Relation struct {
	Coincides int64 `json:"coincides"`
	Possibly  int64 `json:"possibly"`
	Apart     int64 `json:"apart"` // coincide with none
	Unknown   int64 `json:"unknown"`
}

// Sum returns the number of all of them.
func (r *Relation) Sum() int64 { return r.Coincides + r.Possibly + r.Apart + r.Unknown }

func (r *Relation) count(relation string) {
	switch relation {
	case "inside", "edge":
		r.Coincides++
	case "possible":
		r.Possibly++
	case "none":
		r.Apart++
	default:
		r.Unknown++
	}
}

// Logs says what the logs of registrations can tell about outages.
type Logs struct {
	Limit string `json:"limit"` // why there may be other outages; empty when the logs of all intervals are whole
}

func (l *Logs) add(logs report.Logs) {
	l.Limit = cmp.Or(l.Limit, logs.Limit(), logs.Untold())
}

// causes counts outages and what coincides with them by the cause.
type causes struct {
	outages report.Outages
	byName  map[string]*Cause
	without Relation // calls that are not recorded, with no cause
}

func (c *causes) named(name string) *Cause {
	if found := c.byName[name]; found != nil {
		return found
	}
	words, _ := wording.Cause(name)
	added := &Cause{Cause: name, Sentence: words.Sentence, Failed: wording.OpenedBy(name) == wording.Failure}
	c.byName[name] = added
	return added
}

var (
	outageOrg      = table.Outages.Index("org_id")
	outageTrunk    = table.Outages.Index("trunk_id")
	outageLine     = table.Outages.Index("line_id")
	outageUser     = table.Outages.Index("username")
	outageStart    = table.Outages.Index("start_time")
	outageEnd      = table.Outages.Index("end_time")
	outageCause    = table.Outages.Index("cause")
	outageHarmless = table.Outages.Index("harmless")
)

// addOutage adds an outage of an interval, and reports whether it counts: in a harmless
// one nobody was unregistered.
func (c *causes) addOutage(row *table.Row) bool {
	if row.Text(outageHarmless) == "true" {
		return false
	}
	line := cmp.Or(row.Text(outageLine), row.Text(outageUser))
	c.outages.Add(row.Text(outageOrg), row.Text(outageTrunk), line, report.Outage{
		Span: record.Span{Start: row.Time(outageStart), End: row.Time(outageEnd)}, Cause: row.Text(outageCause),
	})
	return true
}

// addCall adds a call that is not recorded.
func (c *causes) addCall(row *table.Row) {
	relation := string(row.Bytes(callRelation))
	if name := row.Text(callCause); name != "" {
		c.named(name).NotRecorded.count(relation)
		return
	}
	c.without.count(relation)
}

// list returns the causes, that with which most calls coincide first.
func (c *causes) list() []Cause {
	for _, spans := range c.outages {
		for _, o := range spans {
			cause, lasting := c.named(o.Cause), int64(o.End-o.Start)/1000
			cause.Outages++
			cause.LastingMS += lasting
			cause.LongestMS = max(cause.LongestMS, lasting)
		}
	}

	list := make([]Cause, 0, len(c.byName))
	for _, one := range slices.SortedFunc(maps.Values(c.byName), func(a, b *Cause) int {
		return cmp.Or(
			cmp.Compare(b.NotRecorded.Coincides, a.NotRecorded.Coincides), cmp.Compare(b.NotRecorded.Possibly, a.NotRecorded.Possibly),
			cmp.Compare(b.LastingMS, a.LastingMS), cmp.Compare(a.Cause, b.Cause))
	}) {
		list = append(list, *one)
	}
	return list
}
