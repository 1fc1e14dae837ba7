package guess

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cdrmend/internal/profile"
)

// isLog reports whether a sample is a log of text lines rather than records: its
// first lines are neither JSON nor XML, and no delimiter splits them alike.
func isLog(content []byte) bool {
	if formatOf(content) != profile.CSV {
		return bytes.HasPrefix(content, []byte("[20")) || bytes.HasPrefix(content, []byte("<")) && !bytes.HasPrefix(content, []byte("<?")) && bytes.Contains(firstLine(content), []byte(">"+"1 "))
	}
	var t table
	if err := t.commas(content); err != nil {
		return true
	}
	return t.csv.header != nil && len(logTime.Find(firstLine(content))) > 0
}

func firstLine(content []byte) []byte {
	line, _, _ := bytes.Cut(content, []byte("\n"))
	return line
}

// fromLog writes a profile for text lines: the lines of a built-in profile when it
// knows some of them, else a pattern for lines about registrations.
func fromLog(samples []Sample) (*Draft, error) {
	var lines []string
	for _, s := range samples {
		for line := range strings.Lines(string(s.Content)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" && len(lines) < most {
				lines = append(lines, line)
			}
		}
	}
	if name, matched := knownLog(lines); matched > 0 {
		return newCopied(name, "registrations").draft("# A profile guessed from %d lines: the built-in profile %s knows %d of them, and this\n# is its section. Lines about anything else are skipped.\n", len(lines), name, matched), nil
	}
	return newLog(lines)
}

// knownLog returns the built-in profile that knows the most of some lines.
func knownLog(lines []string) (best string, matched int) {
	for _, p := range builtIns("registrations") {
		n := 0
		for _, line := range lines {
			for i := range p.Lines {
				if p.Lines[i].Pattern.MatchString(line) {
					n++
					break
				}
			}
		}
		if n > matched {
			best, matched = p.Name, n
		}
	}
	return best, matched
}

// logTime matches the time at the beginning of a line.
var logTime = regexp.MustCompile(`^(?:<\d+>(?:1 )?)?\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[-+]\d\d:?\d\d)?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)`)

// The parts of a line that may name a trunk, and its status.
var (
	trunks = []struct{ pattern, rests string }{
		{`sips?:(?P<trunk_id>[^@;>:\s]+)@`, "the user of a SIP address"},
		{`(?i:account|trunk|gateway|peer|line)[ =:]+['"\[<]?(?P<trunk_id>[\w.-]+)`, "what follows a word such as trunk or account"},
		{`\[(?P<trunk_id>[A-Za-z][\w.-]*)\]\s*$`, "the brackets at the end"},
	}
	statusInLine = `\b(?P<status>[1-6]\d\d)\b`
)

// newLog writes a pattern for lines that have a time, a word about registration, a
// name and a status.
func newLog(lines []string) (*Draft, error) {
	const head = `^(?:<\d+>(?:1 )?)?\[?(?P<time>`
	best, rests, matched, when := "", "", 0, ""
	for _, line := range lines {
		if m := logTime.FindStringSubmatch(line); m != nil {
			when = m[1]
			break
		}
	}
	if when == "" {
		return nil, errors.New("no line of the samples begins with a time: write the patterns by hand, see cdrmend profiles show sip-syslog for an example")
	}

	at := `\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[-+]\d\d:?\d\d)?)`
	if when[0] > '9' {
		at = `[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)`
	}
	for _, name := range trunks {
		for _, rest := range []string{name.pattern + `.*?` + statusInLine, statusInLine + `.*?` + name.pattern} {
			pattern := head + at + `.*(?i:regist).*?` + rest
			re, n := regexp.MustCompile(pattern), 0
			for _, line := range lines {
				if re.MatchString(line) {
					n++
				}
			}
			if n > matched {
				best, rests, matched = pattern, name.rests, n
			}
		}
	}
	if matched == 0 {
		return nil, errors.New("no line of the samples has a time, a word about registration, a name and a status: write the patterns by hand, see cdrmend profiles show sip-syslog for an example")
	}
	return logDraft(best, rests, matched, len(lines), when), nil
}

func logDraft(pattern, rests string, matched, of int, when string) *Draft {
	s := (&column{cells: []string{strings.Replace(when, ",", ".", 1)}}).spelling()
	d := &Draft{Edits: []string{fmt.Sprintf("lines: whether the trunk is %s, and the first status in a line its answer; %d of %d lines match", rests, matched, of)}}
	times, zone := "", ""
	if s != nil && s.layout != "" && !usual(s.layout) {
		times = "  fields: {time: [{from: time, then: [{time: [" + quote(s.layout) + "]}]}]}\n"
	} else {
		times = "  fields: {time: [time]}\n"
	}
	if s == nil || s.local {
		zone = "  zone: UTC # EDIT: the times have no zone; name that of the machine, such as Europe/Berlin\n"
		d.Edits = append(d.Edits, "zone: the zone of the times, which have none; UTC was taken")
	}

	var b strings.Builder
	fmt.Fprintf(&b, "# A profile guessed from %d lines, which no built-in profile knows.\n", of)
	for i, edit := range d.Edits {
		fmt.Fprintf(&b, "# EDIT %d: %s.\n", i+1, edit)
	}
	fmt.Fprintf(&b, "\nregistrations:\n  formats: [text]\n  lines:\n    - {match: %s}\n%s%s", quote(pattern), times, zone)
	d.Text = []byte(b.String())
	return d
}
