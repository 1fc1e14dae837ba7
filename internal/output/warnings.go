package output

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/intern"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/secret"
)

// warnings describes what is odd about whole sources rather than single records.
func warnings(in *intake.Inputs, a *intake.Account, d *reconcile.Decision) []string {
	list := append([]string{}, d.Notices.Warnings...)
	list = append(list, orgWarnings(a, d)...)
	list = append(list, shapeWarnings(d)...)
	list = append(list, placeWarnings(a, d)...)
	list = append(list, silentWarnings(d)...)
	list = append(list, unmatchedWarnings(a, d)...)
	list = append(list, joinedWarnings(a, d)...)
	list = append(list, timeWarnings(a, d)...)
	list = append(list, yearWarnings(in, a, d)...)
	return append(list, secretWarnings(in)...)
}

// secretWarnings says where names of objects hold secrets. A key names its object in
// the tables and in inputs.jsonl, so it stands there as it is. The warning repeats no
// key, as reports may hide them.
func secretWarnings(in *intake.Inputs) (list []string) {
	named := map[string]int{} // by where they lie
	for i := range in.Objects {
		if o := &in.Objects[i]; !o.Virtual && secret.In([]byte(o.Key)) {
			named["source "+in.Sources[o.Source].Name]++
		}
	}
	for i := range in.Media {
		if secret.In([]byte(in.Media[i].Key)) {
			named["media.url"]++
		}
	}

	for _, place := range slices.Sorted(maps.Keys(named)) {
		list = append(list, fmt.Sprintf("objects of %s with a token or password in their name: %d; the tables and inputs.jsonl name them as they are; have the token revoked, and the objects delivered under other names", place, named[place]))
	}
	return list
}

// orgWarnings says when the records of one source lack an organisation that
// those of another have: they will not match.
func orgWarnings(a *intake.Account, d *reconcile.Decision) []string {
	// Rows that were dropped while reading were counted then.
	lacking, having := map[uint32]int64{}, map[uint32]bool{}
	for source, n := range a.Filtered {
		lacking[source] = n.Lacking
		if n.Having > 0 {
			having[source] = true
		}
	}

	count := func(object uint32, org intern.Text) {
		source := d.Objects[object].Source
		if org == intern.None {
			lacking[source]++
		} else {
			having[source] = true
		}
	}

	for i := range d.Entries {
		count(d.Documents[d.Entries[i].Doc].Object, d.Entries[i].Org)
	}
	for i := range d.Legs {
		count(d.Legs[i].Ref.Object, d.Legs[i].Org)
	}
	for i := range a.Log.Events {
		count(a.Log.Events[i].Ref.Object, a.Log.Events[i].Org)
	}

	// Records of a source that lack an organisation are odd only when another
	// source has one.
	var list []string
	for i := range d.Sources {
		n := lacking[uint32(i)]
		for other := range having {
			if n > 0 && other != uint32(i) {
				list = append(list, fmt.Sprintf("records of source %s have no organisation while those of other sources have one: they match nothing; set org for the source", d.Sources[i].Name))
				break
			}
		}
	}

	return list
}

// silentWarnings names sources of registrations that show no successes: their
// outages are guessed from failures alone.
func silentWarnings(d *reconcile.Decision) []string {
	var list []string
	for _, source := range d.Silent {
		list = append(list, fmt.Sprintf("source %s shows failed registrations and hardly any that succeeded: how long its outages lasted is assumed; log successful registrations, too, or set successes: true if it does", d.Sources[source].Name))
	}
	return list
}

// unmatchedWarnings names sources whose text logs match no pattern in any line: the
// lines are skipped, so nothing else shows it.
func unmatchedWarnings(a *intake.Account, d *reconcile.Decision) (list []string) {
	for _, source := range slices.Sorted(maps.Keys(a.Unmatched)) {
		if n := a.Unmatched[source]; n.Lines > 0 && n.Matched == 0 {
			list = append(list, fmt.Sprintf("no line of source %s matches a pattern of its profile, so all were skipped (lines: %d, objects: %d): correct line or lines in the profile; cdrmend profiles test %s FILE --kind registrations shows a line that does not match", d.Sources[source].Name, n.Lines, n.Objects, d.Sources[source].Profile.Name))
		}
	}
	return list
}

// joinedWarnings names sources of which lines that look like records of their own are
// parts of other records: what they say is lost, and nothing else shows it.
func joinedWarnings(a *intake.Account, d *reconcile.Decision) (list []string) {
	for _, source := range slices.Sorted(maps.Keys(a.Joined)) {
		if j := a.Joined[source]; j.Odd > 0 {
			s := &d.Sources[source]
			list = append(list, fmt.Sprintf("lines of source %s that look like records, as they begin with a date or hold an event of their own, and were joined to the record before them, where they are lost: %d; records of several lines: %d, the longest has %d; correct begins in the profile, cdrmend profiles test %s FILE --kind registrations names the first", s.Name, j.Odd, j.Records, j.Longest, s.Profile.Name))
		}
	}
	return list
}

// timeWarnings says where it is not certain when something happened.
func timeWarnings(a *intake.Account, d *reconcile.Decision) (list []string) {
	for _, source := range slices.Sorted(maps.Keys(a.Times)) {
		n, s := a.Times[source], &d.Sources[source]
		if n.Unread > 0 {
			list = append(list, fmt.Sprintf("attempts to register in source %s with a time that cannot be read, or that no clock showed: %d; outages may lack them, and what the log says of these lines and trunks may be wrong; rejects/%s/ shows the reason and the value or its shape, correct time_layouts or zone", s.Name, n.Unread, s.Name))
		}
		if n.Doubtful > 0 {
			list = append(list, fmt.Sprintf("attempts to register in source %s with a local time that occurs twice, as clocks were put back: %d; they are read as the earlier one, and outages that rest on them coincide with calls only possibly; log times in UTC or with an offset", s.Name, n.Doubtful))
		}
	}
	return list
}

// yearWarnings says where the year of times that are written without one is not
// certain.
func yearWarnings(in *intake.Inputs, a *intake.Account, d *reconcile.Decision) (list []string) {
	torn := map[uint32]int64{}
	first := map[uint32]uint32{} // by source: its first such object
	for _, n := range slices.Sorted(maps.Keys(a.Torn)) {
		source := in.Objects[n].Source
		if torn[source]++; torn[source] == 1 {
			first[source] = n
		}
	}

	for _, source := range slices.Sorted(maps.Keys(torn)) {
		o := &in.Objects[first[source]]
		list = append(list, fmt.Sprintf("objects of source %s with times without a year that lie in another year by the object's last modification than by its partition: %d, the first of them in that of %s, modified %s: the year by the partition was taken where a time lies within 31 days of it, and not after the modification; see that the times are right, or have the log write the year",
			d.Sources[source].Name, torn[source], in.Partitions[o.Partition].Span.Start.Std().Format(time.DateOnly), o.Modified.UTC().Format(time.DateOnly)))
	}
	return list
}

// shapeWarnings names required fields that more than half of a source's
// entries lack: the shape of the export rather than damage.
func shapeWarnings(d *reconcile.Decision) []string {
	total := map[uint32]int64{}
	lacking := map[uint32]*[record.NumEntryFields]int64{}
	for _, r := range d.Recordings {
		e := &d.Entries[r.Entry]
		source := d.Objects[d.Documents[e.Doc].Object].Source
		if lacking[source] == nil {
			lacking[source] = new([record.NumEntryFields]int64)
		}
		total[source]++
		for f := range record.NumEntryFields {
			if d.Sources[source].Required.Has(f) && !e.Has(f) {
				lacking[source][f]++
			}
		}
	}

	var list []string
	for i := range d.Sources {
		counts := lacking[uint32(i)]
		if counts == nil {
			continue
		}

		for f, n := range counts {
			if of := total[uint32(i)]; n*2 > of {
				list = append(list, fmt.Sprintf("entries of source %s that lack %s as exported: %d of %d: the shape of the export rather than damage; change the export, or required_fields of the source", d.Sources[i].Name, record.Field(f), n, of))
			}
		}
	}

	return list
}

// placeWarnings names the fields for which a profile of the user names places that
// nothing read of its source has: a spelling mistake looks like data that is missing.
// A profile that is built in names places that only some exports have.
func placeWarnings(a *intake.Account, d *reconcile.Decision) (list []string) {
	for i := range d.Sources {
		s := &d.Sources[i]
		places, read := a.Places[uint32(i)]
		if !s.Profile.IsOwn() || !read {
			continue
		}

		var absent []string
		for _, f := range fieldsOf[s.Kind] {
			if len(s.Profile.Fields[f]) > 0 && !places.Has(f) {
				absent = append(absent, f.String())
			}
		}
		if len(absent) > 0 {
			list = append(list, fmt.Sprintf("nothing that was read of source %s has a place that its profile names for %s: correct the places under fields, or remove the fields that the source does not have; cdrmend profiles test shows what the profile fills", s.Name, strings.Join(absent, " ")))
		}
	}
	return list
}
