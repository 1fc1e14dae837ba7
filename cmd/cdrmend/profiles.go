package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"cdrmend/internal/guess"
	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
	"cdrmend/manifests"

	"github.com/spf13/pflag"
)

var profilesCommand = command{
	name:    "profiles",
	summary: "list, show, try and start the profiles that say how inputs are laid out",
	usage:   "[show NAME | test NAME FILE… | lint NAME… | init SAMPLE…]",
	text: `
Without arguments, lists the built-in profiles: name, kinds of source, status, what
it is for, and what it was made from: one made from source or documentation is surer
than one made from samples alone. show prints one, to start one's own from. NAME may be the path of a
profile of one's own.

test tells what a profile reads from files: for each field that it maps how many
rows fill it, with an example, and what did not parse and why; then rows that were
skipped, that match no pattern, or were rejected; of registrations the events by
status and cause. Secrets are not shown. --records prints the records instead, or
--records=N the first N of each file. The path of a file stands for its object key,
a date in it for the partition, and its modification time for that of the object.

lint checks profiles for what is valid and cannot be meant: a place that never
matches, a constant before other places, a pattern that matches nothing, a line that
an earlier pattern takes, a layout without a zone where the profile has none.

init writes a profile from samples of the records: it finds their format, times, ids,
durations with their unit, and numbers. Comments say what each guess rests on; lines
with EDIT are what a person has to check, and are printed, too. It reads the first
4 MiB of each sample, and of Parquet the first rows of up to 256 MiB.

  cdrmend profiles
  cdrmend profiles init calls.csv --kind cdrs -o my.yaml
  cdrmend profiles show genesys-cloud
  cdrmend profiles test cdrmend legs.csv --kind cdrs
  cdrmend profiles lint my.yaml

Exit code 1 when nothing fills a field that judging needs, and when lint finds
something.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("kind", "", "test, init: manifests, cdrs or registrations; needed for a profile that has several")
		f.StringP("out", "o", "", "init: write the profile to this file, which must not exist; without it to standard output")
		f.Int("records", 0, "test: print the records, or only so many of each file")
		f.Lookup("records").NoOptDefVal = fmt.Sprint(math.MaxInt32)
		f.String("zone", "", "test, lint: the zone of local times, as a source may name it, instead of the profile's")
		f.Bool("json", false, "print JSON")
	},
	verbs: []verb{{"show", "NAME"}, {"test", "NAME FILE…"}, {"lint", "NAME…"}, {"init", "SAMPLE…"}},
	run:   runProfiles,
}

func runProfiles(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	args := flags.Args()
	switch {
	case len(args) == 0:
		return listProfiles(w, flags)
	case len(args) == 2 && args[0] == "show":
		text, err := profileText(args[1])
		if err != nil {
			return 0, err
		}
		return exitDone, w.printProfile(flags, &profileDocument{profileFormat, args[1], string(text), []string{}})
	case len(args) >= 3 && args[0] == "test":
		return testProfile(w, flags, args[1], args[2:])
	case len(args) >= 2 && args[0] == "lint":
		return lintProfiles(w, flags, args[1:])
	case len(args) >= 2 && args[0] == "init":
		return initProfile(w, flags, args[1:])
	}

	return 0, usagef("profiles takes nothing, show NAME, test NAME FILE…, lint NAME…, or init SAMPLE…; see cdrmend profiles --help")
}

// listProfiles prints a line for each built-in profile.
func listProfiles(w *world, flags *pflag.FlagSet) (int, error) {
	list := &profilesDocument{Format: "cdrmend.profiles/1"}
	var b strings.Builder
	for _, name := range manifests.Profiles() {
		text, _ := manifests.Profile(name)
		kinds, err := profile.Kinds(name, text)
		if err != nil {
			return 0, err
		}
		p := listedProfile{name, kinds, purposeOf(text), originOf(name)}
		list.Profiles = append(list.Profiles, p)
		fmt.Fprintf(&b, "%-28s %-34s %-9s %s\n", p.Name, strings.Join(p.Kinds, ", "), "built in", p.Purpose)
		fmt.Fprintf(&b, "%-28s made from %s\n", "", p.MadeFrom)
	}
	return exitDone, w.print(flags, list, b.String())
}

// purposeOf returns the first sentence of the comment at the beginning of a profile: of
// whose records it is.
func purposeOf(text []byte) string {
	var words []string
	for line := range bytes.Lines(text) {
		comment, ok := bytes.CutPrefix(line, []byte("#"))
		if !ok || len(bytes.TrimSpace(comment)) == 0 {
			break
		}
		words = append(words, strings.Fields(string(comment))...)
	}
	sentence, _, more := strings.Cut(strings.Join(words, " "), ". ")
	if more {
		sentence += "."
	}
	return sentence
}

// originOf returns what a built-in profile was made from, which says how sure it is:
// the first line of its section on the page about profiles.
func originOf(name string) string {
	_, section, _ := strings.Cut(string(manifests.ProfileGuide()), "\n## "+name+"\n\n*Made from ")
	origin, _, _ := strings.Cut(section, ".*\n")
	return origin
}

func profileText(name string) ([]byte, error) {
	if text, ok := manifests.Profile(name); ok {
		return text, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("%q is neither a built-in profile (%s) nor a file that can be read: %w", name, strings.Join(manifests.Profiles(), ", "), err)
	}
	return text, nil
}

// loadProfile loads the section of a profile that --kind names, or the only one, for a
// source of a zone; nil: of the profile's.
func loadProfile(name, kind string, zone *time.Location) (*profile.Profile, error) {
	text, err := profileText(name)
	if err != nil {
		return nil, err
	}
	if kind == "" {
		kinds, err := profile.Kinds(name, text)
		if err != nil {
			return nil, usageError{err}
		}
		if len(kinds) != 1 {
			return nil, usagef("say with --kind which records the file holds: manifests, cdrs or registrations")
		}
		kind = kinds[0]
	}

	p, err := profile.LoadIn(zone, name, text, kind)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

// sourceZone returns the zone that --zone names, nil without one.
func sourceZone(flags *pflag.FlagSet) (*time.Location, error) {
	name, _ := flags.GetString("zone")
	if name == "" {
		return nil, nil
	}
	zone, err := profile.Zone(name)
	if err != nil {
		return nil, usagef("--zone: %w", err)
	}
	return zone, nil
}

func testProfile(w *world, flags *pflag.FlagSet, name string, paths []string) (code int, err error) {
	kind, _ := flags.GetString("kind")
	zone, err := sourceZone(flags)
	if err != nil {
		return 0, err
	}
	p, err := loadProfile(name, kind, zone)
	if err != nil {
		return 0, err
	}
	most, _ := flags.GetInt("records")
	asJSON, _ := flags.GetBool("json")
	if most < 0 || flags.Changed("records") && (most == 0 || asJSON) {
		return 0, usagef("--records takes a number above 0, as in --records=20, and goes without --json")
	}

	files, closeAll, err := openFiles(paths)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()

	if most > 0 {
		return exitDone, printRecords(w, p, files, most)
	}
	report, err := inspect.Test(p, files)
	if err != nil {
		return 0, err
	}
	code = exitDone
	if !report.Fit() {
		code = exitFindings
	}
	return code, w.print(flags, report, report.Text())
}

// longestSample is how much of a sample is looked at.
const longestSample = 4 << 20

func initProfile(w *world, flags *pflag.FlagSet, paths []string) (int, error) {
	kind, _ := flags.GetString("kind")
	if kind != "manifests" && kind != "cdrs" && kind != "registrations" {
		return 0, usagef("say with --kind which records the samples hold: manifests, cdrs or registrations")
	}
	samples, err := readSamples(paths)
	if err != nil {
		return 0, err
	}
	draft, err := guess.Write(kind, samples)
	if err != nil {
		return 0, usageError{err}
	}
	if err := writeDraft(w, flags, draft); err != nil {
		return 0, err
	}
	for i, edit := range draft.Edits {
		fmt.Fprintf(w.stderr, "edit %d: %s\n", i+1, safe(edit))
	}
	return exitDone, nil
}

func readSamples(paths []string) (all []guess.Sample, err error) {
	for _, path := range paths {
		content, err := readSample(path)
		if err != nil {
			return nil, usagef("reading the sample %q: %w", path, err)
		}
		all = append(all, guess.Sample{Name: path, Content: content})
	}
	return all, nil
}

// writeDraft writes a profile to the file of --out, which it never replaces, or to
// standard output.
func writeDraft(w *world, flags *pflag.FlagSet, draft *guess.Draft) error {
	path, _ := flags.GetString("out")
	asJSON, _ := flags.GetBool("json")
	if path != "" {
		if err := writeProfile(path, draft.Text); err != nil {
			return err
		}
	}
	if path != "" && !asJSON {
		return nil
	}
	return w.printProfile(flags, &profileDocument{profileFormat, path, string(draft.Text), append([]string{}, draft.Edits...)})
}

// printProfile prints the text of a profile byte for byte, or with --json in a
// document.
func (w *world) printProfile(flags *pflag.FlagSet, p *profileDocument) error {
	if asJSON, _ := flags.GetBool("json"); asJSON {
		return w.print(flags, p, "")
	}
	_, err := io.WriteString(w.stdout, p.Text)
	return err
}

func writeProfile(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usagef("writing the profile: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// longestParquet is how large a sample in Parquet may be, which is read as a whole.
const longestParquet = 256 << 20

// readSample returns the uncompressed beginning of a file. A longer one ends after a
// line. Parquet ends with its schema, so it is read whole.
func readSample(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()

	limits := stream.DefaultLimits()
	in := stream.Open(f, 0, &limits)
	defer in.Close()
	content, err := io.ReadAll(io.LimitReader(in, longestSample+1))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(content, []byte("PAR1")) {
		rest, err := io.ReadAll(io.LimitReader(in, longestParquet))
		if len(rest) == longestParquet {
			return nil, fmt.Errorf("it is Parquet of more than %d MiB: give a smaller sample", longestParquet>>20)
		}
		return append(content, rest...), err
	}
	if len(content) > longestSample {
		content = content[:bytes.LastIndexByte(content[:longestSample], '\n')+1]
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("it is empty, or its first line is longer than 4 MiB: give a smaller sample")
	}
	return content, nil
}

// lintProfiles prints what is wrong with profiles, a line for each problem.
func lintProfiles(w *world, flags *pflag.FlagSet, names []string) (int, error) {
	zone, err := sourceZone(flags)
	if err != nil {
		return 0, err
	}

	code := exitDone
	list := &lintDocument{Format: "cdrmend.profile-lint/1"}
	var b strings.Builder
	for _, name := range names {
		text, err := profileText(name)
		if err != nil {
			return 0, err
		}
		problems := problemsOf(profile.Lint(zone, name, text))
		list.Profiles = append(list.Profiles, profileProblems{name, problems})
		for _, problem := range problems {
			code = exitFindings
			fmt.Fprintln(&b, problem)
		}
	}
	return code, w.print(flags, list, b.String())
}

// openFiles opens the files that a profile is tried on. The function that it returns
// closes them.
func openFiles(paths []string) (files []inspect.File, closeAll func() error, err error) {
	var open []*os.File
	closeAll = func() error {
		var all error
		for _, f := range open {
			all = cmp.Or(all, f.Close())
		}
		return all
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, errors.Join(usagef("reading the file: %w", err), closeAll())
		}
		open = append(open, f)

		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%q is not a regular file; it has to be read twice", path)
		}
		if err != nil {
			return nil, nil, errors.Join(usagef("reading the file: %w", err), closeAll())
		}
		files = append(files, inspect.File{Path: path, Modified: record.TimeOf(info.ModTime()), Content: f})
	}
	return files, closeAll, nil
}

func printRecords(w *world, p *profile.Profile, files []inspect.File, most int) error {
	out := bufio.NewWriter(w.stdout)
	for i := range files {
		if len(files) > 1 {
			fmt.Fprintf(out, "## %s\n", safe(files[i].Path))
		}
		if err := inspect.Print(out, p, &files[i], most); err != nil {
			return fmt.Errorf("reading %q: %w", files[i].Path, err)
		}
	}
	return out.Flush()
}
