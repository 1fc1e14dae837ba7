package bench

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
)

// latency is what the answer to a request takes at least where the bucket is far away.
const latency = 30 * time.Millisecond

// How many requests are in flight at once. Two cores can serve the lower number easily,
// with the server on them, too. So it shows whether the program waits for anything but
// its requests.
const (
	fewInFlight  = 16
	manyInFlight = 256
)

// farNight makes a night of sidecars in a bucket, and returns the setting with which
// answers take longer. Results go to another bucket.
func farNight(t *testing.T, legs int, more ...string) (n *night, server *objecttest.Server, far string) {
	server = objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "night", objecttest.Plain)
	server.Bucket(t, "results", objecttest.Plain)
	flags := append([]string{"--profile", "genesys-cloud", "--legs", strconv.Itoa(legs), "--s3", "s3://night/"}, more...)
	n = newNight(t, cdrmend(t), flags...)
	return n, server, "AWS_ENDPOINT_URL_S3=" + slowed(t, server.Endpoint, latency)
}

// farAway measures sidecars in a bucket that is far away.
func farAway(t *testing.T) []goal {
	started, size := time.Now(), *sidecars/5
	note("\nSidecars in a bucket whose answers take %v, %d legs:", latency, size)
	n, _, far := farNight(t, size)

	objects, outputs := 0, 0
	atOnce := func(requests int) *contender {
		n := n.with(far, "CDRMEND_CONCURRENCY="+strconv.Itoa(requests))
		return &contender{name: fmt.Sprintf("cdrmend run, %d requests at once", requests), once: func(t *testing.T) cost {
			outputs++
			c, result := n.run(t, fmt.Sprintf("s3://results/%d/", outputs))
			objects = int(result.Objects)
			return c
		}}
	}
	few, usual, many := atOnce(fewInFlight), atOnce(inFlight), atOnce(manyInFlight)
	loop := &contender{name: fmt.Sprintf("a bare loop of GetObject, %d at once", fewInFlight), once: func(t *testing.T) cost {
		cmd := child("get", "night", "", strconv.Itoa(fewInFlight))
		cmd.Env = append(cmd.Env, far)
		c, _ := run(t, cmd)
		return c
	}}
	all := []*contender{few, loop, usual, many}
	interleave(t, *runs, all)
	printCosts(all)

	perSecond := func(c *contender) float64 { return float64(objects) / c.median().wall }
	most := fewInFlight / latency.Seconds() // objects in a second, if a request took no other time
	note("  %d objects. This part took %s.", objects, time.Since(started).Round(time.Second))
	return []goal{
		{fmt.Sprintf("objects per second, %d at once / what latency allows", fewInFlight), perSecond(few) / most, "≥", 0.9},
		{fmt.Sprintf("objects per second far away, %d at once / bare loop", fewInFlight), perSecond(few) / perSecond(loop), "≥", 0.9},
		{fmt.Sprintf("peak memory, %d at once / %d", manyInFlight, inFlight), many.median().peak / usual.median().peak, "≤", 1.2},
	}
}

// checkedAgain measures the check of an interval in a bucket that is far away, when one
// sidecar in a thousand is new.
func checkedAgain(t *testing.T) []goal {
	started := time.Now()
	note("\nSidecars in a bucket whose answers take %v, checked again, %d legs:", latency, *sidecars)
	n, server, far := farNight(t, *sidecars)
	n = n.with(far)

	outputs, requests, objects := 0, 0, 0
	whole := &contender{name: "cdrmend run", once: func(t *testing.T) cost {
		outputs++
		c, result := n.run(t, fmt.Sprintf("s3://results/%d/", outputs))
		objects = int(result.Objects)
		return c
	}}
	more := &contender{name: "cdrmend run, a thousandth is new", once: func(t *testing.T) cost {
		putLate(t, server, outputs)
		c, log := runLogged(t, n.job(fmt.Sprintf("s3://results/%d/", outputs)))
		requests, _ = openedOf(t, log)
		return c
	}}
	// The server that stands for the bucket needs the same processors to list.
	prefixes := []string{"cdr/", "registrations/"}
	for hour := range 24 {
		prefixes = append(prefixes, fmt.Sprintf("%s%02d/", hours, hour))
	}
	listing := &contender{name: "a bare listing, all hours at once", once: func(t *testing.T) cost {
		cmd := child("list", append([]string{"night"}, prefixes...)...)
		cmd.Env = append(cmd.Env, far)
		c, _ := run(t, cmd)
		return c
	}}
	all := []*contender{whole, more, listing}
	interleave(t, *runs, all)
	printCosts(all)
	beyond := func(c *contender) float64 { return c.median().wall - listing.median().wall }
	note("  %d objects. Without what a bare listing takes, the ratio of wall times is %.2f. This part took %s.",
		objects, beyond(more)/beyond(whole), time.Since(started).Round(time.Second))
	return []goal{
		{"requests far away, a thousandth new / all", float64(requests) / float64(objects), "≤", 0.05},
		{"wall time far away, a thousandth new / all", more.median().wall / whole.median().wall, "≤", 0.15},
	}
}
