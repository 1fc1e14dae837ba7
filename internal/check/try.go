package check

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/inspect"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	"cdrmend/internal/wording"
)

// mostRead is how many bytes of an object are read. Somebody waits for the answer, and
// nearly all objects are smaller. Only tests change it.
var mostRead int64 = 64 << 20

// trial is the object that a profile is tried on.
type trial struct {
	candidate object.Info
	span      record.Span // of its partition
	store     object.Store
	bucket    string // empty for a directory
}

// tryObject reads an object as the profile of a source says, and adds what is wrong to
// the source. The error says that this machine failed.
func (c *checker) tryObject(ctx context.Context, s *Source, cfg *policy.Source, t trial) error {
	if t.candidate.Key == "" {
		s.Problems = append(s.Problems, Problem{Kind: Nothing, Text: "all objects are empty", Next: "ask who delivers them, or correct the URL"})
		return nil
	}
	if t.candidate.Archived {
		s.Problems = append(s.Problems, problemOf(fmt.Errorf("%q: %w", t.store.String()+t.candidate.Key, object.ErrArchived), t.bucket))
		return nil
	}

	spool := scratch.NewSpool(c.Config.Scratch)
	defer spool.Close()
	if !cfg.Profile.NoDocuments { // of media only the key and the size are input
		failure, err := t.copyTo(ctx, spool)
		if failure != nil {
			s.Problems = append(s.Problems, problemOf(failure, t.bucket))
		}
		if failure != nil || err != nil {
			return errors.Join(err, ctx.Err())
		}
	}

	content, err := spool.ReaderAt()
	if err != nil {
		return err
	}
	size := spool.Size()
	if cfg.Profile.NoDocuments {
		size = t.candidate.Size
	}
	s.try(cfg, c.Config.Policy.Expect, &t, io.NewSectionReader(content, 0, size))
	return nil
}

// copyTo copies the object, or its beginning. The failure is that of the store, the
// error that of this machine.
func (t *trial) copyTo(ctx context.Context, to io.Writer) (failure, err error) {
	body, failure := t.store.Open(ctx, t.candidate, 0)
	if failure != nil {
		return failure, nil
	}
	defer body.Close()

	from := reader{from: io.LimitReader(body, mostRead)}
	_, err = io.Copy(to, &from)
	if from.failure != nil {
		return from.failure, nil
	}
	return nil, err
}

// reader remembers the error of reading, so that it is not taken for one of writing.
type reader struct {
	from    io.Reader
	failure error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.failure = err
	}
	return n, err
}

// try reads the content of an object.
func (s *Source) try(cfg *policy.Source, expect policy.Expect, t *trial, content io.ReadSeeker) {
	beginning := t.candidate.Size > mostRead && !cfg.Profile.NoDocuments
	name := t.store.String() + t.candidate.Key
	if beginning && startsWith(content, "PAR1") {
		s.Problems = append(s.Problems, Problem{
			Kind: Mapping, Text: fmt.Sprintf("%s was not tried: Parquet is read as a whole, and it has more than %d MB", name, mostRead>>20),
			Next: "try it with cdrmend profiles test, or deliver smaller objects",
		})
		return
	}

	read, err := inspect.Test(cfg.Profile, []inspect.File{{Path: t.candidate.Key, Modified: record.TimeOf(t.candidate.Modified), Content: content, Partition: t.span}})
	if err != nil {
		s.Problems = append(s.Problems, Problem{Kind: Mapping, Text: fmt.Sprintf("%s cannot be read: %v", name, err), Next: "choose another profile, or ask who delivers the object"})
		return
	}
	s.Tried = triedOf(name, read, beginning)
	s.Problems = append(s.Problems, mappingProblems(read, expect, beginning)...)
}

// startsWith reports whether a content begins with a text, and goes back to its start.
func startsWith(content io.ReadSeeker, text string) bool {
	head := make([]byte, len(text))
	n, _ := io.ReadFull(content, head) // what cannot be read does not begin so
	_, err := content.Seek(0, io.SeekStart)
	return err == nil && bytes.Equal(head[:n], []byte(text))
}

// triedOf takes over what a table shows of a report.
func triedOf(name string, read *inspect.Report, beginning bool) *Tried {
	t := &Tried{Object: name, Beginning: beginning, Rows: read.Rows, Records: read.Records, Mapped: len(read.Fields), Empty: []string{}, Remarks: []string{}}
	for _, f := range read.Fields {
		if f.Rows > 0 {
			t.Filled++
		} else {
			t.Empty = append(t.Empty, f.Name)
		}
		if f.Invalid > 0 {
			t.Remarks = append(t.Remarks, fmt.Sprintf("%s of %s did not parse, such as %s: it %s", wording.Count(f.Invalid, "value"), f.Name, f.InvalidExample, f.Why))
		}
	}

	for _, r := range read.Rejects {
		if !beginning { // the row that was cut is no fault of the object
			t.Remarks = append(t.Remarks, fmt.Sprintf("%d of %s %s rejected: %s (first in row %d)", r.N, wording.Count(read.Rows, "row"), wording.VerbOf(r.N, read.Rows, "is", "are"), r.Reason, r.Row))
		}
	}
	for _, f := range read.Files {
		if f.Damage != "" && !beginning {
			t.Remarks = append(t.Remarks, "the object is damaged: "+f.Damage)
		}
	}
	if read.Unmatched.N > 0 && read.Records > 0 {
		t.Remarks = append(t.Remarks, fmt.Sprintf("%s %s no pattern", wording.Count(read.Unmatched.N, "line"), wording.Verb(read.Unmatched.N, "matches", "match")))
	}
	return t
}

// mappingProblems says what a profile lacks to judge by an object.
func mappingProblems(read *inspect.Report, expect policy.Expect, beginning bool) []Problem {
	var problems []Problem
	for _, lack := range read.Lacks {
		// Calls that need not be answered need no answer.
		if expect != policy.ExpectAnswered && slices.Contains(lack.Fields, record.AnswerTime.String()) {
			continue
		}
		problems = append(problems, Problem{
			Kind: Mapping, Text: "needed, and no row fills it: " + strings.Join(lack.Fields, " or "), Next: lack.Next,
		})
	}
	if len(problems) > 0 || read.Records > 0 || beginning {
		return problems
	}

	why := "the profile finds no record in it"
	for _, f := range read.Files {
		why = cmp.Or(f.Damage, why)
	}
	return []Problem{{Kind: Mapping, Text: why, Next: "try the object with cdrmend profiles test, and choose or correct the profile"}}
}
