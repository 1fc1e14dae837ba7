package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// help prints what a command does and takes.
func (c *command) help(out io.Writer, flags *pflag.FlagSet) {
	fmt.Fprintf(out, "Usage: cdrmend %s\n\n%s", strings.TrimSpace(c.name+" "+c.usage), strings.TrimLeft(c.text, "\n"))
	if flags.HasFlags() {
		fmt.Fprintf(out, "\nFlags:\n%s", flags.FlagUsages())
	}
}

// findVerb returns the verb of a command that an argument names.
func (c *command) findVerb(name string) (*verb, error) {
	i := slices.IndexFunc(c.verbs, func(v verb) bool { return v.name == name })
	if i < 0 {
		return nil, c.unknownVerb(name)
	}
	return &c.verbs[i], nil
}

// unknownVerb is the error about a verb that a command does not have.
func (c *command) unknownVerb(name string) error {
	var known []string
	for _, v := range c.verbs {
		known = append(known, v.name)
	}
	return usagef("%s has no %q%s; it knows %s, see cdrmend help %s", c.name, name, didYouMean(name, known), strings.Join(known, ", "), c.name)
}

// helpVerb prints the part of a command's help that is about one verb: the paragraphs
// that begin with it, or all when none does, its examples and its flags.
func (c *command) helpVerb(out io.Writer, flags *pflag.FlagSet, v *verb) {
	fmt.Fprintf(out, "Usage: cdrmend %s\n\n", strings.TrimSpace(c.name+" "+v.name+" "+v.usage))

	var about, others, examples []string
	for paragraph := range strings.SplitSeq(strings.Trim(c.text, "\n"), "\n\n") {
		switch {
		case strings.HasPrefix(paragraph, "  cdrmend "):
			for line := range strings.Lines(paragraph + "\n") {
				if strings.HasPrefix(line, "  cdrmend "+c.name+" "+v.name+" ") {
					examples = append(examples, line)
				}
			}
		case strings.HasPrefix(paragraph, v.name+" "):
			about = append(about, paragraph)
		default:
			others = append(others, paragraph)
		}
	}
	if about == nil {
		about = others
	}
	fmt.Fprintf(out, "%s\n", strings.Join(about, "\n\n"))
	if examples != nil {
		fmt.Fprintf(out, "\n%s", strings.Join(examples, ""))
	}

	if own := c.flagsOf(flags, v); own.HasFlags() {
		fmt.Fprintf(out, "\nFlags:\n%s", own.FlagUsages())
	}
}

// flagsOf returns the flags that go with a verb. The usage of a flag that goes with
// some verbs only begins with them and a colon, as in "test, lint: the zone".
func (c *command) flagsOf(all *pflag.FlagSet, v *verb) *pflag.FlagSet {
	own := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	own.SortFlags = false
	all.VisitAll(func(f *pflag.Flag) {
		if verbs := c.verbsOf(f); verbs == nil || slices.Contains(verbs, v.name) {
			own.AddFlag(f)
		}
	})
	return own
}

// verbsOf returns the verbs that a flag goes with, nil for all.
func (c *command) verbsOf(f *pflag.Flag) []string {
	before, _, ok := strings.Cut(f.Usage, ": ")
	if !ok {
		return nil
	}
	verbs := strings.Split(before, ", ")
	for _, name := range verbs {
		if !slices.ContainsFunc(c.verbs, func(v verb) bool { return v.name == name }) {
			return nil
		}
	}
	return verbs
}
