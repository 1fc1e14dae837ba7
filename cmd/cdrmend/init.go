package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/guess"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/starter"
	"cdrmend/internal/wording"
	"cdrmend/manifests"

	"github.com/spf13/pflag"
)

var initCommand = command{
	name:    "init",
	summary: "write a configuration to start from, for a vendor or from samples",
	usage:   "[--vendor NAME] [--cdrs URL] [--manifests URL] [--output URL] [--samples KIND=FILE]",
	text: `
Writes a configuration with comments: the example of a vendor with your places put
in. Vendors are the built-in profiles; cdrmend profiles lists them. Where there is
none, samples of your files become a profile next to the configuration, as with
cdrmend profiles init. Both are used together when a vendor has not all three kinds.

On a terminal it asks for what the flags do not say; an empty answer leaves it open.
What stays open is in lines with EDIT, which are printed with their numbers, too. Up
to then the file is valid, with places that are examples.

URLs are s3://bucket/prefix/ or directories (relative to the configuration), with
placeholders such as {date} or {year}/{month}/{day}. Files that exist are never
replaced. Beside the configuration it begins accepted.csv and worklist.csv, which keep
what people decide about findings; cdrmend accept writes them.

  cdrmend init --vendor freepbx --manifests 's3://pbx/monitor/{year}/{month}/{day}/' \
    --cdrs 's3://pbx/cdr/date={date}/' --registrations none --output s3://results/night/
  cdrmend init --samples cdrs=calls.csv --samples manifests=export.json
`,
	flags: func(f *pflag.FlagSet) {
		f.String("vendor", "", "the built-in profile of your platform, such as freepbx or amazon-connect")
		f.String("manifests", "", "where the manifests or recordings lie")
		f.String("cdrs", "", "where the CDRs lie")
		f.String("registrations", "", "where the logs of registrations lie, or none")
		f.String("output", "", "where the results go; not into a bucket or folder of a source")
		f.StringArray("samples", nil, "KIND=FILE: a sample from which a profile is guessed; KIND is manifests, cdrs or registrations; may be repeated")
		f.String("name", "", "the name of the job, which stands in every commit record")
		f.String("org", "", "the org, where URLs hold {org}")
		f.String("zone", "", "the zone of times that have none, such as Europe/Berlin")
		f.StringP("out", "o", "cdrmend.yaml", "the file to write, which must not exist")
	},
	run: runInit,
}

func runInit(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() > 0 {
		return 0, usagef("init takes flags only, such as --vendor; see cdrmend init --help")
	}
	out, _ := flags.GetString("out")
	draftPath := strings.TrimSuffix(out, filepath.Ext(out)) + "-profile.yaml"
	if err := absent(out); err != nil { // before anybody answers questions
		return 0, err
	}
	facts, samples, err := initFacts(flags)
	if err != nil {
		return 0, err
	}
	if w.terminal {
		if err := askAll(w, facts, samples); err != nil {
			return 0, err
		}
	}

	draft, err := initProfileOf(facts, samples, filepath.Base(draftPath))
	if err != nil {
		return 0, err
	}
	text, edits, err := starter.Write(facts)
	if err != nil {
		return 0, usageError{err}
	}
	var files []newFile
	if draft != nil {
		files = append(files, newFile{draftPath, draft, starter.Edits(draft)})
	}
	for key, name := range starter.Decisions {
		// A file that is there keeps decisions of another configuration, too.
		if path := filepath.Join(filepath.Dir(out), name); absent(path) == nil {
			files = append(files, newFile{path, []byte(policy.FirstLines[key] + "\n"), nil})
		}
	}
	slices.SortFunc(files, func(a, b newFile) int { return strings.Compare(a.path, b.path) })
	files = append(files, newFile{out, text, edits})
	if err := writeStart(files, out); err != nil {
		return 0, err
	}
	w.sayWritten(files, out)
	return exitDone, nil
}

// newFile is a file that init writes.
type newFile struct {
	path  string
	text  []byte
	edits []starter.Edit
}

// absent returns an error when there is something at a path.
func absent(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return usagef("%q exists, and init replaces nothing: move it away, or choose another file with --out", path)
	}
	return nil
}

// writeStart writes files that must not exist, and checks the configuration among them.
// After an error none of them is left.
func writeStart(files []newFile, config string) (err error) {
	var written []string
	defer func() {
		for _, path := range written {
			if err != nil {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		if err := absent(f.path); err != nil {
			return err
		}
		file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return usagef("writing the configuration: %w", err)
		}
		written = append(written, f.path)
		_, err = file.Write(f.text)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("writing the configuration: %w", err)
		}
	}

	if _, err := policy.Load(config, nil, nil); err != nil {
		return usagef("nothing was written, as the configuration would not be valid:\n%w", err)
	}
	return nil
}

// sayWritten prints the files that were written, the lines to edit, and the next command.
func (w *world) sayWritten(files []newFile, config string) {
	open := 0
	for _, f := range files {
		fmt.Fprintf(w.stdout, "wrote %s\n", safe(f.path))
		open += len(f.edits)
	}
	if open > 0 {
		fmt.Fprintf(w.stdout, "\n%s to edit first, in the lines with EDIT:\n", wording.Count(open, "thing"))
		for _, f := range files {
			for _, e := range f.edits {
				fmt.Fprintf(w.stdout, "  %s:%d: %s\n", safe(f.path), e.Line, safe(e.Text))
			}
		}
	}
	fmt.Fprintf(w.stdout, "\nNext:\n\n  cdrmend config check --config %s --sources\n", safe(quoted(config)))
}

// initFacts returns what the flags say, and the paths of samples by kind.
func initFacts(flags *pflag.FlagSet) (*starter.Facts, map[string][]string, error) {
	get := func(name string) string {
		text, _ := flags.GetString(name)
		return strings.TrimSpace(text)
	}
	f := &starter.Facts{Vendor: get("vendor"), Name: get("name"), Org: get("org"), Zone: get("zone"), Output: get("output"), Sources: map[string]starter.Source{}}
	for _, check := range []struct {
		flag, text string
		of         func(string) error
	}{{"vendor", f.Vendor, isVendor}, {"zone", f.Zone, isZone}, {"output", f.Output, isPlace}, {"manifests", get("manifests"), isPlace}, {"cdrs", get("cdrs"), isPlace}, {"registrations", get("registrations"), isPlaceOrNone}} {
		if check.text == "" {
			continue
		}
		if err := check.of(check.text); err != nil {
			return nil, nil, usagef("--%s: %w", check.flag, err)
		}
	}
	for _, kind := range starter.Kinds {
		f.Sources[kind] = sourceAt(get(kind))
	}

	samples := map[string][]string{}
	all, _ := flags.GetStringArray("samples")
	for _, text := range all {
		kind, path, ok := strings.Cut(text, "=")
		if !ok || !slices.Contains(starter.Kinds, kind) || path == "" {
			return nil, nil, usagef("--samples: %q is not KIND=FILE, where KIND is manifests, cdrs or registrations", text)
		}
		samples[kind] = append(samples[kind], path)
	}
	return f, samples, nil
}

// sourceAt returns the source at a URL, or none.
func sourceAt(url string) starter.Source {
	if url == "none" {
		return starter.Source{None: true}
	}
	return starter.Source{URL: url}
}

func isVendor(name string) error {
	if slices.Contains(manifests.Profiles(), name) {
		return nil
	}
	return fmt.Errorf("%q is no built-in profile, want one of %s; leave it out and give --samples for another platform", name, strings.Join(manifests.Profiles(), ", "))
}

func isZone(name string) error {
	_, err := profile.Zone(name)
	return err
}

func isPlace(url string) error {
	_, err := policy.ParseTemplate(url, "")
	return err
}

func isPlaceOrNone(url string) error {
	if url == "none" {
		return nil
	}
	return isPlace(url)
}

// initProfileOf guesses a profile from the samples, nil without any, and gives it to
// the sources of the kinds that have some.
func initProfileOf(f *starter.Facts, samples map[string][]string, name string) ([]byte, error) {
	var text []byte
	for _, kind := range starter.Kinds {
		if samples[kind] == nil {
			continue
		}
		content, err := readSamples(samples[kind])
		if err != nil {
			return nil, err
		}
		draft, err := guess.Write(kind, content)
		if err != nil {
			return nil, usageError{err}
		}
		if text != nil {
			text = append(text, '\n')
		}
		text = append(text, inZone(draft.Text, f.Zone)...)
		s := f.Sources[kind]
		s.Profile = name
		f.Sources[kind] = s
	}
	return text, nil
}

// inZone answers the question of a draft about its zone.
func inZone(draft []byte, zone string) []byte {
	if zone == "" {
		return draft
	}
	draft = regexp.MustCompile(`(?m)^  zone: UTC # EDIT.*$`).ReplaceAll(draft, []byte("  zone: "+zone))
	return regexp.MustCompile(`(?m)^# EDIT \d+: zone: .*\n`).ReplaceAll(draft, nil)
}

// asker asks questions on standard error, and reads a line for each answer.
type asker struct {
	in   *bufio.Reader
	out  io.Writer
	over bool // nobody answers any more
}

// ask returns an answer that passes a check, empty for none.
func (a *asker) ask(question string, check func(string) error) (string, error) {
	for !a.over {
		fmt.Fprintf(a.out, "%s: ", question)
		line, err := a.in.ReadString('\n')
		if err != nil {
			a.over = true
			fmt.Fprintln(a.out)
			if err != io.EOF {
				return "", fmt.Errorf("reading the answer: %w", err)
			}
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			return "", nil
		}
		if err := check(answer); err != nil {
			fmt.Fprintf(a.out, "  %s\n", safe(err.Error()))
			continue
		}
		return answer, nil
	}
	return "", nil
}

// askAll asks for what no flag says. An empty answer leaves it open.
func askAll(w *world, f *starter.Facts, samples map[string][]string) (err error) {
	a := &asker{in: bufio.NewReader(w.stdin), out: w.stderr}
	ask := func(known *string, question string, check func(string) error) {
		if *known == "" && err == nil {
			*known, err = a.ask(question, check)
		}
	}
	fmt.Fprintln(w.stderr, "An empty answer leaves a question open; it becomes a line to edit.")
	if len(samples) == 0 {
		ask(&f.Vendor, "Vendor, one of "+strings.Join(manifests.Profiles(), " ")+" (empty: another)", isVendor)
	}
	needs, nerr := starter.NeedsOf(f.Vendor)
	if err = cmp.Or(err, nerr); err != nil {
		return err
	}

	for _, kind := range starter.Kinds {
		s, check, question := f.Sources[kind], isPlace, kind+": where they lie"
		if kind == "registrations" {
			check, question = isPlaceOrNone, question+", or none"
		}
		if example := needs.URLs[kind]; example != "" {
			question += ", such as " + example
		}
		if s.URL == "" && !s.None && err == nil {
			var url string
			ask(&url, question, check)
			s = sourceAt(url)
			f.Sources[kind] = s
		}
		if f.Vendor == "" && !s.None && samples[kind] == nil {
			var path string
			if ask(&path, kind+": a sample file, from which a profile is guessed", isSample); path != "" {
				samples[kind] = []string{path}
			}
		}
	}
	if needs.Org {
		ask(&f.Org, "The org that stands for {org} in URLs", func(string) error { return nil })
	}
	if needs.Zone || len(samples) > 0 {
		ask(&f.Zone, "The zone of times that have none, such as Europe/Berlin", isZone)
	}
	ask(&f.Output, "output: where the results go, such as "+needs.Out, isPlace)
	return err
}

// isSample reports why a file cannot be a sample.
func isSample(path string) error {
	_, err := readSample(path)
	return err
}
