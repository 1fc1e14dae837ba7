package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"cdrmend/internal/accept"
	"cdrmend/internal/synth"
	"cdrmend/internal/table"
	"cdrmend/internal/token"
	"cdrmend/manifests"

	"github.com/spf13/pflag"
)

// completer returns what may stand at the cursor. What does not go on from the current
// word is left out afterwards.
type completer func(context.Context, *line) answer

func nothing(context.Context, *line) answer     { return answer{} }
func files(context.Context, *line) answer       { return answer{files: "file"} }
func directories(context.Context, *line) answer { return answer{files: "dir"} }

// words completes one of a list.
func words(list ...string) completer {
	return func(context.Context, *line) answer {
		var a answer
		for _, word := range list {
			a.list = append(a.list, candidate{value: word})
		}
		return a
	}
}

// flagValues says how the value of a flag with a text is completed; "command flag" counts
// more than the flag alone. A test holds it to the flags of all commands.
var flagValues = map[string]completer{
	"config": files, "keys": files, "out": files, "public": files, "file": files, "timestamp-roots": files,
	"csv": files, "page": files, "pdf": files, "resume": files,
	"cpuprofile": files, "memprofile": files, "trace": files,
	"dir": directories, "output": directories,

	"interval": intervalsOf, "from": intervalsOf, "to": intervalsOf, "finding": findingsOf,

	"table":        words(tableNames()...),
	"sql":          words("duckdb", "athena"),
	"fail-on":      words("critical", "major", "minor", "none"),
	"redact":       words("ops", "counsel", "public"),
	"type":         words(token.KeyTypes...),
	"kind":         words("manifests", "cdrs", "registrations"),
	"log-level":    words("debug", "info", "warn", "error"),
	"profile":      words(append(synth.Vendors(), synth.Cdrmend, synth.GenesysCloud)...),
	"vendor":       words(manifests.Profiles()...),
	"manifests":    words("jsonl", "json", "parquet", "sidecars"),
	"cdrs":         words("csv", "details"),
	"accept from":  files,
	"basis":        words(accept.Bases...),
	"class":        nothing,
	"conversation": nothing,
	"before":       nothing,
	"recording":    nothing,
	"name":         nothing,
	"samples":      files,

	"request":            files,
	"discover from":      nothing, // may be times
	"discover to":        nothing,
	"discover redact":    words("counsel", "ops", "public"),
	"discover documents": words("separate", "whole"),
	"discover media":     words("none", "copy", "fetch"),
	"discover verdict":   words("complete", "repaired", "incomplete", "partial", "missing", "indeterminate", "excluded", "recorded_in_error"),
	"plan":               nothing,
	"matter":             nothing,
	"requester":          nothing,
	"leg":                nothing,
	"trunk":              nothing,
	"line":               nothing,
	"user":               nothing,
	"queue":              nothing,
	"ani":                nothing,
	"dnis":               nothing,
	"number":             nothing,
	"media-type":         nothing,

	// For init these are URLs. --registrations may be none.
	"init manifests":     directories,
	"init cdrs":          directories,
	"init registrations": words("none"),

	"keys after":      nothing, // a SHA-256 comes from another place than the output
	"head":            nothing,
	"s3":              nothing,
	"key-id":          nothing,
	"org":             nothing,
	"scope":           nothing,
	"scope-claim":     nothing,
	"source":          nothing,
	"zone":            nothing,
	"day":             nothing,
	"as-of":           nothing,
	"arrived-by":      nothing,
	"failures":        nothing,
	"reason":          nothing,
	"by":              nothing,
	"retention-until": nothing,
	"target":          nothing,
	"role":            nothing,
}

func tableNames() []string {
	var names []string
	for _, s := range listable {
		names = append(names, s.Name)
	}
	return names
}

// completerOf returns how the value of a flag is completed, nil when nobody said.
func completerOf(command string, f *pflag.Flag) completer {
	if c := flagValues[command+" "+f.Name]; c != nil {
		return c
	}
	switch f.Value.Type() {
	case "string", "stringSlice", "stringArray", "stringToString":
		return flagValues[f.Name]
	}
	return nothing // of numbers and spans of time
}

func (l *line) valueOf(ctx context.Context, f *pflag.Flag) answer {
	if c := completerOf(l.command.name, f); c != nil {
		return c(ctx, l)
	}
	return files(ctx, l)
}

// operands says how the arguments of a command are completed; the last counts for all
// that follow.
var operands = map[string][]completer{
	"explain":    {findingsOf, directories},
	"history":    {findingsOf, directories},
	"report":     {directories},
	"discover":   {directories},
	"ls":         {directories},
	"audit":      {directories},
	"verify":     {files}, // a bag may be an archive
	"accept":     {findingsOf},
	"evidence":   {words("prune"), nothing},
	"backfill":   {words("plan", "run", "status"), nothing},
	"hold":       {nothing},
	"config":     {words("check"), nothing},
	"keys":       {words("rotate", "end", "list"), directories},
	"profiles":   {words("show", "test", "lint", "init"), profileNames, files},
	"completion": {words("bash", "zsh", "fish"), nothing},
}

func (l *line) operand(ctx context.Context) answer {
	all := operands[l.command.name]
	if len(all) == 0 {
		return answer{}
	}
	a := all[min(l.flags.NArg(), len(all)-1)](ctx, l)

	// A directory may take the place of an id that is left out.
	if len(a.list) == 0 || strings.Contains(l.current, "/") {
		if slices.ContainsFunc(a.list, func(c candidate) bool { return strings.HasPrefix(c.value, l.current) }) {
			return a
		}
		a.files = max(a.files, "dir")
	}
	return a
}

// profileNames completes a profile that is built in or a file, after a verb that takes
// one.
func profileNames(ctx context.Context, l *line) answer {
	if l.flags.Arg(0) == "init" {
		return files(ctx, l)
	}
	a := words(manifests.Profiles()...)(ctx, l)
	a.files = "file"
	return a
}

// outputOf opens the output that the line names: an argument that is a place, else the
// configuration.
func (l *line) outputOf(ctx context.Context) (*output, error) {
	url := ""
	for _, arg := range l.flags.Args() {
		if info, err := os.Stat(arg); strings.Contains(arg, "/") || err == nil && info.IsDir() {
			url = arg
		}
	}
	return openOutput(ctx, l.world, l.flags, url)
}

// labels returns the intervals of the output, the newest first; of those only the one
// that the line names.
func (l *line) labels(ctx context.Context) (*output, []string) {
	out, err := l.outputOf(ctx)
	if err != nil {
		return nil, nil
	}
	if one, _ := l.flags.GetString("interval"); one != "" {
		return out, []string{one}
	}
	all, err := out.Labels(ctx)
	if err != nil {
		return nil, nil
	}
	slices.Reverse(all)
	return out, all
}

// intervalsOf completes the intervals that an output has.
func intervalsOf(ctx context.Context, l *line) answer {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	_, labels := l.labels(ctx)
	return words(labels...)(ctx, l)
}

// findingsOf completes ids of an output: those of findings and outages, and of what
// findings are about once a part is typed. It goes back from the newest interval to the
// first that has some.
func findingsOf(ctx context.Context, l *line) answer {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()

	var a answer
	out, labels := l.labels(ctx)
	for _, label := range labels {
		commit, err := out.Newest(ctx, label)
		if err != nil || commit == nil {
			continue
		}
		seen := map[string]bool{}
		add := func(id, about string) {
			if id != "" && !seen[id] && strings.HasPrefix(id, l.current) && len(a.list) < maxCandidates {
				seen[id] = true
				a.list = append(a.list, candidate{id, about + ", " + label})
			}
		}

		for row, err := range commit.Table(ctx, table.Findings) {
			if err != nil {
				break
			}
			f := table.FindingOf(row)
			add(f.ID, f.Class+", "+f.Severity+", "+f.Status)
			if l.current != "" {
				add(f.Recording, "recording")
				add(f.Conversation, "conversation")
				add(f.Leg, "leg")
			}
		}
		for row, err := range commit.Table(ctx, table.Outages) {
			if err != nil {
				break
			}
			add(row.Text(0), "outage, "+row.Text(table.Outages.Index("cause")))
		}
		if len(a.list) > 0 {
			break
		}
	}
	return a
}
