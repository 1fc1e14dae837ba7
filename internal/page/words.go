package page

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"cdrmend/internal/record"
)

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// counted is a number of things: 1 call, 2 calls.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return grouped(n) + " " + thing + "s"
}

// short writes a number in at most four characters.
func short(n int64) string {
	for _, unit := range []struct {
		n      int64
		suffix string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= 10*unit.n {
			return strconv.FormatInt(n/unit.n, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// size writes a number of bytes.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for ; v >= 1000 && i < len(units)-1; i++ {
		v /= 1000
	}
	if i == 0 {
		return grouped(n) + " B"
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// instant is a time as it is read, in UTC.
func instant(t record.Time) template.HTML {
	if !t.Known() {
		return ""
	}
	return timeTag(t, "2006-01-02 15:04:05")
}

// clock is the part of a time that changes within a day.
func clock(t record.Time) template.HTML { return timeTag(t, "15:04:05") }

// timeTag writes a time in such a way that the script can tell the reader's
// own. What it writes is digits, and letters of this program.
func timeTag(t record.Time, layout string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t, t.Std().Format(layout)))
}

// duration writes a span in the two units that matter.
func duration(micros int64) string {
	seconds := micros / 1e6
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	switch {
	case h > 0 && m > 0:
		return fmt.Sprintf("%s h %d min", grouped(h), m)
	case h > 0:
		return fmt.Sprintf("%s h", grouped(h))
	case m > 0 && s > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	case m > 0:
		return fmt.Sprintf("%d min", m)
	}
	return fmt.Sprintf("%d s", s)
}

// listed joins words as a sentence does.
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
