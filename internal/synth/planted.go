package synth

// Planted says what a run over the night has to find, and in how many rows.
type Planted struct {
	Legs       int             // legs in CDRs
	Entries    int             // entries, and media objects without metadata
	Excluded   int             // legs that were not to be recorded
	Superseded int             // rows
	Rejected   int             // rows, also those of the margins
	Findings   map[Finding]int // numbers of findings
	Outages    map[string]int  // rows of the table of outages by cause, harmless ones too, without lapses
	Lapses     int             // registrations that ran out; a run shows those that a call coincides with
}

// Finding is a class, and a field if the class is about one.
type Finding struct{ Class, Field string }

// Planted counts what was planted.
func (n *Night) Planted() Planted {
	p := Planted{Findings: map[Finding]int{}, Outages: map[string]int{}}
	if v := vendorOf(n.Profile); v != nil {
		p.vendor(n, v)
		return p
	}

	for _, d := range n.days() {
		_ = d.whole().calls(func(c *call) error {
			// Rejected rows of the margins are counted, too. All else is of the night
			// alone.
			p.rejected(c)
			if d.number == 0 {
				p.superseded(c)
				p.call(n, c)
			}
			return nil
		})
	}

	// No id of the site matters for counting.
	d := n.day(&site{}, 0)
	p.documents(d)

	for line := range n.Lines {
		for t := range turns {
			switch f, _ := d.failing(line, t); {
			case f == nil:
			case f.cause == lapsed:
				p.Lapses++
			default:
				p.Outages[f.cause]++
			}
		}
	}

	return p
}

// superseded and rejected count rows of a conversation. One without CDR has no
// rows at all.
func (p *Planted) superseded(c *call) {
	if c.twice && c.fate != NoCDR {
		p.Superseded += c.count
	}
}

func (p *Planted) rejected(c *call) {
	for _, l := range c.legs[:c.count] {
		if l.rejected && c.fate != NoCDR {
			p.Rejected++
		}
	}
}

// call counts the legs of a conversation and what is to be found about them.
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
	trunks := 0 // how many trunks have to be put back
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
	// What is gone is no recording of any leg.
	case MediaLost:
		p.add("media_missing", "")
		p.add("missing_recording", "")
	// The trunk comes after the cut, so it is lost whether it was there or not.
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
		// A recording whose time is unknown may be of either leg of its conversation,
		// unless the legs list their recordings.
		if c.count == 2 && n.CDRs == Details {
			p.add("missing_recording", "")
		}
	}

	for range trunks {
		p.add("repaired_field", "trunk_id")
	}
}

// documents counts the defects of the day's manifests.
func (p *Planted) documents(d day) {
	// Only these can be cut; only a batch can report failed exports.
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
