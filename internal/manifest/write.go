package manifest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/record"
)

// Edit is one repaired value and where it goes.
type Edit struct {
	Gap   *Gap
	Value string // as the profile writes it
}

// Write copies a JSON document to dst with edits and recovery applied; src is
// its uncompressed content. Edits are in the order of the entries.
func Write(dst io.Writer, src io.Reader, p *record.Profile, doc *Document, edits []Edit) error {
	var recovery *Recovery
	if doc.Rare != nil {
		recovery = doc.Rare.Recovery
	}
	if recovery != nil && recovery.Empty {
		src, recovery = strings.NewReader("{}"), nil
	}
	patches := patchesOf(p, edits)
	end, closers := int64(-1), ""
	if recovery != nil {
		for _, r := range recovery.Remove {
			patches = append(patches, patch{start: r.Start, end: r.End})
		}
		end, closers = recovery.Keep, recovery.Closers
	}
	if !slices.IsSortedFunc(patches, byStart) {
		slices.SortStableFunc(patches, byStart)
	}
	return apply(dst, src, patches, end, closers)
}

// patch replaces a stretch of the original by a text.
type patch struct {
	start, end int64
	text       []byte
}

func byStart(a, b patch) int { return cmp.Compare(a.start, b.start) }

// writeBuffer is how much of a document is under way at once.
const writeBuffer = 64 << 10

// apply copies src with patches, up to end when that is not negative.
func apply(dst io.Writer, src io.Reader, patches []patch, end int64, closers string) error {
	c := copier{in: bufio.NewReaderSize(src, writeBuffer), out: bufio.NewWriterSize(dst, writeBuffer)}
	for _, p := range patches {
		if end >= 0 && p.start > end {
			break
		}
		if err := c.copyTo(p.start); err != nil {
			return err
		}
		if _, err := c.out.Write(p.text); err != nil {
			return err
		}
		if err := c.skipTo(p.end); err != nil {
			return err
		}
	}
	if end < 0 {
		if _, err := c.in.WriteTo(c.out); err != nil {
			return err
		}
	} else if err := c.copyTo(end); err != nil {
		return err
	}
	if _, err := c.out.WriteString(closers); err != nil {
		return err
	}
	return c.out.Flush()
}

// copier copies a document from place to place.
type copier struct {
	in  *bufio.Reader
	out *bufio.Writer
	at  int64
}

// copyTo copies up to an offset; one that is past already is no error.
func (c *copier) copyTo(offset int64) error {
	for c.at < offset {
		stretch, err := c.in.Peek(int(min(offset-c.at, writeBuffer)))
		if _, failed := c.out.Write(stretch); failed != nil {
			return failed
		}
		if err := c.skip(len(stretch), err, offset); err != nil {
			return err
		}
	}
	return nil
}

// skipTo leaves out what stands before an offset.
func (c *copier) skipTo(offset int64) error {
	for c.at < offset {
		stretch, err := c.in.Peek(int(min(offset-c.at, writeBuffer)))
		if err := c.skip(len(stretch), err, offset); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) skip(n int, err error, offset int64) error {
	_, _ = c.in.Discard(n) // was peeked at
	c.at += int64(n)
	if err != nil && c.at < offset {
		return fmt.Errorf("the content ends before byte %d: %w", offset, err)
	}
	return nil
}

// patchesOf turns edits into patches. Values that are appended at one place
// become one patch.
func patchesOf(p *record.Profile, edits []Edit) []patch {
	patches := make([]patch, 0, len(edits))
	var names [NumRepairable][]string
	for _, f := range Repairable {
		names[f] = tokensOf(p, f)
	}
	size := 0
	for i := range edits {
		size += len(edits[i].Value) + 20 // a short name and its punctuation
	}
	text := make([]byte, 0, size) // of all patches
	var missing []member
	for i := 0; i < len(edits); {
		g, from := edits[i].Gap, len(text)
		if !g.Append {
			text = appendValue(text, edits[i])
			patches = append(patches, patch{g.Start, g.End, text[from:len(text):len(text)]})
			i++
			continue
		}
		missing = missing[:0]
		last := i
		for ; last < len(edits) && edits[last].Gap.Append && edits[last].Gap.Start == g.Start; last++ {
			missing = append(missing, member{names[edits[last].Gap.Field][edits[last].Gap.Depth:], edits[last]})
		}
		if !g.Alone {
			text = append(text, ',')
		}
		text = appendMembers(text, missing)
		patches = append(patches, patch{g.Start, g.Start, text[from:len(text):len(text)]})
		i = last
	}
	return patches
}

// SortEdits brings the edits of one document into the order in which they are
// appended: by entry, then as listed in Repairable; those of one place stand
// together.
func SortEdits(edits []Edit) {
	order := func(a, b Edit) int {
		return cmp.Or(
			cmp.Compare(a.Gap.Entry, b.Gap.Entry), cmp.Compare(a.Gap.Start, b.Gap.Start),
			cmp.Compare(a.Gap.Field, b.Gap.Field),
		)
	}
	if !slices.IsSortedFunc(edits, order) {
		slices.SortStableFunc(edits, order)
	}
}

// appendValue appends a value as it stands in JSON.
func appendValue(b []byte, e Edit) []byte {
	if e.Gap.Field == record.DurationMS {
		return append(b, e.Value...)
	}
	return record.AppendQuoted(b, []byte(e.Value))
}

// tokensOf returns the member names on the way to the field's first pointer.
func tokensOf(p *record.Profile, f record.Field) []string {
	for _, place := range p.Fields[f] {
		if pointer, ok := strings.CutPrefix(place, "/"); ok {
			tokens := strings.Split(pointer, "/")
			for i, t := range tokens {
				tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
			}
			return tokens
		}
	}
	return []string{f.String()}
}

// member is a value below the object at hand, with the names that lead to it.
type member struct {
	tokens []string
	value  Edit
}

// appendMembers appends members without the braces around them. Those with a
// common parent that is absent share one.
func appendMembers(b []byte, list []member) []byte {
	for i, m := range list {
		name := m.tokens[0]
		if slices.ContainsFunc(list[:i], func(o member) bool { return o.tokens[0] == name }) {
			continue
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(record.AppendQuoted(b, []byte(name)), ':')
		if len(m.tokens) == 1 {
			b = appendValue(b, m.value)
			continue
		}
		var below []member
		for _, o := range list[i:] {
			if o.tokens[0] == name && len(o.tokens) > 1 {
				below = append(below, member{o.tokens[1:], o.value})
			}
		}
		b = append(appendMembers(append(b, '{'), below), '}')
	}
	return b
}
