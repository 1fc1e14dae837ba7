package verify_test

import (
	"strings"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/verify"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWasCommittedIsVerified(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	r := w.verify(key.Public())
	wantVerified(t, r)
	all := w.tree()
	want := verify.Records{Count: 4, Signed: 4, Verified: 4, Keys: []string{"2026"}}
	if diff := cmp.Diff(want, r.Records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	size := int64(0)
	for name, text := range all {
		if !isRecord(name) && !isOfAll(name) {
			size += int64(len(text))
		}
	}
	if r.Intervals != 3 || r.Runs != 4 || r.Files != int64(len(all)-4-5) || r.Bytes != size {
		t.Errorf("got %d intervals, %d runs, %d files with %d bytes, want 3, 4, %d, %d", r.Intervals, r.Runs, r.Files, r.Bytes, len(all)-4-5, size)
	}
	wantVerified(t, w.verify(key.Public(), day20))
	wantVerified(t, w.verify(nil))
}

// TestEveryFileThatIsTamperedWithIsNamed does to every single file that two
// runs of an interval wrote, and to every record, what can be done to it alone.
func TestEveryFileThatIsTamperedWithIsNamed(t *testing.T) {
	t.Parallel()
	w, key := signedWorld(t)
	flip := func(at func(int) int) func(string) string {
		return func(text string) string {
			b := []byte(text)
			b[at(len(b))] ^= 1
			return string(b)
		}
	}
	for name, change := range map[string]func(string) string{
		"a middle byte":   flip(func(n int) int { return n / 2 }),
		"the last byte":   flip(func(n int) int { return n - 1 }),
		"cut in half":     func(text string) string { return text[:len(text)/2] },
		"one byte longer": func(text string) string { return text + "\n" },
		"removed":         nil,
	} {
		for file, text := range w.tree() {
			if labelOf(file) != day20 && !isRecord(file) && !isOfAll(file) {
				continue
			}
			labels := []string{labelOf(file)}
			if isOfAll(file) {
				labels = nil
			}
			if change == nil {
				w.remove("out/" + file)
			} else if changed := change(text); changed != text {
				w.write("out/"+file, changed)
			}
			r := w.verify(key.Public(), labels...)
			if name == "removed" && file == entryKey(4) { // the last one: only who kept its hash can tell
				wantVerified(t, r)
				w.head = hexSum(text)
				r, file = w.verify(key.Public()), ledger.JournalFolder
				w.head = ""
				if !named(r, file) {
					t.Errorf("the removal of the newest entry is not named:\n%s", r.Text())
				}
				w.write("out/"+entryKey(4), text)
				continue
			}
			if !named(r, file) {
				t.Errorf("%s: %s is not named:\n%s", name, file, r.Text())
			}
			for _, p := range r.Problems {
				if p.Object != file && !isRecord(file) && !isOfAll(file) {
					t.Errorf("%s: %s: %s is named, too: %s", name, file, p.Object, p.Detail)
				}
			}
			w.write("out/"+file, text)
		}
	}
	wantVerified(t, w.verify(key.Public()))
}

func labelOf(key string) string {
	folder, _, _ := strings.Cut(key, "/")
	return strings.TrimPrefix(folder, "interval=")
}

func named(r *verify.Report, key string) bool {
	for _, p := range r.Problems {
		if p.Object == key {
			return true
		}
	}
	return false
}

// broken is a link that has to be named.
type broken struct {
	link verify.Link
	key  string
}

func TestEveryWayToRearrangeALedgerIsNamed(t *testing.T) {
	t.Parallel()
	_, key := signedWorld(t)
	other := newKey(t, "2026")
	swap := func(w *world, a, b string) {
		textA, textB := w.read("out/"+a), w.read("out/"+b)
		if textA == textB {
			w.t.Fatalf("%s and %s are equal", a, b)
		}
		w.write("out/"+a, textB)
		w.write("out/"+b, textA)
	}
	for name, test := range map[string]struct {
		tamper func(w *world)
		want   func(w *world) []broken
	}{
		"two intervals' records are swapped": {
			func(w *world) { swap(w, recordKey(day20, 1), recordKey(day21, 1)) },
			func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 1)}, {verify.RecordLink, recordKey(day21, 1)}}
			},
		},
		"two records of an interval are swapped": {
			func(w *world) { swap(w, recordKey(day20, 1), recordKey(day20, 2)) },
			func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 1)}, {verify.RecordLink, recordKey(day20, 2)}}
			},
		},
		"an older record is replayed as the newest": {
			func(w *world) { w.write("out/"+recordKey(day20, 3), w.read("out/"+recordKey(day20, 1))) },
			func(*world) []broken { return []broken{{verify.RecordLink, recordKey(day20, 3)}} },
		},
		"an older record replaces the newest": {
			func(w *world) { w.write("out/"+recordKey(day20, 2), w.read("out/"+recordKey(day20, 1))) },
			func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 2)}, {verify.NeighbourLink, recordKey(day20, 2)}}
			},
		},
		"a record is renumbered": {
			func(w *world) {
				w.write("out/"+recordKey(day20, 3), w.read("out/"+recordKey(day20, 2)))
				w.remove("out/" + recordKey(day20, 2))
			},
			func(*world) []broken {
				return []broken{
					{verify.RecordLink, recordKey(day20, 2)},
					{verify.RecordLink, recordKey(day20, 3)},
					{verify.NeighbourLink, recordKey(day20, 2)},
				}
			},
		},
		"the first record is removed": {
			func(w *world) { w.remove("out/" + recordKey(day20, 1)) },
			func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 1)}, {verify.NeighbourLink, recordKey(day20, 1)}}
			},
		},
		"a newest record that a neighbour saw is removed": {
			func(w *world) { w.remove("out/" + recordKey(day20, 2)) },
			func(*world) []broken { return []broken{{verify.NeighbourLink, recordKey(day20, 2)}} },
		},
		"a whole interval is removed": {
			func(w *world) { w.remove("out/interval=" + day21) },
			func(*world) []broken {
				return []broken{{verify.NeighbourLink, recordKey(day21, 1)}, {verify.RecordLink, recordKey(day21, 1)}}
			},
		},
		"another key signs, of the same name": {
			func(w *world) { w.forge(w.record(day22, 1), other) },
			func(*world) []broken { return []broken{{verify.SignatureLink, recordKey(day22, 1)}} },
		},
		"another key signs all": {
			func(w *world) {
				w.rewrite(day20, 1, "calls.csv", func(s string) string { return strings.Replace(s, "complete", "missing", 1) }, other)
				w.sees(other)
			},
			func(*world) []broken {
				return []broken{
					{verify.SignatureLink, recordKey(day20, 1)},
					{verify.SignatureLink, recordKey(day20, 2)},
					{verify.SignatureLink, recordKey(day21, 1)},
					{verify.SignatureLink, recordKey(day22, 1)},
				}
			},
		},
		"a signature is taken off": {
			func(w *world) { w.forge(w.record(day20, 2), nil) },
			func(*world) []broken {
				return []broken{{verify.SignatureLink, recordKey(day20, 2)}, {verify.NeighbourLink, recordKey(day20, 2)}}
			},
		},
		"all signatures are taken off": {
			func(w *world) {
				w.forge(w.record(day20, 1), nil)
				r := w.record(day20, 2)
				r.Previous = hexSum(w.read("out/" + recordKey(day20, 1)))
				w.forge(r, nil)
				w.sees(nil)
			},
			func(*world) []broken {
				return []broken{
					{verify.SignatureLink, recordKey(day20, 1)},
					{verify.SignatureLink, recordKey(day20, 2)},
					{verify.SignatureLink, recordKey(day21, 1)},
					{verify.SignatureLink, recordKey(day22, 1)},
				}
			},
		},
		"one signature comes from another record": {
			func(w *world) {
				mine := w.read("out/" + recordKey(day22, 1))
				w.write("out/"+recordKey(day22, 1), strings.Replace(mine, signatureOf(mine), signatureOf(w.read("out/"+recordKey(day21, 1))), 1))
			},
			func(*world) []broken { return []broken{{verify.SignatureLink, recordKey(day22, 1)}} },
		},
		"another configuration's record": {
			func(w *world) {
				r := w.record(day22, 1)
				r.Name = "day"
				w.forge(r, key)
			},
			func(*world) []broken { return []broken{{verify.NameLink, recordKey(day22, 1)}} },
		},
		"another predecessor": {
			func(w *world) {
				r := w.record(day20, 2)
				r.Previous = strings.Repeat("0", 64)
				w.forge(r, key)
			},
			func(*world) []broken { return []broken{{verify.PreviousLink, recordKey(day20, 2)}} },
		},
		"a predecessor of the first": {
			func(w *world) {
				r := w.record(day22, 1)
				r.Previous = strings.Repeat("0", 64)
				w.forge(r, key)
			},
			func(*world) []broken { return []broken{{verify.PreviousLink, recordKey(day22, 1)}} },
		},
		"two files of a run are swapped": {
			func(w *world) {
				run := runOf(w, day20, 1)
				swap(w, run+"calls.csv", run+"outages.csv")
			},
			func(w *world) []broken {
				run := runOf(w, day20, 1)
				return []broken{{verify.FileLink, run + "calls.csv"}, {verify.FileLink, run + "outages.csv"}}
			},
		},
		"a file comes from an earlier run": {
			func(w *world) { swap(w, runOf(w, day20, 2)+"summary.json", runOf(w, day20, 1)+"summary.json") },
			func(w *world) []broken {
				return []broken{{verify.FileLink, runOf(w, day20, 2) + "summary.json"}, {verify.FileLink, runOf(w, day20, 1) + "summary.json"}}
			},
		},
		"two histories are swapped": {
			func(w *world) {
				swap(w, "interval="+day20+"/"+w.record(day20, 1).History[0].Path, "interval="+day20+"/"+w.record(day20, 2).History[0].Path)
			},
			func(w *world) []broken {
				return []broken{
					{verify.HistoryLink, "interval=" + day20 + "/" + w.record(day20, 1).History[0].Path},
					{verify.HistoryLink, "interval=" + day20 + "/" + w.record(day20, 2).History[0].Path},
				}
			},
		},
		"a run is taken from another interval, by the holder of the key": {
			func(w *world) {
				r, from := w.record(day22, 1), runOf(w, day21, 1)
				r.RunID, r.RunSHA256 = w.record(day21, 1).RunID, w.record(day21, 1).RunSHA256
				for name, text := range w.tree() {
					if rest, ok := strings.CutPrefix(name, from); ok {
						w.write("out/interval="+day22+"/runs/"+r.RunID+"/"+rest, text)
					}
				}
				w.forge(r, key)
			},
			func(w *world) []broken { return []broken{{verify.RunLink, runOf(w, day22, 1) + "summary.json"}} },
		},
		"an outcome is made nicer, by the holder of the key": {
			func(w *world) {
				r := w.record(day20, 2)
				r.Outcome.OpenCritical++
				w.forge(r, key)
			},
			func(*world) []broken { return []broken{{verify.RunLink, recordKey(day20, 2)}} },
		},
		"a history is left out, by the holder of the key": {
			func(w *world) {
				r := w.record(day22, 1)
				r.History = []ledger.File{}
				w.forge(r, key)
			},
			func(*world) []broken { return []broken{{verify.HistoryLink, recordKey(day22, 1)}} },
		},
		"an older run is committed again with another outcome, by the holder of the key": {
			func(w *world) {
				first := w.record(day20, 1)
				first.Number, first.Previous = 3, hexSum(w.read("out/"+recordKey(day20, 2)))
				first.Outcome.OpenMinor++
				w.forge(first, key)
			},
			func(*world) []broken { return []broken{{verify.RunLink, recordKey(day20, 3)}} },
		},
		"a file is put into a committed run": {
			func(w *world) { w.write("out/"+runOf(w, day20, 1)+"manifests/m/more.json", "{}") },
			func(w *world) []broken {
				return []broken{{verify.UnlistedLink, runOf(w, day20, 1) + "manifests/m/more.json"}}
			},
		},
		"something is put in the place of the next record": {
			func(w *world) { w.write("out/"+recordKey(day20, 3), "{}\n") },
			func(*world) []broken { return []broken{{verify.RecordLink, recordKey(day20, 3)}} },
		},
		"something is put far behind the last record": {
			func(w *world) { w.write("out/"+recordKey(day20, 99_999_999), w.read("out/"+recordKey(day20, 2))) },
			func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 3)}, {verify.RecordLink, recordKey(day20, 99_999_999)}}
			},
		},
		"a record of another format": {
			func(w *world) {
				r := w.record(day22, 1)
				r.Format = "cdrmend.commit/2"
				w.forge(r, key)
			},
			func(*world) []broken { return []broken{{verify.RecordLink, recordKey(day22, 1)}} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := signedWorld(t)
			test.tamper(w)
			r := w.verify(key.Public())
			for _, b := range test.want(w) {
				wantBroken(t, r, b.link, b.key)
			}
		})
	}
}

func runOf(w *world, label string, number int64) string {
	w.t.Helper()
	if w.t.Failed() {
		w.t.FailNow()
	}
	return "interval=" + label + "/runs/" + w.record(label, number).RunID + "/"
}

func signatureOf(file string) string {
	_, rest, _ := strings.Cut(file, `"signature": "`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}
