package sample

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// delivery is one object of the export, whose body is made on demand.
type delivery struct {
	key  string
	body func() []byte
}

// deliveries yields the exported recordings, sorted by folder.
func (n *Night) deliveries() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for h := firstHour; h <= lastHour; h++ {
			for _, d := range n.deliveredIn(n.hour(h)) {
				if !yield(Object{Key: d.key, Body: d.body()}) {
					return
				}
			}
		}
	}
}

// deliveredIn returns the objects below the folder of an hour, sorted by key.
func (n *Night) deliveredIn(hour time.Time) []delivery {
	var list []delivery
	for i := range n.calls {
		c := &n.calls[i]
		for j := range c.recordings {
			if rec := &c.recordings[j]; rec.hour.Equal(hour) {
				list = append(list, deliver(c, rec)...)
			}
		}

		// Some conversations have a document of their own, as in a real export. It
		// is not about a recording.
		if c.number%16 == 3 && len(c.recordings) > 0 && c.start.Truncate(time.Hour).Equal(hour) {
			list = append(list, delivery{folder(c, hour) + c.id + "_call_metadata.json", func() []byte { return callMetadata(c) }})
		}
	}

	slices.SortFunc(list, func(a, b delivery) int { return cmp.Compare(a.key, b.key) })

	return list
}

// deliver returns the objects of one recording.
func deliver(c *call, rec *recording) []delivery {
	list := []delivery{{rec.mediaKey(c), func() []byte { return rec.body(c) }}}
	if rec.defect != metadataLost {
		list = append(list, delivery{rec.key(c), func() []byte { return metadata(c, rec) }})
	}
	if c.number%64 == 3 && rec.ext == "opus" {
		list = append(list, delivery{folder(c, rec.hour) + rec.id + ".txt", func() []byte { return transcript(c) }})
	}
	return list
}

func folder(c *call, hour time.Time) string {
	return fmt.Sprintf("recordings/%s/%s/conversation_id=%s/", Org, hour.Format("year=2006/month=01/day=02/hour=15"), c.id)
}

func (r *recording) mediaKey(c *call) string { return folder(c, r.hour) + r.id + "." + r.ext }

func (r *recording) key(c *call) string { return r.mediaKey(c) + "_metadata.json" }

// stamp is how the export writes times.
const stamp = "2006-01-02T15:04:05.000-0700"

// metadataDocument is the document that belongs to a media object.
type metadataDocument struct {
	RecordingID      string          `json:"recordingId"`
	ConversationID   string          `json:"conversationId"`
	SessionID        string          `json:"sessionId,omitempty"`
	OrganizationID   string          `json:"organizationId"`
	Provider         string          `json:"provider"`
	MediaType        string          `json:"mediaType"`
	MediaSubtype     string          `json:"mediaSubtype"`
	InitialDirection string          `json:"initialDirection"`
	UserIDs          []string        `json:"userIds"`
	StartTime        string          `json:"startTime"`
	DurationMS       int64           `json:"durationMs"`
	EndTime          json.RawMessage `json:"endTime,omitempty"`
	SIPTrunkID       json.RawMessage `json:"sipTrunkId,omitempty"`
}

// metadata returns the document of a recording, with its defect.
func metadata(c *call, rec *recording) []byte {
	d := metadataDocument{
		RecordingID: rec.id, ConversationID: c.id, OrganizationID: Org,
		Provider: "Edge", MediaType: "Call", MediaSubtype: rec.subtype,
		InitialDirection: c.direction(), UserIDs: []string{c.agentOf(rec)},
		StartTime:  rec.start.Format(stamp),
		DurationMS: rec.end.Sub(rec.start).Milliseconds(),
		EndTime:    encode(rec.end.Format(stamp)),
	}

	// A screen recording has no trunk, and lacks none.
	if rec.subtype != "Screen" {
		d.SIPTrunkID = encode(trunks[c.trunk].id)
	}

	if trunks[c.trunk].sessions {
		d.SessionID = rec.session
	}

	rec.defect.damage(&d, rec)
	return rec.defect.cut(encode(d))
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // nothing here holds what JSON cannot say
	}
	return b
}

func (c *call) direction() string {
	switch c.kind {
	case internal:
		return "internal"
	case outbound:
		return "outbound"
	default:
		return "inbound"
	}
}

// agentOf returns the agent who was on the line when a recording began.
func (c *call) agentOf(rec *recording) string {
	if !c.handover.IsZero() && !rec.start.Before(c.handover) {
		return c.agents[1]
	}
	return c.agents[0]
}

func callMetadata(c *call) []byte {
	return encode(struct {
		ConversationID string `json:"conversationId"`
		Start          string `json:"conversationStart"`
		Direction      string `json:"originatingDirection"`
		Recordings     int    `json:"recordings"`
	}{c.id, c.start.Format(stamp), c.direction(), len(c.recordings)})
}

func transcript(c *call) []byte {
	return []byte(strings.Join([]string{
		"AGENT: Good day, how can I help you?",
		"CUSTOMER: I am calling about my contract.",
		fmt.Sprintf("(%d seconds)", int(c.talk().Seconds())), "",
	}, "\n"))
}
