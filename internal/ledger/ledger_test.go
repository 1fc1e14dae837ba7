package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"

	"github.com/google/go-cmp/cmp"
)

func newInterval(t *testing.T) *ledger.Interval {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return (&ledger.Output{Store: store, Root: "root/", Name: "night"}).Interval("2026-11-20")
}

func put(t *testing.T, l *ledger.Interval, name, text string) {
	t.Helper()
	if err := l.Store.Create(t.Context(), l.Prefix()+name, object.ContentOf([]byte(text))); err != nil {
		t.Fatal(err)
	}
}

func record(number int64, runID string) ledger.Record {
	return ledger.Record{
		Format: ledger.RecordFormat, Number: number, Name: "night", Interval: "2026-11-20", RunID: runID,
		History: []ledger.File{}, Neighbours: []ledger.Neighbour{},
	}
}

func encoded(t *testing.T, r ledger.Record) string {
	t.Helper()
	raw, err := ledger.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestTheNewestRecordIsThatOfTheHighestNumberInItsOwnSpelling(t *testing.T) {
	l := newInterval(t)
	if head, err := l.Newest(t.Context()); err != nil || head.Record != nil || head.Number() != 0 {
		t.Fatalf("an interval without records gives %+v, %v", head, err)
	}
	for name, text := range map[string]string{
		"00000002.json": encoded(t, record(2, "b")), "00000010.json": encoded(t, record(10, "j")), "00000009.json": "broken",
		"000000010.json": "broken", "10.json": "broken", "99999999.json.tmp": "broken", "0000000x.json": "broken",
		"00000011.history.csv": "broken", "-0000011.json": "broken", "00000000.json": "broken", "sub/00000012.json": "broken",
		"99999999999999999999.json": "broken", "+0000011.json": "broken",
	} {
		put(t, l, "log/"+name, text)
	}
	head, err := l.Newest(t.Context())
	if err != nil || head.Number() != 10 || head.Record.RunID != "j" || head.SHA256 != hexSum(encoded(t, record(10, "j"))) {
		t.Errorf("got %+v, %v, want record 10", head, err)
	}
	put(t, l, "log/100000000.json", encoded(t, record(100_000_000, "nine digits")))
	if head, err = l.Newest(t.Context()); err != nil || head.Number() != 100_000_000 {
		t.Errorf("got %+v, %v, want record 100000000", head, err)
	}
}

func TestARecordThatIsNotWhatItsNameSaysIsAnError(t *testing.T) {
	other := func(change func(*ledger.Record)) string {
		r := record(1, "a")
		change(&r)
		return encoded(t, r)
	}
	for name, text := range map[string]string{
		"no JSON":          "{",
		"another number":   other(func(r *ledger.Record) { r.Number = 2 }),
		"another interval": other(func(r *ledger.Record) { r.Interval = "2026-11-21" }),
		"another format":   other(func(r *ledger.Record) { r.Format = "cdrmend.commit/9" }),
	} {
		l := newInterval(t)
		put(t, l, "log/00000001.json", text)
		if _, err := l.Newest(t.Context()); err == nil || !strings.Contains(err.Error(), "log/00000001.json") {
			t.Errorf("%s: got %v, want an error that names the record", name, err)
		}
	}
	l := newInterval(t)
	put(t, l, "log/00000001.json", other(func(r *ledger.Record) { r.Name = "day" }))
	_, err := l.Newest(t.Context())
	var refused *ledger.NameError
	if !errors.As(err, &refused) || refused.Found != "day" || refused.Wanted != "night" {
		t.Errorf("got %v, want a NameError", err)
	}
}

func TestHistoryIsCheckedByItsHash(t *testing.T) {
	history := ledger.File{Path: "log/00000001-a.history.csv", SHA256: hexSum("finding_id\n")}
	for text, ok := range map[string]bool{"finding_id\n": true, "finding_id": false, "": false} {
		l := newInterval(t)
		r := record(1, "a")
		r.History = append(r.History, history)
		put(t, l, "log/00000001.json", encoded(t, r))
		if text != "" {
			put(t, l, history.Path, text)
		}
		_, err := l.Newest(t.Context())
		if ok != (err == nil) || err != nil && !strings.Contains(err.Error(), history.Path) {
			t.Errorf("history %q: got %v, want an error that names it: %v", text, err, !ok)
		}
		if head, err := l.Latest(t.Context()); err != nil || head.Number() != 1 {
			t.Errorf("history %q: the latest record is %+v, %v", text, head, err)
		}
	}
}

func TestOneOfAllRecordsOfANumberCounts(t *testing.T) {
	other := func(change func(*ledger.Record)) *ledger.Record {
		r := record(1, "a")
		change(&r)
		return &r
	}
	for name, test := range map[string]struct {
		taken *ledger.Record
		then  *ledger.Record // the successor of taken
		want  error
	}{
		"free":                                  {},
		"equal":                                 {taken: other(func(*ledger.Record) {})},
		"of the same run":                       {taken: other(func(r *ledger.Record) { r.Tool = "older" })},
		"of another run":                        {taken: other(func(r *ledger.Record) { r.RunID = "b" }), want: ledger.ErrOvertaken},
		"of the same run, succeeded by another": {taken: other(func(r *ledger.Record) { r.Tool = "older" }), then: &ledger.Record{RunID: "b"}},
		"of another run, succeeded by the same": {taken: other(func(r *ledger.Record) { r.RunID = "b" }), then: &ledger.Record{RunID: "a"}, want: ledger.ErrOvertaken},
	} {
		t.Run(name, func(t *testing.T) {
			l := newInterval(t)
			if test.taken != nil {
				put(t, l, "log/00000001.json", encoded(t, *test.taken))
			}
			if test.then != nil {
				put(t, l, "log/00000002.json", encoded(t, record(2, test.then.RunID)))
			}
			if _, err := l.Commit(t.Context(), record(1, "a")); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			want := record(1, "a")
			if test.taken != nil {
				want = *test.taken
			}
			if got := read(t, l, "log/00000001.json"); got != encoded(t, want) {
				t.Errorf("the record is now\n%s\nwant\n%s", got, encoded(t, want))
			}
		})
	}
}

func TestACommitInAnotherNamesOutputIsRefused(t *testing.T) {
	l := newInterval(t)
	r := record(1, "a")
	r.Name = "day"
	put(t, l, "log/00000001.json", encoded(t, r))
	var refused *ledger.NameError
	if _, err := l.Commit(t.Context(), record(1, "a")); !errors.As(err, &refused) {
		t.Errorf("got %v, want a NameError", err)
	}
}

func TestRunJSONNamesEveryFileInOrder(t *testing.T) {
	l := newInterval(t)
	run := l.NewRun("a", t.TempDir())
	for _, path := range []string{"z.csv", "manifests/m/b", "a.csv"} {
		err := run.Create(t.Context(), path, func(w io.Writer) error {
			_, err := io.WriteString(w, path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sum, err := run.Finish(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, l, "runs/a/run.json")
	var got ledger.Manifest
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := ledger.Manifest{Format: ledger.FormatVersion, RunID: "a", Renamed: []ledger.Renamed{}}
	for _, path := range []string{"a.csv", "manifests/m/b", "z.csv"} {
		want.Files = append(want.Files, ledger.File{Path: path, Size: int64(len(path)), SHA256: hexSum(path)})
	}
	if diff := cmp.Diff(want, got); diff != "" || sum != hexSum(text) {
		t.Errorf("run.json with hash %s, want %s (-want +got):\n%s", sum, hexSum(text), diff)
	}
}

func TestAFileWithOtherBytesStopsTheRun(t *testing.T) {
	l := newInterval(t)
	put(t, l, "runs/a/x", "other")
	write := func(w io.Writer) error { _, err := io.WriteString(w, "mine"); return err }
	err := l.NewRun("a", "").Create(t.Context(), "x", write)
	if !errors.Is(err, object.ErrTaken) || !strings.Contains(err.Error(), "runs/a/x") {
		t.Errorf("got %v, want an error that names the file and wraps %v", err, object.ErrTaken)
	}
}

func read(t *testing.T, l *ledger.Interval, name string) string {
	t.Helper()
	key := l.Prefix() + name
	for info, err := range l.Store.List(t.Context(), key[:strings.LastIndexByte(key, '/')+1]) {
		if err != nil {
			t.Fatal(err)
		}
		if info.Key != key {
			continue
		}
		body, err := l.Store.Open(context.WithoutCancel(t.Context()), info, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		var b bytes.Buffer
		if _, err := io.Copy(&b, body); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	t.Fatalf("there is no %s", key)
	return ""
}
