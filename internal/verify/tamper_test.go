package verify_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/token"
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

// broken is a link that has to be named; any link of the object if it is empty.
type broken struct {
	link verify.Link
	key  string
}

// tampering is something that is done to an output, and what has to be named then.
type tampering struct {
	name   string
	tamper func(w *world)
	want   func(w *world) []broken
	alone  bool                       // nothing else is named, and everything else is checked
	files  int64                      // files that are not checked then, at most
	keys   func(w *world) *token.Keys // that are known instead of those of the output
}

// TestWhateverIsDoneToAnOutputIsNamed is the whole list of what can be done to an output
// of three nights, four records and their journal, each to a copy of its own.
func TestWhateverIsDoneToAnOutputIsNamed(t *testing.T) {
	t.Parallel()
	whole, key := signedWorld(t)
	all := whole.verify(key.Public())
	for _, test := range slices.Concat(tamperedBytes(whole), rearranged(t, key), tamperedJournals(t, key), tamperedKeys(key), oddFiles(whole)) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, _ := signedWorld(t)
			test.tamper(w)
			keys := key.Public()
			if test.keys != nil {
				keys = test.keys(w)
			}
			r := w.verify(keys)
			want := test.want(w)
			for _, b := range want {
				if !slices.ContainsFunc(r.Problems, b.is) {
					t.Errorf("%s of %s is not named:\n%s", b.link, b.key, r.Text())
				}
			}
			if r.Verified {
				t.Error("it is verified all the same")
			}
			if !test.alone {
				return
			}
			if len(r.Problems) != len(want) || len(r.Unchecked) > 0 || r.Records.Verified != 4 || all.Files-r.Files > test.files {
				t.Errorf("more is named, or not all of the rest is checked: %d files less, want at most %d:\n%s", all.Files-r.Files, test.files, r.Text())
			}
		})
	}
}

// named reports whether something is broken about an object.
func named(r *verify.Report, key string) bool {
	return slices.ContainsFunc(r.Problems, broken{key: key}.is)
}

func (b broken) is(p verify.Problem) bool {
	return p.Object == b.key && (b.link == "" || p.Link == b.link)
}

// tamperedBytes does to every single file what can be done to its bytes.
func tamperedBytes(whole *world) (list []tampering) {
	flip := func(at func(int) int) func(string) string {
		return func(text string) string {
			b := []byte(text)
			b[at(len(b))] ^= 1
			return string(b)
		}
	}
	for _, change := range []struct {
		name   string
		change func(string) string // nil removes the file
	}{
		{"a middle byte is flipped", flip(func(n int) int { return n / 2 })},
		{"the last byte is flipped", flip(func(n int) int { return n - 1 })},
		{"it is cut in half", func(text string) string { return text[:len(text)/2] }},
		{"a byte is appended", func(text string) string { return text + "\n" }},
		{"it is removed", nil},
	} {
		for file, text := range whole.tree() {
			test := tampering{
				name:   file + ": " + change.name,
				tamper: func(w *world) { w.remove("out/" + file) },
				want:   func(*world) []broken { return []broken{{key: file}} },
				alone:  !isRecord(file) && !isOfAll(file) && !strings.HasSuffix(file, "/run.json"), files: 1,
			}
			if change.change != nil {
				changed := change.change(text)
				if changed == text {
					continue // half of nothing
				}
				test.tamper = func(w *world) { w.write("out/"+file, changed) }
			} else if file == entryKey(4) { // the newest one: only who kept its hash can tell
				test.tamper = func(w *world) { w.remove("out/" + file); w.head = hexSum(text) }
				test.want = func(*world) []broken { return []broken{{verify.JournalLink, ledger.JournalFolder}} }
			}
			list = append(list, test)
		}
	}
	return list
}

// rearranged moves what is genuine, and changes what stands in records.
func rearranged(t *testing.T, key *token.Signer) []tampering {
	other := newKey(t, "2026")
	swap := func(w *world, a, b string) {
		textA, textB := w.read("out/"+a), w.read("out/"+b)
		if textA == textB {
			w.t.Fatalf("%s and %s are equal", a, b)
		}
		w.write("out/"+a, textB)
		w.write("out/"+b, textA)
	}
	return []tampering{
		{
			name:   "two intervals' records are swapped",
			tamper: func(w *world) { swap(w, recordKey(day20, 1), recordKey(day21, 1)) },
			want: func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 1)}, {verify.RecordLink, recordKey(day21, 1)}}
			},
		},
		{
			name:   "two records of an interval are swapped",
			tamper: func(w *world) { swap(w, recordKey(day20, 1), recordKey(day20, 2)) },
			want: func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 1)}, {verify.RecordLink, recordKey(day20, 2)}}
			},
		},
		{
			name:   "an older record is replayed as the newest",
			tamper: func(w *world) { w.write("out/"+recordKey(day20, 3), w.read("out/"+recordKey(day20, 1))) },
			want:   func(*world) []broken { return []broken{{verify.RecordLink, recordKey(day20, 3)}} },
		},
		{
			name:   "an older record replaces the newest",
			tamper: func(w *world) { w.write("out/"+recordKey(day20, 2), w.read("out/"+recordKey(day20, 1))) },
			want: func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 2)}, {verify.NeighbourLink, recordKey(day20, 2)}}
			},
		},
		{
			name: "a record is renumbered",
			tamper: func(w *world) {
				w.write("out/"+recordKey(day20, 3), w.read("out/"+recordKey(day20, 2)))
				w.remove("out/" + recordKey(day20, 2))
			},
			want: func(*world) []broken {
				return []broken{
					{verify.RecordLink, recordKey(day20, 2)},
					{verify.RecordLink, recordKey(day20, 3)},
					{verify.NeighbourLink, recordKey(day20, 2)},
				}
			},
		},
		{
			name:   "the first record is removed",
			tamper: func(w *world) { w.remove("out/" + recordKey(day20, 1)) },
			want: func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 1)}, {verify.NeighbourLink, recordKey(day20, 1)}}
			},
		},
		{
			name:   "a newest record that a neighbour saw is removed",
			tamper: func(w *world) { w.remove("out/" + recordKey(day20, 2)) },
			want:   func(*world) []broken { return []broken{{verify.NeighbourLink, recordKey(day20, 2)}} },
		},
		{
			name:   "a whole interval is removed",
			tamper: func(w *world) { w.remove("out/interval=" + day21) },
			want: func(*world) []broken {
				return []broken{{verify.NeighbourLink, recordKey(day21, 1)}, {verify.RecordLink, recordKey(day21, 1)}}
			},
		},
		{
			name:   "another key signs, of the same name",
			tamper: func(w *world) { w.forge(w.record(day22, 1), other) },
			want:   func(*world) []broken { return []broken{{verify.SignatureLink, recordKey(day22, 1)}} },
		},
		{
			name: "another key signs all",
			tamper: func(w *world) {
				w.rewrite(day20, 1, "calls.csv", func(s string) string { return strings.Replace(s, "complete", "missing", 1) }, other)
				w.sees(other)
			},
			want: func(*world) []broken {
				return []broken{
					{verify.SignatureLink, recordKey(day20, 1)},
					{verify.SignatureLink, recordKey(day20, 2)},
					{verify.SignatureLink, recordKey(day21, 1)},
					{verify.SignatureLink, recordKey(day22, 1)},
				}
			},
		},
		{
			name:   "a signature is taken off",
			tamper: func(w *world) { w.forge(w.record(day20, 2), nil) },
			want: func(*world) []broken {
				return []broken{{verify.SignatureLink, recordKey(day20, 2)}, {verify.NeighbourLink, recordKey(day20, 2)}}
			},
		},
		{
			name: "all signatures are taken off",
			tamper: func(w *world) {
				w.forge(w.record(day20, 1), nil)
				r := w.record(day20, 2)
				r.Previous = hexSum(w.read("out/" + recordKey(day20, 1)))
				w.forge(r, nil)
				w.sees(nil)
			},
			want: func(*world) []broken {
				return []broken{
					{verify.SignatureLink, recordKey(day20, 1)},
					{verify.SignatureLink, recordKey(day20, 2)},
					{verify.SignatureLink, recordKey(day21, 1)},
					{verify.SignatureLink, recordKey(day22, 1)},
				}
			},
		},
		{
			name: "one signature comes from another record",
			tamper: func(w *world) {
				mine := w.read("out/" + recordKey(day22, 1))
				w.write("out/"+recordKey(day22, 1), strings.Replace(mine, signatureOf(mine), signatureOf(w.read("out/"+recordKey(day21, 1))), 1))
			},
			want: func(*world) []broken { return []broken{{verify.SignatureLink, recordKey(day22, 1)}} },
		},
		{
			name: "another configuration's record",
			tamper: func(w *world) {
				r := w.record(day22, 1)
				r.Name = "day"
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.NameLink, recordKey(day22, 1)}} },
		},
		{
			name: "another predecessor",
			tamper: func(w *world) {
				r := w.record(day20, 2)
				r.Previous = strings.Repeat("0", 64)
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.PreviousLink, recordKey(day20, 2)}} },
		},
		{
			name: "a predecessor of the first",
			tamper: func(w *world) {
				r := w.record(day22, 1)
				r.Previous = strings.Repeat("0", 64)
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.PreviousLink, recordKey(day22, 1)}} },
		},
		{
			name: "two files of a run are swapped",
			tamper: func(w *world) {
				run := runOf(w, day20, 1)
				swap(w, run+"calls.csv", run+"outages.csv")
			},
			want: func(w *world) []broken {
				run := runOf(w, day20, 1)
				return []broken{{verify.FileLink, run + "calls.csv"}, {verify.FileLink, run + "outages.csv"}}
			},
		},
		{
			name:   "a file comes from an earlier run",
			tamper: func(w *world) { swap(w, runOf(w, day20, 2)+"summary.json", runOf(w, day20, 1)+"summary.json") },
			want: func(w *world) []broken {
				return []broken{{verify.FileLink, runOf(w, day20, 2) + "summary.json"}, {verify.FileLink, runOf(w, day20, 1) + "summary.json"}}
			},
		},
		{
			name: "two histories are swapped",
			tamper: func(w *world) {
				swap(w, "interval="+day20+"/"+w.record(day20, 1).History[0].Path, "interval="+day20+"/"+w.record(day20, 2).History[0].Path)
			},
			want: func(w *world) []broken {
				return []broken{
					{verify.HistoryLink, "interval=" + day20 + "/" + w.record(day20, 1).History[0].Path},
					{verify.HistoryLink, "interval=" + day20 + "/" + w.record(day20, 2).History[0].Path},
				}
			},
		},
		{
			name: "a run is taken from another interval, by the holder of the key",
			tamper: func(w *world) {
				r, from := w.record(day22, 1), runOf(w, day21, 1)
				r.RunID, r.RunSHA256 = w.record(day21, 1).RunID, w.record(day21, 1).RunSHA256
				for name, text := range w.tree() {
					if rest, ok := strings.CutPrefix(name, from); ok {
						w.write("out/interval="+day22+"/runs/"+r.RunID+"/"+rest, text)
					}
				}
				w.forge(r, key)
			},
			want: func(w *world) []broken { return []broken{{verify.RunLink, runOf(w, day22, 1) + "summary.json"}} },
		},
		{
			name: "an outcome is made nicer, by the holder of the key",
			tamper: func(w *world) {
				r := w.record(day20, 2)
				r.Outcome.OpenCritical++
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.RunLink, recordKey(day20, 2)}} },
		},
		{
			name: "a history is left out, by the holder of the key",
			tamper: func(w *world) {
				r := w.record(day22, 1)
				r.History = []ledger.File{}
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.HistoryLink, recordKey(day22, 1)}} },
		},
		{
			name: "an older run is committed again with another outcome, by the holder of the key",
			tamper: func(w *world) {
				first := w.record(day20, 1)
				first.Number, first.Previous = 3, hexSum(w.read("out/"+recordKey(day20, 2)))
				first.Outcome.OpenMinor++
				w.forge(first, key)
			},
			want: func(*world) []broken { return []broken{{verify.RunLink, recordKey(day20, 3)}} },
		},
		{
			name:   "a file is put into a committed run",
			tamper: func(w *world) { w.write("out/"+runOf(w, day20, 1)+"manifests/m/more.json", "{}") },
			want: func(w *world) []broken {
				return []broken{{verify.UnlistedLink, runOf(w, day20, 1) + "manifests/m/more.json"}}
			},
		},
		{
			name:   "something is put in the place of the next record",
			tamper: func(w *world) { w.write("out/"+recordKey(day20, 3), "{}\n") },
			want:   func(*world) []broken { return []broken{{verify.RecordLink, recordKey(day20, 3)}} },
		},
		{
			name:   "something is put far behind the last record",
			tamper: func(w *world) { w.write("out/"+recordKey(day20, 99_999_999), w.read("out/"+recordKey(day20, 2))) },
			want: func(*world) []broken {
				return []broken{{verify.RecordLink, recordKey(day20, 3)}, {verify.RecordLink, recordKey(day20, 99_999_999)}}
			},
		},
		{
			name: "a record of another format",
			tamper: func(w *world) {
				r := w.record(day22, 1)
				r.Format = "cdrmend.commit/2"
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.RecordLink, recordKey(day22, 1)}} },
		},
	}
}

// tamperedJournals does to the journal and to output.json what leaves files that
// describe themselves.
func tamperedJournals(t *testing.T, key *token.Signer) []tampering {
	entry := func(number int64, by *token.Signer, change func(*ledger.Entry)) func(*world) {
		return func(w *world) {
			e := w.entry(number)
			change(e)
			w.forgeEntry(e, by)
		}
	}
	named := func(link verify.Link, keys ...string) func(*world) []broken {
		return func(*world) (list []broken) {
			for _, k := range keys {
				list = append(list, broken{link, k})
			}
			return list
		}
	}
	same := func(*ledger.Entry) {}
	identity := func(by *token.Signer, change func(*ledger.Identity)) func(*world) {
		return func(w *world) {
			id, _, err := ledger.OpenIdentity([]byte(w.read("out/"+ledger.IdentityFile)), nil)
			must(w.t, err)
			change(id)
			file, err := id.Seal(by)
			must(w.t, err)
			w.write("out/"+ledger.IdentityFile, string(file))
		}
	}
	return []tampering{
		{
			name: "two entries are swapped",
			tamper: func(w *world) {
				a, b := w.read("out/"+entryKey(2)), w.read("out/"+entryKey(3))
				w.write("out/"+entryKey(2), b)
				w.write("out/"+entryKey(3), a)
			},
			want: named(verify.JournalLink, entryKey(2), entryKey(3)),
		},
		{
			name:   "an entry is copied behind the last",
			tamper: func(w *world) { w.write("out/"+entryKey(5), w.read("out/"+entryKey(4))) },
			want:   named(verify.JournalLink, entryKey(5)),
		},
		{name: "another key signs an entry", tamper: entry(3, newKey(t, "2026"), same), want: named(verify.SignatureLink, entryKey(3))},
		{name: "the signature of an entry is taken off", tamper: entry(3, nil, same), want: named(verify.SignatureLink, entryKey(3))},
		{
			name:   "an entry names another record, by the holder of the key",
			tamper: entry(4, key, func(e *ledger.Entry) { e.SHA256 = strings.Repeat("0", 64) }),
			want:   named(verify.JournalLink, recordKey(day22, 1)),
		},
		{
			name:   "an entry names a place outside of the intervals, by the holder of the key",
			tamper: entry(4, key, func(e *ledger.Entry) { e.Path = "../elsewhere/log/00000001.json" }),
			want:   named(verify.JournalLink, entryKey(4)),
		},
		{
			name:   "an entry follows another one, by the holder of the key",
			tamper: entry(4, key, func(e *ledger.Entry) { e.Previous = strings.Repeat("0", 64) }),
			want:   named(verify.JournalLink, entryKey(4)),
		},
		{
			name:   "an entry is of another output, by the holder of the key",
			tamper: entry(4, key, func(e *ledger.Entry) { e.Output = strings.Repeat("0", 32) }),
			want:   named(verify.OutputLink, entryKey(4)),
		},
		{
			name: "an entry is planted behind the last, unsigned",
			tamper: func(w *world) {
				e := w.entry(4)
				e.Number, e.Previous = 5, hexSum(w.read("out/"+entryKey(4)))
				w.forgeEntry(e, nil)
			},
			want: named(verify.SignatureLink, entryKey(5)),
		},
		{
			name:   "output.json gets another id, by the holder of the key",
			tamper: identity(key, func(id *ledger.Identity) { id.ID = strings.Repeat("0", 32) }),
			want:   named(verify.OutputLink, entryKey(1), recordKey(day20, 1), recordKey(day22, 1)),
		},
		{
			name:   "output.json gets the name of another configuration, by the holder of the key",
			tamper: identity(key, func(id *ledger.Identity) { id.Name = "day" }),
			want:   named(verify.NameLink, ledger.IdentityFile),
		},
		{
			name:   "output.json is signed by another key",
			tamper: identity(newKey(t, "2026"), func(*ledger.Identity) {}),
			want:   named(verify.SignatureLink, ledger.IdentityFile),
		},
		{
			name:   "the signature of output.json is taken off",
			tamper: identity(nil, func(*ledger.Identity) {}),
			want:   named(verify.SignatureLink, ledger.IdentityFile),
		},
		{
			name: "a record of another output is brought",
			tamper: func(w *world) {
				r := w.record(day22, 1)
				r.Output = strings.Repeat("0", 32)
				w.forge(r, key)
			},
			want: named(verify.OutputLink, recordKey(day22, 1)),
		},
	}
}

// tamperedKeys signs after the end of a key.
func tamperedKeys(key *token.Signer) []tampering {
	until := func(number int64) func(w *world) *token.Keys {
		return func(w *world) *token.Keys {
			return key.Public().Ending(key.Thumbprint(), token.Until{
				Output: w.entry(1).Output, Number: number, SHA256: hexSum(w.read("out/" + entryKey(number))),
			})
		}
	}
	nothing := func(*world) {}
	return []tampering{
		{
			name: "a key signs after its end", tamper: nothing, keys: until(3),
			want: func(*world) []broken {
				return []broken{{verify.SignatureLink, entryKey(4)}, {verify.SignatureLink, recordKey(day22, 1)}}
			},
		},
		{
			name: "a key signs after its end, and says that it did so before", keys: until(4),
			tamper: func(w *world) {
				r := w.record(day20, 2)
				r.Number, r.Previous, r.Journal = 3, hexSum(w.read("out/"+recordKey(day20, 2))), nil
				w.forge(r, key)
			},
			want: func(*world) []broken { return []broken{{verify.SignatureLink, recordKey(day20, 3)}} },
		},
		{
			name: "the entry with which a key ends is replaced", tamper: nothing,
			keys: func(w *world) *token.Keys {
				return key.Public().Ending(key.Thumbprint(), token.Until{Output: w.entry(1).Output, Number: 4, SHA256: strings.Repeat("0", 64)})
			},
			want: func(*world) []broken { return []broken{{verify.JournalLink, entryKey(4)}} },
		},
		{
			name: "the entry with which a key ends is removed", tamper: nothing,
			keys: func(w *world) *token.Keys {
				return key.Public().Ending(key.Thumbprint(), token.Until{Output: w.entry(1).Output, Number: 5, SHA256: strings.Repeat("0", 64)})
			},
			want: func(*world) []broken { return []broken{{verify.JournalLink, entryKey(5)}} },
		},
	}
}

// oddFiles puts something that is no ordinary file in the place of one.
func oddFiles(whole *world) []tampering {
	run := runOf(whole, day20, 1)
	sparse := func(name string) func(*world) {
		return func(w *world) { must(w.t, os.Truncate(w.path("out/"+name), 6<<30)) }
	}
	linked := func(to string) func(*world) {
		return func(w *world) {
			target := filepath.Join(w.t.TempDir(), "target")
			if to == "" {
				must(w.t, os.Rename(w.path("out/"+run+"calls.csv"), target))
			}
			must(w.t, os.RemoveAll(w.path("out/"+run+"calls.csv")))
			must(w.t, os.Symlink(target, w.path("out/"+run+"calls.csv")))
		}
	}
	named := func(link verify.Link, key string) func(*world) []broken {
		return func(*world) []broken { return []broken{{link, key}} }
	}
	return []tampering{
		{name: "a file is a link to its own bytes", tamper: linked(""), want: named(verify.FileLink, run+"calls.csv"), alone: true, files: 1},
		{name: "a file is a link to nothing", tamper: linked("nothing"), want: named(verify.FileLink, run+"calls.csv"), alone: true, files: 1},
		{name: "a file of a run is sparse", tamper: sparse(run + "calls.csv"), want: named(verify.FileLink, run+"calls.csv"), alone: true, files: 1},
		{name: "run.json is sparse", tamper: sparse(run + "run.json"), want: named(verify.RunLink, run+"run.json"), alone: true, files: 19},
		{
			name:   "a folder of a run is gone",
			tamper: func(w *world) { w.remove("out/" + strings.TrimSuffix(run, "/")) },
			want:   named(verify.RunLink, run+"run.json"), alone: true, files: 19,
		},
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
