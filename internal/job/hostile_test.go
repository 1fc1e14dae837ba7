package job_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

// disguised is a store whose objects have keys that a bucket can hold and a
// directory cannot.
type disguised struct {
	object.Store
	keys map[string]string // by their key in the directory
}

func (d disguised) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		for info, err := range d.Store.List(ctx, prefix) {
			if key, ok := d.keys[info.Key]; ok {
				info.Key = key
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

func (d disguised) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	for plain, key := range d.keys {
		if key == info.Key {
			info.Key = plain
		}
	}
	return d.Store.Open(ctx, info, from)
}

// Whoever can write to the bucket of an export chooses its keys. None of them
// leads out of the run's folder, takes another file's name or stops the run.
func TestHostileKeysLeadNowhereElseAndStopNothing(t *testing.T) {
	t.Parallel()
	up := "date=2026-11-20/../../../../../../../etc/cron.d/x.json"
	keys := []string{
		"/etc/passwd.json", "date=2026-11-20//a.json", "date=2026-11-20/./a.json", up, "date=2026-11-20/nul\x00.json", "date=2026-11-20/a.json/",
		"date=2026-11-20/line\n2026-11-20 forged.json", "date=2026-11-20/\x1b[2J\u202e.json", "date=2026-11-20/bytes\xff.json",
		"~" + hexSum("date=2026-11-20//a.json"), "~" + hexSum(up) + "/child.json", "~" + hexSum(up) + ".jsonl/child.json",
		"date=2026-11-20/.cdrmend-A.tmp/a.json", "date=2026-11-20/p.json", "date=2026-11-20/p.json/b.json", strings.Repeat("k/", 451) + "a.json",
	}
	content, disguise := files{}, map[string]string{}
	for i, key := range keys {
		plain := "date=2026-11-20/plain-" + string(rune('a'+i)) + ".json"
		disguise[plain] = key
		// A repair makes a document of each, the element a reject, and the
		// summary names it as it is cut.
		content["in/m/"+plain] = `[{"recording_id":"r` + string(rune('a'+i)) + `","conversation_id":"c","trunk_id":"t","start_time":"2026-11-20T10:00:00Z","duration_ms":1000},7,`
	}
	n := newNight(t, content)
	r := n.run(func(j *job.Job) {
		for i := range j.Stores.Sources {
			j.Stores.Sources[i] = disguised{j.Stores.Sources[i], disguise}
		}
	})
	run := outputPrefix + "runs/" + r.RunID
	out := n.tree(run)
	var m ledger.Manifest
	if err := json.Unmarshal([]byte(out["run.json"]), &m); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{}
	for _, renamed := range m.Renamed {
		paths[renamed.Path] = renamed.Key
	}
	for i, key := range keys {
		for folder, suffix := range map[string]string{"manifests/m/": "", "rejects/m/": ".jsonl"} {
			own, other := folder+key+suffix, folder+"~"+hexSum(key)+suffix
			path := own
			if paths[other] == strings.ToValidUTF8(key, "\ufffd") {
				path = other
			}
			want := "r" + string(rune('a'+i)) + `"`
			if folder == "rejects/m/" {
				want = "not an object"
			}
			if !strings.Contains(out[path], want) {
				t.Errorf("%q: %s holds %q, want one with %s", key, path, out[path], want)
			}
		}
	}
	if got := len(within(out, "manifests/")) + len(within(out, "rejects/")); got != 2*len(keys) {
		t.Errorf("%d documents and rejects for %d keys", got, len(keys))
	}
	for name := range n.tree("") {
		if top, _, _ := strings.Cut(name, "/"); top != "in" && !strings.HasPrefix(name, "out/interval=2026-11-20/") && name != "out/output.json" && name != "out/journal/00000001.json" && name != "cdrmend.yaml" {
			t.Errorf("%q was written", name)
		}
	}
	checkHarmless(t, report.Text(r, report.Screen{}))
}

// checkHarmless fails when a text holds what a terminal obeys.
func checkHarmless(t *testing.T, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
		t.Errorf("%q is printed as it came:\n%q", text[i:min(i+20, len(text))], text)
	}
}

// What a value holds cannot become a row, a cell or a line of its own, and in
// the tables it is what it was.
func TestHostileValuesForgeNothingAndStandExactlyInTheTables(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"=cmd|' /C calc'!A0", "@SUM(1+1)", "+1", "-1", `say "a;b", c`, "a\r\nb", "a\rb", "a\nfnd-0000000000000000,forged", "\x1b[2J\x07", "\u009b31m", "\u202egnp\u2066", "nul\x00", "'; DROP TABLE calls; --",
		"<script>alert(1)</script>", "a\u2028b", "\u202e/../..",
	}
	const moment = "2026-11-20T10:00:00Z"
	var entries, legs []map[string]any
	for _, id := range hostile {
		entries = append(entries, map[string]any{"recording_id": id, "conversation_id": id, "start_time": moment, "end_time": "2026-11-20T10:00:01Z"})
		legs = append(legs, map[string]any{"conversation_id": id, "leg_id": id, "trunk_id": id, "recorded": true, "start_time": moment, "end_time": "2026-11-20T10:00:01Z"})
	}
	var lines strings.Builder
	for _, leg := range legs {
		b, err := json.Marshal(leg)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(b, '\n'))
	}
	batch, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	n := newNight(t, files{
		"in/m/date=2026-11-20/a.json":  string(batch),
		"in/c/date=2026-11-20/a.jsonl": lines.String(),
		// One row in each: a second one would end the outage.
		"in/r/date=2026-11-20/a.jsonl": `{"time":"2026-11-20T09:00:00Z","line_id":"json","status":503,"reason":"x\"}\n{\"time\":\"2026-11-20T09:00:01Z\",\"line_id\":\"json\",\"status\":200}"}` + "\n",
		"in/r/date=2026-11-20/b.csv":   "time,line_id,status,reason\n2026-11-20T09:00:00Z,csv,503,\"x\n2026-11-20T09:00:01Z,csv,200,\"\n",
		"in/l/date=2026-11-20/c.log":   "2026-11-20T09:00:00Z text 503 x\r2026-11-20T09:00:01Z text 200 x.\v2026-11-20T09:00:01Z text 200 x.\u20282026-11-20T09:00:01Z text 200 x.\n",
		"cdrmend.yaml":                 strings.Replace(cutConfig, "    - {name: g, org: acme, url: \"in/g/{org}/year={year}/month={month}/day={day}/hour={hour}/\", profile: genesys-cloud}\n", "", 1),
		"text.yaml":                    textProfile,
	})
	var log bytes.Buffer
	r := n.run(func(j *job.Job) { j.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for name, column := range map[string]string{"recordings": "recording_id", "calls": "leg_id"} {
		var got []string
		for _, row := range n.table(r, name).only(t, []string{column}).rows {
			got = append(got, row[0])
		}
		// Ids are trimmed, and the reader of encoding/csv takes \r\n for \n.
		var want []string
		for _, id := range hostile {
			want = append(want, strings.ReplaceAll(id, "\r\n", "\n"))
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", column, name, diff)
		}
	}
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	if !strings.Contains(out["calls.csv"], "\"a\r\nb\"") || !strings.Contains(out["calls.csv"], ",=cmd|' /C calc'!A0,") || !strings.Contains(out["calls.csv"], ",\"a\rb\",") {
		t.Errorf("calls.csv is not exact:\n%q", out["calls.csv"])
	}
	ended := map[string]string{}
	for _, row := range n.table(r, "outages").only(t, []string{"line_id", "ended_by", "failures"}).rows {
		ended[row[0]] = row[1] + " after " + row[2]
	}
	if want := map[string]string{"json": "assumed after 1", "csv": "assumed after 1", "text": "assumed after 1"}; !maps.Equal(want, ended) {
		t.Errorf("outages end by %v, want %v: a value became a row", ended, want)
	}
	checkHarmless(t, report.Text(r, report.Screen{}))
	checkHarmless(t, log.String())
	n.checkSchemas()
}
