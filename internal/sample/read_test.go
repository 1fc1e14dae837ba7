package sample

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// reading is what the objects of a night say, read back without knowing how
// they were made.
type reading struct {
	keys      []string
	size      int
	media     map[string]bool       // keys of media objects
	broken    map[string]string     // what is wrong with them, by key
	folders   map[string][]string   // keys of media objects by conversation
	documents map[string]exported   // metadata that parses, by key
	cut       map[string]bool       // keys of metadata that does not
	legs      map[string][]spokenOf // by conversation, as delivered last
	versions  map[string]int        // of legs, by their id: how many rows
	paused    map[string]bool       // conversations with a declared pause
	standby   []standbyEntry
	log       []attempt
	rawLog    []byte
}

type exported struct {
	RecordingID, ConversationID, OrganizationID string
	SessionID                                   string
	MediaSubtype                                string
	StartTime, EndTime                          string
	SIPTrunkID                                  *string `json:"sipTrunkId"`
	DurationMS                                  int64
}

type spokenOf struct {
	ID         string `json:"sessionId"`
	Trunk      string `json:"sessionDnis"`
	Recording  *bool
	Direction  string
	purpose    string
	answered   bool
	listed     string // recording that a gateway's row lists
	start, end time.Time
	Segments   []struct {
		Start time.Time `json:"segmentStart"`
		End   time.Time `json:"segmentEnd"`
		Type  string    `json:"segmentType"`
		Queue string    `json:"queueId"`
	}
	queue string // in which the call was
}

type attempt struct {
	Time         time.Time
	Method, Path string
	Status       int
	Request      struct {
		Client string `json:"client_id"`
	}
	AccessToken string         `json:"access_token"`
	Claims      map[string]any `json:"token_claims"`
}

var inFolder = regexp.MustCompile(`^recordings/([^/]+)/year=(\d{4})/month=(\d\d)/day=(\d\d)/hour=(\d\d)/conversation_id=([0-9a-f-]{36})/([0-9a-f-]{36})(_call_metadata\.json|\.txt|\.(?:opus|wav|mp4)(_metadata\.json)?)$`)

func read(t *testing.T, n *Night) *reading {
	t.Helper()
	r := &reading{media: map[string]bool{}, broken: map[string]string{}, folders: map[string][]string{}, documents: map[string]exported{}, cut: map[string]bool{}, legs: map[string][]spokenOf{}, versions: map[string]int{}, paused: map[string]bool{}}
	for o := range n.Objects() {
		r.keys = append(r.keys, o.Key)
		r.size += len(o.Body)
		switch top, _, _ := strings.Cut(o.Key, "/"); top {
		case "recordings":
			r.delivery(t, o)
		case "cdr":
			r.details(t, o)
		case "gateway":
			r.gateway(t, o)
		case "standby":
			r.standbyEntries(t, o)
		case "registrations":
			r.registrations(t, o)
		default:
			t.Errorf("key %q is below no source", o.Key)
		}
	}
	return r
}

func (r *reading) delivery(t *testing.T, o Object) {
	t.Helper()
	m := inFolder.FindStringSubmatch(o.Key)
	switch {
	case m == nil:
		t.Errorf("key %q is not of the export's layout", o.Key)
	case strings.HasSuffix(m[8], ".txt"):
		if !bytes.HasPrefix(o.Body, []byte("AGENT: ")) {
			t.Errorf("%q is no transcript: %q", o.Key, o.Body)
		}
	case m[8] == "_call_metadata.json":
		if !json.Valid(o.Body) {
			t.Errorf("%q is no JSON: %q", o.Key, o.Body)
		}
	case m[9] == "":
		r.media[o.Key] = true
		r.folders[m[6]] = append(r.folders[m[6]], o.Key)
		if len(o.Body) < 500 || len(o.Body) > 70_000 {
			t.Errorf("%q is no small media object: %d bytes", o.Key, len(o.Body))
		}
		r.broken[o.Key] = brokenMedia(m[8], o.Body)
	default:
		var d exported
		if err := json.Unmarshal(o.Body, &d); err != nil {
			r.cut[o.Key] = true
			return
		}
		r.documents[o.Key] = d
	}
}

// brokenMedia says what is wrong with a media object of a suffix, if anything.
func brokenMedia(suffix string, body []byte) string {
	begins := map[string]string{".opus": "OggS", ".wav": "RIFF", ".mp4": "\x00\x00\x00\x18ftyp"}[suffix]
	switch last := bytes.LastIndex(body, []byte("OggS")); {
	case bytes.HasPrefix(body, []byte("<html>")):
		return "media-not-audio"
	case !bytes.HasPrefix(body, []byte(begins)):
		return "it begins with something else"
	case suffix != ".opus":
		return ""
	case len(body) < last+27 || body[last+5] != 4: // the last page says that it is
		return "media-cut"
	case body[28+9] != 2:
		return "media-one-channel"
	}
	return ""
}

func (r *reading) details(t *testing.T, o Object) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(o.Body))
	if err != nil {
		t.Fatalf("%q: %v", o.Key, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("%q: %v", o.Key, err)
	}
	var document struct {
		Conversations []struct {
			ConversationID  string
			ConversationEnd string
			Participants    []struct {
				Purpose  string
				Sessions []spokenOf
			}
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatalf("%q: %v", o.Key, err)
	}
	for _, c := range document.Conversations {
		var legs []spokenOf
		answered, queue := false, ""
		for _, p := range c.Participants {
			for _, s := range p.Sessions {
				s.purpose = p.Purpose
				for i, g := range s.Segments {
					if i > 0 && g.Start.Before(s.Segments[i-1].Start) {
						t.Errorf("%q: session %s goes back in time: %v", o.Key, s.ID, s.Segments)
					}
					queue = cmp.Or(queue, g.Queue)
					answered = answered || p.Purpose == "agent" && g.Type == "interact"
				}
				if len(s.Segments) > 0 {
					s.start, s.end = s.Segments[0].Start, s.Segments[len(s.Segments)-1].End
				}
				legs = append(legs, s)
			}
		}
		for i := range legs {
			legs[i].answered, legs[i].queue = answered, queue
			r.versions[legs[i].ID]++
		}
		if _, again := r.legs[c.ConversationID]; !again || c.ConversationEnd != "" {
			r.legs[c.ConversationID] = legs
		}
	}
}

// gateway reads the call detail records of the Leeds gateway. A row without an
// end comes before the final one.
func (r *reading) gateway(t *testing.T, o Object) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(o.Body)).ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", o.Key, err)
	}
	for _, cells := range rows[1:] {
		row := map[string]string{}
		for i, name := range rows[0] {
			row[name] = cells[i]
		}
		l := spokenOf{
			ID: row["leg_id"], Trunk: "tgrp=" + row["trunk_id"], Direction: row["direction"], purpose: "customer",
			answered: row["answer_time"] != "", queue: row["queue_ids"], listed: row["recording_ids"],
		}
		for _, at := range []struct {
			column string
			to     *time.Time
		}{{"start_time", &l.start}, {"end_time", &l.end}} {
			if text := row[at.column]; text != "" {
				if *at.to, err = time.Parse(gatewayStamp, text); err != nil {
					t.Errorf("%q: %v", o.Key, err)
				}
			}
		}
		id := row["conversation_id"]
		r.versions[l.ID]++
		r.paused[id] = r.paused[id] || row["pauses"] != ""
		if l.end.IsZero() {
			continue
		}
		r.legs[id] = append(r.legs[id], l)
	}
}

func (r *reading) standbyEntries(t *testing.T, o Object) {
	t.Helper()
	for line := range bytes.Lines(o.Body) {
		var e standbyEntry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%q: %v in %s", o.Key, err, line)
		}
		r.standby = append(r.standby, e)
	}
}

func (r *reading) registrations(t *testing.T, o Object) {
	t.Helper()
	r.rawLog = append(r.rawLog, o.Body...)
	for line := range bytes.Lines(o.Body) {
		var a attempt
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%q: %v in %s", o.Key, err, line)
		}
		if want := "registrations/date=" + a.Time.Format(time.DateOnly) + "/client.jsonl"; o.Key != want {
			t.Errorf("a line of %v is in %q, want %q", a.Time, o.Key, want)
		}
		r.log = append(r.log, a)
	}
}

// customers returns the legs of customers and outsiders.
func (r *reading) customers(conversation string) []spokenOf {
	var legs []spokenOf
	for _, l := range r.legs[conversation] {
		if l.purpose == "customer" || l.purpose == "external" {
			legs = append(legs, l)
		}
	}
	return legs
}

// inNight reports whether a key of the export is below an hour of the day.
func inNight(key string) bool {
	return strings.Contains(key, day.Format("/year=2006/month=01/day=02/"))
}

// conversationOf returns the conversation that a key of the export names.
func conversationOf(key string) string {
	return strings.TrimPrefix(path.Base(path.Dir(key)), "conversation_id=")
}

func recordingOf(key string) string { return path.Base(key)[:36] }
