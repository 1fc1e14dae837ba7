package main

import (
	"context"
	"fmt"
	"strings"

	"cdrmend/internal/table"

	"github.com/spf13/pflag"
)

var lsCommand = command{
	name:    "ls",
	summary: "list the newest intervals, or where their tables lie, also as SQL that reads them",
	usage:   "[OUTPUT_URL] [INTERVAL] [--table NAME] [FLAGS]",
	text: `
Prints the newest intervals of an output, or those of a span, with what their newest
commits say: whether something is open, how many calls are recorded, and by which
commit.

With --table it prints where the newest committed table of each interval lies: a path or an
URL on each line, the oldest interval first. Runs that were superseded, and
leftovers that no commit record names, are not among them. Parquet is preferred
to CSV. With --sql it prints a statement that reads exactly these files.

  cdrmend ls --config cdrmend.yaml
  cdrmend ls s3://acme-compliance/cdrmend/ --from 2026-11-01 --to 2026-12-01 --table calls
  cdrmend ls --config cdrmend.yaml --table findings --sql duckdb | duckdb

Exit code 1 when nothing is committed there.
`,
	flags: func(f *pflag.FlagSet) {
		outputFlags(f)
		f.Int("last", 14, "without --table: how many of the newest intervals")
		f.String("table", "", "findings, repairs, calls, outages, recordings or history")
		f.String("interval", "", "exactly this interval")
		f.String("from", "", "first interval; without it the oldest")
		f.String("to", "", "interval after the last; without it all")
		f.String("sql", "", "print a statement instead: duckdb, or athena (S3 and Parquet only)")
		f.Bool("json", false, "print JSON")
	},
	run: listTables,
}

// listing is what ls prints as JSON.
type listing struct {
	Format string        `json:"format"`
	Table  string        `json:"table"`
	Files  []listedTable `json:"files"`
}

type listedTable struct {
	Interval string `json:"interval"`
	Commit   int64  `json:"commit"`
	RunID    string `json:"run_id"`
	Path     string `json:"path"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
}

var listable = []*table.Schema{table.Findings, table.Repairs, table.Calls, table.Outages, table.Recordings, table.History}

func listTables(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	url, err := takeArguments(flags, flags.Args(), anOutput, anInterval)
	if err != nil {
		return 0, err
	}
	schema, err := chosenTable(flags)
	if err != nil {
		return 0, err
	}

	sql, _ := flags.GetString("sql")
	asJSON, _ := flags.GetBool("json")
	if sql != "" && (asJSON || sql != "duckdb" && sql != "athena") {
		return 0, usagef("--sql is duckdb or athena, and goes without --json")
	}

	if schema == nil && sql != "" || schema != nil && flags.Changed("last") {
		return 0, usagef("--sql goes with --table, and --last without")
	}

	out, labels, err := openIntervals(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}
	if schema == nil {
		return listIntervals(ctx, w, flags, out, labels)
	}

	list, err := out.newestTables(ctx, labels, schema)
	if err != nil {
		return 0, err
	}
	if len(list.Files) == 0 {
		return w.notFound("no interval of that time is committed in %s", out.url)
	}

	text, err := list.text(out, schema, sql, asJSON)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprint(w.stdout, text)
	return exitDone, err
}

// chosenTable returns the table that --table names, nil without one.
func chosenTable(flags *pflag.FlagSet) (*table.Schema, error) {
	name, _ := flags.GetString("table")
	if !flags.Changed("table") {
		return nil, nil
	}
	var known []string
	for _, s := range listable {
		if s.Name == name {
			return s, nil
		}
		known = append(known, s.Name)
	}
	return nil, usagef("--table %q is none of %s", name, strings.Join(known, ", "))
}

func (o *output) newestTables(ctx context.Context, labels []string, s *table.Schema) (*listing, error) {
	list := &listing{Format: "cdrmend.ls/1", Table: s.Name, Files: []listedTable{}}
	for _, label := range labels {
		commit, err := o.Newest(ctx, label)
		if err != nil {
			return nil, err
		}
		if commit == nil { // --interval may name one that was never committed
			continue
		}

		f, err := commit.TableFile(ctx, s)
		if err != nil {
			return nil, err
		}
		list.Files = append(list.Files, listedTable{
			Interval: label, Commit: commit.Number(), RunID: commit.Record.RunID,
			Path: o.path(f.Path), Size: f.Size, SHA256: f.SHA256,
		})
	}

	return list, nil
}

func (l *listing) text(o *output, s *table.Schema, sql string, asJSON bool) (string, error) {
	var paths []string
	for _, f := range l.Files {
		paths = append(paths, f.Path)
		// Newer tables may be in Parquet and older ones not: each is looked at.
		if sql == "athena" && !(strings.HasPrefix(f.Path, "s3://") && strings.HasSuffix(f.Path, ".parquet")) {
			return "", usagef("Athena reads Parquet in S3 alone, and %s is not: configure output.tables with parquet, or use --sql duckdb", f.Path)
		}
	}

	switch {
	case asJSON:
		return jsonText(l)
	case sql == "duckdb":
		return table.DuckDB(s, paths), nil
	case sql == "athena":
		return table.Athena(s, o.url, paths), nil
	}
	return strings.Join(paths, "\n") + "\n", nil
}
