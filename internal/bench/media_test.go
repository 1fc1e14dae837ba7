package bench

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// lookedInto measures what looking into media costs in a bucket that is far away, beyond
// a run that only compares their sizes.
func lookedInto(t *testing.T) []goal {
	started, size := time.Now(), *sidecars/10
	note("\nMedia in a bucket whose requests take %v longer, %d legs:", latency, size)
	n, far := farNight(t, size, "--media")

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
	all := []*contender{sizes, headers}
	interleave(t, *runs, all)
	printCosts(all)

	// Each of these objects is smaller than the head, and so it takes one request.
	perSecond := float64(heard) / (headers.median().wall - sizes.median().wall)
	note("  %d media objects. This part took %s.", heard, time.Since(started).Round(time.Second))
	return []goal{
		{fmt.Sprintf("media per second, %d at once / what latency allows", fewInFlight), perSecond / (fewInFlight / latency.Seconds()), "≥", 0.9},
		{"peak memory, media check header / size", headers.median().peak / sizes.median().peak, "≤", 1},
	}
}
