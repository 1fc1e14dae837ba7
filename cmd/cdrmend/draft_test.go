package main

import (
	"bytes"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/guess"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// drafted is a night whose inputs are read by profiles that were guessed from them.
type drafted struct {
	story   string            // in testdata; its configuration and its wanted calls are the measure
	kinds   string            // what profiles are guessed for: of m, c and r
	edits   map[string]string // texts of the drafts, and what a person makes of them: at most as many as the drafts ask for
	without string            // inputs that the vendor writes in another format, and the calls in them
	calls   []string          // conversations that only the inputs in without describe
}

var draftedNights = []drafted{
	{story: "vendor-twilio", kinds: "mc"},
	{story: "vendor-amazon-connect", kinds: "c"},
	{story: "vendor-asterisk", kinds: "c"},
	{story: "vendor-freepbx", kinds: "c"},
	{story: "vendor-brightpattern", kinds: "m"},
	{story: "vendor-sip-acc", kinds: "c"},
	{story: "vendor-genesys-trunks", kinds: "r"},
	{story: "vendor-amazon-connect-recordings", kinds: "mc"},
	{story: "vendor-asterisk-recordings", kinds: "mc"},
	{story: "vendor-freepbx-recordings", kinds: "mc"},
	{story: "vendor-freeswitch-recordings", kinds: "mc"},
	{story: "vendor-asterisk-registrations", kinds: "r"},
	{story: "vendor-freeswitch-registrations", kinds: "r"},
	{story: "vendor-cucm-alarms", kinds: "r"},
	{story: "manifest-as-xml", kinds: "m", edits: map[string]string{"zone: UTC": "zone: Europe/Berlin"}},
	{
		story: "manifest-as-csv", kinds: "m",
		edits: map[string]string{"zone: UTC": "zone: Europe/Berlin"},
	},
	{
		story: "vendor-cisco-cucm", kinds: "c",
		edits: map[string]string{
			"conversation_id: ['globalCallID_callId']": "conversation_id: [{join: [globalCallID_callId, globalCallID_callManagerId, globalCallId_ClusterId], with: \"/\"}]",
		},
	},
	{
		story: "vendor-freeswitch", kinds: "c", without: `a_5.cdr.xml Master.csv`,
		edits: map[string]string{
			"    recording_ids: [{from: '/variables/record_path', then: [{decode: url}, {match: '([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})[^/]*$'}]}]\n": "",
		},
		calls: []string{"00000005-0000-4000-8000-0000000000ff", "00000006-0000-4000-8000-0000000000ff"},
	},
}

// TestADraftRunsTheNightAfterTheEditsThatItNames guesses profiles from what vendors
// deliver, makes the edits that the drafts ask for, and runs the night: the verdicts are
// those that the built-in profile, or one made by hand, leads to.
func TestADraftRunsTheNightAfterTheEditsThatItNames(t *testing.T) {
	for _, test := range draftedNights {
		t.Run(test.story, func(t *testing.T) {
			archive, err := txtar.ParseFile(filepath.Join("..", "..", "testdata", test.story+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			inputs, want, config := map[string][]guess.Sample{}, "", ""
			for _, kind := range []string{"m", "c"} { // a story about a log alone has no others
				if err := os.MkdirAll(filepath.Join(dir, "in", kind), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range archive.Files {
				text := bytes.TrimSuffix(f.Data, []byte("\\\n"))
				switch name := path.Base(f.Name); {
				case f.Name == "cdrmend.yaml":
					config = string(f.Data)
				case f.Name == "wanted/"+test.table()+".csv":
					want = string(f.Data)
				case strings.HasPrefix(f.Name, "in/") && !slices.Contains(strings.Fields(test.without), name):
					write(t, filepath.Join(dir, filepath.FromSlash(f.Name)), text)
					kind := strings.Split(f.Name, "/")[1]
					inputs[kind] = append(inputs[kind], guess.Sample{Name: f.Name, Content: text})
				}
			}

			for _, kind := range strings.Split(test.kinds, "") {
				text := test.draft(t, map[string]string{"m": "manifests", "c": "cdrs", "r": "registrations"}[kind], inputs[kind])
				write(t, filepath.Join(dir, kind+".yaml"), text)
				config = withProfile(config, kind)
			}
			write(t, filepath.Join(dir, "cdrmend.yaml"), []byte(config))
			cdrmend(t, "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z")
			if diff := cmp.Diff(test.wanted(want), test.told(readCSV(t, dir, test.table()))); diff != "" {
				t.Errorf("%s (-by hand +draft):\n%s", test.table(), diff)
			}
		})
	}
}

// draft guesses the profile of a kind and makes the edits of the night.
func (n *drafted) draft(t *testing.T, kind string, samples []guess.Sample) []byte {
	t.Helper()
	// Broken samples are for nobody to start from.
	samples = slices.DeleteFunc(slices.Clone(samples), func(s guess.Sample) bool {
		return !bytes.HasSuffix(bytes.TrimSpace(s.Content), []byte(">")) && bytes.HasPrefix(s.Content, []byte("<"))
	})
	d, err := guess.Write(kind, samples)
	if err != nil {
		t.Fatal(err)
	}
	text, made := d.Text, 0
	for _, before := range slices.Sorted(maps.Keys(n.edits)) {
		if bytes.Contains(text, []byte(before)) {
			text = bytes.ReplaceAll(text, []byte(before), []byte(n.edits[before]))
			made++
		}
	}
	if len(d.Edits) > 3 || made > len(d.Edits) || made < len(n.edits) && len(n.kinds) == 1 {
		t.Errorf("of %d edits %d were made; the draft asks for %q\n%s", len(n.edits), made, d.Edits, d.Text)
	}
	t.Logf("\n%s", text)
	return text
}

// withProfile names the drafted profile in the configuration of a story.
func withProfile(config, kind string) string {
	before, after, _ := strings.Cut(config, `{name: `+kind+`, `)
	head, tail, _ := strings.Cut(after, "profile: ")
	return before + `{name: ` + kind + `, ` + head + "profile: " + kind + ".yaml" + tail[strings.IndexAny(tail, "},"):]
}

// wanted returns the verdicts of the calls that the inputs tell of.
func (n *drafted) wanted(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range strings.Split(line, ",") {
			row[strings.Split(lines[0], ",")[i]] = cell
		}
		if !slices.Contains(n.calls, row["conversation_id"]) {
			rows = append(rows, row)
		}
	}
	return n.told(rows)
}

// table returns the table that is the measure: of a log its outages, else the calls.
func (n *drafted) table() string {
	if n.kinds == "r" {
		return "outages"
	}
	return "calls"
}

// told returns a line for each row of the table that is the measure.
func (n *drafted) told(rows []map[string]string) (list []string) {
	columns := []string{"conversation_id", "verdict"}
	if n.kinds == "r" {
		columns = []string{"trunk_id", "line_id", "start_time", "end_time", "ended_by", "cause"}
	}
	for _, row := range rows {
		var cells []string
		for _, column := range columns {
			cells = append(cells, row[column])
		}
		list = append(list, strings.Join(cells, " "))
	}
	slices.Sort(list)
	return list
}
