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

// Planted counts what was planted in the first night.
func (n *Night) Planted() Planted { return n.PlantedIn(0) }

// PlantedIn counts what was planted in one of the nights, which are counted from 0.
//
// A run finds something about a leg in the night in which it starts, and about an entry
// or a document in the night whose partition holds it.
func (n *Night) PlantedIn(night int) Planted {
	p := Planted{Findings: map[Finding]int{}, Outages: map[string]int{}}
	if v := vendorOf(n.Profile); v != nil {
		p.vendor(n, v, night)
		return p
	}

	// The run reads the CDRs of the partitions before and after its own. The first of
	// them may have rows of the day before it, which ended overnight.
	for _, d := range n.daysFrom(night-2, night+1) {
		_ = d.whole().calls(func(c *call) error {
			for i := range c.count {
				p.rejected(d, c, &c.legs[i], night)
				p.leg(d, c, &c.legs[i], night)
				p.entry(d, c, &c.legs[i], night)
			}
			return nil
		})
	}

	for _, d := range n.daysFrom(night-1, night) {
		p.documents(d, night)
	}
	p.channels()

	// No id of the site matters for counting.
	d := n.day(&site{}, night)

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

// rejected counts a broken row where the run reads its partition. A leg without CDR has
// no rows at all.
func (p *Planted) rejected(d day, c *call, l *leg, night int) {
	at := d.number
	if d.CDRs == CSV {
		at += over(l.end)
	}
	if l.rejected && c.fate != NoCDR && night-1 <= at && at <= night+1 {
		p.Rejected++
	}
}

// leg counts a leg and what is to be found about it.
func (p *Planted) leg(d day, c *call, l *leg, night int) {
	if d.number+over(l.start) != night || c.fate == NoCDR {
		return
	}

	p.Legs++
	if c.twice {
		p.Superseded++
	}

	switch c.fate {
	case Internal, Unrecorded:
		p.Excluded++
	case Lost:
		p.add("missing_recording", "")
	case Short:
		p.add("short_recording", "")
	// What is gone, or cannot be heard, is no recording of any leg.
	case MediaLost:
		p.add("missing_recording", "")
	case MediaEmpty, MediaHTML, MediaCut, MediaShort:
		if c.heard(l, true) == "media_cut" {
			p.add("short_recording", "")
		} else {
			p.add("missing_recording", "")
		}
	case MetadataLost:
		// A recording whose time is unknown may be of either leg of its conversation,
		// unless the legs list their recordings.
		if c.count == 2 && d.CDRs == Details {
			p.add("missing_recording", "")
		}
	}
}

// entry counts an entry, or two when it was delivered twice, and what is to be found about
// it.
func (p *Planted) entry(d day, c *call, l *leg, night int) {
	at := d.number
	if d.Manifests != Sidecars { // these lie where their conversation starts
		at += over(l.until)
	}
	if at != night || !c.recorded() {
		return
	}

	p.Entries++
	trunks := 0 // how many trunks have to be put back
	if l.trunkless {
		trunks = 1
	}

	switch c.fate {
	case Duplicate:
		p.Entries++
		trunks *= 2
		p.add("duplicate", "")
	case Conflict:
		p.add("conflict", "duration_ms")
	case NoCDR:
		p.add("no_cdr", "")
		if d.Profile == GenesysCloud && trunks > 0 { // a sidecar names no line to look its trunk up by
			trunks = 0
			p.add("missing_field", "trunk_id")
		}
	case MissingID:
		p.add("repaired_field", d.lacking(c, l).id())
	case MissingEnd:
		p.add("repaired_field", "end_time")
	case Invalid:
		p.add("invalid_field", "duration_ms")
	case MediaLost:
		p.add("media_missing", "")
	case MediaEmpty, MediaHTML, MediaCut, MediaShort, MediaMono:
		p.add(c.heard(l, true), "")
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
	}

	for range trunks {
		p.add("repaired_field", "trunk_id")
	}
}

// documents counts the defects of the manifests that a day writes into the partition of a
// night.
func (p *Planted) documents(d day, night int) {
	// Only these can be cut; only a batch can report failed exports.
	if d.Manifests != JSON && d.Manifests != JSONLines {
		return
	}

	if d.Hourly {
		for hour := range hours + 1 {
			if d.number < night != (hour == hours) {
				continue
			}
			for _, part := range d.partsOfHour(hour, max(1, d.ManifestFiles/hours)) {
				if part.hasEntries() {
					p.document(part)
				}
			}
		}
		return
	}
	if d.number < night {
		if part := d.overnight(); part.hasEntries() {
			p.document(part)
		}
		return
	}
	for i := range d.ManifestFiles {
		if part := d.part(i, d.ManifestFiles); part.from < part.to {
			p.document(part)
		}
	}
}

func (p *Planted) document(part part) {
	doc := part.defects()
	if doc.cut {
		p.add("truncated_document", "")
	}
	if doc.failed && part.Manifests == JSON {
		p.add("export_failed", "")
	}
}

func (p *Planted) add(class, field string) { p.Findings[Finding{class, field}]++ }
