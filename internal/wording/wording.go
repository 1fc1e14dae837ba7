// Package wording says in plain words what the names in tables mean, and what to
// do: classes of findings and their details, causes of outages, reasons of
// verdicts, and proofs. Every surface takes its words from here.
//
// Sentence and remedy are clauses without capital and full stop; [Sentence] adds
// both. They never quote a value, so they need no redaction.
package wording

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words explain one name.
type Words struct {
	Sentence string `json:"sentence"` // what happened
	Remedy   string `json:"remedy"`   // what to do next, and who; empty when there is nothing to do
	Title    string `json:"-"`        // names the kind of work that the remedy is; empty when there is nothing to do
	Command  string `json:"-"`        // helps with it; see the placeholders below
	Severity string `json:"-"`        // of a class whose severity is always the same
}

// The commands that help. Whoever shows one puts values into the braces: the id of a
// finding, an outage or a conversation, the label of the run's interval, and the
// label of the interval that stray rows belong to.
const (
	explainFinding = "cdrmend explain {finding}"
	explainOutage  = "cdrmend explain {outage}"
	explainCall    = "cdrmend explain {conversation}"
	runAgain       = "cdrmend run --interval {interval}"
	runRows        = "cdrmend run --interval {rows}"
)

// Class explains a class of findings.
func Class(name string) (Words, bool) { return lookUp(classes, name) }

// Cause explains a cause of outages.
func Cause(name string) (Words, bool) { return lookUp(causes, name) }

// Reason explains the reason of a verdict that is indeterminate or excluded. The
// reasons of configured exclusions are the configuration's own words.
func Reason(name string) (Words, bool) { return lookUp(reasons, name) }

// Proof explains what shows that a leg was recorded.
func Proof(name string) (Words, bool) { return lookUp(proofs, name) }

// Rule says how a rule found a value, in a clause that follows "it was".
func Rule(name string) string { return rules[name] }

func lookUp(table map[string]Words, name string) (Words, bool) {
	w, ok := table[name]
	return w, ok
}

// Detail explains the detail of a finding.
func Detail(class, detail string) (Words, bool) {
	i := formOf(class, detail)
	if i < 0 {
		return Words{}, false
	}
	return details[i].Words, true
}

// Form returns the form of a detail, which is a detail with the same words. There are few
// of them.
func Form(class, detail string) (string, bool) {
	i := formOf(class, detail)
	if i < 0 {
		return "", false
	}
	return details[i].Form, true
}

// formOf returns the place of the first form that explains a detail, else -1.
func formOf(class, detail string) int {
	return slices.IndexFunc(details, func(d detailed) bool { return d.Class == class && d.explains(detail) })
}

// Remedy returns what to do about a finding: what its detail asks for, else its
// class.
func Remedy(class, detail string) string { return Work(class, detail).Remedy }

// Uncertain is what to do about a recording of which nobody can tell whether it is missing.
const Uncertain = "nothing until it is certain: first do what is asked about calls that cannot be told, then run again"

// RemedyIn returns what to do about a finding of a source in its status: nothing about one
// that somebody accepted, and nobody looks for a recording that may be there.
func RemedyIn(status, class, source, detail string) string {
	if status == "accepted" {
		return ""
	}
	if status == "indeterminate" && (class == "missing_recording" || class == "short_recording") {
		if d, ok := Detail(class, detail); !ok || detail == "" || d.Remedy == "" {
			return Uncertain
		}
	}
	if class == "stray_record" {
		return StrayRemedy(source, detail)
	}
	return Remedy(class, detail)
}

// Work returns the words of a finding's class with what to do about this finding: where
// its detail asks for other work, remedy, title and command are those of the detail.
func Work(class, detail string) Words {
	w, _ := Class(class)
	if d, ok := Detail(class, detail); ok && d.Remedy != "" {
		w.Remedy = d.Remedy
		if d.Title != "" {
			w.Title, w.Command = d.Title, d.Command
		}
	}
	return w
}

// detailed explains one form of the detail of a class.
type detailed struct {
	Class string
	Form  string // the whole detail, or what it begins with if it ends in an equals sign or a full stop
	Words
}

func (d *detailed) explains(detail string) bool {
	open := strings.HasSuffix(d.Form, "=") || strings.HasSuffix(d.Form, ".")
	return d.Form == detail || open && strings.HasPrefix(detail, d.Form)
}

// Table is all the words. A page whose script looks some up itself holds those with a
// name in JSON.
type Table struct {
	Classes map[string]Words  `json:"-"`
	Details []detailed        `json:"-"` // the first that fits counts
	Causes  map[string]Words  `json:"causes"`
	Reasons map[string]Words  `json:"-"`
	Rules   map[string]string `json:"rules"`
}

// All returns all the words. Nobody may change them.
func All() Table { return Table{classes, details, causes, reasons, rules} }

// Sentence returns a clause as a sentence: with a capital and a full stop.
func Sentence(clause string) string { return Capital(clause) + "." }

// Capital returns a text with a capital first letter.
func Capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
