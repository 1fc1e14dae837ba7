package job_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cdrmend/internal/job"
	"cdrmend/internal/report"
)

// gzipped packs a text so well that it is a bomb when it is long enough.
func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is beyond a limit is a finding or a reject, and the summary says which
// object, which limit and what to do. Nothing of it stops the run.
func TestLimitsAreReportedAndStopNothing(t *testing.T) {
	const leg = `{"leg_id":"%s","conversation_id":"c%[1]s","recorded":true,"start_time":"2026-11-20T10:00:00Z","answer_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z","direction":"%[2]s"}` + "\n"
	n := newNight(t, files{
		"in/m/date=2026-11-20/bomb.json.gz": gzipped(t, "["+strings.Repeat(" ", 18<<20)+"]"),
		"in/m/date=2026-11-20/deep.json":    strings.Repeat("[", 1_000_000),
		"in/m/date=2026-11-20/digits.json":  `[{"recording_id":"r2","n":` + strings.Repeat("1", 1_000_000) + `}]`,
		"in/m/date=2026-11-20/wide.json":    `[{"recording_id":"r3"` + strings.Repeat(`,"a":1`, 1_000_000) + `}]`,
		"in/m/date=2026-11-20/sound.json":   `{"recording_id":"r4","conversation_id":"c1","trunk_id":"t","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z"}`,
		"in/c/date=2026-11-20/a.jsonl":      fmt.Sprintf(leg, "1", "in") + fmt.Sprintf(leg, "2", strings.Repeat("x", 3<<20)) + fmt.Sprintf(leg, "3", "in"),
		"in/r/date=2026-11-20/a.csv":        "time,line_id,status\n2026-11-20T09:00:00Z,l,200\n\"" + strings.Repeat("y", 3<<20) + "\n",
	})
	r := n.run(func(j *job.Job) { j.Config.Limits.RecordBytes = 1 << 20 })
	out := n.tree(outputPrefix + "runs/" + r.RunID)

	findings := out["findings.csv"]
	for _, key := range []string{"bomb.json.gz", "deep.json", "digits.json", "wide.json"} {
		want := "malformed_document,major,open" + strings.Repeat(",", 13) + "offset=0;entries=0,m,date=2026-11-20/" + key + ","
		if !strings.Contains(findings, want) {
			t.Errorf("findings lack %q:\n%s", want, findings)
		}
	}
	for file, limit := range map[string]string{
		"rejects/m/date=2026-11-20/bomb.json.gz.jsonl": "unpacked_ratio (200)", "rejects/m/date=2026-11-20/deep.json.jsonl": "depth (1000)",
		"rejects/m/date=2026-11-20/digits.json.jsonl": "number_bytes (1000)", "rejects/m/date=2026-11-20/wide.json.jsonl": "members (10000)",
		"rejects/c/date=2026-11-20/a.jsonl.jsonl": `"row":1,`, "rejects/r/date=2026-11-20/a.csv.jsonl": "record_bytes (1048576)",
	} {
		if !strings.Contains(out[file], limit) {
			t.Errorf("%s lacks %q: %.300s", file, limit, out[file])
		}
	}
	if bomb := out["rejects/m/date=2026-11-20/bomb.json.gz.jsonl"]; len(bomb) > 100_000 {
		t.Errorf("a bomb of 18 MiB was set aside in %d bytes, want it as it is stored", len(bomb))
	}
	if got := readTable(t, out["calls.csv"]); len(got.rows) != 2 {
		t.Errorf("calls:\n%s\nwant the two legs beside the long line", got)
	}
	text := strings.Join(strings.Fields(report.Text(r, report.Screen{})), " ") // wherever its lines break
	for _, want := range []string{
		"4 of its 5 objects damaged: date=2026-11-20/bomb.json.gz (more than limits.unpacked_ratio (200) allows; if this is no attack, raise that limit and run again)",
		" and 1 more", "1 of its 3 rows rejected, more than max_rejects (0.0001) allows",
		"its only object is damaged: date=2026-11-20/a.csv (more than limits.record_bytes (1048576) allows",
		"export in/m/date=2026-11-20/ again, then run again",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}
	n.checkSchemas()
}

// Rows of the registration log may hold secrets wherever they please.
func TestSecretsOfTheRegistrationLogReachNoOutputAndNoLog(t *testing.T) {
	const (
		bearer   = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6InNlY3JldC1zZXNhbWUifQ.c2lnbmF0dXJlLXNlc2FtZQ"
		password = "hunter2-sesame-open"
	)
	row := `{"time":"2026-11-20T09:00:00Z","trunk_id":"t","line_id":"l%d","status":%s,"reason":"Authorization: Bearer ` + bearer + `","access_token":"` + bearer + `","username":"u:` + password + `","password":"` + password + `"}`
	good, bad := fmt.Sprintf(row, 1, "403"), fmt.Sprintf(row, 2, "null")
	cells := `2026-11-20T09:00:00Z,t,l,403,"Authorization: Bearer ` + bearer + `",` + bearer + `,` + password
	n := newNight(t, files{
		"in/m/date=2026-11-20/a.json":      `{"recording_id":"r","conversation_id":"c","trunk_id":"t","start_time":"2026-11-20T09:00:00Z","end_time":"2026-11-20T09:01:00Z"}`,
		"in/c/date=2026-11-20/a.csv":       "leg_id,conversation_id,trunk_id,start_time,answer_time,end_time\n1,c,t,2026-11-20T09:00:00Z,2026-11-20T09:00:00Z,2026-11-20T09:01:00Z\n",
		"in/r/date=2026-11-20/a.jsonl":     good + "\n" + bad + "\n" + good[:len(good)-9] + "\n" + bearer + "\n\"" + password + "\"\n" + good[:len(good)/2],
		"in/r/date=2026-11-20/b.json":      "[" + good + "," + bad + `,"` + bearer + `",` + good[:len(good)-3],
		"in/r/date=2026-11-20/c.csv":       "time,trunk_id,line_id,status,reason,access_token,username\n" + cells + "\n" + cells + ",more\n" + strings.Replace(cells, "403", bearer, 1) + "\n\"" + cells,
		"in/r/date=2026-11-20/d.jsonl":     strings.Repeat(bearer+password, 2000) + "\n" + good + "\n",
		"in/r/date=2026-11-20/e.jsonl.gz":  gzipped(t, good+"\n"+bad+"\n")[:60],
		"in/r/date=2026-11-20/" + "f.json": "\xff\xfe" + bearer,
	})
	var log bytes.Buffer
	r := n.run(func(j *job.Job) {
		j.Config.Limits.RecordBytes = 64 << 10
		j.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	everything := n.tree(outputPrefix)
	everything["the log"], everything["the summary"] = log.String(), report.Text(r, report.Screen{})
	if rejects := everything["runs/"+r.RunID+"/rejects/r/date=2026-11-20/d.jsonl.jsonl"]; rejects == "" {
		t.Error("nothing was rejected: the secrets are not where this test wants them")
	}
	for _, secret := range []string{bearer, "eyJzY29wZSI6InNlY3JldC1zZXNhbWUifQ", "c2lnbmF0dXJlLXNlc2FtZQ", "secret-sesame", password} {
		for _, spelled := range []string{secret, hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret))[:20]} {
			for name, text := range everything {
				if strings.Contains(text, spelled) {
					t.Errorf("%s holds the secret %q", name, spelled)
				}
			}
		}
	}
}

// A row of rejects is one that counts: those of a list that is spelled again,
// and those before the limit that makes a document undecodable, are not.
func TestLimitsAndSecondListsLeaveNoRejectsThatDoNotCount(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 2000)
	n := newNight(t, files{
		"in/m/date=2026-11-20/again.json":  `{"format":"cdrmend.manifest/1","recordings":[1,2,{}],"recordings":[{"recording_id":"r"},3]}`,
		"in/m/date=2026-11-20/deep.json":   `[1,2,{"recording_id":"r2"},` + deep,
		"in/m/date=2026-11-20/lines.jsonl": "1\n2\n{\"recording_id\":\"r3\",\"x\":" + deep + "\n",
		"in/m/date=2026-11-19/deep.json":   `[1,2,{"recording_id":"r4"},` + deep,
		"in/c/date=2026-11-20/again.json":  `{"legs":[1,2],"legs":[3]}`,
		"in/r/date=2026-11-20/again.json":  `{"events":[1,{"time":0}],"events":[4]}`,
		"legs.yaml":                        "cdrs:\n  formats: [json]\n  document: {entries: /legs}\n  fields: {leg_id: [/id]}\n",
		"log.yaml":                         "registrations:\n  formats: [json]\n  document: {entries: /events}\n  fields: {time: [/time], status: [/status], line_id: [/line]}\n",
		"cdrmend.yaml": "name: night\nfail_on: none\nsources:\n  manifests: [{name: m, url: 'in/m/date={date}/', profile: cdrmend}]\n  cdrs: [{name: c, url: 'in/c/date={date}/', profile: legs.yaml}]\n" +
			"  registrations: [{name: r, url: 'in/r/date={date}/', profile: log.yaml}]\noutput: {url: out/, tables: [csv]}\n",
	})
	r := n.run()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	for line := range strings.Lines(out["inputs.jsonl"]) {
		var in struct {
			Source, Key string
			Rejects     int
		}
		if err := json.Unmarshal([]byte(line), &in); err != nil {
			t.Fatal(err)
		}
		rejects := out["rejects/"+in.Source+"/"+in.Key+".jsonl"]
		if got := countRejects(t, rejects); got != in.Rejects {
			t.Errorf("%s %s has %d rejects, its file %d:\n%.500s", in.Source, in.Key, in.Rejects, got, rejects)
		}
	}
	if again := out["rejects/m/date=2026-11-20/again.json.jsonl"]; !strings.Contains(again, `"row":1,`) || strings.Count(again, "\n") != 1 {
		t.Errorf("the rejects of the list that counts are\n%s", again)
	}
	n.checkSchemas()
}

// countRejects returns how many rows the lines of a file of rejects stand for.
func countRejects(t *testing.T, text string) (n int) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r struct{ Row, Rows int }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Row >= 0 {
			n += max(r.Rows, 1)
		}
	}
	return n
}
