package synth

import (
	"fmt"
	"io"
	"iter"
)

const (
	oneHour = oneDay / 24
	hours   = 24 // of a day
)

// hourFolder returns what a key has between its day and its name. The verb stands for the
// hour.
func (n *Night) hourFolder() string {
	if n.Hourly {
		return "hour=%02d/"
	}
	return ""
}

// partsByHour yields the parts of the day as a system files them by the hour in which a
// record ends. What ends after midnight lies in the next day's first hour. The day's
// number of objects is that of the hours at least.
func (d day) partsByHour(of int, key string, has func(part) bool, write writer) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for hour := range hours + 1 {
			for i, p := range d.partsOfHour(hour, max(1, of/hours)) {
				if !has(p) {
					continue
				}
				number := i
				if hour == hours { // the next day's own objects have the numbers below
					number += of
				}
				key := fmt.Sprintf(key, d.at(clock(hour)*oneHour), hour%hours, number)
				if !yield(Object{key, p.sentWhole(), func(w io.Writer) error { return write(p, w) }}) {
					return
				}
			}
		}
	}
}

// partsOfHour returns parts with all legs that may end in an hour of the day, the 25th of
// which is the next day's first.
func (d day) partsOfHour(hour, of int) []part {
	ends := hourOf(hour)
	// A conversation starts in its share of the day, and ends soon after.
	at := func(c clock) int { return int(max(0, c)) * d.Legs / int(d.latest()) / block * block }
	from, to := max(0, at(ends.from-longest)-block), min(d.Legs, at(ends.to)+2*block)

	var list []part
	for i := range of {
		first, last := from+(to-from)*i/of/block*block, from+(to-from)*(i+1)/of/block*block
		if i == of-1 {
			last = to
		}
		if first < last {
			list = append(list, part{d, first, last, ends, -2 - hour*of - i})
		}
	}
	return list
}
