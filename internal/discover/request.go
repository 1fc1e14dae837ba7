package discover

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/loadfile"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Request is what somebody asks for. Its JSON is the request as a production states it:
// equal requests have equal bytes, whether they come from a file or from flags.
type Request struct {
	Matter     string        `json:"matter,omitempty"`
	Requester  string        `json:"requester,omitempty"`
	Zone       string        `json:"zone,omitempty"` // empty: UTC
	From       string        `json:"from,omitempty"` // empty: from the first interval on
	To         string        `json:"to,omitempty"`   // before it
	Select     Terms         `json:"select"`
	Custodians []Custodian   `json:"custodians,omitempty"`
	Redact     string        `json:"redact,omitempty"`    // counsel, ops or public; empty: counsel
	Documents  string        `json:"documents,omitempty"` // separate or whole; empty: separate
	Control    Control       `json:"control"`
	LoadFile   loadfile.Spec `json:"load_file"`

	zone    *time.Location
	span    record.Span // NoTime: without that end
	profile loadfile.Profile
}

// Terms select rows. A row is selected when it has one value of each list that is not
// empty.
type Terms struct {
	Recordings    []yamlfile.Scalar `json:"recordings,omitempty"`
	Conversations []yamlfile.Scalar `json:"conversations,omitempty"`
	Legs          []yamlfile.Scalar `json:"legs,omitempty"`
	Trunks        []yamlfile.Scalar `json:"trunks,omitempty"`
	Lines         []yamlfile.Scalar `json:"lines,omitempty"`
	Users         []yamlfile.Scalar `json:"users,omitempty"`
	Queues        []yamlfile.Scalar `json:"queues,omitempty"`
	ANI           []yamlfile.Scalar `json:"ani,omitempty"`
	DNIS          []yamlfile.Scalar `json:"dnis,omitempty"`
	Numbers       []yamlfile.Scalar `json:"numbers,omitempty"` // ani or dnis
	Media         []yamlfile.Scalar `json:"media,omitempty"`   // media types
	Verdicts      []yamlfile.Scalar `json:"verdicts,omitempty"`
}

// Words are the kinds of terms as a command line names them.
var Words = []struct{ Name, Usage string }{
	{"recording", "id of a recording"},
	{"conversation", "id of a conversation"},
	{"leg", "id of a leg"},
	{"trunk", "id of a trunk"},
	{"line", "id of a line"},
	{"user", "id of a user"},
	{"queue", "id of a queue"},
	{"ani", "number of the caller"},
	{"dnis", "number that was called"},
	{"number", "number of either side"},
	{"media-type", "type of media, such as call"},
	{"verdict", "verdict of a call, such as missing"},
}

// Add adds values to the list that one of [Words] names.
func (t *Terms) Add(word string, values ...string) {
	list := map[string]*[]yamlfile.Scalar{
		"recording": &t.Recordings, "conversation": &t.Conversations, "leg": &t.Legs, "trunk": &t.Trunks, "line": &t.Lines, "user": &t.Users, "queue": &t.Queues,
		"ani": &t.ANI, "dnis": &t.DNIS, "number": &t.Numbers, "media-type": &t.Media, "verdict": &t.Verdicts,
	}[word]
	for _, v := range values {
		*list = append(*list, yamlfile.Scalar(v))
	}
}

// Custodian is a person whose calls are asked for. A row is that of a custodian when it
// has one value of any of the lists.
type Custodian struct {
	Name    string            `json:"name"`
	Users   []yamlfile.Scalar `json:"users,omitempty"`
	Lines   []yamlfile.Scalar `json:"lines,omitempty"`
	Trunks  []yamlfile.Scalar `json:"trunks,omitempty"`
	Queues  []yamlfile.Scalar `json:"queues,omitempty"`
	Numbers []yamlfile.Scalar `json:"numbers,omitempty"`
}

// Control says how produced recordings are numbered.
type Control struct {
	Prefix string `json:"prefix"`
	Width  int    `json:"width"` // digits
}

var requestSchema = sync.OnceValue(func() *jsonschema.Schema {
	return yamlfile.Schema("request", manifests.Schema("request"))
})

// Load reads a request from a YAML file; without a path it is an empty one. A change is
// what flags add to it. All that is wrong is told at once, with its line and key.
func Load(path string, change func(*Request)) (*Request, error) {
	r := &Request{Control: Control{Prefix: "REC", Width: 8}}
	if path == "" {
		change(r)
		return r, r.complete(r.problem)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	f, err := yamlfile.Parse(path, text)
	if err != nil {
		return nil, err
	}
	f.Check(requestSchema())
	if err := f.Decode(r); err != nil {
		return nil, err
	}
	change(r)
	if err := r.complete(func(key, text string) error {
		f.Problem(key, "%s", text)
		return nil
	}); err != nil {
		return nil, err
	}
	return r, f.Err()
}

// problem is a problem of a request that came from flags alone.
func (r *Request) problem(key, text string) error {
	name, ok := strings.CutPrefix(key, "select.")
	if !ok {
		return fmt.Errorf("--%s %s", strings.ReplaceAll(key, "_", "-"), text)
	}
	name, _, _ = strings.Cut(name, "[")
	switch name {
	case "media":
		name = "media-type"
	case "dnis":
	default:
		name = strings.TrimSuffix(name, "s")
	}
	return fmt.Errorf("--%s: %s", name, text)
}

// complete checks what the schema cannot say, and works out the span. It tells each problem with its key.
func (r *Request) complete(problem func(key, text string) error) error {
	var problems []error
	note := func(key, text string) { problems = append(problems, problem(key, text)) }

	if err := r.readZone(); err != nil {
		note("zone", err.Error())
	}

	r.span = record.Span{Start: record.NoTime, End: record.NoTime}
	for _, edge := range []struct {
		key, text string
		into      *record.Time
	}{{"from", r.From, &r.span.Start}, {"to", r.To, &r.span.End}} {
		if edge.text == "" {
			continue
		}
		at, err := parseTime(edge.text, r.zone)
		if err != nil {
			note(edge.key, err.Error())
			continue
		}
		*edge.into = at
	}
	if r.span.Start != record.NoTime && r.span.End != record.NoTime && r.span.Start >= r.span.End {
		note("to", fmt.Sprintf("%q is not after from, %q: the span has no time in it", r.To, r.From))
	}

	var err error
	if r.profile, err = r.LoadFile.Profile(); err != nil {
		note("load_file", err.Error())
	}
	if r.Redact != "" {
		if _, ok := policy.ParseRedaction(r.Redact); !ok {
			note("redact", fmt.Sprintf("%q is none of counsel, ops, public", r.Redact))
		}
	}
	if r.Documents != "" && r.Documents != "separate" && r.Documents != "whole" {
		note("documents", fmt.Sprintf("%q is neither separate nor whole", r.Documents))
	}
	for i, c := range r.Custodians {
		if len(c.Users)+len(c.Lines)+len(c.Trunks)+len(c.Queues)+len(c.Numbers) == 0 {
			note(fmt.Sprintf("custodians[%d]", i), fmt.Sprintf("custodian %q has no users, lines, trunks, queues or numbers", c.Name))
		}
	}
	for _, v := range r.Select.Verdicts {
		if !slices.Contains(verdicts, string(v)) {
			note("select.verdicts", fmt.Sprintf("%q is none of %s", v, strings.Join(verdicts, ", ")))
		}
	}
	texts := intern.NewTable()
	for _, list := range r.lists() {
		for i, v := range list.values {
			if list.kind.normal(texts, string(v)) == "" {
				note(fmt.Sprintf("%s[%d]", list.key, i), fmt.Sprintf("%q is %s", v, list.kind.invalid()))
			}
		}
	}
	return errors.Join(problems...)
}

var verdicts = []string{"complete", "repaired", "incomplete", "partial", "missing", "indeterminate", "excluded", "recorded_in_error"}

// layouts are the forms of times in requests.
var layouts = []string{"2006-01-02", "2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"}

// parseTime reads a time of a request. Without an offset it is a local time of the zone,
// which must occur there exactly once.
func parseTime(text string, zone *time.Location) (record.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return record.TimeOf(t), nil
		}
	}
	for _, layout := range layouts {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if t.Format(layout) != text {
			return 0, fmt.Errorf("%q does not occur in %s, where clocks are set forward; give its offset, such as %s", text, zone, t.Format(time.RFC3339))
		}
		for _, shift := range []time.Duration{-2 * time.Hour, -time.Hour, -30 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour} {
			if other := t.Add(shift); other.Format("2006-01-02T15:04:05") == t.Format("2006-01-02T15:04:05") {
				first, second := t, other
				if second.Before(first) {
					first, second = second, first
				}
				return 0, fmt.Errorf("%q occurs twice in %s; give its offset: %s or %s", text, zone, first.Format(time.RFC3339), second.Format(time.RFC3339))
			}
		}
		return record.TimeOf(t), nil
	}
	return 0, fmt.Errorf("%q is no time, want one such as 2026-11-19, 2026-11-19T08:30 or 2026-11-19T08:30:00-05:00", text)
}

// readZone loads the zone that the request names. The default is UTC.
func (r *Request) readZone() (err error) {
	r.zone = time.UTC
	if r.Zone == "" {
		return nil
	}
	zone, err := profile.Zone(r.Zone)
	if err == nil {
		r.zone = zone
	}
	return err
}

// written reads of a request what decides how the rows of a production are written. Its
// values may be redacted.
func (r *Request) written() error {
	zone := r.readZone()
	profile, err := r.LoadFile.Profile()
	if r.profile = profile; err != nil {
		r.profile = loadfile.Default
	}
	return errors.Join(zone, err)
}

// local returns a time in the zone and form of the request.
func (r *Request) local(t record.Time) string {
	if t == record.NoTime {
		return ""
	}
	return r.profile.Time(t.Std().In(r.zone))
}

// number returns the control number of the n-th recording.
func (r *Request) number(n int64) string {
	return fmt.Sprintf("%s%0*d", r.Control.Prefix, r.Control.Width, n)
}

// Span returns the time that is asked for. An end that the request leaves open is NoTime.
func (r *Request) Span() record.Span { return r.span }

// Location returns the zone of the request.
func (r *Request) Location() *time.Location { return r.zone }

// Empty reports whether nothing limits the request: it would cover all there is.
func (r *Request) Empty() bool {
	return len(r.lists()) == 0 && len(r.Custodians) == 0 && r.From == "" && r.To == ""
}

// list is a list of values of a request.
type list struct {
	key    string
	kind   kind
	values []yamlfile.Scalar

	custodian string // whose list it is, or empty
}

// lists returns the lists of the request that have values, those of custodians too.
func (r *Request) lists() []list {
	s := &r.Select
	all := []list{
		{key: "select.recordings", kind: recordingTerm, values: s.Recordings},
		{key: "select.conversations", kind: conversationTerm, values: s.Conversations},
		{key: "select.legs", kind: legTerm, values: s.Legs},
		{key: "select.trunks", kind: trunkTerm, values: s.Trunks},
		{key: "select.lines", kind: lineTerm, values: s.Lines},
		{key: "select.users", kind: userTerm, values: s.Users},
		{key: "select.queues", kind: queueTerm, values: s.Queues},
		{key: "select.ani", kind: aniTerm, values: s.ANI},
		{key: "select.dnis", kind: dnisTerm, values: s.DNIS},
		{key: "select.numbers", kind: numberTerm, values: s.Numbers},
		{key: "select.media", kind: mediaTerm, values: s.Media},
		{key: "select.verdicts", kind: verdictTerm, values: s.Verdicts},
	}
	for i := range r.Custodians {
		all = append(all, r.Custodians[i].lists(fmt.Sprintf("custodians[%d].", i))...)
	}
	return slices.DeleteFunc(all, func(l list) bool { return len(l.values) == 0 })
}

// shown returns the request as a production may show it: its values are personal data, too.
func (r *Request) shown(show *redact.Redactor) *Request {
	out := *r
	out.Matter, out.Requester = show.Key(r.Matter), show.Key(r.Requester)
	out.Select.Media = nil
	for _, v := range r.Select.Media {
		out.Select.Media = append(out.Select.Media, yamlfile.Scalar(show.Word(string(v))))
	}
	values := func(list []yamlfile.Scalar) []yamlfile.Scalar {
		var shown []yamlfile.Scalar
		for _, v := range list {
			shown = append(shown, yamlfile.Scalar(show.Key(string(v))))
		}
		return shown
	}
	s := &out.Select
	for _, list := range []*[]yamlfile.Scalar{&s.Recordings, &s.Conversations, &s.Legs, &s.Trunks, &s.Lines, &s.Users, &s.Queues, &s.ANI, &s.DNIS, &s.Numbers} {
		*list = values(*list)
	}
	out.Custodians = nil
	for _, c := range r.Custodians {
		out.Custodians = append(out.Custodians, Custodian{
			Name: show.Key(c.Name), Users: values(c.Users), Lines: values(c.Lines), Trunks: values(c.Trunks), Queues: values(c.Queues), Numbers: values(c.Numbers),
		})
	}
	return &out
}

func (c *Custodian) lists(prefix string) []list {
	all := []list{
		{key: "users", kind: userTerm, values: c.Users},
		{key: "lines", kind: lineTerm, values: c.Lines},
		{key: "trunks", kind: trunkTerm, values: c.Trunks},
		{key: "queues", kind: queueTerm, values: c.Queues},
		{key: "numbers", kind: numberTerm, values: c.Numbers},
	}
	for i := range all {
		all[i].key, all[i].custodian = prefix+all[i].key, c.Name
	}
	return all
}
