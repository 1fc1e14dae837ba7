package wording_test

import (
	"fmt"
	"regexp"
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
			if (w.Title == "") != (w.Command == "") {
				t.Errorf("%s: the title is %q, the command %q: work has a command that helps", name, w.Title, w.Command)
			}
		}
	}
	for _, d := range all.Details {
		add(d.Class+" "+d.Form, d.Words)
		if (d.Title == "") != (d.Command == "") || d.Title != "" && d.Remedy == "" {
			t.Errorf("%s with detail %q: title %q, command %q and remedy %q do not go together", d.Class, d.Form, d.Title, d.Command, d.Remedy)
		}
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
		{"missing_recording", "void=deleted;failed", "a manifest lists a recording of its conversation, but without audio: the manifest says that it was deleted; the manifest says that making it failed"},
		{"missing_recording", "void=media_missing", "it is not stored, or it is empty"},
		{"missing_recording", "void=val-1f2e3d4c5b6a7988", "without audio: the manifest says that there is none"},
		{"missing_recording", "void=media_unreadable", "the leg was to be recorded, and a manifest lists a recording of its conversation, but what is stored as its audio cannot be read"},
		{"missing_recording", "void=media_not_audio", "without audio: what is stored holds nothing to hear"},
		{"missing_recording", "pending", "a manifest announces a recording of its conversation"},
		{"missing_recording", "contested", "nobody can say whether one of them is its own"},
		{"missing_recording", "like=r7", "under another id"},
		{"missing_recording", "apart=3", "3 recordings of its conversation fit none of its legs"},
		{"missing_recording", "apart=1", "1 recording of its conversation fits none of its legs"},
		{"no_cdr", "apart", "outside all legs"},
		{"media_missing", "state=deleted", "without audio: the manifest says that it was deleted"},
		{"media_missing", "state=gone", "without audio: the manifest says that there is none"},
		{"media_missing", "bytes=0", "empty"},
		{"media_missing", "a/1.wav", "not stored where it was looked for"},
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

// A finding whose detail names a recording must not say that there is none, and one that
// nobody can decide must not say that its defect is there.
func TestASentenceClaimsNoMoreThanItsFindingProves(t *testing.T) {
	nothing := regexp.MustCompile(`no manifest that was read has a recording of it|is in no manifest`)
	for _, recording := range []string{"", "r1"} {
		for _, detail := range []string{"", "void=deleted", "void=media_missing", "pending", "contested", "like=r7", "apart=2"} {
			open, undecided := wording.FindingIn("open", "missing_recording", recording, "", detail), wording.FindingIn("indeterminate", "missing_recording", recording, "", detail)
			if open != wording.Finding("missing_recording", recording, "", detail) {
				t.Errorf("an open finding has two sentences, one is %q", open)
			}
			if !strings.HasPrefix(undecided, "nobody can tell whether ") || nothing.MatchString(undecided) {
				t.Errorf("%q, %q, indeterminate: %q asserts more than is known", recording, detail, undecided)
			}

			// Where a manifest lists what the leg lacks, it is not in no manifest. A
			// look-alike, and recordings apart, have other ids than the one that is listed.
			lists := detail != "" && detail != "apart=2" && (recording == "" || detail == "void=deleted" || detail == "void=media_missing" || detail == "pending")
			if lists && nothing.MatchString(open) {
				t.Errorf("%q, %q: %q denies the recording that the detail names", recording, detail, open)
			}
			if !lists && detail != "like=r7" && detail != "contested" && !nothing.MatchString(open) {
				t.Errorf("%q, %q: %q does not say that no recording was found", recording, detail, open)
			}
		}
	}

	for _, class := range []string{"short_recording", "recorded_in_error", "metadata_missing", "media_missing", "no_cdr", "missing_field", "ambiguous_field"} {
		if text := wording.FindingIn("indeterminate", class, "r1", "trunk_id", "7000"); !strings.Contains(text, "nobody can tell") {
			t.Errorf("%s, indeterminate: %q asserts a defect", class, text)
		}
		if text := wording.FindingIn("open", class, "r1", "trunk_id", "7000"); strings.Contains(text, "nobody can tell") {
			t.Errorf("%s, open: %q says that nobody can tell", class, text)
		}
	}
}

// Audio that somebody deleted is at no vendor to be exported again.
func TestWorkFollowsTheDetail(t *testing.T) {
	for _, test := range []struct{ class, detail, title, remedy string }{
		{"missing_recording", "", "look for missing recordings", "at the vendor"},
		{"missing_recording", "void=deleted", "ask whether audio that is gone can be restored", "can still be restored"},
		{"missing_recording", "void=media_missing;media_unreadable", "ask whether audio that is gone can be restored", "can still be restored"},
		{"missing_recording", "void=media_unreadable", "have audio made readable", "let the job read"},
		{"missing_recording", "void=media_not_audio", "export recordings again that hold no audio", "export the recording again"},
		{"media_unreadable", "code=AccountProblem", "have audio made readable", "let the job read"},
		{"media_unreadable", "code=KMS.DisabledException", "have the key of encrypted audio enabled", "where the store does"},
		{"media_unreadable", "code=KMS.DisabledException;key=arn:aws:kms:eu-west-1:1:key/2", "have the key of encrypted audio enabled", "enable it"},
		{"media_unreadable", "code=AccessDenied;key=arn:aws:kms:eu-west-1:1:key/2", "have the job allowed to use the key of encrypted audio", "kms:Decrypt"},
		{"media_unreadable", "code=InvalidObjectState", "restore audio from its archive", "restore the object"},
		{"media_missing", "a/1.wav", "export missing audio again", "export the recording again"},
		{"media_missing", "state=deleted", "ask why there is no audio", "why it deleted"},
		{"no_cdr", "apart", "find out which calls the call detail records leave out", "the clocks differ"},
	} {
		w := wording.Work(test.class, test.detail)
		if w.Title != test.title || !strings.Contains(w.Remedy, test.remedy) || w.Command == "" {
			t.Errorf("%s with detail %q asks for %+v, want %q and %q", test.class, test.detail, w, test.title, test.remedy)
		}
		if got := wording.Remedy(test.class, test.detail); got != w.Remedy {
			t.Errorf("%s with detail %q has the remedies %q and %q", test.class, test.detail, got, w.Remedy)
		}
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

// A name stands for one thing, whether a class, a cause or a reason: actions hold all
// of them.
func TestNoNameHasTwoMeanings(t *testing.T) {
	all := wording.All()
	seen := map[string]bool{}
	for _, table := range []map[string]wording.Words{all.Classes, all.Causes, all.Reasons} {
		for name := range table {
			if seen[name] {
				t.Errorf("%s is in two tables", name)
			}
			seen[name] = true
		}
	}
}

// A placeholder that nobody fills in would stand in a command that somebody copies.
func TestCommandsHaveKnownPlaceholders(t *testing.T) {
	known := regexp.MustCompile(`^cdrmend (explain|run --interval) \{(finding|outage|conversation|interval|rows)\}$`)
	all := wording.All()
	for _, table := range []map[string]wording.Words{all.Classes, all.Causes, all.Reasons} {
		for name, w := range table {
			if w.Command != "" && !known.MatchString(w.Command) {
				t.Errorf("%s has the command %q", name, w.Command)
			}
		}
	}
}

func TestWhatToDoDependsOnTheStatus(t *testing.T) {
	const like, void = "like=r1", "void=deleted"
	for _, test := range []struct{ status, class, detail, want string }{
		{"open", "missing_recording", "", "look for the recording at the vendor"},
		{"accepted", "missing_recording", "", ""},
		{"indeterminate", "missing_recording", "", "nothing until it is certain"},
		{"indeterminate", "missing_recording", like, "compare the two"},
		{"indeterminate", "missing_recording", void, "ask whoever runs the recorder"},
		{"indeterminate", "short_recording", "7000", "nothing until it is certain"},
		{"indeterminate", "media_mismatch", "", "compare the audio"},
		{"open", "stray_record", "interval=2026-11-19;rows=2;lookahead=30h", "set lookahead: 30h for source c"},
		{"accepted", "stray_record", "interval=2026-11-19;rows=2;lookahead=30h", ""},
	} {
		if got := wording.RemedyIn(test.status, test.class, "c", test.detail); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
