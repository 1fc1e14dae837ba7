package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/accept"
	"cdrmend/internal/policy"
	"cdrmend/internal/wording"

	"github.com/spf13/pflag"
)

var acceptCommand = command{
	name:    "accept",
	summary: "accept findings, and keep what people filled in",
	usage:   "ID… | --conversation ID | --recording ID | --from findings.xlsx [FLAGS]",
	text: `
Notes that somebody accepts findings: by their ids, or all of a conversation or
a recording, whose calls may have been erased by law. It adds rows to the file
that policy.accepted names. With --from it reads the worklist that people filled
in: a finding whose state begins with "accept:" is accepted, with its note as
the reason and its owner as the one who accepts; owner, state, note and due of
all findings go into the file that report.worklist names.

  cdrmend accept fnd-76c6c82ae38efe41 --config cdrmend.yaml --reason "line test" --by "J. Doe"
  cdrmend accept --conversation 1f0e… --config cdrmend.yaml --basis "lawful erasure" --reason "request 2026-117" --by "J. Doe"
  cdrmend accept --from findings.xlsx --config cdrmend.yaml

An accepted finding still holds. The next commit of its interval keeps reason, by
and basis; report.pdf, history and explain show them.

It commits nothing. It says which committed intervals are concerned, and with
which command they are committed again. An id that no interval has is an error,
and then nothing is written.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration that names the files and the output (or CDRMEND_CONFIG)")
		f.String("from", "", "a worklist that people filled in")
		f.String("conversation", "", "accept findings of this conversation")
		f.String("recording", "", "accept findings of this recording")
		f.String("class", "", "with --conversation or --recording: only findings of this class")
		f.String("org", "", "with --conversation or --recording: only those of this organisation")
		f.String("reason", "", "why")
		f.String("by", "", "who accepts")
		f.String("basis", "", "why that is lawful, one of: "+strings.Join(accept.Bases, ", "))
		f.Bool("dry-run", false, "write nothing, and say what would be written")
	},
	run: acceptFindings,
}

// decisions are what one call of accept writes.
type decisions struct {
	rows    []accept.Row
	entries []accept.Entry // of a worklist
}

func acceptFindings(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	from, _ := flags.GetString("from")
	todo, err := decided(flags, from)
	if err != nil {
		return 0, err
	}
	cfg, err := loadConfig(w, flags)
	if err != nil {
		return 0, err
	}
	if err := kept(cfg, todo, from != ""); err != nil {
		return 0, err
	}

	// Nobody else changes the files between reading and writing them.
	unlock, err := accept.Lock(cfg.AcceptedPath, cfg.WorklistPath)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if cfg, err = loadConfig(w, flags); err != nil {
		return 0, err
	}

	// What is accepted already needs no second row.
	var repeated []string
	todo.rows = slices.DeleteFunc(todo.rows, func(r accept.Row) bool {
		row := cfg.Policy.AcceptedRows[r.Finding]
		name := r.Finding
		if r.Finding == "" {
			name = "what is about " + describe(r.AcceptedSubject)
			row = rowAbout(cfg, r.AcceptedSubject)
		}
		if row > 0 {
			repeated = append(repeated, fmt.Sprintf("%s is accepted already, by row %d of %s", name, row, cfg.AcceptedPath))
		}
		return row > 0
	})

	out, err := openOutput(ctx, w, flags, "")
	if err != nil {
		return 0, err
	}
	labels, err := out.Labels(ctx)
	if err != nil {
		return 0, err
	}
	changed, err := accept.Merge(cfg.WorklistPath, todo.entries, true)
	if err != nil {
		return 0, usageError{err}
	}
	about, err := concerned(ctx, out, labels, todo.rows, changed.Findings)
	if err != nil {
		return 0, err
	}
	if len(about.unknown) > 0 {
		for _, what := range about.unknown[:min(len(about.unknown), mostUnknown)] {
			fmt.Fprintf(w.stderr, "cdrmend: no %s in the histories of %s in %s\n", safe(what), searched(labels), out.url)
		}
		fmt.Fprintln(w.stderr, "cdrmend: nothing was written; a sheet with pseudonyms (redact: public) has other ids, so fill in one that was made with ops or counsel")
		return exitFindings, nil
	}

	dry, _ := flags.GetBool("dry-run")
	return exitDone, carryOut(w.stdout, cfg, todo, about, repeated, dry)
}

// rowAbout returns the number of the row that accepts just this subject, 0 for none.
func rowAbout(cfg *policy.Config, about policy.AcceptedSubject) int {
	for _, known := range cfg.Policy.AcceptedSubjects {
		row := known.Row
		if known.Row = about.Row; known == about {
			return row
		}
	}
	return 0
}

// mostUnknown is how many ids that nobody knows are named.
const mostUnknown = 10

// decided returns what the flags and arguments, or the worklist that they name, decide.
func decided(flags *pflag.FlagSet, from string) (*decisions, error) {
	text := func(name string) string { v, _ := flags.GetString(name); return strings.TrimSpace(v) }
	row := accept.Row{
		AcceptedSubject: policy.AcceptedSubject{Class: text("class"), Org: text("org"), Conversation: text("conversation"), Recording: text("recording")},
		Reason:          text("reason"), By: text("by"), Basis: text("basis"),
	}
	about := row.Conversation != "" || row.Recording != ""
	switch {
	case from != "" && (about || flags.NArg() > 0 || row.Reason != "" || row.Basis != ""):
		return nil, usagef("--from goes with --by alone: the worklist says what is accepted, and why")
	case from == "" && !about && flags.NArg() == 0:
		return nil, usagef("say what is accepted: ids of findings, --conversation, --recording or --from")
	case about && flags.NArg() > 0:
		return nil, usagef("give ids of findings, or --conversation and --recording, not both")
	case !about && (row.Class != "" || row.Org != ""):
		return nil, usagef("--class and --org go with --conversation or --recording")
	case from == "" && (row.Reason == "" || row.By == ""):
		return nil, usagef("say with --reason why, and with --by who accepts")
	}
	if err := row.Check(); err != nil {
		return nil, usageError{err}
	}

	if from != "" {
		return fromSheet(from, row.By)
	}
	if about {
		return &decisions{rows: []accept.Row{row}}, nil
	}
	todo := &decisions{}
	for _, id := range flags.Args() {
		if row.Finding = strings.TrimSpace(id); row.Finding == "" {
			return nil, usagef("an id is empty: a variable of the shell may have no value")
		}
		todo.rows = append(todo.rows, row)
	}
	return todo, nil
}

// fromSheet reads a worklist. All mistakes in it are told at once.
func fromSheet(path, by string) (*decisions, error) {
	entries, err := accept.ReadSheet(path)
	if err != nil {
		return nil, usageError{err}
	}
	todo := &decisions{entries: entries}
	var wrong []string
	for i := range entries {
		row, ok, err := entries[i].Accepts(by)
		switch {
		case err != nil:
			wrong = append(wrong, err.Error())
		case ok:
			todo.rows = append(todo.rows, row)
		}
	}
	if len(wrong) > 0 {
		return nil, usagef("%s: %s", path, strings.Join(wrong, "\n"))
	}
	return todo, nil
}

// kept checks that the configuration names the files that keep decisions.
func kept(cfg *policy.Config, todo *decisions, sheet bool) error {
	var missing []string
	if cfg.AcceptedPath == "" && len(todo.rows) > 0 {
		missing = append(missing, "policy: {accepted: accepted.csv}   # a file with the line: "+policy.FirstLines["policy.accepted"])
	}
	if cfg.WorklistPath == "" && sheet {
		missing = append(missing, "report: {worklist: worklist.csv}   # a file with the line: "+policy.FirstLines["report.worklist"])
	}
	if len(missing) > 0 {
		return usagef("%s names no file that keeps this; add to it, and make the file:\n  %s", cfg.Path, strings.Join(missing, "\n  "))
	}
	return nil
}

// subject says what decisions concern.
type subject struct {
	intervals []accept.Concern
	unknown   []string
}

// concerned finds the intervals with findings that rows accept, or that people filled
// something in for.
func concerned(ctx context.Context, out *output, labels []string, rows []accept.Row, filled []string) (*subject, error) {
	ids := slices.Clone(filled)
	var subjects []policy.AcceptedSubject
	for _, r := range rows {
		if r.Finding != "" {
			ids = append(ids, r.Finding)
		} else {
			subjects = append(subjects, r.AcceptedSubject)
		}
	}
	slices.Sort(ids)

	intervals, strangers, unused, err := accept.Concerned(ctx, &out.Output, labels, slices.Compact(ids), subjects)
	if err != nil {
		return nil, err
	}
	about := &subject{intervals: intervals}
	for _, id := range strangers {
		about.unknown = append(about.unknown, "finding "+id)
	}
	for _, s := range unused {
		about.unknown = append(about.unknown, "finding of "+describe(s))
	}
	return about, nil
}

// describe names what an accepted subject fills in.
func describe(s policy.AcceptedSubject) string {
	var parts []string
	for _, p := range [][2]string{{"class", s.Class}, {"organisation", s.Org}, {"conversation", s.Conversation}, {"recording", s.Recording}} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	return strings.Join(parts, ", ")
}

// carryOut writes the files. It prints what it wrote and the commands that follow.
func carryOut(to io.Writer, cfg *policy.Config, todo *decisions, about *subject, repeated []string, dry bool) error {
	var text strings.Builder
	for _, line := range repeated {
		fmt.Fprintln(&text, line)
	}

	wrote := len(todo.rows) > 0
	if len(todo.rows) > 0 {
		first, err := accept.Add(cfg.AcceptedPath, todo.rows, dry)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s: %s added, row %d", cfg.AcceptedPath, wording.Count(len(todo.rows), "row"), first)
		if n := len(todo.rows); n > 1 {
			fmt.Fprintf(&text, " to %d", first+n-1)
		}
		fmt.Fprintln(&text)
	}
	if todo.entries != nil {
		did, err := accept.Merge(cfg.WorklistPath, todo.entries, dry)
		if err != nil {
			// What was written before stays, and must not be unknown.
			_, _ = io.WriteString(to, safe(text.String()))
			return fmt.Errorf("%s was not written: %w", cfg.WorklistPath, err)
		}
		fmt.Fprintf(&text, "%s: %s changed, %d cleared\n", cfg.WorklistPath, wording.Count(did.Changed, "finding"), len(did.Cleared))
		for _, id := range did.Cleared {
			fmt.Fprintf(&text, "  cleared: %s\n", id)
		}
		for _, id := range did.Withdrawn {
			if row := cfg.Policy.AcceptedRows[id]; row > 0 {
				fmt.Fprintf(&text, "  %s stays accepted, by row %d of %s: to withdraw it, empty all cells of that row\n", id, row, cfg.AcceptedPath)
			}
		}
		wrote = wrote || len(did.Findings) > 0
	}

	switch {
	case dry:
		fmt.Fprintln(&text, "Nothing was written: this is what --dry-run found.")
	case !wrote:
		fmt.Fprintln(&text, "Nothing is new.")
	default:
		fmt.Fprintln(&text, "Committed intervals that this concerns, with the command that commits each again:")
		for _, c := range about.intervals {
			fmt.Fprintf(&text, "  %-13s %s\n                cdrmend run --config %s --interval %[1]s\n", c.Interval, wording.Count(c.Findings, "finding"), cfg.Path)
		}
	}
	_, err := io.WriteString(to, safe(text.String()))
	return err
}
