package synth

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// inARow returns nights of each way to write them, with many calls at midnight.
func inARow(nights int) []*Night {
	list := []*Night{small(Cdrmend, JSONLines, CSV), small(Cdrmend, JSON, CSV), small(Cdrmend, Parquet, CSV), small(GenesysCloud, Sidecars, Details)}
	for _, vendor := range Vendors() {
		formats := FormatsOf(vendor)
		list = append(list, small(vendor, formats[0], formats[1]))
	}
	byHour := small(Cdrmend, JSON, CSV)
	byHour.Hourly = true
	list = append(list, byHour)
	for _, n := range list {
		n.Nights, n.Legs, n.Margins = nights, 2000, false
	}
	return list
}

func TestMoreNightsAddObjectsAndReplaceNone(t *testing.T) {
	for _, n := range inARow(2) {
		two := sums(t, n, 4)
		n.Nights = 4
		four := sums(t, n, 4)
		for key, sum := range two {
			if four[key] != sum {
				t.Errorf("%s: %s is another one with two nights more", n.name(), key)
			}
		}
		if len(two) == 0 || len(four) <= len(two) {
			t.Errorf("%s: %d objects with two nights, %d with four", n.name(), len(two), len(four))
		}
	}
}

func TestNightsInARowShareNoIdOfACall(t *testing.T) {
	n := small(Cdrmend, JSONLines, CSV)
	n.Nights, n.Legs = 30, 500
	seen := map[uuid]int{}
	for _, d := range n.days() {
		_ = d.whole().calls(func(c *call) error {
			ids := []uuid{c.id}
			for _, l := range c.legs[:c.count] {
				ids = append(ids, l.id, l.recording)
			}
			for _, id := range ids {
				if before, ok := seen[id]; ok {
					t.Fatalf("%s is an id of the days %d and %d", id[:], before, d.number)
				}
				seen[id] = d.number
			}
			return nil
		})
	}
	if len(seen) < 30*500*2 {
		t.Errorf("30 nights of 500 legs have %d ids", len(seen))
	}
}

func TestCallsOfNightsInARowLastOverMidnight(t *testing.T) {
	for _, legs := range []int{1, 9, 600, 20_000} {
		n := small(Cdrmend, JSONLines, CSV)
		n.Nights, n.Legs = 3, legs
		d, over, second := n.day(&site{}, 1), 0, 0
		_ = d.whole().calls(func(c *call) error {
			if c.legs[0].start >= oneDay {
				t.Errorf("of %d legs: one starts at %d ms", legs, c.legs[0].start)
			}
			for i, l := range c.legs[:c.count] {
				if l.end > c.legs[0].start+longest {
					t.Errorf("of %d legs: a conversation lasts from %d to %d ms", legs, c.legs[0].start, l.end)
				}
				if l.end >= oneDay {
					over++
				}
				if i == 1 && l.start >= oneDay {
					second++
				}
			}
			return nil
		})
		if legs == 20_000 && (over < 50 || over > 200 || second == 0) {
			t.Errorf("of %d legs %d end after midnight, %d second ones start there", legs, over, second)
		}

		// What ends after midnight is the overnight part, all of it.
		rows := 0
		_ = d.overnight().rows(func(c *call, i int) error { rows++; return nil })
		_ = d.whole().calls(func(c *call) error {
			if c.fate == NoCDR {
				for _, l := range c.legs[:c.count] {
					if l.end >= oneDay {
						over--
					}
				}
			}
			return nil
		})
		if rows != over {
			t.Errorf("of %d legs %d end after midnight, and the overnight part has %d", legs, over, rows)
		}
	}
}

// TestFilesLieWhereTheirSourcePutsThem looks for files of the last day in the partition
// after it.
func TestFilesLieWhereTheirSourcePutsThem(t *testing.T) {
	after := map[string]string{ // what lies there, by the first folder
		Cdrmend:       "cdr manifests",
		GenesysCloud:  "",               // all by the start of the conversation
		AmazonConnect: "cdr recordings", // recordings by the start of their contact
		Asterisk:      "cdr recordings",
		FreePBX:       "cdr recordings",
		FreeSWITCH:    "cdr", // the recording has the id of the first leg
		Twilio:        "",    // lists are by start
	}
	for _, n := range inARow(2) {
		found := map[string]bool{}
		for o := range n.Objects() {
			folder, _, _ := strings.Cut(o.Key, "/")
			if strings.Contains(o.Key, "2026-11-22") || strings.Contains(o.Key, "/day=22/") {
				found[folder] = true
			}
		}
		if got := strings.Join(slices.Sorted(maps.Keys(found)), " "); got != after[n.Profile] {
			t.Errorf("%s: after the last day lie %q, want %q", n.name(), got, after[n.Profile])
		}
	}
}
