package worklist

import (
	"strings"

	"cdrmend/internal/redact"
	"cdrmend/internal/table"
)

// candidate is a leg without a recording that an orphan, a recording without a leg,
// may be of, as the redactor shows it.
type candidate struct {
	finding, leg, conversation string
	start, end                 string
	speaks                     string // what speaks for it, and what against it
}

// candidates are the legs without a recording that a run itself connects with orphans.
type candidates struct {
	alike map[string]candidate   // by recording id, else by source:object_key#entry
	apart map[string][]candidate // by organisation and conversation, at most mostApart of each
}

// What speaks for a leg.
const (
	speaksAlike = "the call has the times of the recording, and its line or both its numbers; only the ids differ"
	speaksApart = "the call has the conversation of the recording, but their times or legs do not fit"
)

// mostApart is how many legs of one conversation an orphan names.
const mostApart = 3

var (
	findingID    = table.Findings.Index("finding_id")
	detailOf     = table.Findings.Index("detail")
	orgOf        = table.Findings.Index("org_id")
	conversation = table.Findings.Index("conversation_id")
	recordingOf  = table.Findings.Index("recording_id")
	legOf        = table.Findings.Index("leg_id")
)

// gather reads the findings of legs without a recording that name an orphan, or say that
// their conversation has some.
func gather(findings table.Rows, show *redact.Redactor) (*candidates, error) {
	c := &candidates{map[string]candidate{}, map[string][]candidate{}}
	var redacted table.Row
	for r, err := range findings {
		if err != nil {
			return nil, err
		}
		detail := r.Text(detailOf)
		like, isLike := strings.CutPrefix(detail, "like=")
		if !isLike && !strings.HasPrefix(detail, "apart=") {
			continue
		}
		shown := show.Row(&redacted, r)
		found := candidate{shown.Text(findingID), shown.Text(legOf), shown.Text(conversation), shown.Cell("start_time"), shown.Cell("end_time"), speaksApart}
		if isLike {
			found.speaks = speaksAlike
		}
		if isLike {
			c.alike[like] = found
		} else if at := about(r); len(c.apart[at]) < mostApart {
			c.apart[at] = append(c.apart[at], found)
		}
	}
	return c, nil
}

// about names the conversation of a finding.
func about(r *table.Row) string { return r.Text(orgOf) + "\x00" + r.Text(conversation) }

// of returns the legs that an orphan may be of, the likeliest first.
func (c *candidates) of(r *table.Row) []candidate {
	name := r.Text(recordingOf)
	if name == "" {
		name = r.Cell("source") + ":" + r.Cell("object_key") + "#" + r.Cell("entry")
	}
	if found, ok := c.alike[name]; ok {
		return []candidate{found}
	}
	if r.Text(conversation) == "" {
		return nil
	}
	return c.apart[about(r)]
}

// columns returns the columns that show the legs that an orphan may be of.
func (c *candidates) columns() []column {
	each := func(title string, of func(*candidate) string) column {
		return text(title, func(r *line) string {
			var list []string
			for _, found := range c.of(r.raw) {
				if v := of(&found); v != "" {
					list = append(list, v)
				}
			}
			return strings.Join(list, "; ")
		})
	}
	return []column{
		each("likely call starts (UTC)", func(f *candidate) string { return f.start }),
		each("likely call ends (UTC)", func(f *candidate) string { return f.end }),
		each("leg of likely call", func(f *candidate) string { return f.leg }),
		each("conversation of likely call", func(f *candidate) string { return f.conversation }),
		text("what speaks for it", func(r *line) string {
			found := c.of(r.raw)
			switch {
			case len(found) == 0:
				return ""
			case len(found) > 1:
				return "one of several: " + found[0].speaks
			}
			return found[0].speaks
		}),
		each("finding of likely call", func(f *candidate) string { return f.finding }),
	}
}
