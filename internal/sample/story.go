package sample

import "time"

// Story lists what was put into the night on purpose, for readers and for tests.
// Chapters are in a fixed order. The night has exactly the findings of all cases.
type Story struct {
	Calls      int // conversations that start in the night, delivered or not
	Recordings int // media objects below the folders of the night's hours
	Chapters   []Chapter
	Outages    []Outage // in the order of their chapters, then of trunk and line
}

// Chapter is one kind of thing that happened.
type Chapter struct {
	Kind     string // a name that does not change
	Sentence string // what happened, in plain words
	Cases    []Case
}

// Case is one conversation of a chapter.
type Case struct {
	Conversation string
	Trunk        string    // that carried the call
	Leg          string    // session id of the leg, when the case is about a leg
	Recording    string    // when it is about a recording
	Key          string    // of the recording's metadata below the night's base, whether it exists or not
	Findings     []Finding // to be expected, by class and field; none when all is well
}

// Finding is a finding to be expected.
type Finding struct{ Class, Field string }

// Outage is an outage to be expected.
type Outage struct {
	Kind         string // of the chapter
	Trunk, Line  string
	Start, End   time.Time
	Unregistered time.Time // from when on the line had no registration, zero when it always had one
	Cause        string
	Failures     int // none when a registration just ran out
}

// Findings returns how many findings of each class are to be expected.
func (s *Story) Findings() map[string]int {
	counts := map[string]int{}
	for _, ch := range s.Chapters {
		for _, c := range ch.Cases {
			for _, f := range c.Findings {
				counts[f.Class]++
			}
		}
	}
	return counts
}

// Chapter returns the chapter of a kind, without cases when there is none.
func (s *Story) Chapter(kind string) Chapter {
	for _, ch := range s.Chapters {
		if ch.Kind == kind {
			return ch
		}
	}
	return Chapter{Kind: kind}
}

func (c *call) aboutLeg(findings ...Finding) Case {
	return Case{Conversation: c.id, Trunk: c.trunkID(), Leg: c.leg, Findings: findings}
}

// aboutExpert returns a case about the leg of the outside expert.
func (c *call) aboutExpert(findings ...Finding) Case {
	return Case{Conversation: c.id, Trunk: c.trunkID(), Leg: c.expert.leg, Findings: findings}
}

func (c *call) aboutRecording(i int, findings ...Finding) Case {
	rec := &c.recordings[i]
	return Case{Conversation: c.id, Trunk: c.trunkID(), Recording: rec.id, Key: rec.key(c), Findings: findings}
}

func (c *call) trunkID() string {
	if c.kind == internal {
		return ""
	}
	return trunks[c.trunk].id
}

func repaired(fields ...string) []Finding { return each("repaired_field", fields) }

func missing(fields ...string) []Finding { return each("missing_field", fields) }

func each(class string, fields []string) []Finding {
	var list []Finding
	for _, f := range fields {
		list = append(list, Finding{class, f})
	}
	return list
}
