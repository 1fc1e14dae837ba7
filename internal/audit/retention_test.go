package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cdrmend/internal/audit"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/redact"

	"github.com/google/go-cmp/cmp"
)

// objects yields so many objects of one day.
func objects(n int) func(func(audit.Object, error) bool) {
	return func(yield func(audit.Object, error) bool) {
		for i := range n {
			if !yield(audit.Object{Key: fmt.Sprintf("out/%05d", i), At: day(20, 0)}, nil) {
				return
			}
		}
	}
}

// question asks about so many objects, which answer by their keys, and counts requests.
func question(n, sample int, requests *atomic.Int64, answer func(key string) (object.Retention, error)) *audit.Question {
	return &audit.Question{
		Of: "output", Objects: objects(n), Sample: sample, Concurrency: 8, Show: redact.New(policy.Report{}),
		Retention: func(_ context.Context, o audit.Object) (object.Retention, error) {
			requests.Add(1)
			return answer(o.Key)
		},
	}
}

func kept(string) (object.Retention, error) {
	return object.Retention{Mode: "governance", Until: day(20, 0).AddDate(0, 0, 30)}, nil
}

func TestAnAnswerIsComparedWithTheMinimum(t *testing.T) {
	until := day(20, 0).AddDate(0, 0, 30)
	late := until.Add(time.Second)
	for name, test := range map[string]struct {
		minimum audit.Minimum
		answer  func(string) (object.Retention, error)
		want    audit.Retention
	}{
		"any will do":               {want: audit.Retention{Kept: 1}},
		"until that very second":    {minimum: audit.Minimum{Until: &until}, want: audit.Retention{Kept: 1}},
		"a second later":            {minimum: audit.Minimum{Until: &late}, want: audit.Retention{Short: 1}},
		"days, of which one may go": {minimum: audit.Minimum{Days: 31}, want: audit.Retention{Kept: 1}},
		"more days":                 {minimum: audit.Minimum{Days: 32}, want: audit.Retention{Short: 1}},
		"a weaker mode":             {minimum: audit.Minimum{Mode: "compliance"}, want: audit.Retention{Short: 1}},
		"nothing":                   {answer: func(string) (object.Retention, error) { return object.Retention{}, nil }, want: audit.Retention{Unretained: 1}},
		"gone": {answer: func(string) (object.Retention, error) {
			return object.Retention{}, fmt.Errorf("no key: %w", fs.ErrNotExist)
		}, want: audit.Retention{Gone: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.answer == nil {
				test.answer = kept
			}
			var requests atomic.Int64
			q := question(1, 0, &requests, test.answer)
			q.Minimum = test.minimum
			r, err := audit.Ask(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got := audit.Retention{Kept: r.Kept, Short: r.Short, Unretained: r.Unretained, Gone: r.Gone}
			if got.Kept+got.Short+got.Unretained+got.Gone != r.Asked || !cmp.Equal(got, test.want, cmp.AllowUnexported(audit.Retention{})) {
				t.Errorf("got %+v, want %+v", r, test.want)
			}
			if named := int64(len(r.First)); named != 1-r.Kept {
				t.Errorf("%d objects are named, want those that are not kept", named)
			}
		})
	}
}

func TestASampleIsTheSameEachTimeAndTheFigureSaysHowManyWereAsked(t *testing.T) {
	var requests atomic.Int64
	r, err := audit.Ask(t.Context(), question(20_000, 1000, &requests, kept))
	if err != nil {
		t.Fatal(err)
	}
	again, err := audit.Ask(t.Context(), question(20_000, 1000, &requests, kept))
	if err != nil || again.Asked != r.Asked {
		t.Errorf("asked %d, then %d: %v", r.Asked, again.Asked, err)
	}
	if r.Objects != 20_000 || r.Asked < 850 || r.Asked > 1150 || requests.Load() != 2*r.Asked {
		t.Errorf("asked %d of %d with %d requests, want about 1,000", r.Asked, r.Objects, requests.Load())
	}
	if text := strings.Join(r.Sentences(), " "); !strings.Contains(text, " of 20,000 objects were asked, a sample by their keys") {
		t.Errorf("it says %q", text)
	}
}

// What was answered before a failure is not asked again.
func TestABrokenAuditGoesOn(t *testing.T) {
	path, broken := filepath.Join(t.TempDir(), "answers.jsonl"), errors.New("the network broke")
	var requests atomic.Int64
	ask := func(fail string) (*audit.Retention, error) {
		answers, err := audit.OpenAnswers(path, "s3://out/")
		if err != nil {
			t.Fatal(err)
		}
		defer answers.Close()
		q := question(3000, 0, &requests, func(key string) (object.Retention, error) {
			if key == fail {
				return object.Retention{}, broken
			}
			return kept(key)
		})
		q.Answers = answers
		return audit.Ask(t.Context(), q)
	}

	if _, err := ask("out/02500"); !errors.Is(err, broken) {
		t.Fatalf("got error %v", err)
	}
	first := requests.Load()

	// A crash may have cut the last line.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"of":"output","key":"out/02`); err != nil {
		t.Fatal(err)
	}
	f.Close()

	r, err := ask("")
	if err != nil || r.Asked != 3000 || r.Kept != 3000 {
		t.Fatalf("going on: %+v, %v", r, err)
	}
	if all := requests.Load(); first < 2048 || all != 3001 { // the one that failed was asked twice
		t.Errorf("%d requests before the failure, %d in all, want 3,001", first, all)
	}
	if r, err = ask("out/00000"); err != nil || requests.Load() != 3001 || r.Kept != 3000 {
		t.Errorf("a third time: %+v, %v, %d requests", r, err, requests.Load())
	}
}

func TestAnswersAreThoseOfOneOutput(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "answers.jsonl")
	a, err := audit.OpenAnswers(path, "s3://out/")
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	if _, err := audit.OpenAnswers(path, "s3://other/"); err == nil || !strings.Contains(err.Error(), "s3://out/") {
		t.Errorf("answers about another output: %v", err)
	}

	for name, text := range map[string]string{
		"another file":   "finding_id,owner\n",
		"a damaged line": `{"format":"cdrmend.audit-answers/1","output":"s3://out/"}` + "\n{broken}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := audit.OpenAnswers(path, "s3://out/"); err == nil {
			t.Errorf("%s is taken for answers", name)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%s was changed to %q", name, got)
		}
	}
}

func TestADirectoryRetainsNothing(t *testing.T) {
	var requests atomic.Int64
	r, err := audit.Ask(t.Context(), question(10, 0, &requests, func(string) (object.Retention, error) {
		return object.Retention{}, fmt.Errorf("a directory: %w", errors.ErrUnsupported)
	}))
	if err != nil || !r.Unsupported || r.Asked != 0 || r.Objects != 10 {
		t.Errorf("got %+v, %v", r, err)
	}
}
