package verify

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"cdrmend/internal/printable"
	"cdrmend/internal/wording"
)

// shownObjects is how many leftovers the text lists.
const shownObjects = 20

// Text formats a report for people: the counts first, then every broken link.
func (r *Report) Text() string {
	var b strings.Builder
	line := func(title, format string, args ...any) { // a value from outside cannot start a line of its own
		fmt.Fprintf(&b, "  %-10s %s\n", title, printable.Text(fmt.Sprintf(format, args...)))
	}

	fmt.Fprintf(&b, "%s\n", r.Output)
	line("intervals", "%d", r.Intervals)
	line("records", "%s", r.Records.text())
	if j := r.Journal; j != nil {
		line("journal", "%s; the newest is %d, SHA-256 %s", wording.Count(j.Entries, "entry"), j.Number, j.SHA256)
	}
	if h := r.Holds; h != nil {
		line("holds", "%s of %s, signed: %s", wording.Count(h.Records, "record"), wording.Count(h.Matters, "matter"), wording.Grouped(h.Signed))
	}
	for i := range r.Keys {
		line("key", "%s", r.Keys[i].text())
	}
	if t := r.Timestamps; t != nil && t.Tokens > 0 {
		line("timestamps", "%s; entry %d and all before it existed at %s", wording.Grouped(t.Tokens), t.Number, t.Time.Format(time.RFC3339))
	}
	line("runs", "%s with %s, %s", wording.Count(r.Runs, "run"), wording.Count(r.Files, "file"), wording.Count(r.Bytes, "byte"))
	if r.Packs > 0 {
		line("packs", "%s of inputs", wording.Count(r.Packs, "pack"))
	}
	if r.Retained > 0 {
		line("retention", "%s", wording.Count(r.Retained, "object"))
	}
	if in := r.Inputs; in != nil {
		line("inputs", "%s; read: %s, with %s", wording.Count(in.Objects, "object"), wording.Grouped(in.Read), wording.Count(in.Bytes, "byte"))
	}
	if c := r.Recomputed; c != nil {
		line("recomputed", "%s: %s with %s, %s, %s", wording.Count(c.Runs, "run"), wording.Count(c.Tables, "table"), wording.Count(c.Rows, "row"),
			wording.Count(c.Documents, "document"), wording.Count(c.Files, "other file"))
	}

	for _, d := range r.Adopted {
		line("adopted", "%s, SHA-256 %s, by %s", cmp.Or(d.Object, "a file that is not there"), d.SHA256, d.By)
	}
	for _, d := range r.Disowned {
		line("disowned", "%s, SHA-256 %s, by %s", cmp.Or(d.Object, "a file that is not there"), d.SHA256, d.By)
	}
	for i, name := range r.Leftovers {
		if i == shownObjects {
			line("", "… and %d more", len(r.Leftovers)-i)
			break
		}
		line("leftover", "%s", name)
	}
	for _, n := range r.Notes {
		line("note", "%s", n)
	}
	for _, u := range r.Unchecked {
		line("unchecked", "%s", u)
	}
	for _, p := range r.Problems {
		line("broken", "%s (%s): %s", p.Object, p.Link, p.Detail)
	}

	fmt.Fprintf(&b, "\n%s\n", r.verdict())
	return b.String()
}

func (r *Records) text() string {
	text := fmt.Sprintf("%s, signed: %s", wording.Grouped(r.Count), wording.Grouped(r.Signed))
	if r.Signed > 0 {
		text += fmt.Sprintf(" (by %s)", strings.Join(r.Keys, ", "))
		if r.Verified > 0 {
			text += fmt.Sprintf(", %d by a known key", r.Verified)
		}
	}
	if r.Vouched > 0 {
		text += fmt.Sprintf("; signed records vouch for %s", wording.Count(r.Vouched, "unsigned one"))
	}
	return text
}

func (k *Key) text() string {
	text := fmt.Sprintf("%s, thumbprint %s: %s", k.ID, k.Thumbprint, wording.Count(k.Records, "record"))
	switch {
	case k.Entries == 1:
		text += fmt.Sprintf(" and journal entry %d", k.First)
	case k.Entries > 1:
		text += fmt.Sprintf(" and journal entries %d to %d", k.First, k.Last)
	}
	if k.Until != nil {
		text += fmt.Sprintf("; it ends with entry %d", k.Until.Number)
	}
	if k.Late > 0 {
		text += fmt.Sprintf("; what it signed after that does not count: %s", wording.Count(k.Late, "signature"))
	}
	return text
}

func (r *Report) verdict() string {
	switch {
	case len(r.Problems) > 0:
		n := len(r.Problems)
		return fmt.Sprintf("NOT VERIFIED: %s %s broken.", wording.Count(n, "link"), wording.Verb(n, "is", "are"))
	case len(r.Unchecked) > 0:
		return fmt.Sprintf("NOT VERIFIED: %s could not be checked; nothing else is wrong.", wording.Count(len(r.Unchecked), "thing"))
	case r.Records.Signed > r.Records.Verified:
		return "Verified, except for signatures: every record, file and hash fits. Give the public keys with --keys."
	case r.Records.Signed == 0:
		return "Verified: every record, file and hash fits. Nothing is signed: whoever could write to the output could have replaced all of it."
	}
	return "Verified: every record, file, hash and signature fits."
}
