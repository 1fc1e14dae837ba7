package report

import (
	"fmt"
	"strings"

	"cdrmend/internal/registration"
	"cdrmend/internal/table"
)

// Explain tells one finding in plain words. What coincides with an outage is
// said to coincide with it, never to be caused by it.
func Explain(f table.Finding) string {
	lines := []string{fmt.Sprintf("%s  %s (%s, %s)", f.ID, f.Class, f.Severity, f.Status)}
	add := func(format string, args ...any) { lines = append(lines, "  "+fmt.Sprintf(format, args...)) }
	at := fmt.Sprintf("%s, %s", f.Source, f.ObjectKey)
	if f.Entry >= 0 {
		at += fmt.Sprintf(", row %d", f.Entry)
	}
	switch f.Class {
	case "missing_recording":
		add("Conversation %s was to be recorded, as its call detail record says", f.Conversation)
		add("(%s).", at)
		if f.Recording != "" {
			add("Recording %s was not delivered by any manifest.", f.Recording)
		} else {
			add("No manifest delivered a recording of it.")
		}
	case "repaired_field":
		add("The recording %s lacked its %s.", f.Recording, f.Field)
		add("It was filled in by the rule %s; the table repairs names the rows that say so.", f.Detail)
		add("The repaired copy is %s.", at)
	case "metadata_missing":
		add("The media object %s", f.Detail)
		add("was delivered without its metadata. A document was written for it, with what")
		add("the names of its folders and the call detail records tell.")
	default:
		add("%s: %s", at, f.Detail)
	}
	if f.OutageID != "" {
		add("%s", coincides(f))
	}
	return strings.Join(lines, "\n")
}

func coincides(f table.Finding) string {
	what := "It coincides with"
	if f.OutageRelation == "possible" {
		what = "It possibly coincides with"
	}
	text := fmt.Sprintf("%s registration outage %s (%s)", what, f.OutageID, f.OutageCause)
	if cause, ok := registration.CauseByName(f.OutageCause); ok {
		text += fmt.Sprintf(": %s.\n  What to do: %s", cause.Sentence(), cause.Remedy())
	}
	return text + "."
}
