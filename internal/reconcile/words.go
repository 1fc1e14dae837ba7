package reconcile

import (
	"fmt"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// words are texts that many rows of the tables contain. They are interned, so
// that rows need not copy them.
type words struct {
	classes, severities, statuses []intern.Text
	fields, rules, verdicts       []intern.Text
	recordings, relations, causes []intern.Text
	proofs, doubts                []intern.Text
	shape, apart                  intern.Text
	endBeforeStart, over24h       intern.Text
	sources                       []intern.Text
}

func newWords(ev *evidence.Evidence) *words {
	t := ev.Texts
	w := &words{
		classes: interned(t, NumClasses), severities: interned(t, policy.None), statuses: interned(t, NumStatuses),
		fields: interned(t, record.NumFields), rules: interned(t, match.NumRules), verdicts: interned(t, NumVerdicts),
		recordings: interned(t, NumRecordingStatuses), relations: interned(t, registration.NumRelations), causes: interned(t, registration.NumCauses),
		proofs: interned(t, match.NumProofs), doubts: interned(t, NumDoubts),
		shape: t.OfString("shape"), apart: t.OfString("apart"),
		endBeforeStart: t.OfString("end-before-start"), over24h: t.OfString("over-24h"),
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
}](texts *intern.Table, n T) []intern.Text {
	names := make([]intern.Text, n)
	for v := range n {
		names[v] = texts.OfString(v.String())
	}
	return names
}

// field returns the name of a field, None for NoField.
func (w *words) field(f record.Field) intern.Text {
	if f == NoField {
		return intern.None
	}
	return w.fields[f]
}
