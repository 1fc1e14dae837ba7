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
	slices.SortStableFunc(patches, func(a, b patch) int { return cmp.Compare(a.start, b.start) })
	return apply(dst, src, patches, end, closers)
}

// patch replaces a stretch of the original by a text.
type patch struct {
	start, end int64
	text       string
}

// apply copies src with patches, up to end when that is not negative.
func apply(dst io.Writer, src io.Reader, patches []patch, end int64, closers string) error {
	in := bufio.NewReaderSize(src, 64<<10)
	at := int64(0)
	for _, p := range patches {
		if end >= 0 && p.start > end {
			break
		}
		if _, err := io.CopyN(dst, in, p.start-at); err != nil {
			return fmt.Errorf("the content ends before byte %d: %w", p.start, err)
		}
		if _, err := io.WriteString(dst, p.text); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, in, p.end-p.start); err != nil {
			return fmt.Errorf("the content ends before byte %d: %w", p.end, err)
		}
		at = p.end
	}
	if end < 0 {
		_, err := io.Copy(dst, in)
		return err
	}
	if at < end {
		if _, err := io.CopyN(dst, in, end-at); err != nil {
			return fmt.Errorf("the content ends before byte %d: %w", end, err)
		}
	}
	_, err := io.WriteString(dst, closers)
	return err
}

// patchesOf turns edits into patches. Values that are appended at one place
// become one patch.
func patchesOf(p *record.Profile, edits []Edit) []patch {
	var patches []patch
	for i := 0; i < len(edits); {
		g := edits[i].Gap
		if !g.Append {
			patches = append(patches, patch{g.Start, g.End, jsonValue(edits[i])})
			i++
			continue
		}
		var missing []member
		last := i
		for ; last < len(edits) && edits[last].Gap.Append && edits[last].Gap.Start == g.Start; last++ {
			missing = append(missing, member{tokensOf(p, edits[last].Gap)[edits[last].Gap.Depth:], jsonValue(edits[last])})
		}
		text := members(missing)
		if !g.Alone {
			text = "," + text
		}
		patches = append(patches, patch{g.Start, g.Start, text})
		i = last
	}
	return patches
}

// SortEdits brings the edits of one document into the order in which they are
// appended: by entry, then as listed in Repairable; those of one place stand
// together.
func SortEdits(edits []Edit) {
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(
			cmp.Compare(a.Gap.Entry, b.Gap.Entry), cmp.Compare(a.Gap.Start, b.Gap.Start),
			cmp.Compare(a.Gap.Field, b.Gap.Field),
		)
	})
}

func jsonValue(e Edit) string {
	if e.Gap.Field == record.DurationMS {
		return e.Value
	}
	return string(record.AppendQuoted(nil, []byte(e.Value)))
}

// tokensOf returns the member names on the way to the field's first pointer.
func tokensOf(p *record.Profile, g *Gap) []string {
	for _, place := range p.Fields[g.Field] {
		if pointer, ok := strings.CutPrefix(place, "/"); ok {
			tokens := strings.Split(pointer, "/")
			for i, t := range tokens {
				tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
			}
			return tokens
		}
	}
	return []string{g.Field.String()}
}

// member is a value below the object at hand, with the names that lead to it.
type member struct {
	tokens []string
	value  string
}

// members writes members without the braces around them. Those with a common
// parent that is absent share one.
func members(list []member) string {
	var b strings.Builder
	for i, m := range list {
		name := m.tokens[0]
		if slices.ContainsFunc(list[:i], func(o member) bool { return o.tokens[0] == name }) {
			continue
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(record.AppendQuoted(nil, []byte(name)))
		b.WriteByte(':')
		if len(m.tokens) == 1 {
			b.WriteString(m.value)
			continue
		}
		var below []member
		for _, o := range list[i:] {
			if o.tokens[0] == name && len(o.tokens) > 1 {
				below = append(below, member{o.tokens[1:], o.value})
			}
		}
		b.WriteString("{" + members(below) + "}")
	}
	return b.String()
}
