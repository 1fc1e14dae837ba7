package synth

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// small returns a small night of some formats, with a little of everything.
func small(profile, manifests, cdrs string) *Night {
	n := &Night{
		Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Legs: 600, Seed: 7, Profile: profile, Manifests: manifests, CDRs: cdrs,
		ManifestFiles: 12, CDRFiles: 5, Lines: 50, Margins: true, Failures: UsualFailures(),
	}
	for d := range NumDefects {
		if n.Has(d) && !d.ofMedia() {
			n.Rates[d] = 0.04
		}
	}
	maps.DeleteFunc(n.Failures, func(cause string, _ float64) bool { return !n.Shows(cause) })
	return n
}

func nights() []*Night {
	list := []*Night{
		small(Cdrmend, JSONLines, CSV), small(Cdrmend, JSON, CSV), small(Cdrmend, Parquet, CSV),
		small(GenesysCloud, Sidecars, Details), small(GenesysCloud, Sidecars, CSV),
	}
	for _, vendor := range Vendors() {
		formats := FormatsOf(vendor)
		list = append(list, small(vendor, formats[0], formats[1]))
	}
	list = append(list, withMedia(*small(Cdrmend, JSONLines, CSV)), withMedia(*small(GenesysCloud, Sidecars, Details)), withMedia(*small(FreeSWITCH, Names, EachChannel)))
	for _, n := range slices.Clone(list) { // each also three times in a row
		three := *n
		three.Nights, three.Legs = 3, 900
		list = append(list, &three)
	}
	return list
}

// withMedia returns a night with media objects, and all that can be wrong with them.
func withMedia(n Night) *Night {
	n.Media = true
	for d := range NumDefects {
		if n.Has(d) && d.ofMedia() {
			n.Rates[d] = 0.04
		}
	}
	return &n
}

func (n *Night) name() string {
	return fmt.Sprintf("%d nights of %s %s %s, media %t", n.nights(), n.Profile, n.Manifests, n.CDRs, n.Media)
}

// sums returns the hash of every object, written by so many at once in an
// order of their own.
func sums(t *testing.T, n *Night, writers int) map[string][32]byte {
	t.Helper()
	objects := slices.Collect(n.Objects())
	rand.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	found := map[string][32]byte{}
	var lock sync.Mutex
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			for j := i; j < len(objects); j += writers {
				h := sha256.New()
				if err := objects[j].Write(h); err != nil {
					t.Error(err)
				}
				lock.Lock()
				if _, twice := found[objects[j].Key]; twice {
					t.Errorf("%s: there are two objects of this key", objects[j].Key)
				}
				found[objects[j].Key] = [32]byte(h.Sum(nil))
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	return found
}

func TestEqualNightsHaveEqualBytesHoweverTheyAreWritten(t *testing.T) {
	outside.Long(t)
	for _, n := range nights() {
		if err := n.Check(); err != nil {
			t.Fatalf("%s: %v", n.name(), err)
		}
		again := *n
		alone, together := sums(t, n, 1), sums(t, &again, 4)
		if diff := cmp.Diff(alone, together); diff != "" {
			t.Errorf("%s: written by one and by four (-one +four):\n%s", n.name(), diff)
		}
		again.Seed++
		if other := sums(t, &again, 4); maps.Equal(alone, other) {
			t.Errorf("%s: another seed gives the same night", n.name())
		}
	}
}

func TestManyFilesHoldTheSameAsOne(t *testing.T) {
	content := func(n *Night, below string) string {
		var b strings.Builder
		for o := range n.Objects() {
			if strings.HasPrefix(o.Key, below) {
				write(t, &b, o)
			}
		}
		return b.String()
	}
	one := small(Cdrmend, JSONLines, CSV)
	one.Rates[TruncatedBatch] = 0
	many := *one
	one.ManifestFiles, one.CDRFiles = 1, 1
	for _, below := range []string{"manifests/", "cdr/"} {
		want := content(one, below)
		got := content(&many, below)
		if below == "cdr/" {
			want, got = strings.ReplaceAll(want, csvHeader, ""), strings.ReplaceAll(got, csvHeader, "")
		}
		if got != want || want == "" {
			t.Errorf("%s: %d bytes in many files, %d in one", below, len(got), len(want))
		}
	}
}

func write(t *testing.T, w io.Writer, o Object) {
	t.Helper()
	if err := o.Write(w); err != nil {
		t.Fatalf("%s: %v", o.Key, err)
	}
}

func TestJSONIsJSON(t *testing.T) {
	for _, n := range nights() {
		n.Rates[TruncatedBatch], n.Rates[TruncatedSidecar] = 0, 0
		for o := range n.Objects() {
			if !strings.Contains(o.Key, ".json") {
				continue
			}
			var b bytes.Buffer
			write(t, &b, o)
			texts := [][]byte{b.Bytes()}
			switch {
			case strings.HasSuffix(o.Key, ".jsonl"):
				texts = bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
			case !strings.HasSuffix(o.Key, ".json"):
				continue
			}
			for i, text := range texts {
				if !json.Valid(text) {
					t.Fatalf("%s, %s, line %d is no JSON: %s", n.name(), o.Key, i, text)
				}
			}
		}
	}
}

func TestNoConversationOfASingleNightLastsOverMidnight(t *testing.T) {
	for _, legs := range []int{1, 9, 600, 100_000} {
		n := small(Cdrmend, JSONLines, CSV)
		n.Legs = legs
		told := 0
		_ = n.day(&site{}, 0).whole().calls(func(c *call) error {
			told += c.count
			for _, l := range c.legs[:c.count] {
				if !(0 <= l.start && l.start <= l.answered && l.answered <= l.from && l.from < l.until && l.until <= l.end && l.end < 24*3_600_000) {
					t.Fatalf("of %d legs: one starts at %d ms, is answered at %d, recorded from %d until %d, and ends at %d", legs, l.start, l.answered, l.from, l.until, l.end)
				}
			}
			return nil
		})
		if told != legs {
			t.Errorf("%d legs, want %d", told, legs)
		}
	}
}

func TestTheRangeOfObjectsCanStopAnywhere(t *testing.T) {
	for _, n := range nights() {
		for _, stop := range []int{1, 30} {
			next, end := iter.Pull(n.Objects())
			for range stop {
				if _, ok := next(); !ok {
					t.Fatalf("%s: fewer than %d objects", n.name(), stop)
				}
			}
			end()
		}
	}
}

func TestWhatCannotBeMadeIsRefused(t *testing.T) {
	for _, test := range []struct {
		change func(*Night)
		want   string
	}{
		{func(n *Night) { n.Legs = 0 }, "at least 1"},
		{func(n *Night) { n.Nights = -1 }, "-1 nights: there must be from 1 to"},
		{func(n *Night) { n.Nights = 4000 }, "4000 nights"},
		{func(n *Night) { n.Late = 1.5 }, "the rate of late objects is 1.5"},
		{func(n *Night) {
			n.Hourly, n.Profile, n.Manifests, n.CDRs, n.Rates = true, GenesysCloud, Sidecars, Details, Rates{}
		}, "only cdrmend can be filed by the hour"},
		{func(n *Night) { n.Manifests = Sidecars }, "profile cdrmend has manifests as jsonl or json or parquet"},
		{func(n *Night) { n.Profile = GenesysCloud }, "has manifests as sidecars, with CDRs as details or csv"},
		{func(n *Night) { n.Manifests = "xml" }, `manifests as "xml"`},
		{func(n *Night) { n.CDRs = Details }, `with CDRs as "details"`},
		{func(n *Night) { n.Rates[Lost] = 1.5 }, "the rate of lost is 1.5"},
		{func(n *Night) { n.Rates[Lost], n.Rates[Short] = 0.6, 0.6 }, "add up to"},
		{func(n *Night) { n.Rates[MetadataLost] = 0.1 }, "metadata-lost does not occur in manifests as jsonl"},
		{func(n *Night) { n.Rates[MediaLost] = 0.1 }, "media-lost does not occur in manifests as jsonl"},
		{func(n *Night) { n.Rates[MediaCut] = 0.1 }, "media-cut is a defect of media objects: ask for media objects, too"},
		{func(n *Night) { n.Media, n.Profile, n.Manifests, n.CDRs, n.Rates = true, Twilio, JSON, JSON, Rates{} }, "profile twilio has lists of recordings and no media objects"},
		{func(n *Night) {
			n.Media, n.Profile, n.Manifests, n.CDRs, n.Rates = true, Asterisk, Names, Headerless, Rates{MediaShort: 0.1}
		}, "media-short does not occur in manifests as names"},
		{func(n *Night) { n.Failures["bad luck"] = 0.1 }, `no cause "bad luck"`},
		{func(n *Night) { n.Profile, n.Manifests, n.CDRs, n.Rates = Asterisk, Names, Headerless, Rates{} }, "does not show in the files of asterisk"},
		{func(n *Night) { n.Failures["timeout"] = 2 }, "from 0 to 1 in all"},
	} {
		n := small(Cdrmend, JSONLines, CSV)
		test.change(n)
		if err := n.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want an error that says %q", err, test.want)
		}
	}
}
