package reconcile

import (
	"fmt"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// words are texts that many rows of the tables contain. They are interned, so
// that a row need not copy them.
type words struct {
	classes, severities, statuses []record.Text
	fields, rules, verdicts       []record.Text
	recordings, relations, causes []record.Text
	byID, byConversation          record.Text
	sources                       []record.Text
}

func newWords(ev *Evidence) *words {
	t := ev.Texts
	w := &words{
		classes: interned(t, NumClasses), severities: interned(t, policy.None), statuses: interned(t, NumStatuses),
		fields: interned(t, record.NumFields), rules: interned(t, NumRules), verdicts: interned(t, NumVerdicts),
		recordings: interned(t, NumRecordingStatuses), relations: interned(t, registration.NumRelations), causes: interned(t, registration.NumCauses),
		byID: t.OfString("id"), byConversation: t.OfString("conversation"),
	}
	for i := range ev.Sources {
		w.sources = append(w.sources, t.OfString(ev.Sources[i].Name))
	}
	return w
}

// interned returns the names of all values below n.
func interned[T interface {
	~uint8
	fmt.Stringer
}](texts *record.Texts, n T) []record.Text {
	names := make([]record.Text, n)
	for v := range n {
		names[v] = texts.OfString(v.String())
	}
	return names
}

// field returns the name of a field, None for NoField.
func (w *words) field(f record.Field) record.Text {
	if f == NoField {
		return record.None
	}
	return w.fields[f]
}
