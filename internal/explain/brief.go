package explain

import (
	"fmt"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"
)

// Brief describes one finding in a few lines, from its row alone.
func Brief(f table.Finding) string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(printable.Text(fmt.Sprintf(format, args...)) + "\n") }
	line("%s  %s (%s, %s)", f.ID, f.Class, f.Severity, f.Status)

	line("  %s.", capital(meaning(&f)))

	at := f.Source + ":" + f.ObjectKey
	if f.Entry >= 0 { // else it is about the whole object
		at += fmt.Sprintf("#%d", f.Entry)
	}
	line("  See %s", at)

	if f.OutageID == "" {
		return b.String()
	}

	line("  %s.", relates(registration.RelationByName(f.OutageRelation), f.OutageID, f.OutageCause))
	if cause, ok := registration.CauseByName(f.OutageCause); ok {
		line("  What the log shows: %s. What to do: %s.", cause.Sentence(), cause.Remedy())
	}
	return b.String()
}
