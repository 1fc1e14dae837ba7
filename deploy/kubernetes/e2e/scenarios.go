package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// scenario is a job, and what happens to it.
type scenario struct {
	name string
	play func(context.Context, *world, *result) error
}

// scenarios are in the order in which they are played. Those that lose a node come last.
var scenarios = []scenario{
	{"cronjob", playCronJob},
	{"cronjob, wrong configuration", playWrongConfiguration},
	{"cronjob, store down at first", playStoreDown},
	{"backfill, undisturbed", disturbed("undisturbed", nil)},
	{"backfill, kill -9 of a worker", disturbed("killed", kill)},
	{"backfill, eviction", disturbed("evicted", evict)},
	{"backfill, job deleted and created again", disturbed("recreated", recreate)},
	{"backfill, control plane restarted", disturbed("restarted", restart)},
	{"backfill, other configuration (exit 6)", playOtherConfiguration},
	{"backfill, one shard needs a decision (exit 5)", playDecision},
	{"backfill, node dies", disturbed("dead", loseNode)},
	{"backfill, stalled worker wakes late", disturbed("stalled", stall)},
}

// play plays the scenarios whose names match.
func (w *world) play(ctx context.Context, only *regexp.Regexp) (table, error) {
	if err := w.applyBase(ctx); err != nil {
		return nil, err
	}
	var t table
	for _, s := range scenarios {
		if !only.MatchString(s.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", time.Now().Format(time.TimeOnly), s.name)
		r, start := result{scenario: s.name}, time.Now()
		if err := s.play(ctx, w, &r); err != nil {
			if ctx.Err() != nil {
				return t, err
			}
			r.fault = err.Error()
		}
		r.took = time.Since(start)
		t = append(t, r)
	}
	return t, nil
}

// compare fills in what an output has of intervals that were to be committed.
func (w *world) compare(r *result, output string, intervals []string) error {
	c, err := w.store.committed(output)
	if err != nil {
		return err
	}
	r.intervals = len(intervals)
	for _, interval := range intervals {
		if c.commits[interval] == 0 {
			r.gaps++
		}
	}
	for _, n := range c.commits {
		if n > 1 {
			r.duplicates++
		}
	}
	r.differing = differing(w.single, c.newest, intervals)
	return nil
}

// days returns the names of some nights.
func (w *world) days(from, to int) (list []string) {
	for n := from; n < to; n++ {
		list = append(list, w.day(n))
	}
	return list
}

// end waits for a job of a scenario to end, and notes how, and how many pods it had so far.
func (w *world) end(ctx context.Context, r *result, job string, pods map[types.UID]bool) error {
	how, err := w.finished(ctx, job, pods)
	if r.how != "" {
		r.how += ", "
	}
	r.how += how
	r.pods = len(pods)
	return err
}
