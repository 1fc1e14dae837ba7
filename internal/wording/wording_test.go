package wording_test

import (
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/match"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/registration"
	"cdrmend/internal/wording"
)

// named is a row of the table of words under its name.
type named struct {
	name  string
	words wording.Words
	ok    bool
}

func each[T interface {
	~uint8
	fmt.Stringer
}](first, n T, explain func(string) (wording.Words, bool)) (list []named) {
	for v := first; v < n; v++ {
		w, ok := explain(v.String())
		list = append(list, named{v.String(), w, ok})
	}
	return list
}

func TestEveryNameInTheTablesHasWords(t *testing.T) {
	for what, list := range map[string][]named{
		"class":  each(0, reconcile.NumClasses, wording.Class),
		"cause":  each(0, registration.NumCauses, wording.Cause),
		"reason": each(reconcile.NoDoubt+1, reconcile.NumDoubts, wording.Reason),
	} {
		for _, n := range list {
			if !n.ok || n.words.Sentence == "" || n.words.Remedy == "" {
				t.Errorf("%s %s has the words %+v", what, n.name, n.words)
			}
		}
	}
	for _, n := range each(match.NoProof+1, match.NumProofs, wording.Proof) {
		if !n.ok || n.words.Sentence == "" {
			t.Errorf("proof %s has the words %+v", n.name, n.words)
		}
	}
	for r := match.Rule(1); r < match.NumRules; r++ { // 0 is no rule
		if wording.Rule(r.String()) == "" {
			t.Errorf("rule %s has no words", r)
		}
	}
	for _, reason := range []string{"not recorded by source", "not expected"} {
		if w, ok := wording.Reason(reason); !ok || w.Sentence == "" {
			t.Errorf("reason %q has the words %+v", reason, w)
		}
	}
}

// Surfaces put clauses into sentences of their own.
func TestWordsAreClauses(t *testing.T) {
	all := wording.All()
	clauses := map[string]string{}
	add := func(name string, w wording.Words) {
		clauses[name+" sentence"], clauses[name+" remedy"], clauses[name+" title"] = w.Sentence, w.Remedy, w.Title
	}
	for _, table := range []map[string]wording.Words{all.Classes, all.Causes, all.Reasons} {
		for name, w := range table {
			add(name, w)
			if (w.Title == "") != (w.Remedy == "" || strings.HasPrefix(w.Remedy, "nothing; ")) {
				t.Errorf("%s: the title is %q, the remedy %q: one names the work of the other", name, w.Title, w.Remedy)
			}
		}
	}
	for _, d := range all.Details {
		add(d.Class+" "+d.Form, d.Words)
		if _, ok := wording.Class(d.Class); !ok {
			t.Errorf("detail %q is of the unknown class %s", d.Form, d.Class)
		}
	}
	for name, text := range clauses {
		if text == "" {
			continue
		}
		if strings.HasSuffix(text, ".") || strings.ToLower(text[:1]) != text[:1] {
			t.Errorf("%s is no clause: %q", name, text)
		}
	}
}

func TestADetailSaysMoreThanItsClass(t *testing.T) {
	for _, test := range []struct{ class, detail, want string }{
		{"missing_recording", "void=deleted;failed", "its audio is gone"},
		{"missing_recording", "pending", "announces its recording"},
		{"missing_recording", "contested", "fewer recordings than legs"},
		{"missing_recording", "like=r7", "under another id"},
		{"missing_recording", "apart=3", "fit none of its legs"},
		{"no_cdr", "apart", "outside all legs"},
		{"media_missing", "state=deleted", "says that there is no audio"},
		{"media_missing", "bytes=0", "empty"},
		{"stray_record", "interval=2026-11-19;rows=12;lookahead=30h", "12 rows of interval 2026-11-19"},
		{"unfit_source", "answer_time;end_time", "lacks answer_time, end_time"},
		{"unfit_source", "shape", "not an export of conversation details"},
		{"invalid_field", "over-24h", "more than 24 hours"},
	} {
		if got := wording.Finding(test.class, "", "end_time", test.detail); !strings.Contains(got, test.want) {
			t.Errorf("%s with detail %q says %q, want %q in it", test.class, test.detail, got, test.want)
		}
	}

	// A value that begins like another form is not one.
	if w, ok := wording.Detail("missing_recording", "pendinglike"); ok {
		t.Errorf("an unknown detail is explained as %+v", w)
	}
}

func TestTheRemedyOfAStrayNamesWhatToSet(t *testing.T) {
	got := wording.StrayRemedy("cdr", "interval=2026-11-19;rows=12;lookahead=30h")
	if want := "set lookahead: 30h for source cdr, then run interval 2026-11-19 again"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := wording.StrayRemedy("cdr", "something else"); !strings.Contains(got, "lookahead or lookback") {
		t.Errorf("of a detail in another form: %q", got)
	}
}

func TestALapseIsNoFailure(t *testing.T) {
	for cause, want := range map[string]wording.Opening{
		"lapsed": wording.Lapse, "token_request_failed": wording.Lapse, "deregistered": wording.Removal, "timeout": wording.Failure, "": wording.Failure,
	} {
		if got := wording.OpenedBy(cause); got != want {
			t.Errorf("an outage with cause %q is opened by %d, want %d", cause, got, want)
		}
	}
}
