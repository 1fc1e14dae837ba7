package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cdrmend/internal/scratch"
	"cdrmend/internal/synth"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

var synthCommand = command{
	name:    "synth",
	summary: "make synthetic nights of any size, with known defects, to measure with",
	usage:   "[--legs N] [--nights N] [--dir DIR] [--s3 URL] [FLAGS]",
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

  cdrmend synth --legs 1000000 --only --lost 0.01 --missing-trunk 1
  cdrmend synth --profile genesys-cloud --legs 100000 --s3 s3://my-bucket/night/
  cdrmend synth --profile twilio --legs 200
  cdrmend synth --profile genesys-cloud --legs 5000 --nights 14
  cdrmend synth --manifests parquet --margins --failures scope_missing=0.01

With the profile of a vendor, calls, recordings and the log of the trunks are in the
vendor's own files; --files and --cdr-files are the pages of a list.

A day of profile cdrmend is 4 manifests and a CDR file for each of its hours,
or more so that none has much over 10,000 entries; one of genesys-cloud is one
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
	f.Bool("margins", false, "write the days before and after as well, as large as a night")
	f.Bool("media", false, "write a small media object beside each sidecar")
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

	dir, _ := flags.GetString("dir")
	base, _ := flags.GetString("s3")
	to, err := openBase(ctx, dir, base)
	if err != nil {
		return 0, err
	}

	started := w.now()
	objects, size, err := writeSynthetic(ctx, to, n.Objects())
	if err != nil {
		return 0, err
	}

	config, err := writeConfig(dir, n.Config(base))
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(w.stdout, "Wrote %d objects with %d bytes to %s%s in %.1f s.\n\n", objects, size, to.store, to.prefix, w.now().Sub(started).Seconds())
	printPlanted(w, n)
	printNext(w, n, config)
	return exitDone, nil
}

// printNext says how to run the job on the nights.
func printNext(w *world, n *synth.Night, config string) {
	day := func(number int) string { return n.Day.AddDate(0, 0, number).Format(time.DateOnly) }
	asOf := n.Day.AddDate(0, 0, n.Nights+1).Format(time.RFC3339)

	if n.Nights == 1 {
		fmt.Fprintf(w.stdout, "\nRun the job on it:\n\n  cdrmend run --config %s --interval %s --as-of %s\n", config, day(0), asOf)
		return
	}
	fmt.Fprintf(w.stdout, "\nRun the job on them:\n\n  cdrmend run --config %s --from %s --to %s --as-of %s\n", config, day(0), day(n.Nights), asOf)
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
	n := &synth.Night{Day: day, Nights: nights, Legs: number("legs"), Profile: text("profile"), Margins: yes("margins"), Media: yes("media")}
	n.Seed, _ = flags.GetUint64("seed")
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

// writeSynthetic writes objects, many at once, and returns their number and
// size.
func writeSynthetic(ctx context.Context, to base, objects iter.Seq[synth.Object]) (number, size int64, err error) {
	var bytes atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(to.writers)
	for o := range objects {
		if ctx.Err() != nil { // an object could not be written, or a signal came
			break
		}
		number++
		g.Go(func() error {
			spool := scratch.NewSpool("")
			defer spool.Close()
			if err := o.Write(spool); err != nil {
				return fmt.Errorf("making %s: %w", o.Key, err)
			}

			bytes.Add(spool.Size())
			content, err := spool.Content()
			if err != nil {
				return err
			}
			return to.create(ctx, o.Key, content)
		})
	}

	err = g.Wait()
	return number, bytes.Load(), err
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
	fmt.Fprintf(w.stdout, "%s has %d legs and %d entries. A run has to find:\n\n", night, p.Legs, p.Entries)
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
