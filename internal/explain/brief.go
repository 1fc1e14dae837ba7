package explain

import (
	"fmt"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// opened introduces what opened an outage.
var opened = map[wording.Opening]string{wording.Failure: "Its first failure", wording.Lapse: "How it began", wording.Removal: "How it began"}

// Brief describes one finding in a few lines, from its row alone.
func Brief(f table.Finding) string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(printable.Text(fmt.Sprintf(format, args...)) + "\n") }
	line("%s  %s (%s, %s)", f.ID, f.Class, f.Severity, f.Status)

	line("  %s.", wording.Capital(meaning(&f)))

	at := f.Source + ":" + f.ObjectKey
	if f.Entry >= 0 { // else it is about the whole object
		at += fmt.Sprintf("#%d", f.Entry)
	}
	line("  See %s", at)

	if f.OutageID == "" {
		return b.String()
	}

	line("  %s.", relates(registration.RelationByName(f.OutageRelation), f.OutageID, f.OutageCause))
	if cause, ok := wording.Cause(f.OutageCause); ok {
		line("  %s: %s. What to do: %s.", opened[wording.OpenedBy(f.OutageCause)], cause.Sentence, cause.Remedy)
	}
	return b.String()
}
