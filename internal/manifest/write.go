package manifest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// Edit is one repaired value and where it goes.
type Edit struct {
	Gap   *Gap
	Value string // as the profile writes it
}

// Write copies a document in JSON or JSON Lines to dst with edits and recovery applied; src is
// its uncompressed content. Edits come in the order of the entries, one at a
// time: a document may be of any size.
func Write(dst io.Writer, src io.Reader, p *profile.Profile, doc *Document, edits iter.Seq[Edit]) error {
	var recovery *Recovery
	if doc.Extra != nil {
		recovery = doc.Extra.Recovery
	}

	if recovery != nil && recovery.Empty {
		src, recovery = strings.NewReader("{}"), nil
	}
	if recovery == nil {
		return apply(dst, src, patchesOf(p, edits, nil), -1, "")
	}
	return apply(dst, src, patchesOf(p, edits, recovery.Remove), recovery.Keep, recovery.Closers)
}

// patch replaces a range of the original by a text, which is valid until the
// next patch.
type patch struct {
	start, end int64
	text       []byte
}

// writeBuffer is how much of a document is copied at once.
const writeBuffer = 64 << 10

// apply copies src with patches. When end is not negative the copy ends there,
// and closers follow.
func apply(dst io.Writer, src io.Reader, patches iter.Seq[patch], end int64, closers string) error {
	c := copiers.Get().(*copier)
	defer copiers.Put(c)
	c.in.Reset(src)
	c.out.Reset(dst)
	c.at = 0

	for p := range patches {
		if end >= 0 && p.start > end { // in the part that is left out
			break
		}
		if err := c.moveTo(p.start, c.out); err != nil {
			return err
		}
		if _, err := c.out.Write(p.text); err != nil {
			return err
		}
		if err := c.moveTo(p.end, io.Discard); err != nil {
			return err
		}
	}

	if end < 0 {
		if _, err := c.in.WriteTo(c.out); err != nil {
			return err
		}
	} else if err := c.moveTo(end, c.out); err != nil {
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

// copiers are kept, as their buffers are a hundred times as large as most
// documents.
var copiers = sync.Pool{New: func() any {
	return &copier{in: bufio.NewReaderSize(nil, writeBuffer), out: bufio.NewWriterSize(nil, writeBuffer)}
}}

// moveTo moves on to an offset, and writes what is before it to dst. It does
// nothing for an offset that was passed.
func (c *copier) moveTo(offset int64, dst io.Writer) error {
	for c.at < offset {
		text, err := c.in.Peek(int(min(offset-c.at, writeBuffer)))
		if _, failed := dst.Write(text); failed != nil {
			return failed
		}

		// Peek may return an error and text before it, which can be enough.
		_, _ = c.in.Discard(len(text)) // does not fail after Peek
		c.at += int64(len(text))
		if err != nil && c.at < offset {
			return fmt.Errorf("the content ends before byte %d: %w", offset, err)
		}
	}
	return nil
}

// patchesOf turns edits, and bad lines to remove, into patches in the order of
// the document. Values that are appended at one place become one patch.
func patchesOf(p *profile.Profile, edits iter.Seq[Edit], remove []Range) iter.Seq[patch] {
	var names [NumRepairable][]string // a field is the index, as the repairable ones come first
	for _, f := range Repairable {
		names[f] = tokensOf(p, f)
	}

	return func(yield func(patch) bool) {
		var text []byte
		var missing []member
		for entry := range byEntry(edits) {
			for len(entry) > 0 {
				g := entry[0].Gap
				for ; len(remove) > 0 && remove[0].Start < g.Start; remove = remove[1:] {
					if !yield(patch{start: remove[0].Start, end: remove[0].End}) {
						return
					}
				}

				// Members that share a parent must be written together, as the parent may
				// be missing too.
				n := atOnePlace(entry)
				if text = text[:0]; !g.Append {
					text = appendValue(text, entry[0])
				} else {
					if !g.EmptyParent {
						text = append(text, ',')
					}
					missing = missing[:0]
					for _, e := range entry[:n] {
						missing = append(missing, member{names[e.Gap.Field][e.Gap.Depth:], e})
					}
					text = appendMembers(text, missing)
				}

				if !yield(patch{g.Start, g.End(), text}) {
					return
				}
				entry = entry[n:]
			}
		}

		for _, r := range remove {
			if !yield(patch{start: r.Start, end: r.End}) {
				return
			}
		}
	}
}

// byEntry ranges over the edits of one entry after another. Those of an entry
// are sorted by their place in the document, and those that are appended at one
// place by field, which is the order of Repairable.
func byEntry(edits iter.Seq[Edit]) iter.Seq[[]Edit] {
	order := func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Gap.Start, b.Gap.Start), cmp.Compare(a.Gap.Field, b.Gap.Field))
	}

	return func(yield func([]Edit) bool) {
		var entry []Edit
		for e := range edits {
			if len(entry) > 0 && entry[0].Gap.Entry != e.Gap.Entry {
				slices.SortStableFunc(entry, order)
				if !yield(entry) {
					return
				}
				entry = entry[:0]
			}
			entry = append(entry, e)
		}

		slices.SortStableFunc(entry, order)
		if len(entry) > 0 {
			yield(entry)
		}
	}
}

// atOnePlace returns how many edits at the start of the list go into one patch.
func atOnePlace(entry []Edit) int {
	g, n := entry[0].Gap, 1
	for g.Append && n < len(entry) && entry[n].Gap.Append && entry[n].Gap.Start == g.Start {
		n++
	}
	return n
}

// appendValue appends a value as it is written in JSON.
func appendValue(b []byte, e Edit) []byte {
	if e.Gap.Field == record.DurationMS {
		return append(b, e.Value...)
	}
	return jsonscan.AppendQuoted(b, []byte(e.Value))
}

// tokensOf returns the member names that lead to the field's first pointer. A
// field without a pointer becomes a member of the entry under its canonical name.
func tokensOf(p *profile.Profile, f record.Field) []string {
	for _, place := range p.Fields[f] {
		if pointer := place.Name; strings.HasPrefix(pointer, "/") {
			return profile.Tokens(pointer)
		}
	}
	return []string{f.String()}
}

// member is a value inside an object, with the names that lead to it from there.
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
			continue // was written with the first member of that name
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsonscan.AppendQuoted(b, []byte(name)), ':')
		if len(m.tokens) == 1 {
			b = appendValue(b, m.value)
			continue
		}

		// All members below the name, wherever they are in the list, share one object.
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
