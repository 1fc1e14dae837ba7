package discover

import (
	"context"
	"fmt"
	"strings"

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
	if err := b.end(ctx, b.load); err != nil {
		return err
	}
	if b.custody.err != nil {
		return b.custody.err
	}
	if err := b.put(ctx, "custody.jsonl", b.custody.spool); err != nil {
		return err
	}
	if err := b.put(ctx, "worksheets.txt", b.worksheets); err != nil {
		return err
	}
	if err := b.journal(ctx); err != nil {
		return err
	}

	request, err := ledger.Encode(p.Selection.Request)
	if err != nil {
		return err
	}
	answer, err := ledger.Encode(p.answer)
	if err != nil {
		return err
	}
	for _, f := range []struct{ name, text string }{
		{"request.json", string(request)}, {"answer.json", string(answer)}, {"method.txt", method}, {"README.txt", p.readme()},
	} {
		if _, err := p.Bag.Add(ctx, f.name, strings.NewReader(f.text)); err != nil {
			return fmt.Errorf("%w: %q: %w", errBag, f.name, err)
		}
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
