package discover

import (
	"context"
	"strings"
	"time"

	"cdrmend/internal/bag"
	"cdrmend/internal/ledger"
)

// finish writes the files that are complete only when all intervals are.
func (p *Producer) finish(ctx context.Context) error {
	b := p.books
	for _, s := range exported {
		if err := b.end(ctx, b.tables[s]); err != nil {
			return err
		}
	}
	if err := b.end(ctx, b.exceptions); err != nil {
		return err
	}
	for _, f := range b.load {
		if err := f.Flush(); err != nil {
			return err
		}
		if err := b.put(ctx, f.name, f.spool); err != nil {
			return err
		}
	}
	p.changed = b.load[0].Changes()
	if b.custody.err != nil {
		return b.custody.err
	}
	if err := b.put(ctx, "custody.jsonl", b.custody.spool); err != nil {
		return err
	}
	if err := b.put(ctx, "worksheets.txt", b.worksheets); err != nil {
		return err
	}
	if err := b.identity(ctx); err != nil {
		return err
	}

	answer, err := ledger.Encode(p.answer)
	if err != nil {
		return err
	}
	for _, f := range []struct{ name, text string }{
		{"answer.json", string(answer)}, {"method.txt", method}, {"README.txt", p.readme()},
	} {
		if _, err := p.Bag.Add(ctx, f.name, strings.NewReader(f.text)); err != nil {
			return err
		}
	}
	return p.seal(ctx)
}

// seal completes the bag. production.json vouches for its payload.
func (p *Producer) seal(ctx context.Context) error {
	sealed := ledger.Production{Output: p.answer.Output, Matter: p.answer.Request.Matter, Records: []ledger.Produced{}, Time: p.newest, Tool: p.Tool}
	for _, i := range p.answer.Intervals {
		if i.Commit > 0 {
			sealed.Records = append(sealed.Records, ledger.Produced{Interval: i.Interval, Number: i.Commit, SHA256: i.Record})
		}
	}
	p.Bag.Seal(ledger.ProductionFile, func(manifest bag.File, earlier []byte) ([]byte, error) {
		sealed.Manifest = manifest.SHA256
		if sealed.IsSealedIn(earlier, p.Signer) {
			return earlier, nil
		}
		return sealed.Seal(p.Signer)
	})

	info := []bag.Label{{Name: "Bagging-Date", Value: p.newest.UTC().Format(time.DateOnly)}, {Name: "Bag-Software-Agent", Value: "cdrmend " + p.Tool}}
	if matter := strings.Join(strings.Fields(p.answer.Request.Matter), " "); matter != "" {
		info = append(info, bag.Label{Name: "External-Identifier", Value: matter})
	}
	info = append(info, bag.Label{Name: "External-Description", Value: "call recordings, and what is known of those that are missing"})
	manifest, err := p.Bag.Close(ctx, info)
	if err != nil {
		return err
	}
	p.answer.Production = &Production{SHA256: manifest.SHA256}
	if p.control > 0 {
		r := p.Selection.Request
		p.answer.Production.First, p.answer.Production.Last = r.number(1), r.number(p.control)
	}
	return nil
}

// end writes a table.
func (b *books) end(ctx context.Context, t *book) error {
	if t.csv.Flush(); t.csv.Error() != nil {
		return t.csv.Error()
	}
	return b.put(ctx, t.name, t.spool)
}
