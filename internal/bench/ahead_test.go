package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// readAhead measures how long it takes to list and read sidecars in a bucket that is far
// away, with reading ahead and without. No flag of the program turns that off, so a child
// calls what a run calls.
func readAhead(t *testing.T) []goal {
	started, size := time.Now(), *sidecars/5
	note("\nListing and reading sidecars in a bucket whose answers take %v, %d legs:", latency, size)
	n, _, far := farNight(t, size)

	contenderOf := func(name, how string) *contender {
		return &contender{name: name, once: func(t *testing.T) cost {
			cmd := child("read", n.config(), how)
			cmd.Env = append(cmd.Env, far)
			c, said := run(t, cmd)
			note("    %s", said[:len(said)-1])
			return c
		}}
	}
	with, without := contenderOf("reading starts while listing goes on", "ahead"), contenderOf("reading starts after listing", "after")
	all := []*contender{with, without}
	interleave(t, *runs, all)
	printCosts(all)
	note("  This part took %s.", time.Since(started).Round(time.Second))
	return []goal{{"listing and reading, reading ahead / without", with.median().wall / without.median().wall, "≤", 1}}
}

// readAll lists and reads the night of a configuration, and says how long each took.
func readAll(ctx context.Context, args []string) error {
	cfg, err := policy.Load(args[0], nil, nil)
	if err != nil {
		return err
	}
	request := intake.Request{Config: cfg, Tool: "bench", AsOf: record.TimeOf(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))}
	limiter := object.NewLimiter(cfg.Concurrency)
	for _, s := range cfg.Sources {
		o := object.Options{Limiter: limiter, Region: s.S3.Region, Endpoint: s.S3.Endpoint, PathStyle: s.S3.PathStyle}
		store, err := object.Open(ctx, object.Location{Bucket: s.URL.Bucket(), Dir: s.URL.Dir()}, o)
		if err != nil {
			return err
		}
		request.Sources = append(request.Sources, store)
	}
	if args[1] == "ahead" {
		request.Ahead = &intake.Ahead{}
	}

	begun := time.Now()
	start, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return err
	}
	in, err := intake.List(ctx, request, policy.IntervalAt(record.TimeOf(start), cfg.Interval))
	if err != nil {
		return err
	}
	listed := time.Now()
	_, account, err := intake.Read(ctx, in, intake.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Progress: func(string, int64, int64) {}, Release: func() {},
	})
	if err != nil {
		return err
	}
	account.Close()
	o := in.Opener.Opened()
	_, err = fmt.Printf("%d objects, %d requests, %d read ahead: listing %.2f s, reading %.2f s\n",
		in.Count, o.Requested, o.Ahead, listed.Sub(begun).Seconds(), time.Since(listed).Seconds())
	return err
}
