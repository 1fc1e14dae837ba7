package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/table"

	"github.com/spf13/pflag"
)

// idLike matches the ids of findings and outages, and their beginnings.
var idLike = regexp.MustCompile(`^(fnd|out)-[0-9a-f]*$`)

// argument is one kind of positional argument.
type argument uint8

const (
	anOutput   argument = iota // a directory, or s3://bucket/prefix/
	anInterval                 // 2026-11-20: the same as --interval
	aFinding                   // fnd-1fd1420d0a0d80c4: the same as --finding
)

var argumentNames = [...]string{anOutput: "an OUTPUT_URL", anInterval: "an interval such as 2026-11-20", aFinding: "the id of a finding such as fnd-1fd1420d0a0d80c4"}

// takeArguments takes positional arguments in any order. Each is of another kind, which
// its form shows. It sets the flag that means the same, and returns the URL of the
// output, empty without one.
func takeArguments(flags *pflag.FlagSet, args []string, kinds ...argument) (url string, err error) {
	seen := map[argument]string{}
	for _, arg := range args {
		kind, err := kindOf(arg)
		if err != nil {
			return "", err
		}
		if !slices.Contains(kinds, kind) {
			return "", wrongArgument(flags, arg, kinds)
		}
		if before, ok := seen[kind]; ok {
			return "", usagef("%s takes %s once, got %q and %q", flags.Name(), argumentNames[kind], before, arg)
		}
		seen[kind] = arg

		switch kind {
		case anOutput:
			url = arg
		case anInterval:
			err = setOnce(flags, "interval", arg)
		case aFinding:
			err = setOnce(flags, "finding", arg)
		}
		if err != nil {
			return "", err
		}
	}
	return url, nil
}

// kindOf returns the kind of a positional argument.
func kindOf(arg string) (argument, error) {
	_, isLabel := policy.ParseLabel(arg)
	isID := idLike.MatchString(arg)
	if !isLabel && !isID {
		return anOutput, nil
	}

	// A directory may have the name of an interval.
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		return 0, usagef("%q may be an id or the directory of that name: write ./%s for the directory, or rename it", arg, arg)
	}
	if isLabel {
		return anInterval, nil
	}
	return aFinding, nil
}

func wrongArgument(flags *pflag.FlagSet, arg string, kinds []argument) error {
	var takes []string
	for _, kind := range kinds {
		takes = append(takes, argumentNames[kind])
	}
	hint := ""
	if idLike.MatchString(arg) {
		hint = "; cdrmend explain " + arg + " tells about it"
	}
	return usagef("%s takes %s, got %q%s", flags.Name(), strings.Join(takes, " and "), arg, hint)
}

// setOnce sets a flag as an argument says, unless it says something else already.
func setOnce(flags *pflag.FlagSet, name, value string) error {
	if before, _ := flags.GetString(name); flags.Changed(name) && before != value {
		return usagef("%s takes one of both: --%s says %q and the argument %q", flags.Name(), name, before, value)
	}
	return flags.Set(name, value)
}

// abbreviated matches the beginning of an id.
var abbreviated = regexp.MustCompile(`^(fnd|out)-[0-9a-f]{1,15}$`)

// mostNamed is how many ids an error names.
const mostNamed = 5

// fullID completes the beginning of an id of a finding or outage, from the newest
// interval that has one. Else it returns what it got.
func (o *output) fullID(ctx context.Context, labels []string, id string) (string, error) {
	if !abbreviated.MatchString(id) {
		return id, nil
	}
	for _, label := range slices.Backward(labels) {
		found, err := o.idsBeginning(ctx, label, id)
		switch {
		case err != nil:
			return "", elsewhere(labels, err)
		case len(found) == 1:
			return found[0], nil
		case len(found) > mostNamed:
			return "", usagef("more than %d ids in interval %s of %s begin with %s: %s, …; give more of it", mostNamed, label, o.url, id, strings.Join(found[:mostNamed], ", "))
		case len(found) > 1:
			return "", usagef("%d ids in interval %s of %s begin with %s: %s; give more of it", len(found), label, o.url, id, strings.Join(found, ", "))
		}
	}
	return id, nil
}

// idsBeginning returns the ids of an interval that begin so, each once, and no more than
// one beyond those that an error names.
func (o *output) idsBeginning(ctx context.Context, label, id string) (found []string, err error) {
	commit, err := o.Newest(ctx, label)
	if err != nil || commit == nil { // --interval may name one that was never committed
		return nil, err
	}
	defer commit.Close()
	in, column := table.History, "finding_id" // has the findings of all commits
	if strings.HasPrefix(id, "out-") {
		in, column = table.Outages, "outage_id"
	}
	for one, err := range commit.Beginning(ctx, in, column, id) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(found, one) {
			continue
		}
		if found = append(found, one); len(found) > mostNamed {
			break
		}
	}
	return found, nil
}

// elsewhere adds to an error about one of several intervals how to search the others.
func elsewhere(labels []string, err error) error {
	if len(labels) > 1 && needsPerson(err) {
		return fmt.Errorf("%w; until then give the interval in which to search", err)
	}
	return err
}
