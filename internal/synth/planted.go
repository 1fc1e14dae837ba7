package synth

// Planted is what a run over the night has to find, and what it has to find
// it in.
type Planted struct {
	Legs       int             // that CDRs tell of
	Entries    int             // with media objects without metadata
	Excluded   int             // legs that were not to be recorded
	Superseded int             // rows, of the margins too
	Rejected   int             // likewise
	Findings   map[Finding]int // their number
	Outages    map[string]int  // their number by cause
}

// Finding is a class, and the field of the classes that are about one.
type Finding struct{ Class, Field string }

// Planted counts what was planted.
func (n *Night) Planted() Planted {
	p := Planted{Findings: map[Finding]int{}, Outages: map[string]int{}}
	for _, d := range n.days() {
		_ = d.whole().calls(func(c *call) error {
			p.rows(c)
			if d.number == 0 {
				p.call(n, c)
			}
			return nil
		})
	}
	d := n.day(&site{}, 0)
	p.documents(d)
	for line := range n.Lines {
		for t := range turns {
			if f := d.failing(line, t); f != nil {
				p.Outages[f.cause]++
			}
		}
	}
	return p
}

// rows counts the rows that count for nothing.
func (p *Planted) rows(c *call) {
	for _, l := range c.legs[:c.count] {
		if c.twice && c.fate != NoCDR {
			p.Superseded++
		}
		if l.rejected && c.fate != NoCDR {
			p.Rejected++
		}
	}
}

func (p *Planted) call(n *Night, c *call) {
	for i := range c.count {
		switch c.fate {
		case NoCDR:
		case Internal, Unrecorded:
			p.Excluded++
			fallthrough
		default:
			p.Legs++
		}
		p.leg(n, c, &c.legs[i])
	}
}

// leg counts the findings about one leg and its recording.
func (p *Planted) leg(n *Night, c *call, l *leg) {
	trunks := 0 // that have to be put back
	if c.recorded() {
		p.Entries++
		if l.trunkless {
			trunks = 1
		}
	}
	switch c.fate {
	case Lost:
		p.add("missing_recording", "")
	case Short:
		p.add("short_recording", "")
	case Duplicate:
		p.Entries++
		trunks *= 2
		p.add("duplicate", "")
	case Conflict:
		p.add("conflict", "duration_ms")
	case NoCDR:
		p.add("no_cdr", "")
		if n.Profile == GenesysCloud && trunks > 0 { // a sidecar names no line to look its trunk up by
			trunks = 0
			p.add("missing_field", "trunk_id")
		}
	case MissingID:
		p.add("repaired_field", n.lacking(c, l).id())
	case MissingEnd:
		p.add("repaired_field", "end_time")
	case Invalid:
		p.add("invalid_field", "duration_ms")
	case MediaLost:
		p.add("media_missing", "")
	case TruncatedSidecar:
		trunks = 1
		p.add("truncated_document", "")
		p.add("repaired_field", "end_time")
	case MetadataLost:
		trunks = 1
		p.add("metadata_missing", "")
		for _, field := range []string{"recording_id", "conversation_id"} {
			p.add("repaired_field", field)
		}
		for _, field := range []string{"start_time", "end_time"} {
			p.add("missing_field", field)
		}
	}
	for range trunks {
		p.add("repaired_field", "trunk_id")
	}
}

func (p *Planted) documents(d day) {
	if d.Manifests != JSON && d.Manifests != JSONLines {
		return
	}
	for i := range d.ManifestFiles {
		part := d.part(i, d.ManifestFiles)
		if part.from == part.to {
			continue
		}
		doc := part.document()
		if doc.cut {
			p.add("truncated_document", "")
		}
		if doc.failed && d.Manifests == JSON {
			p.add("export_failed", "")
		}
	}
}

func (p *Planted) add(class, field string) { p.Findings[Finding{class, field}]++ }
