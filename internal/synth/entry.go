package synth

import (
	"encoding/hex"
	"io"
	"strconv"
)

// out is a buffered writer whose buffer is appended to directly.
type out struct {
	w   io.Writer
	b   []byte
	err error
}

const enough = 128 << 10

// flush writes what there is once it is enough, or all of it at the end.
func (o *out) flush(all bool) error {
	if o.err == nil && (all || len(o.b) >= enough) {
		_, o.err = o.w.Write(o.b)
		o.b = o.b[:0]
	}
	return o.err
}

func newOut(w io.Writer) *out { return &out{w: w, b: make([]byte, 0, enough+4096)} }

// writeLines writes a manifest as JSON Lines.
func (p part) writeLines(w io.Writer) error {
	return p.writeEntries(w, "", "", "\n", "\n")
}

// writeBatch writes a manifest as one document. Its counts come first, so the
// entries are counted before they are written.
func (p part) writeBatch(w io.Writer) error {
	entries := 0
	_ = p.entries(func(*call, *leg) error { entries++; return nil })

	b := append([]byte(`{"format":"cdrmend.manifest/1","org_id":"`), p.org[:]...)
	b = append(b, `","counts":{"total":`...)
	b = append(strconv.AppendInt(b, int64(entries), 10), `,"failed":`...)
	if p.defects().failed {
		b = append(b, '3')
	} else {
		b = append(b, '0')
	}

	return p.writeEntries(w, string(append(b, `,"skipped":0},"recordings":[`...)), "\n", ",", "]}\n")
}

// document holds the defects of a manifest.
type document struct{ cut, failed bool }

// defects draws the defects of the manifest that holds the part.
func (p part) defects() document {
	r := p.drawing(ofDocument, p.number, p.document)
	return document{cut: r.unit() < p.Rates[TruncatedBatch], failed: r.unit() < p.Rates[ExportFailed]}
}

// writeEntries writes the entries of the part. The texts first and last enclose
// them all, before precedes each and between separates them.
func (p part) writeEntries(w io.Writer, first, before, between, last string) error {
	o := newOut(w)
	o.b = append(o.b, first...)
	any := false
	err := p.entries(func(c *call, l *leg) error {
		// Flushing before the entry, not after it, keeps the last entry in the buffer
		// so that it can be cut.
		if err := o.flush(false); err != nil {
			return err
		}

		if any {
			o.b = append(o.b, between...)
		}
		any = true
		o.b = p.appendEntry(append(o.b, before...), c, l)
		return nil
	})
	if err != nil {
		return err
	}

	// A document is cut in the middle of the last value of its last entry, so that
	// no other value is lost.
	if p.defects().cut && any {
		o.b = o.b[:len(o.b)-len(`"}`)-8]
	} else if any || first != "" {
		o.b = append(o.b, last...)
	}

	return o.flush(true)
}

// entries calls f for each entry that the part's manifest holds, twice for one
// delivered twice.
func (p part) entries(f func(*call, *leg) error) error {
	return p.calls(func(c *call) error {
		if !c.recorded() {
			return nil
		}

		for i := range c.count {
			if !p.holds(c.legs[i].until) {
				continue
			}
			err := f(c, &c.legs[i])
			if err == nil && c.fate == Duplicate {
				err = f(c, &c.legs[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// lacks says which members an entry lacks.
type lacks struct{ recording, conversation, mediaKey bool }

// lacking says what an entry with the defect MissingID lacks. It takes turns, so
// that each way to repair an id occurs: from the name of the media object, as
// the only recording that no entry claims, and from a leg. The second way needs
// complete inputs and a conversation of one leg, since otherwise another
// recording may be the missing one. The name of a sidecar holds both ids.
func (n *Night) lacking(c *call, l *leg) lacks {
	sole := n.Manifests != Sidecars && c.count == 1 && n.Rates[TruncatedBatch] == 0 && n.Rates[Rejected] == 0
	switch {
	case c.fate != MissingID:
		return lacks{}
	case l.way%3 == 0:
		return lacks{conversation: true}
	case l.way%3 == 1:
		return lacks{recording: true, mediaKey: sole}
	}
	return lacks{recording: true}
}

// id returns the field that has to be repaired.
func (l lacks) id() string {
	if l.conversation {
		return "conversation_id"
	}
	return "recording_id"
}

// duration returns the duration of a recording in milliseconds, as its entry
// states it.
func (c *call) duration(l *leg) int64 {
	ms := int64(l.until - l.from)
	switch c.fate {
	case Conflict:
		// Far more than rounding or a late hang-up could explain.
		return ms + 95_000
	case Invalid:
		// Integers are never negative, so this does not parse.
		return -1
	}
	return ms
}

// appendEntry appends an entry in the layout of profile cdrmend.
func (d day) appendEntry(b []byte, c *call, l *leg) []byte {
	lacks := d.lacking(c, l)
	b = append(append(b, `{"org_id":"`...), d.org[:]...)
	if !lacks.recording {
		b = append(append(b, `","recording_id":"`...), l.recording[:]...)
	}

	if !lacks.conversation {
		b = append(append(b, `","conversation_id":"`...), c.id[:]...)
	}
	b = append(b, '"')
	b = appendTrunk(b, `,"trunk_id":`, d.trunk(c.line), l)
	b = append(append(b, `,"line_id":"`...), d.lines[c.line][:]...)

	b = d.appendMicros(append(b, `","start_time":"`...), l.from)
	if c.fate != MissingEnd {
		b = d.appendMicros(append(b, `","end_time":"`...), l.until)
	}
	b = strconv.AppendInt(append(b, `","duration_ms":`...), c.duration(l), 10)

	b = append(append(b, `,"direction":"`...), c.direction()...)
	b = c.numbers(b, `","ani":"`, `","dnis":"`)
	b = append(append(b, `","media_type":"call","media_subtype":"trunk","user_ids":["`...), l.agent[:]...)
	b = append(b, `"]`...)

	// The digest must stay the last value: writeEntries cuts documents in it.
	if !lacks.mediaKey {
		b = append(d.appendMediaKey(append(b, `,"media_key":"`...), c, l), '"')
	}
	size, sum := d.mediaClaims(c, l)
	b = strconv.AppendInt(append(b, `,"media_bytes":`...), int64(size), 10)
	return append(append(append(b, `,"media_sha256":"`...), sum...), `"}`...)
}

// appendTrunk appends the member of a trunk. One that is missing is absent, null
// or empty, in turns.
func appendTrunk(b []byte, member string, trunk []byte, l *leg) []byte {
	switch {
	case !l.trunkless:
		return append(append(append(append(b, member...), '"'), trunk...), '"')
	case l.way%3 == 0:
		return b
	case l.way%3 == 1:
		return append(append(b, member...), "null"...)
	}
	return append(append(b, member...), `""`...)
}

func appendDigest(b []byte, r draws) []byte {
	var sum [32]byte
	r.bytes(sum[:])
	return hex.AppendEncode(b, sum[:])
}
