package synth

import (
	"strings"
	"testing"
	"time"
)

func TestLateObjectsArriveBeforeTheNightHasSettled(t *testing.T) {
	for _, n := range inARow(2) {
		arrivals := func() map[string]time.Time {
			at := map[string]time.Time{}
			for o := range n.Objects() {
				at[o.Key] = o.Arrives
			}
			return at
		}
		onTime := arrivals()
		n.Late = 0.3
		late, manifests := 0, 0
		for key, at := range arrivals() {
			after, recordings := at.Sub(onTime[key]), strings.HasPrefix(key, "recordings/") || strings.HasPrefix(key, "manifests/")
			if recordings {
				manifests++
			}
			switch {
			case after == 0:
			case !recordings || after < time.Hour || after > 47*time.Hour:
				t.Errorf("%s: %s is %s late", n.name(), key, after)
			default:
				late++
			}
			if at.After(n.Settles()) || at.Before(n.Day) {
				t.Errorf("%s: %s arrives at %s", n.name(), key, at)
			}
		}
		if manifests == 0 || late < manifests/6 || late > manifests/2 {
			t.Errorf("%s: %d of %d objects are late, want three in ten", n.name(), late, manifests)
		}
		if !strings.Contains(string(n.Config("")), "settle: 48h") {
			t.Errorf("%s: recordings do not settle later in\n%s", n.name(), n.Config(""))
		}
	}
}

// TestNothingArrivesBeforeItHasEnded compares each call with the objects that tell of it.
func TestNothingArrivesBeforeItHasEnded(t *testing.T) {
	for _, legs := range []int{1, 9, 2000} {
		n := small(Cdrmend, JSONLines, CSV)
		n.Nights, n.Legs = 2, legs
		d := n.day(n.site(), 1)
		for i := range n.CDRFiles {
			p := d.part(i, n.CDRFiles)
			_ = p.calls(func(c *call) error {
				for _, l := range c.legs[:c.count] {
					if end := d.midnight().Add(time.Duration(l.end) * time.Millisecond); p.sentWhole().Before(end) {
						t.Errorf("of %d legs: a file arrives at %s, and a call of it ends at %s", legs, p.sentWhole(), end)
					}
				}
				return nil
			})
		}
	}
}
