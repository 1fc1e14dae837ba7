package page

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"cdrmend/internal/record"
	"cdrmend/internal/wording"
)

// counted writes a number of things: 1 call, 2 calls.
func counted(n int64, thing string) string { return wording.Count(n, thing) }

// are writes a number of things with its verb: 1 finding is, 2 findings are.
func are(n int64, thing string) string {
	return wording.Count(n, thing) + " " + wording.Verb(n, "is", "are")
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

// instant returns an HTML element with a time in UTC. The script shows the
// reader's local time as its tooltip. The element holds only digits and fixed
// text, so it needs no escaping.
func instant(t record.Time) template.HTML {
	if !t.Known() {
		return ""
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t, stamp(t)))
}

// listed joins words with commas and a final "and".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
