package job_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// cutConfig has a source whose documents are keyed by recording beside the
// usual ones.
const cutConfig = `name: night
fail_on: none
sources:
  manifests:
    - {name: m, url: "in/m/date={date}/", profile: cdrmend}
    - {name: g, org: acme, url: "in/g/{org}/year={year}/month={month}/day={day}/hour={hour}/", profile: genesys-cloud}
  cdrs:
    - {name: c, url: "in/c/date={date}/", profile: cdrmend}
  registrations:
    - {name: r, url: "in/r/date={date}/", profile: cdrmend}
    - {name: l, url: "in/l/date={date}/", profile: text.yaml}
output: {url: out/, tables: [csv]}
policy: {required_fields: [end_time]}
`

const textProfile = `registrations:
  formats: [text]
  unmatched: reject
  line: '^(?P<time>\S+) (?P<line_id>\S+) (?P<status>\d+) (?P<reason>.*)\.$'
  fields: {time: [time], line_id: [line_id], status: [status], reason: [reason]}
`

// documents are manifests of every shape, by the name of their format. Every
// entry has the id and the direction of its number.
var documents = map[string]string{
	"sidecar.json": `{"recording_id":"r0","direction":"d0", "x":{"y":[1,{"z":"}é"}]},"duration_ms":12 }` + "\n",
	"batch.json":   "\xef\xbb\xbf{\"format\": \"cdrmend.manifest/1\",\r\n \"counts\": {\"total\": 3},\r\n \"recordings\": [ {\"recording_id\":\"r0\",\"direction\":\"d0\"},\r\n 7, {}, {\"direction\":\"d3\",\"recording_id\":\"r\\u0033\"}\r\n ], \"y\":true\r\n}\r\n",
	"array.json":   `[{"recording_id":"r0","n":-1.5e+3},{"x":"\uD83D\uDE00","direction":"d1","recording_id":"r1"},null,{"duration_ms":12}]` + "\n",
	"lines.jsonl":  "{\"recording_id\":\"r0\",\"direction\":\"d0\"}\r\n\n{\"recording_id\":\"r1\",\"x\":[1,2,{}]}\n5\n \n{\"x\":\"\\\"é\",\"direction\":\"d3\"}\n",
}

var packingsOf = map[string][]string{
	"sidecar.json": {""}, "batch.json": {"", ".zst"}, "array.json": {""}, "lines.jsonl": {"", ".gz"},
}

// A document that its key names is always one entry.
const (
	keyedID       = "0e3a1f52-1c4b-4a55-8f0e-7d5a1b2c3d4e"
	keyedDocument = `{"recordingId":"` + keyedID + `","initialDirection":"d0","x":[{}]}`
)

// damaged are all cuts of a text as it is stored, and some damage at random,
// by the name that each object is to have. Where nobody waits for it a text is
// cut at every byte, elsewhere at every third, begun anywhere.
func damaged(t *testing.T, rng *rand.Rand, text, packing string, name func(id string) string) files {
	all := files{}
	stored := pack(t, packing, text)
	first, step := 0, 1
	if os.Getenv("CI") == "" {
		first, step = rng.IntN(3), 3
	}
	for n := first; n <= len(stored); n += step {
		all[name(fmt.Sprint("cut", n))] = stored[:n]
	}
	for n := range 15 {
		all[name(fmt.Sprint("struck", n))] = struckAt(rng, stored)
	}
	return all
}

// TestEveryByteOfADocumentThatIsCutIsRecoveredOrSetAside has many hundreds of
// documents, each of them cut at another byte or damaged at random.
func TestEveryByteOfADocumentThatIsCutIsRecoveredOrSetAside(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 11))
	night := files{"cdrmend.yaml": cutConfig, "text.yaml": textProfile, "in/l/.keep": ""}
	for format, text := range documents {
		for _, packing := range packingsOf[format] {
			maps.Copy(night, damaged(t, rng, text, packing, func(id string) string {
				return "in/m/date=2026-11-20/" + id + "-" + format + packing
			}))
		}
	}
	for _, packing := range []string{"", ".gz"} {
		maps.Copy(night, damaged(t, rng, keyedDocument, packing, func(id string) string {
			return "in/g/acme/year=2026/month=11/day=20/hour=8/conversation_id=" + id + packing + "/" + keyedID + "_metadata.json"
		}))
	}
	n := newNight(t, night)
	r := n.run()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	entries := map[string][]entry{}
	for _, row := range n.table(r, "recordings").only(t, []string{"source", "object_key", "recording_id", "direction", "entry"}).rows {
		name := row[0] + "/" + row[1]
		entries[name] = append(entries[name], entry{row[2], row[3], row[4]})
	}
	for name, stored := range night {
		name, document := strings.CutPrefix(name, "in/")
		if !document {
			continue
		}
		left := checkAside(t, name, stored, out["rejects/"+name+".jsonl"], false)
		written, ok := out["manifests/"+name]
		if ok {
			checkWritten(t, name, left, written, len(entries[name]))
		} else {
			checkLeft(t, name, left)
		}
		if strings.Contains(name, "cut") {
			checkTrue(t, name, entries[name])
		}
	}
}

// entry is what the table of recordings says about one.
type entry struct{ recording, direction, index string }

// checkWritten holds a recovered document against what is left of the
// original when everything set aside is taken away.
func checkWritten(t *testing.T, name, left, stored string, entries int) {
	t.Helper()
	text, whole := unpack(stored)
	closers, ok := strings.CutPrefix(text, left)
	if !whole || !ok || strings.Trim(closers, "}]") != "" {
		if left != "" || text != "{}" {
			t.Errorf("%s became\n%q, but what was not set aside is\n%q", name, text, left)
		}
	}
	if found, err := objects(name, text); err != nil || found != entries {
		t.Errorf("%s became %q: %v, %d entries, %d of them in the table", name, text, err, found, entries)
	}
}

// checkLeft holds a document that was not recovered against what is left of
// it: all, because it is sound, or nothing.
func checkLeft(t *testing.T, name, left string) {
	t.Helper()
	if _, err := objects(name, left); err != nil && strings.TrimSpace(left) != "" {
		t.Errorf("%s was neither written nor set aside: %q: %v", name, left, err)
	}
}

// checkTrue holds the entries of a cut document against the original: nothing
// but what it said of the same entry, or that it is missing.
func checkTrue(t *testing.T, name string, entries []entry) {
	t.Helper()
	for _, e := range entries {
		if e.recording != "" && e.recording != "r"+e.index && e.recording != keyedID || e.direction != "" && e.direction != "d"+e.index {
			t.Errorf("%s has the entry %+v", name, e)
		}
	}
}

// objects returns how many entries a document has.
func objects(name, text string) (n int, err error) {
	text = strings.TrimPrefix(text, "\xef\xbb\xbf")
	if strings.Contains(name, ".jsonl") {
		text = "[" + strings.Join(slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
			return strings.TrimSpace(line) == ""
		}), ",") + "]"
	}
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		return 0, err
	}
	list, _ := root.([]any)
	if object, ok := root.(map[string]any); ok {
		list = []any{object}
		_, format := object["format"]
		if recordings, batch := object["recordings"]; batch || format {
			list, _ = recordings.([]any)
		}
	}
	for _, element := range list {
		object, ok := element.(map[string]any)
		if ok && (strings.HasPrefix(name, "g/") || saysSomething(object)) {
			n++
		}
	}
	return n, nil
}

// saysSomething reports whether an object has a value in a field of the documents
// of this test. Another one is no entry unless its key names the recording.
func saysSomething(object map[string]any) bool {
	for _, field := range []string{"recording_id", "direction", "duration_ms"} {
		if v := object[field]; v != nil && v != "" {
			return true
		}
	}
	return false
}
