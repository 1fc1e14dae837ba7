package verify_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/token"
	"cdrmend/internal/verify"
	"cdrmend/manifests"

	"github.com/google/go-cmp/cmp"
)

// replay verifies everything, the inputs and the results of the newest
// commits, too.
func (w *world) replay(key *token.Signer, change ...func(*verify.Replay)) *verify.Report {
	w.t.Helper()
	w.arrived()
	check := w.ledger(key.Public())
	how := &verify.Replay{
		Base: w.dir, Inputs: true, Recompute: true, Tool: tool, Scratch: w.t.TempDir(),
		Open: func(ctx context.Context, _ string, url policy.Template, _ bool) (object.Store, error) {
			return object.Open(ctx, object.Location{Dir: url.Dir()}, object.Options{})
		},
	}
	for _, c := range change {
		c(how)
	}
	if err := check.Replay(w.t.Context(), how); err != nil {
		w.t.Fatal(err)
	}
	if left, _ := os.ReadDir(how.Scratch); len(left) > 0 {
		w.t.Errorf("the verification left %v", left)
	}
	return w.finish(check)
}

// arrived makes everything that is called late arrive after all commits. What was
// copied for a test has the time of the copy.
func (w *world) arrived() {
	w.t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), "late") {
			err = os.Chtimes(path, w.asOf, w.asOf.Add(time.Hour))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWhatWasComputedIsComputedAgain(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	r := w.replay(key)
	wantVerified(t, r)
	again := verify.Recomputed{Runs: 3, Tables: 15, Rows: r.Recomputed.Rows, Documents: 1, Files: r.Recomputed.Files}
	if diff := cmp.Diff(&again, r.Recomputed); diff != "" || r.Recomputed.Rows < 10 || r.Recomputed.Files < 6 {
		t.Errorf("computed again (-want +got):\n%s", diff)
	}
	// The last two intervals read the day before, and media.url is listed by all.
	if in := r.Inputs; in.Objects != 5+1+4+1+1 || in.Read != 5+4 || in.Bytes == 0 {
		t.Errorf("inputs: %+v", in)
	}
}

func TestAnotherTimeOfAFileOrMoreFilesChangeNothing(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	w.write("in/c/date=2026-11-20/later.csv", "conversation_id\n")
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(w.path("in/m/date=2026-11-20/batch.json"), at, at); err != nil {
		t.Fatal(err)
	}
	wantVerified(t, w.replay(key))
}

func TestInputsMayLieElsewhere(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	if err := os.Rename(w.path("in"), w.path("copy")); err != nil {
		t.Fatal(err)
	}
	if r := w.replay(key); r.Verified || len(r.Unchecked) == 0 || len(r.Problems) > 0 {
		t.Errorf("inputs that are not there are taken for checked:\n%s", r.Text())
	}
	wantVerified(t, w.replay(key, func(how *verify.Replay) {
		how.Open = func(ctx context.Context, source string, _ policy.Template, _ bool) (object.Store, error) {
			if source == ledger.MediaSource {
				source = "media"
			}
			return object.Open(ctx, object.Location{Dir: w.path("copy/" + source)}, object.Options{})
		}
	}))
}

func TestEveryInputThatIsTamperedWithIsNamed(t *testing.T) {
	outside.Long(t)
	t.Parallel()
	w, key := signedWorld(t)
	w.labels = []string{day20}
	inputs := map[string]string{
		"in/m/date=2026-11-20/batch.json": "m", "in/c/date=2026-11-20/calls.csv": "c", "in/c/date=2026-11-20/late.csv": "c",
		"in/c/date=2026-11-20/lines.jsonl": "c", "in/r/date=2026-11-20/log.jsonl": "r",
	}
	for name, change := range map[string]func(string) string{
		"a byte":   func(s string) string { return "#" + s[1:] },
		"cut":      func(s string) string { return s[:len(s)-1] },
		"longer":   func(s string) string { return s + "\n" },
		"gone":     nil,
		"replaced": func(s string) string { return strings.Repeat("x", len(s)) },
	} {
		for file := range inputs {
			text := w.read(file)
			if change == nil {
				w.remove(file)
			} else {
				w.write(file, change(text))
			}
			url := "file://" + filepath.ToSlash(w.path(file))
			for _, how := range []func(*verify.Replay){
				func(how *verify.Replay) { how.Recompute = false },
				func(how *verify.Replay) { how.Inputs = false },
			} {
				r := w.replay(key, how)
				wantBroken(t, r, verify.InputLink, url)
				for _, p := range r.Problems {
					if p.Object != url {
						t.Errorf("%s: %s is named for %s: %s", name, p.Object, file, p.Detail)
					}
				}
			}
			w.write(file, text)
		}
	}
	w.remove("in/media/a.wav")
	wantBroken(t, w.replay(key), verify.InputLink, "file://"+filepath.ToSlash(w.path("in/media/a.wav")))
	w.write("in/media/a.wav", "RIFF")
	wantVerified(t, w.replay(key))
}

// TestWhatTheHolderOfTheKeyMadeUpIsNamed by computing it again: no hash and no
// signature tells.
func TestWhatTheHolderOfTheKeyMadeUpIsNamed(t *testing.T) {
	t.Parallel()
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	for name, test := range map[string]struct {
		file   string
		change func(string) string
		link   verify.Link
		want   []string
	}{
		"a verdict":      {"calls.csv", replace(",repaired,", ",complete,"), verify.TableLink, []string{"row 0", "column verdict", `committed "complete"`, `computed again "repaired"`}},
		"a row less":     {"findings.csv", func(s string) string { return s[:strings.LastIndexByte(s[:len(s)-1], '\n')+1] }, verify.TableLink, []string{"was not committed"}},
		"a row more":     {"outages.csv", func(s string) string { return s + s[strings.LastIndexByte(s[:len(s)-1], '\n')+1:] }, verify.TableLink, []string{"row 1", "does not come out"}},
		"an evidence":    {"repairs.csv", replace("calls.csv#0", "calls.csv#1"), verify.TableLink, []string{"column evidence"}},
		"a status":       {"recordings.csv", replace(",intact,", ",open,"), verify.TableLink, []string{"column status"}},
		"a document":     {"manifests/m/date=2026-11-20/batch.json", replace(`"trunk_id": "trunk-a"`, `"trunk_id": "trunk-b"`), verify.ResultLink, []string{"line 5", "trunk_id", `committed "b`, `computed again "a`}},
		"a reject":       {"rejects/c/date=2026-11-20/lines.jsonl.jsonl", replace(`"row":0`, `"row":1`), verify.ResultLink, []string{"line 1"}},
		"a coverage":     {"summary.json", replace(`"recorded": 2`, `"recorded": 3`), verify.ResultLink, []string{"recorded"}},
		"what was read":  {"inputs.jsonl", replace(`"rows":1`, `"rows":2`), verify.ResultLink, []string{"rows"}},
		"what was there": {"inputs.jsonl", func(s string) string { _, rest, _ := strings.Cut(s, "\n"); return rest }, verify.RunLink, []string{"its id is"}},
		"a rule":         {"summary.json", replace(`"leeway": "1m0s"`, `"leeway": "2m0s"`), verify.RunLink, []string{"its id is"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, key := signedWorld(t)
			w.rewrite(day20, 2, test.file, test.change, key)
			w.sees(key)
			w.labels = []string{day20}
			wantVerified(t, w.verify(key.Public()))
			for _, build := range []string{tool, "another"} {
				if build != tool && test.file == "summary.json" && test.link == verify.ResultLink {
					continue // which another build may write otherwise
				}
				key20 := runOf(w, day20, 2) + test.file
				if test.link == verify.RunLink {
					key20 = runOf(w, day20, 2) + "run.json"
				}
				r := w.replay(key, func(how *verify.Replay) { how.Tool = build })
				if test.link == verify.RunLink && build != tool {
					if r.Verified || len(r.Unchecked) != 1 || !strings.Contains(r.Unchecked[0], `build "test"`) {
						t.Errorf("the other build's rules are taken for this one's:\n%s", r.Text())
					}
					continue
				}
				p := wantBroken(t, r, test.link, key20)
				for _, want := range test.want {
					if !strings.Contains(p.Detail, want) {
						t.Errorf("build %s: the detail lacks %q: %s", build, want, p.Detail)
					}
				}
			}
		})
	}
}

func TestAMadeUpHistoryIsNamed(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	r := w.record(day20, 2)
	file := "interval=" + day20 + "/" + r.History[0].Path
	text := w.read("out/" + file)
	w.write("out/"+file, strings.Replace(text, ",repaired,1,", ",repaired,2,", 1))
	if w.read("out/"+file) == text {
		t.Fatalf("the history was not changed:\n%s", text)
	}
	r.History[0].SHA256 = hexSum(w.read("out/" + file))
	w.forge(r, key)
	w.sees(key)
	wantVerified(t, w.verify(key.Public()))
	p := wantBroken(t, w.replay(key), verify.HistoryLink, file)
	if !strings.Contains(p.Detail, "first_commit") {
		t.Errorf("the column is not named: %s", p.Detail)
	}
}

func TestAnotherBuildIsComparedByContentAndSaysSo(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	r := w.replay(key, func(how *verify.Replay) { how.Tool = "another" })
	wantVerified(t, r)
	if len(r.Notes) != 4 || !strings.Contains(r.Notes[0], `build "test"`) {
		t.Errorf("the report does not say that another build computed it:\n%s", r.Text())
	}
	// Other bytes of the same rows are what another build may well write.
	w.rewrite(day20, 2, "calls.csv", func(s string) string { return strings.Replace(s, "call-1", `"call-1"`, 1) }, key)
	w.sees(key)
	w.labels = []string{day20}
	wantVerified(t, w.replay(key, func(how *verify.Replay) { how.Tool = "another" }))
	wantBroken(t, w.replay(key), verify.TableLink, runOf(w, day20, 2)+"calls.csv")
}

// TestARunIsComputedAgainFromItsOutputAlone when every file that its
// configuration named is gone, and before its sources had settled.
func TestARunIsComputedAgainFromItsOutputAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	profile, ok := manifests.Profile("cdrmend")
	if !ok {
		t.Fatal("there is no profile")
	}
	key := newKey(t, "2026")
	set, err := key.PublicSet()
	if err != nil {
		t.Fatal(err)
	}
	w.write("own.yaml", string(profile))
	w.write("lines.csv", "org_id,line_id,trunk_id\n,desk-4,trunk-a\n")
	w.write("accepted.csv", "finding_id,reason,by\nfnd-0123456789abcdef,known,me\n")
	w.write("keys.jwks.json", string(set))
	w.write("cdrmend.yaml", `name: night
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: own.yaml, settle: 72h}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: cdrmend}]
  registrations: [{name: r, url: "in/r/date={date}/", profile: cdrmend}]
media: {check: exists, url: in/media/}
output: {url: out/}
policy:
  lines: lines.csv
  accepted: accepted.csv
  token_keys: keys.jwks.json
  exclusions: [{reason: short, shorter_than: 3s}, {reason: mine, trunk: [a, b], forbid: true}]
`)
	w.asOf = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	w.commit(day20, key)
	for _, name := range []string{"own.yaml", "lines.csv", "accepted.csv", "keys.jwks.json", "cdrmend.yaml"} {
		w.remove(name)
	}
	w.labels = []string{day20}
	r := w.replay(key)
	wantVerified(t, r)
	if r.Recomputed.Runs != 1 || !strings.Contains(w.read("out/"+runOf(w, day20, 1)+"summary.json"), `"m": false`) {
		t.Errorf("no unsettled run was computed again:\n%s", r.Text())
	}
}
