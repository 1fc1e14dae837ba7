package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lookedInto measures what looking into media costs in a bucket that is far away, beyond
// a run that only compares their sizes.
func lookedInto(t *testing.T) []goal {
	started, size := time.Now(), *sidecars/10
	note("\nMedia in a bucket whose answers take %v, %d legs:", latency, size)
	n, _, far := farNight(t, size, "--media")

	outputs, heard := 0, int64(0)
	checking := func(check string) *contender {
		n := n.with(far, "CDRMEND_CONCURRENCY="+strconv.Itoa(fewInFlight), "CDRMEND_MEDIA_CHECK="+check)
		return &contender{name: fmt.Sprintf("cdrmend run, media check %s", check), once: func(t *testing.T) cost {
			outputs++
			c, result := n.run(t, fmt.Sprintf("s3://results/%d/", outputs))
			if m := result.Summary.Media; m != nil {
				heard = m.Heard + m.NoAudio
			}
			return c
		}}
	}
	sizes, headers := checking("size"), checking("header")
	var looped []float64
	loop := &contender{name: "a bare loop over their first bytes", once: func(t *testing.T) cost {
		cmd := child("heads", "night", ".opus", strconv.Itoa(fewInFlight))
		cmd.Env = append(cmd.Env, far)
		c, told := run(t, cmd)
		rate, err := strconv.ParseFloat(strings.TrimSpace(told), 64)
		if err != nil {
			t.Fatal(err)
		}
		looped = append(looped, rate)
		return c
	}}
	all := []*contender{sizes, headers, loop}
	interleave(t, *runs, all)
	printCosts(all)

	// Each of these objects is smaller than the head, and so it takes one request.
	perSecond := float64(heard) / (headers.median().wall - sizes.median().wall)
	note("  %d media objects. This part took %s.", heard, time.Since(started).Round(time.Second))
	slices.Sort(looped)
	most := fewInFlight / latency.Seconds()
	note("  The loop reads %.2f of what latency allows.", looped[len(looped)/2]/most)
	return []goal{
		{fmt.Sprintf("media per second, %d at once / what latency allows", fewInFlight), perSecond / most, "≥", 0.9},
		{fmt.Sprintf("media per second, %d at once / bare loop", fewInFlight), perSecond / looped[len(looped)/2], "≥", 0.9},
		{"peak memory, media check header / size", headers.median().peak / sizes.median().peak, "≤", 1},
	}
}
