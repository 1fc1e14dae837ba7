package verify

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"cdrmend/internal/printable"
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
		line("journal", "%d entries; the newest is %d, SHA-256 %s", j.Entries, j.Number, j.SHA256)
	}
	for i := range r.Keys {
		line("key", "%s", r.Keys[i].text())
	}
	if t := r.Timestamps; t != nil && t.Tokens > 0 {
		line("timestamps", "%d; entry %d and all before it existed at %s", t.Tokens, t.Number, t.Time.Format(time.RFC3339))
	}
	line("runs", "%d with %d files, %d bytes", r.Runs, r.Files, r.Bytes)
	if r.Packs > 0 {
		line("packs", "%d of inputs", r.Packs)
	}
	if r.Retained > 0 {
		line("retention", "%d objects", r.Retained)
	}
	if in := r.Inputs; in != nil {
		line("inputs", "%d objects, of which %d with %d bytes were read", in.Objects, in.Read, in.Bytes)
	}
	if c := r.Recomputed; c != nil {
		line("recomputed", "%d runs: %d tables with %d rows, %d documents, %d other files", c.Runs, c.Tables, c.Rows, c.Documents, c.Files)
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
	text := fmt.Sprintf("%d, of which %d are signed", r.Count, r.Signed)
	if r.Signed > 0 {
		text += fmt.Sprintf(" (by %s)", strings.Join(r.Keys, ", "))
		if r.Verified > 0 {
			text += fmt.Sprintf(", %d by a known key", r.Verified)
		}
	}
	if r.Vouched > 0 {
		text += fmt.Sprintf("; signed records vouch for %d unsigned ones", r.Vouched)
	}
	return text
}

func (k *Key) text() string {
	text := fmt.Sprintf("%s, thumbprint %s: %d records", k.ID, k.Thumbprint, k.Records)
	if k.Entries > 0 {
		text += fmt.Sprintf(" and journal entries %d to %d", k.First, k.Last)
	}
	if k.Until != nil {
		text += fmt.Sprintf("; it ends with entry %d", k.Until.Number)
	}
	if k.Late > 0 {
		text += fmt.Sprintf(", and signed %d records and entries after that, which do not count", k.Late)
	}
	return text
}

func (r *Report) verdict() string {
	switch {
	case len(r.Problems) > 0:
		if len(r.Problems) == 1 {
			return "NOT VERIFIED: 1 link is broken."
		}
		return fmt.Sprintf("NOT VERIFIED: %d links are broken.", len(r.Problems))
	case len(r.Unchecked) > 0:
		return fmt.Sprintf("NOT VERIFIED: %d things could not be checked; nothing else is wrong.", len(r.Unchecked))
	case r.Records.Signed > r.Records.Verified:
		return "Verified, except for signatures: every record, file and hash fits. Give the public keys with --keys."
	case r.Records.Signed == 0:
		return "Verified: every record, file and hash fits. Nothing is signed: whoever could write to the output could have replaced all of it."
	}
	return "Verified: every record, file, hash and signature fits."
}
