// Package synth makes synthetic nights of any size with known rates of defects.
// They serve to size a machine, to measure, and to compare what a run finds with
// the defects that were planted. Package sample makes the night of the demo.
//
// Several nights in a row have ids of their own, and calls that last over midnight. Where
// records of such a call lie depends on the source: by the start of the conversation
// (sidecars and conversation details), by the start of the leg (recordings that are named
// after it), by the start of the call (lists), or by the end of each record (all else).
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
	Key     string
	Arrives time.Time // when it comes into the store, UTC
	Write   func(io.Writer) error
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

// Night is one UTC day of a contact centre, or several in a row, in numbers.
type Night struct {
	Day           time.Time // midnight of the first, UTC
	Nights        int       // how many in a row; 0 is one
	Legs          int       // of each night and each margin day
	Seed          uint64
	Profile       string  // of the manifests
	Manifests     string  // format
	CDRs          string  // format
	ManifestFiles int     // with manifests, in each day; sidecars are one for each entry
	CDRFiles      int     // in each day
	Lines         int     // that register, each twice an hour
	Hourly        bool    // file everything in partitions of an hour, of profile cdrmend only
	Margins       bool    // write the days before and after as well, as large as a night
	Media         bool    // write media objects that can be heard
	Prefix        string  // of all keys where the night lies; entries of profile cdrmend name their media with it
	Late          float64 // rate of manifests, sidecars and media that arrive late
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
	case n.Nights < 0 || n.Nights > maxNights:
		return fmt.Errorf("%d nights: there must be from 1 to %d", n.Nights, maxNights)
	case n.Legs < 1 || n.ManifestFiles < 1 || n.CDRFiles < 1 || n.Lines < 1:
		return errors.New("legs, files, CDR files and lines must be at least 1")
	case !slices.Contains(has.manifests, n.Manifests) || !slices.Contains(has.cdrs, n.CDRs):
		return fmt.Errorf("manifests as %q with CDRs as %q: profile %s has manifests as %s, with CDRs as %s", n.Manifests, n.CDRs,
			n.Profile, strings.Join(has.manifests, " or "), strings.Join(has.cdrs, " or "))
	case !(n.Late >= 0 && n.Late <= 1): // this way round, it also refuses NaN
		return fmt.Errorf("the rate of late objects is %v: it must be from 0 to 1", n.Late)
	case n.Hourly && n.Profile != Cdrmend:
		return fmt.Errorf("profile %s files its records in its own way: only %s can be filed by the hour", n.Profile, Cdrmend)
	case n.Media && n.Profile == Twilio:
		return fmt.Errorf("profile %s has lists of recordings and no media objects: do not ask for any", Twilio)
	}

	for d, rate := range n.Rates {
		switch d := Defect(d); {
		case rate > 0 && !n.Has(d):
			return fmt.Errorf("%s does not occur in manifests as %s with CDRs as %s: leave its rate at 0", d, n.Manifests, n.CDRs)
		case rate > 0 && d.ofMedia() && !n.Media:
			return fmt.Errorf("%s is a defect of media objects: ask for media objects, too", d)
		}
	}

	for _, cause := range Causes() {
		if n.Failures[cause] > 0 && !n.Shows(cause) {
			return fmt.Errorf("a registration that fails with %s does not show in the files of %s: leave its rate at 0", cause, n.Profile)
		}
	}

	return errors.Join(n.Rates.check(), n.Failures.check())
}

// maxNights is ten years.
const maxNights = 3660

// nights returns how many nights there are.
func (n *Night) nights() int { return max(1, n.Nights) }

// Objects yields every object of the nights and their margins.
//
// A night is the same however many follow it, as long as it is not alone: what lasts
// over midnight and is filed by its end has objects of its own in the next day's
// partitions.
func (n *Night) Objects() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, d := range n.days() {
			for _, part := range []iter.Seq[Object]{d.late(d.manifests()), d.cdrs(), d.registrations()} {
				for o := range part {
					if !yield(o) {
						return
					}
				}
			}
		}
	}
}

// day is one of the nights, or a margin day before or after them.
type day struct {
	*Night
	*site
	date
	number int // 0 is the first night
}

// days returns all days that are written.
func (n *Night) days() []day { return n.daysFrom(-1, n.nights()) }

// daysFrom returns the days that are written, as far as they have a number from first to
// last.
func (n *Night) daysFrom(first, last int) []day {
	from, to := 0, n.nights()-1
	if n.Margins {
		from, to = from-1, to+1
	}

	var list []day
	s := n.site()
	for number := max(from, first); number <= min(to, last); number++ {
		list = append(list, n.day(s, number))
	}
	return list
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

	manifests := d.partsByEnd(d.ManifestFiles, "manifests/date=%s/"+d.hourFolder()+"export-%04d."+d.Manifests, part.hasEntries, write)
	if !d.Media {
		return manifests
	}
	return func(yield func(Object) bool) {
		for _, objects := range []iter.Seq[Object]{manifests, d.media()} {
			for o := range objects {
				if !yield(o) {
					return
				}
			}
		}
	}
}

func (d day) cdrs() iter.Seq[Object] {
	if v := vendorOf(d.Profile); v != nil {
		return v.part(d.whole()).records()
	}
	if d.CDRs == Details {
		return d.parts(d.CDRFiles, "cdr/date=%s/conversations-%04d.json", part.writeDetails)
	}
	return d.partsByEnd(d.CDRFiles, "cdr/date=%s/"+d.hourFolder()+"legs-%04d.csv", part.hasRows, part.writeCSV)
}

// part is a half-open range of a day's leg numbers. No conversation straddles
// its ends, so it can be written without the legs next to it.
//
// An object that is filed by the end of what it holds has the records of the part that
// end in a span of the day: the whole day, an hour, or what comes after midnight.
type part struct {
	day
	from, to int
	ends     span
	document int // what its defects are drawn from, if it is a document
}

// span is a half-open span of a day and the first hours of the next.
type span struct{ from, to clock }

var (
	untilMidnight = span{0, oneDay}
	overnight     = span{oneDay, 2 * oneDay}
)

func hourOf(n int) span { return span{clock(n) * oneHour, clock(n+1) * oneHour} }

// writer writes the object that holds a part.
type writer func(p part, w io.Writer) error

// whole returns all legs of the day.
func (d day) whole() part { return part{d, 0, d.Legs, untilMidnight, 0} }

// part returns one of a number of parts of the day's legs.
func (d day) part(i, of int) part {
	at := func(i int) int {
		if i == of {
			return d.Legs
		}
		return d.Legs * i / of / block * block // blocks are kept whole: their last two legs share a conversation
	}
	return part{d, at(i), at(i + 1), untilMidnight, at(i)}
}

func (d day) parts(of int, key string, write writer) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for i := range of {
			p := d.part(i, of)
			o := Object{fmt.Sprintf(key, d.date, i), p.sentWhole(), func(w io.Writer) error { return write(p, w) }}
			if p.from < p.to && !yield(o) {
				return
			}
		}
	}
}

// partsByEnd yields the parts of the day as a system files them that writes a record when
// it ends: the last object lies in the next day's partition, with what lasts over
// midnight. It is left out when its part has nothing of that kind. Filed by the hour, each
// hour has objects of its own, and those without a record are left out.
func (d day) partsByEnd(of int, key string, has func(part) bool, write writer) iter.Seq[Object] {
	if d.Hourly {
		return d.partsByHour(of, key, has, write)
	}
	return func(yield func(Object) bool) {
		for o := range d.parts(of, key, write) {
			if !yield(o) {
				return
			}
		}

		if p := d.overnight(); has(p) {
			// The next day's own objects have the numbers below.
			key := fmt.Sprintf(key, d.at(oneDay), of)
			yield(Object{key, p.sentWhole(), func(w io.Writer) error { return write(p, w) }})
		}
	}
}

// overnight returns the part with what ends after midnight. Only the last conversations
// of a day can: the part has those of its last 32nd, 45 minutes.
func (d day) overnight() part {
	from := max(0, d.Legs-d.Legs/32-block) / block * block
	return part{d, from, d.Legs, overnight, -1} // no other part begins there
}

// holds reports whether an object with the part, filed by the end of what it holds, has a
// record with an end.
func (p part) holds(end clock) bool { return p.ends.from <= end && end < p.ends.to }

// rows calls f for each leg that the part's CDRs tell of.
func (p part) rows(f func(c *call, n int) error) error {
	return p.calls(func(c *call) error {
		if c.fate == NoCDR {
			return nil
		}
		for i := range c.count {
			if !p.holds(c.legs[i].end) {
				continue
			}
			if err := f(c, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// errFound ends a search.
var errFound = errors.New("found")

func (p part) hasRows() bool    { return p.rows(func(*call, int) error { return errFound }) != nil }
func (p part) hasEntries() bool { return p.entries(func(*call, *leg) error { return errFound }) != nil }
