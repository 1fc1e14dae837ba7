// Package starter writes a configuration to start from, with comments: the example of
// a vendor with the places of one's own put in.
//
// What nobody has said stays as the example has it, below a comment line with EDIT
// that says what is to be done. So a text without such a line is a configuration that
// can run, and one with them is valid, and names what it does not know.
package starter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"cdrmend/internal/profile"
	"cdrmend/manifests"
)

// Kinds are the kinds of source in the order of a configuration.
var Kinds = []string{"manifests", "cdrs", "registrations"}

// Facts are what is known of a platform. Empty means unknown.
type Facts struct {
	Vendor  string // the built-in profile whose example is taken; empty: the canonical layout stands in
	Name    string
	Org     string // fills {org}
	Zone    string // of times without one
	Output  string // a URL or directory
	Sources map[string]Source
}

// Source is what is known of one source.
type Source struct {
	URL     string // a URL or directory, with placeholders
	Profile string // the name or path of its profile, instead of the example's
	None    bool   // there is no such source; of registrations only
}

// Edit is a line that a person has to check.
type Edit struct {
	Line int
	Text string
}

// Write returns the configuration, and its lines with EDIT.
func Write(f *Facts) ([]byte, []Edit, error) {
	example, err := exampleOf(f.Vendor)
	if err != nil {
		return nil, nil, err
	}

	w := &writer{facts: f}
	w.line("# Written by cdrmend init. What it could not know, if anything, is in lines with EDIT.")
	for _, line := range example {
		// What a vendor's example says at its beginning is about no other platform.
		if f.Vendor == "" && strings.HasPrefix(line, "# ") {
			continue
		}
		w.add(line)
	}
	w.leave("") // an example may end with its sources
	w.decisions()
	text := []byte(strings.Join(w.lines, "\n") + "\n")
	return text, Edits(text), nil
}

// Decisions are the files that keep what people decide, by key of the configuration.
// They lie beside the configuration.
var Decisions = map[string]string{"policy.accepted": "accepted.csv", "report.worklist": "worklist.csv"}

// decisions names the files that keep what people decide.
func (w *writer) decisions() {
	if !w.policy {
		w.line("policy:")
		w.accepted()
	}
	w.line("report:")
	w.line("  worklist: " + Decisions["report.worklist"] + " # likewise: who works on which finding")
}

func (w *writer) accepted() {
	w.policy = true
	w.line("  accepted: " + Decisions["policy.accepted"] + " # cdrmend accept writes it: findings that somebody accepts, and why")
}

// Edits returns the comment lines of a text that ask for an edit, with what they say.
func Edits(text []byte) (list []Edit) {
	mark := regexp.MustCompile(`^\s*# EDIT(?: \d+)?: (.*)$`)
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if m := mark.FindSubmatch(bytes.TrimRight(line, "\n")); m != nil {
			list = append(list, Edit{n, string(m[1])})
		}
	}
	return list
}

// exampleOf returns the lines of the example of a vendor.
func exampleOf(vendor string) ([]string, error) {
	if vendor == "" {
		vendor = canonical
	}
	text, ok := manifests.Example(vendor)
	if !ok {
		return nil, fmt.Errorf("%q is no vendor with a built-in profile, want one of %s", vendor, strings.Join(manifests.Profiles(), ", "))
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), nil
}

// canonical is the profile that stands in where none is known.
const canonical = "cdrmend"

// writer copies an example line by line, with what is known put in.
type writer struct {
	facts   *Facts
	lines   []string
	policy  bool   // policy: is written
	section string // the kind of source, or the key of the top level, of the last line
}

var (
	kindLine = regexp.MustCompile(`^  (manifests|cdrs|registrations):$`)
	topLine  = regexp.MustCompile(`^([a-z_]+):`)
	urlIn    = regexp.MustCompile(`\burl: ("[^"]*"|\S+)`)
	profIn   = regexp.MustCompile(`\bprofile: ([\w.-]+)`)
	orgIn    = regexp.MustCompile(`^(      org: )(\S+)(.*)$`)
)

// add copies one line of the example.
func (w *writer) add(line string) {
	if m := topLine.FindStringSubmatch(line); m != nil {
		w.leave(m[1])
	} else if m := kindLine.FindStringSubmatch(line); m != nil {
		w.leave(m[1])
	}
	source, isSource := w.facts.Sources[w.section], kindOf(w.section)
	switch {
	case isSource && source.None && !strings.HasPrefix(line, "  #"):
	case strings.HasPrefix(line, "  # ") && w.added("registrations"):
		// It says what the vendor has no registrations for; here are some.
	case isSource:
		w.sourceLine(line, source)
	case w.section == "name" && w.facts.Name != "" && strings.HasPrefix(line, "name:"):
		w.line("name: " + quote(w.facts.Name))
	case w.section == "output":
		w.outputLine(line)
	case line == "policy:":
		w.line(line)
		w.accepted()
	default:
		w.line(line)
	}
}

func kindOf(section string) bool {
	return section == "manifests" || section == "cdrs" || section == "registrations"
}

// added reports whether a source is known that the example does not have.
func (w *writer) added(kind string) bool {
	source := w.facts.Sources[kind]
	if source.URL == "" && source.Profile == "" {
		return false
	}
	example, _ := exampleOf(w.facts.Vendor)
	for _, line := range example {
		if line == "  "+kind+":" {
			return false
		}
	}
	return kindOf(w.section)
}

// leave begins a section. Before the first one after the sources it adds the source
// that the example does not have.
func (w *writer) leave(next string) {
	if !kindOf(next) && kindOf(w.section) && w.added("registrations") {
		w.line("  registrations:")
		w.sourceLine(`    - {name: registrations, url: "s3://example/registrations/date={date}/", profile: cdrmend}`, w.facts.Sources["registrations"])
	}
	w.section = next
}

func (w *writer) line(text string) { w.lines = append(w.lines, text) }

// comment adds a comment line with the indentation of a line.
func (w *writer) comment(above, text string) {
	w.line(above[:len(above)-len(strings.TrimLeft(above, " "))] + "# " + text)
}

// what says of each kind what lies there.
var what = map[string]string{"manifests": "the manifests or recordings lie", "cdrs": "the CDRs lie", "registrations": "the logs of registrations lie"}

// sourceLine copies a line of a source.
func (w *writer) sourceLine(line string, s Source) {
	var zone string
	if m := urlIn.FindStringSubmatch(line); m != nil {
		switch {
		case s.URL == "" && w.section == "registrations":
			w.comment(line, "EDIT: where "+what[w.section]+"; this is an example. Delete the source when there are none.")
		case s.URL == "":
			w.comment(line, "EDIT: where "+what[w.section]+"; this is an example.")
		case !strings.Contains(s.URL, "{"):
			w.comment(line, "Without a placeholder such as {date} all that lies there is read for each night.")
		}
		if s.URL != "" {
			line = strings.Replace(line, m[0], "url: "+quote(s.URL), 1)
		}
	}
	if m := profIn.FindStringSubmatch(line); m != nil {
		if s.Profile == "" && m[1] == canonical && w.facts.Vendor != canonical {
			w.comment(line, "EDIT: which profile reads these files: one of cdrmend profiles, or one that cdrmend profiles init writes. "+canonical+" is the canonical layout.")
		}
		zone = w.zone(line, m[1], s)
		if s.Profile != "" {
			line = strings.Replace(line, m[0], "profile: "+quote(s.Profile), 1)
		}
	}
	if m := orgIn.FindStringSubmatch(line); m != nil {
		if w.facts.Org != "" {
			line = m[1] + quote(w.facts.Org) + m[3]
		} else {
			w.comment(line, "EDIT: the org that stands for {org} in the URL; this is an example.")
		}
	}

	if end := strings.LastIndex(line, "}"); zone != "" && strings.Contains(line, "- {") && end > 0 {
		line, zone = line[:end]+", "+zone+line[end:], ""
	}
	w.line(line)
	if zone != "" {
		w.line("      " + zone)
	}
}

// zone returns the key that names the zone of a source whose times may have none.
func (w *writer) zone(line, name string, s Source) string {
	switch {
	case s.Profile != "" || !readsLocal(name, w.section): // a profile of one's own has its zone
	case w.facts.Zone != "":
		return "zone: " + w.facts.Zone
	default:
		w.comment(line, "EDIT: times without a zone are read in UTC. Where the machine writes local times, add zone: Europe/Berlin or the like.")
	}
	return ""
}

// readsLocal reports whether a built-in profile may read times without a zone that are
// local. Names of media that spell UTC are not.
func readsLocal(name, kind string) bool {
	text, _ := manifests.Profile(name)
	p, err := profile.Load(name, text, kind)
	if err != nil {
		return false // it has no such section
	}
	return p.Zone != nil && !(p.MediaPattern != nil && strings.Contains(p.MediaPattern.String(), "UTC"))
}

// outputLine copies a line of the output. Object Lock is for a person to turn on:
// what it locks, nobody can delete for years.
func (w *writer) outputLine(line string) {
	trimmed := strings.TrimSpace(line)
	if m := urlIn.FindStringSubmatch(line); m != nil {
		if w.facts.Output == "" {
			w.comment(line, "EDIT: where the results go; this is an example. Not into a bucket or folder of a source.")
		} else {
			line = strings.Replace(line, m[0], "url: "+quote(w.facts.Output), 1)
		}
	}
	if strings.HasPrefix(trimmed, "object_lock:") {
		w.line("  # Where the bucket has Object Lock, this keeps everybody from deleting results:")
		line = "  # " + trimmed
	}
	w.line(line)
}

// quote writes a text as a scalar of YAML.
func quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // of a text never fails
	return strings.TrimSpace(b.String())
}

// Needs are what the example of a vendor has a place for.
type Needs struct {
	URLs map[string]string // of its sources by kind, as examples
	Out  string
	Org  bool
	Zone bool // times without a zone are read
}

// NeedsOf returns what is to be known for a vendor.
func NeedsOf(vendor string) (Needs, error) {
	example, err := exampleOf(vendor)
	if err != nil {
		return Needs{}, err
	}

	n := Needs{URLs: map[string]string{}}
	section := ""
	for _, line := range example {
		if m := topLine.FindStringSubmatch(line); m != nil {
			section = m[1]
		} else if m := kindLine.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		if m := urlIn.FindStringSubmatch(line); m != nil && kindOf(section) {
			n.URLs[section] = strings.Trim(m[1], `"`)
		} else if m != nil && section == "output" {
			n.Out = strings.Trim(m[1], `"`)
		}
		if m := profIn.FindStringSubmatch(line); m != nil && kindOf(section) {
			n.Zone = n.Zone || readsLocal(m[1], section)
		}
		n.Org = n.Org || kindOf(section) && orgIn.MatchString(line)
	}
	return n, nil
}
