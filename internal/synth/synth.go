// Package synth makes synthetic nights of any size with known rates of defects.
// They serve to size a machine, to measure, and to compare what a run finds with
// the defects that were planted. Package sample makes the night of the demo.
//
// Everything follows from the night's values. Each conversation has a random
// generator of its own. So objects can be written in any order and at the same
// time, in memory that does not grow with the night.
package synth

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// Object is one object of a night. The key is below the night's base. Write may
// be called several times, and concurrently with others.
type Object struct {
	Key   string
	Write func(io.Writer) error
}

// The profiles of the export manifests. Those of [Vendors] write all their files in
// the vendor's own shape.
const (
	Cdrmend      = "cdrmend"
	GenesysCloud = "genesys-cloud"
)

// The formats of manifests and call detail records.
const (
	JSONLines = "jsonl"
	JSON      = "json" // batches
	Parquet   = "parquet"
	Sidecars  = "sidecars" // of profile genesys-cloud only
	CSV       = "csv"
	Details   = "details" // conversation details, of profile genesys-cloud only
)

// Night is one UTC day of a contact centre, in numbers.
type Night struct {
	Day           time.Time // midnight, UTC
	Legs          int       // also of each margin day
	Seed          uint64
	Profile       string // of the manifests
	Manifests     string // format
	CDRs          string // format
	ManifestFiles int    // with manifests, in each day; sidecars are one for each entry
	CDRFiles      int    // in each day
	Lines         int    // that register, each twice an hour
	Margins       bool   // write the days before and after as well, as large as the night
	Media         bool   // write media objects with the sidecars
	Rates         Rates
	Failures      Failures
}

// formats are the formats of manifests and CDRs that each profile has.
var formats = map[string]struct{ manifests, cdrs []string }{
	Cdrmend:      {[]string{JSONLines, JSON, Parquet}, []string{CSV}},
	GenesysCloud: {[]string{Sidecars}, []string{Details, CSV}},
}

// Check reports a night that cannot be made.
func (n *Night) Check() error {
	has := formats[n.Profile]
	if v := vendorOf(n.Profile); v != nil {
		has.manifests, has.cdrs = []string{v.manifests}, []string{v.cdrs}
	}
	switch {
	case n.Legs < 1 || n.ManifestFiles < 1 || n.CDRFiles < 1 || n.Lines < 1:
		return errors.New("legs, files, CDR files and lines must be at least 1")
	case !slices.Contains(has.manifests, n.Manifests) || !slices.Contains(has.cdrs, n.CDRs):
		return fmt.Errorf("manifests as %q with CDRs as %q: profile %s has manifests as %s, with CDRs as %s", n.Manifests, n.CDRs,
			n.Profile, strings.Join(has.manifests, " or "), strings.Join(has.cdrs, " or "))
	case n.Rates[MediaLost] > 0 && !n.Media:
		return fmt.Errorf("media objects can only be lost (%s) where there are some: ask for media objects, too", MediaLost)
	}

	for d, rate := range n.Rates {
		if d := Defect(d); rate > 0 && !n.Has(d) {
			return fmt.Errorf("%s does not occur in manifests as %s with CDRs as %s: leave its rate at 0", d, n.Manifests, n.CDRs)
		}
	}

	for _, cause := range Causes() {
		if n.Failures[cause] > 0 && !n.Shows(cause) {
			return fmt.Errorf("a registration that fails with %s does not show in the files of %s: leave its rate at 0", cause, n.Profile)
		}
	}

	return errors.Join(n.Rates.check(), n.Failures.check())
}

// Objects yields every object of the night and its margins.
func (n *Night) Objects() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, d := range n.days() {
			for _, part := range []iter.Seq[Object]{d.manifests(), d.cdrs(), d.registrations()} {
				for o := range part {
					if !yield(o) {
						return
					}
				}
			}
		}
	}
}

// day is the night itself, or a margin day next to it.
type day struct {
	*Night
	*site
	date
	number int // 0 is the night
}

func (n *Night) days() []day {
	s := n.site()
	if !n.Margins {
		return []day{n.day(s, 0)}
	}

	return []day{n.day(s, -1), n.day(s, 0), n.day(s, 1)}
}

func (n *Night) day(s *site, number int) day {
	return day{n, s, date(n.Day.AddDate(0, 0, number).Format(time.DateOnly)), number}
}

func (d day) midnight() time.Time { return d.Day.AddDate(0, 0, d.number) }

func (d day) manifests() iter.Seq[Object] {
	if v := vendorOf(d.Profile); v != nil {
		return v.part(d.whole()).recordings()
	}
	if d.Manifests == Sidecars {
		return d.sidecars()
	}
	write := map[string]writer{JSONLines: part.writeLines, JSON: part.writeBatch, Parquet: part.writeParquet}[d.Manifests]

	return d.parts(d.ManifestFiles, "manifests/date=%s/export-%04d."+d.Manifests, write)
}

func (d day) cdrs() iter.Seq[Object] {
	if v := vendorOf(d.Profile); v != nil {
		return v.part(d.whole()).records()
	}
	if d.CDRs == Details {
		return d.parts(d.CDRFiles, "cdr/date=%s/conversations-%04d.json", part.writeDetails)
	}
	return d.parts(d.CDRFiles, "cdr/date=%s/legs-%04d.csv", part.writeCSV)
}

// part is a half-open range of a day's leg numbers. No conversation straddles
// its ends, so it can be written without the legs next to it.
type part struct {
	day
	from, to int
}

// writer writes the object that holds a part.
type writer func(p part, w io.Writer) error

// whole returns all legs of the day.
func (d day) whole() part { return part{d, 0, d.Legs} }

// part returns one of a number of parts of the day's legs.
func (d day) part(i, of int) part {
	at := func(i int) int {
		if i == of {
			return d.Legs
		}
		return d.Legs * i / of / block * block // blocks are kept whole: their last two legs share a conversation
	}
	return part{d, at(i), at(i + 1)}
}

func (d day) parts(of int, key string, write writer) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for i := range of {
			p := d.part(i, of)
			o := Object{fmt.Sprintf(key, d.date, i), func(w io.Writer) error { return write(p, w) }}
			if p.from < p.to && !yield(o) {
				return
			}
		}
	}
}
