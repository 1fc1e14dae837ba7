package sample

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestTwoBuildsGiveEqualBytes(t *testing.T) {
	first, second := New(day), New(day.Add(23*time.Hour).In(time.FixedZone("", 3600)))
	if diff := gocmp.Diff(first.Story, second.Story); diff != "" {
		t.Errorf("the stories differ (-first +second):\n%s", diff)
	}
	sums := func(n *Night) [][32]byte {
		var list [][32]byte
		for o := range n.Objects() {
			list = append(list, sha256.Sum256(fmt.Appendf(nil, "%q %q", o.Key, o.Body)))
		}
		return list
	}
	want := sums(first)
	if !slices.Equal(want, sums(first)) {
		t.Error("ranging twice over the objects of one night gives other bytes")
	}
	if !slices.Equal(want, sums(second)) {
		t.Error("building the night twice gives other bytes")
	}
}

func TestAnyDayCanBeTheNight(t *testing.T) {
	want := New(day).Story.Findings()
	for _, date := range []string{"2024-02-29", "2026-12-31", "2027-03-28"} {
		other, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, New(other).Story.Findings()); diff != "" {
			t.Errorf("findings of %s (-want +got):\n%s", date, diff)
		}
	}
}

func TestKeysAscend(t *testing.T) {
	keys := read(t, New(day)).keys
	for i := 1; i < len(keys); i++ {
		if keys[i-1] >= keys[i] {
			t.Fatalf("%q comes before %q", keys[i-1], keys[i])
		}
	}
}

func TestTheRangeCanStopAnywhere(t *testing.T) {
	total := len(read(t, New(day)).keys)
	for _, stop := range []int{1, 7, 40, total - 1} {
		next, end := iter.Pull(New(day).Objects())
		for range stop {
			if _, ok := next(); !ok {
				t.Fatalf("fewer than %d objects", stop)
			}
		}
		end()
		if _, ok := next(); ok {
			t.Errorf("the range goes on after it was stopped at %d", stop)
		}
	}
}

func TestTheNightHasItsSize(t *testing.T) {
	n := New(day)
	r := read(t, n)
	if r.size > 14<<20 {
		t.Errorf("the night takes %d bytes, want at most 14 MiB", r.size)
	}
	recordings := 0
	for key := range r.media {
		if inNight(key) {
			recordings++
		}
	}
	if recordings != n.Story.Recordings || recordings < 1900 || recordings > 2000 {
		t.Errorf("%d media objects, the story says %d, want 1,900 to 2,000", recordings, n.Story.Recordings)
	}
	if n.Story.Calls < 1900 || n.Story.Calls > 2000 {
		t.Errorf("%d calls, want 1,900 to 2,000", n.Story.Calls)
	}
}

func TestEveryHourHasARecordedCallAndRegistersEveryLine(t *testing.T) {
	r := read(t, New(day))
	for h := range 24 {
		hour := day.Add(time.Duration(h) * time.Hour)
		folder := hour.Format("/day=02/hour=15/")
		if !slices.ContainsFunc(slices.Collect(maps.Keys(r.documents)), func(k string) bool { return strings.Contains(k, folder) }) {
			t.Errorf("no recording below %s", folder)
		}
		lines := map[string]bool{}
		for _, a := range r.log {
			if a.Time.Truncate(time.Hour).Equal(hour) && a.Status == 200 && strings.HasSuffix(a.Path, "/registrations") {
				lines[a.Path] = true
			}
		}
		want := 8
		if h == lapseHour {
			want--
		}
		if len(lines) != want {
			t.Errorf("%d lines registered in hour %d, want %d", len(lines), h, want)
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	n := New(day)
	r := read(t, n)
	owner := map[string]string{}
	claim := func(id, by string) {
		if other, taken := owner[id]; taken && other != by {
			t.Errorf("id %s is of %s and of %s", id, other, by)
		}
		owner[id] = by
	}
	for key := range r.media {
		claim(conversationOf(key), "conversation "+conversationOf(key))
		claim(recordingOf(key), "recording "+recordingOf(key)+" of "+conversationOf(key))
	}
	for conversation, legs := range r.legs {
		claim(conversation, "conversation "+conversation)
		for i, l := range legs {
			claim(l.ID, fmt.Sprintf("session %d of %s", i, conversation))
		}
	}
	times := map[string]int{}
	for key := range r.media {
		times[recordingOf(key)]++
	}
	maps.DeleteFunc(times, func(_ string, n int) bool { return n == 1 })
	if got, want := slices.Sorted(maps.Keys(times)), recordings(n, "duplicate"); !slices.Equal(got, want) {
		t.Errorf("recordings delivered twice: %v, the story says %v", got, want)
	}
}

// recordings returns the recordings of the cases of some chapters.
func recordings(n *Night, kinds ...string) []string {
	return cases(n, func(c Case) string { return c.Recording }, kinds...)
}

func cases(n *Night, of func(Case) string, kinds ...string) []string {
	var list []string
	for _, kind := range kinds {
		for _, c := range n.Story.Chapter(kind).Cases {
			list = append(list, of(c))
		}
	}
	slices.Sort(list)
	return list
}

func TestMostOfTheNightIsHealthy(t *testing.T) {
	n := New(day)
	hurt := map[string]bool{}
	for _, ch := range n.Story.Chapters {
		for _, c := range ch.Cases {
			if len(c.Findings) > 0 {
				hurt[c.Conversation] = true
			}
		}
	}
	if healthy := 100 - 100*float64(len(hurt))/float64(n.Story.Calls); healthy <= 97 {
		t.Errorf("%.2f %% of the calls are healthy, want more than 97", healthy)
	}
}

func TestStoryOutagesAreThoseOfTheLog(t *testing.T) {
	n := New(day)
	path := regexp.MustCompile(`^/api/v2/telephony/sip/lines/([^/]+)/registrations$`)
	type open struct {
		line                     string
		start, unregistered, end time.Time
		failures                 int
	}
	pending := map[string]*open{}
	bound := map[string]time.Time{}
	var got []open
	for _, a := range read(t, n).log {
		m := path.FindStringSubmatch(a.Path)
		if m == nil {
			continue
		}
		o := pending[m[1]]
		switch {
		case a.Status != 200 && o == nil:
			pending[m[1]] = &open{line: m[1], start: a.Time, failures: 1}
		case a.Status != 200:
			o.failures++
		case o != nil:
			delete(pending, m[1])
			if a.Time.Sub(o.start) > 5*time.Second { // else a challenge
				o.end = a.Time
				if until := bound[m[1]]; o.end.After(until.Add(32 * time.Second)) {
					o.unregistered = until
				}
				got = append(got, *o)
			}
		default:
			if until := bound[m[1]]; !until.IsZero() && a.Time.After(until.Add(32*time.Second)) {
				got = append(got, open{m[1], until, until, a.Time, 0})
			}
		}
		if a.Status == 200 {
			bound[m[1]] = a.Time.Add(bindingSeconds * time.Second)
		}
	}
	var want []open
	for _, o := range n.Story.Outages {
		want = append(want, open{o.Line, o.Start, o.Unregistered, o.End, o.Failures})
	}
	for _, list := range [][]open{got, want} {
		slices.SortFunc(list, func(a, b open) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.line, b.line)) })
	}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(open{})); diff != "" {
		t.Errorf("outages (-story +log):\n%s", diff)
	}
	if len(pending) > 0 {
		t.Errorf("%d lines are never registered again", len(pending))
	}
}

func TestSomeTokensAreInTheLogForMaskingToHide(t *testing.T) {
	tokens := 0
	for _, a := range read(t, New(day)).log {
		if a.AccessToken == "" {
			continue
		}
		tokens++
		if a.Status != 403 || strings.Count(a.AccessToken, ".") != 2 || !strings.HasPrefix(a.AccessToken, "eyJ") {
			t.Errorf("token %q at %v, status %d: want a JWT at a refusal", a.AccessToken, a.Time, a.Status)
		}
	}
	if tokens < 3 || tokens > 9 {
		t.Errorf("%d tokens in the log, want a few", tokens)
	}
}
