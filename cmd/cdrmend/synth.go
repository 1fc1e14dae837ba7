package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cdrmend/internal/scratch"
	"cdrmend/internal/synth"
	"cdrmend/internal/wording"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

var synthCommand = command{
	name:    "synth",
	summary: "make synthetic nights of any size, with known defects, to measure with",
	usage:   "[--legs N] [--nights N] [--late RATE] [--arrived-by TIME] [--dir DIR] [--s3 URL] [FLAGS]",
	text: `
Writes a night of N legs with its recordings' metadata and registrations, and
a configuration that runs it, and tells what a run has to find. Equal flags
give equal bytes. What is wrong with the night are rates from 0 to 1; --only
leaves out whatever is not given.

With --nights it writes several nights in a row, and tells what a run has to find
in each of them. The calls of the last minutes of a night end in the next one.
Recordings and records of such calls are filed by their start where the vendor
does so, as genesys-cloud by that of the conversation, else by their end. More nights in
a later call are added to those that are there.

With --late a share of the manifests, sidecars and media arrives an hour to two days late,
each on its own, and the recordings settle after 48 hours. --arrived-by writes what a
morning would find: everything that has arrived by then. The same command with a later
time adds the rest; it replaces nothing. In a directory files have the time of
their arrival as time of modification, also with --nights; a bucket has its own.

  cdrmend synth --legs 1000000 --only --lost 0.01 --missing-trunk 1
  cdrmend synth --profile genesys-cloud --legs 100000 --s3 s3://my-bucket/night/
  cdrmend synth --profile twilio --legs 200
  cdrmend synth --legs 1000 --media --media-cut 0.01 --media-one-channel 0.02
  cdrmend synth --profile genesys-cloud --legs 5000 --nights 14
  cdrmend synth --nights 14 --late 0.02 --arrived-by 2026-11-21T06:00:00Z
  cdrmend synth --manifests parquet --margins --failures scope_missing=0.01

With --media recordings have media objects: Ogg Opus, or WAV where names end in .wav.
They are real audio of two channels, with few bytes for each second. The configuration
looks into them (media.check: header). The rates of defects in them are flags, too; without
--media the files of vendors have recordings in which nothing can be heard.

With the profile of a vendor, calls, recordings and the log of the trunks are in the
vendor's own files; --files and --cdr-files are the pages of a list.

A day of profile cdrmend is 4 manifests and a CDR file for each of its hours,
or more so that none has much over 10,000 entries, with --hourly in partitions of an hour; one of genesys-cloud is one
sidecar for each recording. Registrations are one file for each hour.
`,
	flags: synthFlags,
	run:   runSynth,
}

func synthFlags(f *pflag.FlagSet) {
	f.Int("legs", 100_000, "how many legs start in each night, and in each day beside them")
	f.Int("nights", 1, "how many nights in a row; their ids differ, and calls last over midnight")
	f.String("dir", "cdrmend-synth", "directory for the night and its configuration")
	f.String("s3", "", "put the night below this URL instead; the configuration still goes to --dir")
	f.String("day", "2026-11-20", "UTC day of the night, or of the first one")
	f.Uint64("seed", 1, "another number makes another night")
	f.String("profile", synth.Cdrmend, "of the manifests: cdrmend or genesys-cloud; or of all files: "+strings.Join(synth.Vendors(), ", "))
	f.String("manifests", "", "format of the manifests: jsonl (default), json or parquet; sidecars for genesys-cloud")
	f.String("cdrs", "", "format of the CDRs: csv, or details (conversation details, the default) for genesys-cloud")
	f.Int("files", 0, "manifests in a day (default: as many as suit the legs)")
	f.Int("cdr-files", 0, "CDR files in a day (default: as many as suit the legs)")
	f.Int("lines", 0, "lines that register, each twice an hour (default: one for 1,000 legs)")
	f.Float64("late", 0, "rate of manifests, sidecars and media that arrive an hour to two days late")
	f.String("arrived-by", "", "write only what has arrived by this time, as in 2026-11-21T06:00:00Z; a later time adds the rest")
	f.Bool("hourly", false, "file everything in partitions of an hour, so that a configuration with interval: 1h can judge it, too")
	f.Bool("margins", false, "write the days before and after as well, as large as a night")
	f.Bool("media", false, "write the media objects, too: audio of the right duration, made to be small")
	f.Bool("only", false, "no defects but those whose rates are given")
	for d := range synth.NumDefects {
		f.Float64(d.String(), synth.Usual[d], "rate of "+d.Text())
	}
	logFlags(f)
	f.StringToString("failures", nil, "rates of failed registrations by cause, as scope_missing=0.01,timeout=0.002 (default: 0.0005 of each): "+strings.Join(synth.Causes(), " "))
}

func runSynth(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() > 0 {
		return 0, usagef("synth takes no arguments, got %q", flags.Arg(0))
	}
	n, err := nightOf(flags)
	if err != nil {
		return 0, usageError{err}
	}
	arrived, err := arrivedBy(flags)
	if err != nil {
		return 0, usageError{err}
	}

	dir, _ := flags.GetString("dir")
	base, _ := flags.GetString("s3")
	to, err := openBase(ctx, dir, base)
	if err != nil {
		return 0, err
	}

	n.Prefix = to.prefix
	started := w.now()
	// The files of a plain night have the time at which they were written.
	wrote := written{by: arrived, stamp: n.Nights > 1 || n.Late > 0 || !arrived.IsZero()}
	if err := wrote.all(ctx, to, n.Objects()); err != nil {
		return 0, err
	}

	// Between two calls with --arrived-by somebody may have edited the configuration.
	config := configIn(dir)
	if _, err := os.Stat(config); err != nil || arrived.IsZero() {
		if config, err = writeConfig(dir, n.Config(base)); err != nil {
			return 0, err
		}
	}
	fmt.Fprintf(w.stdout, "Wrote %s with %s to %s%s in %.1f s.\n", wording.Count(wrote.number, "object"), wording.Count(wrote.size.Load(), "byte"), to.store, to.prefix, w.now().Sub(started).Seconds())
	if !arrived.IsZero() {
		fmt.Fprintf(w.stdout, "Those that were there already stayed as they are. %d %s later%s.\n", wrote.later, wording.Verb(wrote.later, "arrives", "arrive"), wrote.lastWords())
	}
	fmt.Fprintln(w.stdout)
	printPlanted(w, n)
	printNext(w, n, config, arrived)
	return exitDone, nil
}

// arrivedBy returns the time of --arrived-by, zero without it.
func arrivedBy(flags *pflag.FlagSet) (time.Time, error) {
	text, _ := flags.GetString("arrived-by")
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("--arrived-by %q is no time like 2026-11-21T06:00:00Z", text)
	}
	return t.UTC(), nil
}

// printNext says how to run the job on the nights that have ended by a time; a zero time is
// after all of them.
func printNext(w *world, n *synth.Night, config string, by time.Time) {
	nights, asOf := n.Nights, n.Settles()
	if !by.IsZero() && by.Before(asOf) {
		nights, asOf = min(nights, int(by.Sub(n.Day)/(24*time.Hour))), by
	}
	day := func(number int) string { return n.Day.AddDate(0, 0, number).Format(time.DateOnly) }

	switch at := asOf.Format(time.RFC3339); {
	case nights <= 0:
		fmt.Fprintf(w.stdout, "\nNo night has ended by %s.\n", at)
	case nights == 1:
		fmt.Fprintf(w.stdout, "\nRun the job on it:\n\n  cdrmend run --config %s --interval %s --as-of %s\n", config, day(0), at)
	default:
		fmt.Fprintf(w.stdout, "\nRun the job on them:\n\n  cdrmend run --config %s --from %s --to %s --as-of %s\n", config, day(0), day(nights), at)
	}
}

// nightOf returns the night that the flags describe.
func nightOf(flags *pflag.FlagSet) (*synth.Night, error) {
	text := func(name string) string { v, _ := flags.GetString(name); return v }
	number := func(name string) int { v, _ := flags.GetInt(name); return v }
	yes := func(name string) bool { v, _ := flags.GetBool(name); return v }

	day, err := time.Parse(time.DateOnly, text("day"))
	if err != nil {
		return nil, fmt.Errorf("--day %q is no day like 2026-11-20", text("day"))
	}

	nights := number("nights")
	if nights < 1 {
		return nil, fmt.Errorf("--nights %d: give 1 or more", nights)
	}
	n := &synth.Night{Day: day, Nights: nights, Legs: number("legs"), Profile: text("profile"), Margins: yes("margins"), Hourly: yes("hourly"), Media: yes("media")}
	n.Seed, _ = flags.GetUint64("seed")
	n.Late, _ = flags.GetFloat64("late")
	formats := map[string][2]string{synth.Cdrmend: {synth.JSONLines, synth.CSV}, synth.GenesysCloud: {synth.Sidecars, synth.Details}}
	for _, vendor := range synth.Vendors() {
		formats[vendor] = synth.FormatsOf(vendor)
	}
	usual, known := formats[n.Profile]
	if !known {
		return nil, fmt.Errorf("--profile %q is none of %s", n.Profile, strings.Join(slices.Sorted(maps.Keys(formats)), ", "))
	}

	many := max(1, (n.Legs+999_999)/1_000_000) // more files, so that each stays small
	n.Manifests, n.CDRs = cmp.Or(text("manifests"), usual[0]), cmp.Or(text("cdrs"), usual[1])
	files, cdrFiles := 96*many, 24*many
	if slices.Contains(synth.Vendors(), n.Profile) {
		files, cdrFiles = (n.Legs+99)/100, (n.Legs+99)/100
	}
	n.ManifestFiles, n.CDRFiles = cmp.Or(number("files"), files), cmp.Or(number("cdr-files"), cdrFiles)
	n.Lines = cmp.Or(number("lines"), max(8, n.Legs/1000))

	if err := setRates(n, flags, yes("only")); err != nil {
		return nil, err
	}
	return n, n.Check()
}

// setRates sets the rates that are given, and the usual ones as far as they
// are wanted and occur in the night's formats.
func setRates(n *synth.Night, flags *pflag.FlagSet, only bool) error {
	for d := range synth.NumDefects {
		if flags.Changed(d.String()) || !only && n.Has(d) {
			n.Rates[d], _ = flags.GetFloat64(d.String())
		}
	}

	if !only && !flags.Changed("failures") {
		n.Failures = synth.UsualFailures()
		maps.DeleteFunc(n.Failures, func(cause string, _ float64) bool { return !n.Shows(cause) })
	}
	failures, _ := flags.GetStringToString("failures")
	for cause, text := range failures {
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("--failures: the rate of %s is %q: give a number from 0 to 1", cause, text)
		}
		if n.Failures == nil { // with --only
			n.Failures = synth.Failures{}
		}
		n.Failures[cause] = rate
	}

	return nil
}

// written says which objects to write, and what was written.
type written struct {
	by    time.Time // objects that arrive later are left out, unless it is zero
	stamp bool      // files get the time at which they arrive as time of modification

	number int64
	size   atomic.Int64
	later  int64     // how many were left out
	last   time.Time // when the last of them arrives
}

// lastWords says when the last object arrives that was left out.
func (v *written) lastWords() string {
	if v.later == 0 {
		return ""
	}
	return ", the last at " + v.last.Format(time.RFC3339) + ": a later --arrived-by adds them.\nA run finds all of the following only when these have arrived"
}

// all writes objects, many at once. One that is there already stays as it is; it is an error
// when it has other bytes.
func (v *written) all(ctx context.Context, to base, objects iter.Seq[synth.Object]) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(to.writers)
	for o := range objects {
		if ctx.Err() != nil { // an object could not be written, or a signal came
			break
		}
		if !v.by.IsZero() && o.Arrives.After(v.by) {
			v.later++
			if o.Arrives.After(v.last) {
				v.last = o.Arrives
			}
			continue
		}
		v.number++
		g.Go(func() error {
			spool := scratch.NewSpool("")
			defer spool.Close()
			if err := o.Write(spool); err != nil {
				return fmt.Errorf("making %s: %w", o.Key, err)
			}

			v.size.Add(spool.Size())
			content, err := spool.Content()
			if err != nil {
				return err
			}
			if err := to.create(ctx, o.Key, content); err != nil || !v.stamp {
				return err
			}
			return to.stamp(o.Key, o.Arrives)
		})
	}

	return g.Wait()
}

// printPlanted says what a run over each night has to find.
func printPlanted(w *world, n *synth.Night) {
	if n.Nights == 1 {
		printTruth(w, n.Planted(), "The night")
		return
	}
	for night := range n.Nights {
		if night > 0 {
			fmt.Fprintln(w.stdout)
		}
		printTruth(w, n.PlantedIn(night), "The night of "+n.Day.AddDate(0, 0, night).Format(time.DateOnly))
	}
}

// printTruth says what a run over a night has to find.
func printTruth(w *world, p synth.Planted, night string) {
	fmt.Fprintf(w.stdout, "%s has %s and %s. A run has to find:\n\n", night, wording.Count(p.Legs, "leg"), wording.Count(p.Entries, "entry"))
	row := func(n int, what ...string) {
		if n > 0 { // a run reports nothing where there is nothing
			fmt.Fprintf(w.stdout, "%10d  %s\n", n, strings.TrimSpace(strings.Join(what, " ")))
		}
	}

	// Equal flags print equal texts, so no order of a map may show.
	for _, f := range slices.SortedFunc(maps.Keys(p.Findings), func(a, b synth.Finding) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Field, b.Field))
	}) {
		row(p.Findings[f], f.Class, f.Field)
	}
	for _, cause := range slices.Sorted(maps.Keys(p.Outages)) {
		row(p.Outages[cause], "outage", cause)
	}
	row(p.Lapses, "at most: outage", "lapsed")
	row(p.Excluded, "excluded legs")
	row(p.Superseded, "superseded rows")
	row(p.Rejected, "rejected rows")
}
