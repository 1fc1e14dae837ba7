package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cdrmend/internal/audit"
	"cdrmend/internal/committed"
	"cdrmend/internal/page"
	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/statement"

	"github.com/spf13/pflag"
)

var auditCommand = command{
	name:    "audit",
	summary: "sum up many intervals for compliance, with a target, what was not recorded, and retention",
	usage:   "[OUTPUT_URL] [--from I --to I] [FLAGS]",
	text: `
Sums up what an output has committed, for whoever supervises that calls are
recorded: coverage and findings by day, trunk, line, queue and user. It merges
outages over nights, and tells how old open findings are and whether a target is
met. It begins with days without a commit, incomplete inputs, and calls that
cannot be told. It never counts these as recorded.

--csv writes the calls that should have been recorded and were not, with the
reason if one is known. A second part has the calls that cannot be told. --page
and --pdf write the report as a page and as PDF.

  cdrmend audit --config cdrmend.yaml --from 2026-11-01 --to 2026-12-01 --target 99.5
  cdrmend audit s3://acme-compliance/cdrmend/ --csv - > not-recorded.csv
  cdrmend audit --config cdrmend.yaml --pdf november.pdf --retention --media

A target is met only when the calls that are known to be recorded suffice for it.

With --retention it asks how Object Lock keeps the files of the newest commits, and
with --media how it keeps the media that recordings name; with --holds also which of
them are under a legal hold. Each takes a request for
each object, so about --sample of them are asked, chosen by their keys, or --all. With --resume
the answers are kept in a file, and the same command goes on where it broke off.

Exit code 1 when the target is not met by the span as a whole, or nothing is committed
there.
`,
	flags: func(f *pflag.FlagSet) {
		outputFlags(f)
		f.String("from", "", "first interval of the span")
		f.String("to", "", "interval after the span's last")
		f.String("target", "", "percentage of the calls that has to be recorded, such as 99.5")
		f.String("redact", "", "ops (telephone numbers masked), counsel (everything) or public (pseudonyms)")
		f.String("csv", "", "file for the calls that were not recorded; - is standard output, in place of the text")
		f.String("page", "", "file for the report as a page")
		f.String("pdf", "", "file for the report as PDF")
		f.Bool("retention", false, "ask how Object Lock keeps the files of the newest commits")
		f.Bool("media", false, "ask how Object Lock keeps the media that recordings name")
		f.Bool("holds", false, "with --retention or --media: ask for legal holds, too, which takes a second request for each object")
		f.Int("sample", defaultSample, "with --retention or --media: about how many objects of each to ask")
		f.Bool("all", false, "with --retention or --media: ask all objects")
		f.String("retention-until", "", "everything should be retained by Object Lock until this day, such as 2033-11-20")
		f.Int("retention-days", 0, "everything should be retained for so many days; without both as output.object_lock says")
		f.String("resume", "", "with --retention or --media: file that keeps the answers, so that the same command goes on")
		f.Bool("json", false, "print JSON")
	},
	run: auditSpan,
}

func auditSpan(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	url, err := takeArguments(flags, flags.Args(), anOutput)
	if err != nil {
		return 0, err
	}
	how, err := auditing(flags)
	if err != nil {
		return 0, err
	}
	asking, err := askingOf(flags)
	if err != nil {
		return 0, err
	}

	out, err := openOutput(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}
	if how.options.Show, err = redaction(flags, out.config); err != nil {
		return 0, err
	}
	if err := asking.open(flags, out); err != nil {
		return 0, err
	}
	defer asking.close()
	labels, err := out.chooseLabels(ctx, flags)
	if err != nil {
		return 0, err
	}

	r, commits, err := readAudit(ctx, out, flags, labels, how)
	switch {
	case errors.Is(err, errNotCommitted):
		return w.notFound("nothing is committed there in %s", out.url)
	case errors.Is(err, report.ErrOverlap):
		return 0, usageError{err}
	case err != nil:
		return 0, err
	}
	if err := asking.ask(ctx, r, commits, how.options.Show); err != nil {
		return 0, err
	}
	if err := how.write(ctx, w, flags, r, commits); err != nil {
		return 0, err
	}
	if r.Fails() {
		return exitFindings, nil
	}
	return exitDone, nil
}

// auditHow is what flags say of an audit.
type auditHow struct {
	options        audit.Options
	csv, page, pdf string // files, empty for none
}

func auditing(flags *pflag.FlagSet) (*auditHow, error) {
	how := &auditHow{}
	from, _ := flags.GetString("from")
	if to, _ := flags.GetString("to"); from != "" && to != "" && from >= to {
		return nil, usagef("--from %s is not before --to %s: --to names the interval after the span's last", from, to)
	}
	if text, _ := flags.GetString("target"); flags.Changed("target") {
		var err error
		if how.options.Target, err = audit.ParseTarget(text); err != nil {
			return nil, usagef("--target: %w", err)
		}
	}

	how.csv, _ = flags.GetString("csv")
	how.page, _ = flags.GetString("page")
	how.pdf, _ = flags.GetString("pdf")
	if how.page == "-" || how.pdf == "-" {
		return nil, usagef("--page and --pdf take a file; only --csv - prints on standard output")
	}
	if asJSON, _ := flags.GetBool("json"); asJSON && how.csv == "-" {
		return nil, usagef("--json and --csv - both print on standard output: give --csv a file")
	}
	return how, nil
}

// readAudit makes the report of the span that the flags choose.
func readAudit(ctx context.Context, out *output, flags *pflag.FlagSet, labels []string, how *auditHow) (*audit.Report, []*committed.Commit, error) {
	labels, err := out.span(ctx, flags, labels)
	if err != nil {
		return nil, nil, err
	}
	if how.options.Show, err = namesOfNewest(ctx, out, labels, how.options.Show); err != nil {
		return nil, nil, err
	}
	how.options.URL = out.url
	return audit.Read(ctx, &out.Output, labels, how.options)
}

// namesOfNewest returns what may be shown, with the names and the zone of the newest run
// where no configuration gave others.
func namesOfNewest(ctx context.Context, out *output, labels []string, show policy.Report) (policy.Report, error) {
	for i := len(labels) - 1; i >= 0; i-- {
		c, err := out.Newest(ctx, labels[i])
		if err != nil {
			return show, err
		}
		if c == nil {
			continue
		}
		var s report.Summary
		if err := c.Decode(ctx, report.SummaryFile, &s); err != nil {
			return show, err
		}
		return withNames(show, &s.Config.Report)
	}
	return show, nil
}

// write writes what the flags ask for, and prints the report.
func (how *auditHow) write(ctx context.Context, w *world, flags *pflag.FlagSet, r *audit.Report, commits []*committed.Commit) error {
	list := func(to io.Writer) error { return audit.WriteList(ctx, to, commits, how.options.Show) }
	pdf := func(to io.Writer) error { return statement.WriteAudit(to, r) }
	files := []struct {
		name  string
		write func(io.Writer) error
	}{{how.csv, list}, {how.page, (&page.Compliance{Report: r}).Write}, {how.pdf, pdf}}
	var wrote string
	for _, f := range files {
		if f.name == "" || f.name == "-" {
			continue
		}
		if err := writeWhole(f.name, f.write); err != nil {
			return fmt.Errorf("writing %q: %w", f.name, err)
		}
		wrote += "wrote " + printable.Text(f.name) + "\n"
	}

	if how.csv == "-" {
		return list(w.stdout)
	}
	text := r.Text()
	if wrote != "" {
		text += "\n" + wrote
	}
	return w.print(flags, r, text)
}
