package reconcile

import (
	"fmt"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// reportMedia reports what is wrong with the audio itself. The legs are those of the
// entry.
func (r *entryReporter) reportMedia(n uint32, legs []uint32) {
	e := &r.Entries[n]
	doc := &r.Documents[e.Doc]
	if doc.Virtual && !doc.OfMedia {
		r.found(n, MetadataMissing, NoField, e.MediaKey, statusUnless(r.legs.HidesNear(e)))
	}

	m, said := match.MediaOf(r.Evidence, n, r.media), r.OfEntries[n].MediaBytes
	switch {
	case m.Gone() && m.Absent:
		state := "state=" + strings.ToLower(r.Texts.String(e.State))
		r.foundAs(policy.Minor, n, MediaMissing, NoField, r.Texts.OfString(state), Open) // the finding about its leg counts the loss
		return
	case m.Gone():
		detail := e.MediaKey
		if m.Found || !m.Checked {
			detail = r.Texts.OfString("bytes=" + decimal(m.Size))
		}
		r.found(n, MediaMissing, NoField, detail, statusUnless(r.legs.HidesNear(e)))
		return
	case m.Checked && r.Media.CheckSize && said != profile.NoInt && said != m.Size:
		r.found(n, MediaMismatch, NoField, r.Texts.OfString(fmt.Sprintf("expected=%d;actual=%d", said, m.Size)), Open)
	}
	if m.Heard != nil {
		r.heard(n, m.Heard, legs)
	}
}

// heard reports what is wrong with media that were looked into.
func (r *entryReporter) heard(n uint32, h *evidence.Heard, legs []uint32) {
	e := &r.Entries[n]
	switch {
	case h.Code != intern.None:
		detail := "code=" + r.Texts.String(h.Code)
		if h.KMSKey != intern.None {
			detail += ";key=" + r.Texts.String(h.KMSKey)
		}
		r.found(n, MediaUnreadable, NoField, r.Texts.OfString(detail), Open)
		return
	case h.NotAudio():
		r.found(n, MediaNotAudio, NoField, r.Texts.OfString(fmt.Sprintf("byte=%d;found=%s", h.At, r.Texts.String(h.Reason))), Open)
		return
	}

	if detail := r.cut(e, h, legs); detail != "" {
		severity := policy.Minor // the finding about its leg counts the loss
		if len(legs) == 0 {
			severity = policy.Major
		}
		r.foundAs(severity, n, MediaCut, NoField, r.Texts.OfString(detail), Open)

		// Nobody knows how much of its legs is lost.
		r.outcomes[n].incomplete = r.outcomes[n].incomplete || h.Duration == profile.NoInt
	}
	if d := &h.Decoded; d.Silent != 0 {
		detail := fmt.Sprintf("channels=%s;of=%d;silence=%d", d.SilentChannels(), h.Channels, floorMS(d.Quiet))
		r.found(n, MediaSilent, NoField, r.Texts.OfString(detail), Open)
	}
	if usual := r.channels[r.Objects[r.Documents[e.Doc].Object].Source]; h.Channels > 0 && h.Channels < usual {
		r.found(n, MediaChannels, NoField, r.Texts.OfString(fmt.Sprintf("channels=%d;usual=%d", h.Channels, usual)), Open)
	}
}

// cut says how media are shorter than they should be: they end before their header says,
// or they are shorter than their entry, but for what its legs declare as pauses. It is
// empty when they are not.
func (r *entryReporter) cut(e *manifest.Entry, h *evidence.Heard, legs []uint32) string {
	span, valid := match.SpanOfEntry(e)
	short := false
	if valid && h.Duration != profile.NoInt {
		heard := match.HeardUntil(span.Start, h.Duration, r.pausesOf(legs))
		short = int64(span.End-heard) > r.Policy.CoverageTolerance.Microseconds()
	}
	if !h.Cut && !short {
		return ""
	}

	detail := "span="
	if valid {
		detail += decimal(floorMS(int64(span.End - span.Start)))
	}
	detail += ";media="
	if h.Duration != profile.NoInt {
		detail += decimal(floorMS(h.Duration))
	}
	if h.Cut {
		detail += ";byte=" + decimal(h.At)
	}
	return detail
}

// pausesOf returns the pauses that legs declare.
func (r *entryReporter) pausesOf(legs []uint32) (all []record.Span) {
	for _, leg := range legs {
		all = append(all, r.PausesOf(leg)...)
	}
	return record.Union(all)
}

// fewRecordings is below how many recordings of a source no number of channels is usual.
const fewRecordings = 20

// usualChannels returns, by source, how many channels nine in ten of its recordings have;
// 0 where there is no such number.
func usualChannels(ev *evidence.Evidence, states []match.EntryState, owned match.Marks) []uint16 {
	usual := make([]uint16, len(ev.Sources))
	if ev.Media == nil || len(ev.Media.Heard) == 0 {
		return usual
	}
	counts, totals := make([]map[uint16]int, len(ev.Sources)), make([]int, len(ev.Sources))
	for n := range uint32(len(ev.Entries)) {
		if !owned[n] || !states[n].Voice || states[n].Void {
			continue
		}
		h := match.HeardOf(ev, n)
		if h == nil || h.Channels == 0 {
			continue
		}
		source := ev.Objects[ev.Documents[ev.Entries[n].Doc].Object].Source
		if counts[source] == nil {
			counts[source] = map[uint16]int{}
		}
		counts[source][h.Channels]++
		totals[source]++
	}

	for source, of := range counts {
		for channels, count := range of {
			if totals[source] >= fewRecordings && 10*count >= 9*totals[source] {
				usual[source] = channels // no other number can be as frequent
			}
		}
	}
	return usual
}
