package discover

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/bag"
	"cdrmend/internal/ledger"
	"cdrmend/internal/wording"

	"golang.org/x/sync/errgroup"
)

// BegunFormat is the format of begun.json.
const BegunFormat = "cdrmend.begun/1"

// BegunFile is the first file that a production gets, below data/. It says what is
// produced, so that nobody continues one production with another, and so that a production
// which takes days rests on the commits with which it was begun.
const BegunFile = "begun.json"

// Begun is begun.json.
type Begun struct {
	Format  string            `json:"format"`
	Output  string            `json:"output"` // its id
	Matter  string            `json:"matter"`
	Request string            `json:"request_sha256"` // of request.json
	Media   Media             `json:"media"`          // what is done with media
	Tool    string            `json:"tool"`           // this build
	Commits []ledger.Produced `json:"commits"`        // of the intervals that are searched, in order; number 0: none
}

// OpenBegun reads begun.json.
func OpenBegun(file []byte) (*Begun, error) {
	b := new(Begun)
	if err := json.Unmarshal(file, b); err != nil {
		return nil, err
	}
	if b.Format != BegunFormat {
		return nil, fmt.Errorf("its format is %q, want %s", b.Format, BegunFormat)
	}
	return b, nil
}

// begin finds out whether the production can be written, before anything else is read. One
// that was begun is continued with the commits that it was begun with.
func (p *Producer) begin(ctx context.Context, request []byte) error {
	left, err := p.Bag.Begin(ctx, BegunFile, isOurs)
	if err != nil {
		return err
	}
	wanted := &Begun{Format: BegunFormat, Output: p.answer.Output, Matter: p.answer.Request.Matter, Request: sumOf(request), Media: p.Media, Tool: p.Tool}
	if wanted.Commits, err = p.newestCommits(ctx); err != nil {
		return err
	}
	if left != nil {
		begun, err := OpenBegun(left.First)
		if err != nil {
			return fmt.Errorf("%w: data/%s there cannot be read: %w; give another place", bag.ErrOccupied, BegunFile, err)
		}
		if err := begun.differs(wanted, left.Complete); err != nil {
			return err
		}
		for _, c := range begun.newer(wanted) {
			p.Older(c.Interval, c.Number)
		}
		wanted = begun
	}

	p.Labels, p.pinned = nil, map[string]ledger.Produced{}
	for _, c := range wanted.Commits {
		p.Labels = append(p.Labels, c.Interval)
		p.pinned[c.Interval] = c
	}
	file, err := ledger.Encode(wanted)
	if err != nil {
		return err
	}
	if _, err = p.Bag.Add(ctx, BegunFile, bytes.NewReader(file)); err != nil {
		return err
	}
	_, err = p.Bag.Add(ctx, requestFile, bytes.NewReader(request))
	return err
}

const requestFile = "request.json"

// differs says why a production that was begun is not the one that is wanted.
func (b *Begun) differs(wanted *Begun, complete bool) error {
	for _, f := range []struct{ what, begun, wanted string }{
		{"output", b.Output, wanted.Output},
		{"matter", b.Matter, wanted.Matter},
		{"request (by its SHA-256)", b.Request, wanted.Request},
		{"--media", string(b.Media), string(wanted.Media)},
		{"build of cdrmend", b.Tool, wanted.Tool},
	} {
		if f.begun != f.wanted {
			return fmt.Errorf("%w: another production was begun there: its %s is %q, and now it is %q; repeat the command that began it, or give another place", bag.ErrOccupied, f.what, f.begun, f.wanted)
		}
	}
	if newer := b.newer(wanted); complete && len(newer) > 0 {
		return fmt.Errorf("%w: a production of older commits is complete there: interval %s has commit %d now; give another place", bag.ErrOccupied, newer[0].Interval, newer[0].Number)
	}
	return nil
}

// newer returns the commits of another beginning that this one does not have.
func (b *Begun) newer(now *Begun) (list []ledger.Produced) {
	own := map[ledger.Produced]bool{}
	for _, c := range b.Commits {
		own[c] = true
	}
	for _, c := range now.Commits {
		if !own[c] {
			list = append(list, c)
		}
	}
	return list
}

// newestCommits returns the newest commits of the intervals that are searched.
func (p *Producer) newestCommits(ctx context.Context) ([]ledger.Produced, error) {
	list := make([]ledger.Produced, len(p.Labels))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(entriesAtOnce)
	for i, label := range p.Labels {
		list[i].Interval = label
		g.Go(func() error {
			newest, err := p.Out.Newest(ctx, label)
			if err != nil {
				return fmt.Errorf("interval %s: %w", label, err)
			}
			if newest != nil {
				defer newest.Close()
				list[i].Number, list[i].SHA256 = newest.Number(), newest.SHA256
			}
			return nil
		})
	}
	return list, g.Wait()
}

// isOurs reports whether a production has a path, perhaps.
func isOurs(name string) bool {
	rest, payload := strings.CutPrefix(name, "data/")
	folder, _, below := strings.Cut(rest, "/")
	switch {
	case payload && below:
		return slices.Contains([]string{"tables", "documents", "media", "explanations", "evidence"}, folder)
	case payload:
		return slices.Contains([]string{
			BegunFile, requestFile, "answer.json", "README.txt", "method.txt", "loadfile.dat", "loadfile.csv", "exceptions.csv", "worksheets.txt", "custody.jsonl",
		}, rest)
	}
	return slices.Contains([]string{"bagit.txt", "bag-info.txt", "fetch.txt", manifestName, tagManifestName, ledger.ProductionFile}, name)
}

// Unfinished says that the production at a place was begun and not completed, and how it is
// continued.
func (b *Begun) Unfinished(place string) error {
	return fmt.Errorf("%s is an unfinished production%s, and nothing in it was checked. It was begun with a request of SHA-256 %s, --media %s, and %s of output %s. Repeat the cdrmend discover command with the same --out, which completes it; then verify it",
		place, optional(" for matter ", b.Matter), b.Request, b.Media, wording.Count(len(b.committed()), "commit"), b.Output)
}

// committed returns the commits of the intervals that have one.
func (b *Begun) committed() []ledger.Produced {
	return slices.DeleteFunc(slices.Clone(b.Commits), func(c ledger.Produced) bool { return c.Number == 0 })
}
