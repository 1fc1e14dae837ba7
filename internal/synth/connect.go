package synth

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// AmazonConnect is the profile of Amazon Connect.
const AmazonConnect = "amazon-connect"

// connectFiles writes contact records as JSON Lines, some of them twice, and recordings
// without metadata. A transfer is a contact of its own in the chain of the first.
// Connect has no registrations.
func connectFiles() *vendor {
	return &vendor{
		manifests: Names, cdrs: JSONLines,
		defects: []Defect{Lost, NoCDR, Unanswered, Withdrawn, NoVoice, Superseded, MediaEmpty, MediaHTML, MediaCut, MediaMono},
		lay:     func(*call) {},
		part:    func(p part) vendorPart { return connect{p} },
		sources: `sources:
  manifests:
    - {name: recordings, url: %s, profile: amazon-connect%s}
  cdrs:
    - {name: contacts, url: %s, profile: amazon-connect}
output: {url: %s}
`,
	}
}

// connect writes a part of a day as Amazon Connect does.
type connect struct{ part }

func (d connect) recordings() iter.Seq[Object] { return d.named(d.name) }

func (d connect) records() iter.Seq[Object] {
	return d.partsByEnd(d.CDRFiles, "cdr/date=%s/contacts-%04d.jsonl", part.hasRows, func(p part, w io.Writer) error { return connect{p}.writeContacts(w) })
}

// line returns nothing: Connect has no registrations.
func (d connect) line(b []byte, _ trunkEvent) []byte { return b }

type connectContact struct {
	Version      string             `json:"AWSContactTraceRecordFormatVersion"`
	Contact      string             `json:"ContactId"`
	Initial      *string            `json:"InitialContactId"`
	Channel      string             `json:"Channel"`
	Method       string             `json:"InitiationMethod"`
	Initiated    string             `json:"InitiationTimestamp"`
	Agent        *connectAgent      `json:"Agent"`
	Disconnected string             `json:"DisconnectTimestamp"`
	Updated      string             `json:"LastUpdateTimestamp"`
	Customer     connectEndpoint    `json:"CustomerEndpoint"`
	System       connectEndpoint    `json:"SystemEndpoint"`
	Recordings   []connectRecording `json:"Recordings"`
	Attributes   map[string]string  `json:"Attributes"`
}

type connectAgent struct {
	ARN       string `json:"ARN"`
	Connected string `json:"ConnectedToAgentTimestamp"`
}

type connectEndpoint struct{ Address, Type string }

type connectRecording struct{ Location, MediaStreamType, StorageType, Status string }

// writeContacts writes a page of contact records.
func (d connect) writeContacts(w io.Writer) error {
	o := newOut(w)
	err := d.rows(func(c *call, n int) error {
		versions := []connectContact{d.contact(c, n)}
		if c.twice { // the record comes again when somebody added an attribute
			again := versions[0]
			again.Attributes, again.Updated = map[string]string{"reason": "billing"}, d.inZulu(c.legs[n].end+300*oneSecond)
			versions = append(versions, again)
		}
		for _, v := range versions {
			b, err := json.Marshal(v)
			if err != nil {
				return err
			}
			o.b = append(append(o.b, b...), '\n')
		}
		return o.flush(false)
	})
	if err != nil {
		return err
	}
	return o.flush(true)
}

// inZulu returns a time of the day as Connect writes it.
func (d connect) inZulu(t clock) string {
	return string(d.appendTime(nil, t))[:len("2006-01-02T15:04:05")] + "Z"
}

func (d connect) contact(c *call, n int) connectContact {
	l := &c.legs[n]
	from, to := c.parties()
	v := connectContact{
		Version: "2017-03-10", Contact: string(l.id[:]), Channel: "VOICE", Method: "INBOUND",
		Initiated: d.inZulu(l.start), Disconnected: d.inZulu(l.end), Updated: d.inZulu(l.end + 60*oneSecond),
		Customer: connectEndpoint{from, "TELEPHONE_NUMBER"}, System: connectEndpoint{to, "TELEPHONE_NUMBER"},
		Agent: &connectAgent{"arn:aws:connect:eu-central-1:111122223333:instance/x/agent/" + string(l.agent[:]), d.inZulu(l.answered)},
	}
	if !c.inbound {
		v.Method = "OUTBOUND"
	}
	if n > 0 {
		initial := string(c.legs[0].id[:])
		v.Initial, v.Method = &initial, "TRANSFER"
	}

	recording := connectRecording{d.location(c, n), "AUDIO", "S3", "AVAILABLE"}
	switch {
	case c.fate == Unanswered: // the caller hung up in the queue
		v.Agent = nil
	case c.fate == NoVoice:
		v.Channel = []string{"CHAT", "TASK"}[l.way%2]
	case c.fate == Lost && l.way%2 == 0: // nothing was recorded, and nothing says so
	case c.fate == Withdrawn:
		recording.Status = "DELETED"
		v.Recordings = append(v.Recordings, recording)
	default:
		v.Recordings = append(v.Recordings, recording)
	}
	return v
}

// name returns what a recording is named: its contact, and when that was
// answered.
func (d connect) name(c *call, n int) string {
	at := strings.NewReplacer("-", "", " ", "T").Replace(d.local(c.legs[n].answered))
	return fmt.Sprintf("%s_%s_UTC", c.legs[n].id[:], at[:len("20060102T15:04")])
}

// location returns where Connect says that the recording of a contact lies.
func (d connect) location(c *call, n int) string {
	return "connect-x/connect/acme/CallRecordings/" + strings.ReplaceAll(string(d.at(c.legs[n].start)), "-", "/") + "/" + d.name(c, n) + ".wav"
}

func (d connect) outcome(c *call) (o outcome) {
	if c.fate == NoVoice {
		return o
	}
	o = c.recordedEach(func(n int) Verdict {
		return Verdict{Conversation: string(c.legs[0].id[:]), Leg: string(c.legs[n].id[:]), Verdict: "complete"}
	})
	if c.twice && c.fate != NoCDR {
		o.supersede(c)
	}
	return o
}
