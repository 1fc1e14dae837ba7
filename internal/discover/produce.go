package discover

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"time"

	"cdrmend/internal/bag"
	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/ledger"
	"cdrmend/internal/loadfile"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/token"
)

// Media says what is done with the media of recordings.
type Media string

// What may be done with it.
const (
	NoMedia    Media = "none"
	CopyMedia  Media = "copy"  // it is in the production
	FetchMedia Media = "fetch" // the production says where it is, and what hash it has
)

// Producer writes what a request covers into a bag.
type Producer struct {
	Out       *committed.Output
	Ledger    *ledger.Output
	Labels    []string          // of the intervals that are searched, in order
	Expected  []policy.Interval // that the span of the request is made of, in order
	Selection *Selection
	Inputs    Inputs
	Show      policy.Report // what may be shown
	Media     Media
	Tool      string        // this build
	Signer    *token.Signer // of the production; nil: it is not signed
	Bag       *bag.Writer   // nil: nothing is written, only counted

	// Older is told that the production which is continued was begun with an older commit
	// of an interval than its newest.
	Older func(interval string, newest int64)

	answer  *Answer
	books   *books
	pinned  map[string]ledger.Produced // the commit that counts of each interval; nil: the newest
	control int64                      // number of the last recording
	newest  time.Time                  // of the commits that were searched
	known   []record.Span              // of intervals that have a commit
	changed loadfile.Changes
}

// Run covers all intervals, and writes the production if there is a bag for it.
func (p *Producer) Run(ctx context.Context) (*Answer, error) {
	known, err := p.Ledger.Identity(ctx)
	if err != nil {
		return nil, err
	}
	p.answer = newAnswer(p.Selection.Request.shown(p.Selection.show), known.ID)
	if p.Bag != nil {
		request, err := ledger.Encode(p.answer.Request)
		if err != nil {
			return nil, err
		}
		if err := p.begin(ctx, request); err != nil {
			return nil, err
		}
		p.books = newBooks(p)
		defer p.books.close()
	}

	for _, label := range p.Labels {
		if err := p.interval(ctx, label); err != nil {
			return nil, fmt.Errorf("interval %s: %w", label, err)
		}
	}
	p.answer.addAbsent(Uncommitted(p.Expected, p.known))
	for _, u := range p.Selection.Unfound() {
		u.Value = p.Selection.show.Key(u.Value)
		p.answer.Unfound = append(p.answer.Unfound, u)
		if err := p.except(u.exception()); err != nil {
			return nil, err
		}
	}
	if p.Bag == nil {
		return p.answer, nil
	}
	return p.answer, p.finish(ctx)
}

func (p *Producer) interval(ctx context.Context, label string) error {
	commits, err := p.commits(ctx, label)
	if err != nil || len(commits) == 0 {
		return err
	}

	newest := commits[len(commits)-1]
	defer newest.Close()
	if newest.Record.Time.After(p.newest) {
		p.newest = newest.Record.Time
	}
	var summary report.Summary
	if err := newest.Decode(ctx, report.SummaryFile, &summary); err != nil {
		return err
	}
	span, err := IntervalOf(&summary)
	if err != nil {
		return err
	}
	p.known = append(p.known, span)
	night, err := p.Selection.Cover(ctx, newest, span)
	if err != nil {
		return err
	}
	related, err := night.Related(ctx, p.Selection.show)
	if err != nil {
		return err
	}
	night.searched = searchedIn(&summary, night)
	p.answer.add(night, label, summary.Coverage.Total)
	for _, r := range night.Recordings {
		p.control++
		r.Control = p.Selection.Request.number(p.control)
	}
	if p.Bag != nil && len(night.Calls)+len(night.Recordings) > 0 {
		w := &nightWriter{Producer: p, night: night, related: related, commits: commits, summary: &summary, files: map[*Recording]*produced{}, told: map[explain.Asked]bag.File{}}
		return w.write(ctx)
	}
	for _, e := range night.Exceptions(related) {
		p.answer.except(e)
	}
	return nil
}

// commits returns the commits of an interval up to the one that counts.
func (p *Producer) commits(ctx context.Context, label string) ([]*committed.Commit, error) {
	want, pinned := p.pinned[label]
	if pinned && want.Number == 0 {
		return nil, nil
	}
	all, err := p.Out.Commits(ctx, label)
	if err != nil || !pinned {
		return all, err
	}
	i := slices.IndexFunc(all, func(c *committed.Commit) bool { return c.Number() == want.Number && c.SHA256 == want.SHA256 })
	if i < 0 {
		return nil, fmt.Errorf("commit %d with the SHA-256 %s, with which the production was begun, is not there any more; cdrmend verify says more", want.Number, want.SHA256)
	}
	return all[:i+1], nil
}

// except notes an exception.
func (p *Producer) except(e *Exception) error {
	p.answer.except(e)
	if p.books == nil {
		return nil
	}
	return p.books.exception(e)
}

// except notes an exception, and where its story is.
func (w *nightWriter) except(e *Exception) error {
	e.explanation = w.told[e.story].Path
	return w.Producer.except(e)
}

// nightWriter writes what is produced of one interval.
type nightWriter struct {
	*Producer
	night   *Night
	related *Related
	commits []*committed.Commit
	summary *report.Summary
	inputs  *inputs
	entry   *entry // that names the commit; nil when none does
	files   map[*Recording]*produced
	told    map[explain.Asked]bag.File // the stories, by what they are about
}

// produced are the files of a recording. One without a path is not produced.
type produced struct{ original, repaired, media, explanation bag.File }

func (w *nightWriter) write(ctx context.Context) error {
	for _, r := range w.night.Recordings {
		w.files[r] = &produced{}
	}
	if err := w.related.complete(ctx, w.night, w.Selection.show); err != nil {
		return err
	}
	var err error
	if w.inputs, err = openInputs(ctx, w.Ledger, w.night.Commit, w.summary, &w.Inputs); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{w.vouch, w.explanations, w.exceptions, w.documents, w.media} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return w.books.night(w)
}

// exceptions notes what the tables say that cannot be produced.
func (w *nightWriter) exceptions(ctx context.Context) error {
	for _, e := range w.night.Exceptions(w.related) {
		if err := w.inputs.ask(ctx, e, w.Selection.show); err != nil {
			return err
		}
		if err := w.except(e); err != nil {
			return err
		}
	}
	return nil
}

// documents writes the manifests of covered recordings as they were read, and their repaired
// copies. A redaction withholds them: nobody can redact bytes that have to stay as they are.
func (w *nightWriter) documents(ctx context.Context) error {
	all, err := w.night.documents(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		e := &Exception{Night: w.night, Row: d.covered[0].Shown, About: "document", Substitutes: d.covered}
		switch {
		case w.Show.Redact != policy.RedactNothing:
			e.Reason, e.Why = Withheld, "the redaction that the request asks for hides personal data, and the bytes of a document cannot be changed"
		case d.entries > len(d.covered) && w.Selection.Request.Documents != "whole":
			e.Reason, e.Why = Mixed, fmt.Sprintf("it holds %d recordings of the interval, and the request covers %d of them; documents: whole produces it", d.entries, len(d.covered))
		default:
			if e, err = w.document(ctx, d, e); err != nil {
				return err
			}
		}
		if e != nil {
			if err := w.except(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// document writes one document and its repaired copy. It returns an exception for one that is not there any more.
func (w *nightWriter) document(ctx context.Context, d *document, e *Exception) (*Exception, error) {
	folder := "documents/" + d.covered[0].Control + "/"
	name := folder + "original" + extension(d.key)
	input := w.inputs.notedDocument(d.source, d.key)
	original, there, err := w.reuse(ctx, name, input, "")
	if err != nil {
		return nil, err
	}
	if !there {
		var body io.ReadCloser
		if input, body, err = w.inputs.document(ctx, d.source, d.key); err == nil {
			original, err = w.add(ctx, name, body)
		}
	}
	if err == nil {
		e = nil
		w.books.produced.originals++
		w.books.custody.object(w, input, original)
	} else if err := w.lack(ctx, e, err); err != nil {
		return nil, err
	}

	repaired, err := w.repaired(ctx, d, folder)
	if err != nil {
		return nil, err
	}
	for _, r := range d.covered {
		w.files[r].original, w.files[r].repaired = original, repaired
	}
	return e, nil
}

// repaired writes the repaired copy of a document, if the run wrote one.
func (w *nightWriter) repaired(ctx context.Context, d *document, folder string) (bag.File, error) {
	f, ok, err := w.night.Commit.Copy(ctx, d.source, d.key)
	if err != nil || !ok {
		return bag.File{}, err
	}
	body, err := w.night.Commit.OpenCopy(ctx, f)
	if err != nil {
		return bag.File{}, err
	}
	written, err := w.add(ctx, folder+"repaired"+extension(f.Path), body)
	if err == nil && written.SHA256 != f.SHA256 {
		err = fmt.Errorf("the file %q of run %s is not what was committed: it has the SHA-256 %s; cdrmend verify says more", f.Path, w.night.Commit.Record.RunID, written.SHA256)
	}
	if err == nil {
		w.books.produced.repaired++
		w.books.custody.copy(w, f, written)
	}
	return written, err
}

// reuse adds the copy of an input that an interrupted production left, and reports whether
// it is there. The hash of the input has to be known from what was committed: that the run
// noted, an ETag that is an MD5, or the SHA-256 that the manifest says.
func (w *nightWriter) reuse(ctx context.Context, name string, in *ledger.Input, said string) (bag.File, bool, error) {
	if in == nil {
		return bag.File{}, false, nil
	}
	for _, known := range []bag.Known{{Size: in.Size, Algorithm: "sha256", Sum: in.SHA256}, {Size: in.Size, Algorithm: "md5", Sum: in.ETag}, {Size: in.Size, Algorithm: "sha256", Sum: said}} {
		if known.Sum == "" {
			continue
		}
		if f, there, err := w.Bag.Reuse(ctx, name, known); err != nil || there {
			return f, there, err
		}
	}
	return bag.File{}, false, nil
}

// add adds a file and closes what it is read from.
func (w *nightWriter) add(ctx context.Context, name string, body io.ReadCloser) (bag.File, error) {
	f, err := w.Bag.Add(ctx, name, body)
	return f, cmp.Or(err, body.Close())
}

var plainExtension = regexp.MustCompile(`^\.[A-Za-z0-9]{1,8}$`)

// extension returns the end of a key from its last dot, as far as it is one; none else.
func extension(key string) string {
	if ext := path.Ext(key); plainExtension.MatchString(ext) {
		return ext
	}
	return ""
}

// lack notes in an exception why an object could not be read. It returns an error that says something else.
func (w *nightWriter) lack(ctx context.Context, e *Exception, err error) error {
	switch {
	case ctx.Err() != nil || !unread(err):
		return err
	case gone(err):
		e.Reason = Gone
	default:
		e.Reason = Unread
	}
	e.Why = err.Error()
	return nil
}

// vouch adds what vouches for the run: its record, the list of its files, and the entry of
// the journal.
func (w *nightWriter) vouch(ctx context.Context) (err error) {
	w.entry, err = w.books.vouchFor(ctx, w.night.Commit)
	return err
}
