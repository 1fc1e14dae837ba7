package profile

import (
	"regexp"
	"testing"

	"cdrmend/manifests"
)

func TestTheLiteralOfAPatternStandsInWhateverItMatches(t *testing.T) {
	for _, test := range []struct{ pattern, want string }{
		{`^(?P<time>\S+) .*got (?P<status>\d{3}) while registering \[(?P<id>[^\]]+)\]`, " while registering ["},
		{`a(?:bc)+d`, "bc"},
		{`a(bcd)?e`, "a"},
		{`(bcd)*e`, "e"},
		{`(?i)failed x`, ""},
		{`x(?i)failed`, "x"},
		{`failed|refused`, ""},
		{`(?:abc){2}`, "abc"},
		{`(?:abc){0,2}`, ""},
		{`größer\d`, "größer"},
		{"\uFFFDabc", ""},
		{``, ""},
	} {
		got := string(literalOf(test.pattern))
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.pattern, got, test.want)
		}
	}
}

// TestEveryLineOfABuiltInLogHasALiteral keeps reading quick where most lines are about
// something else.
func TestEveryLineOfABuiltInLogHasALiteral(t *testing.T) {
	for _, name := range manifests.Profiles() {
		text, _ := manifests.Profile(name)
		p, err := Load(name, text, "registrations")
		if err != nil {
			continue // it has no registrations
		}
		for _, l := range p.Lines {
			if len(l.literal) < 8 || l.MayMatch([]byte("about something else")) {
				t.Errorf("%s: lines of %s are looked for by %q", name, l.Pattern, l.literal)
			}
		}
	}
}

// FuzzLiteral: a line that a pattern matches holds the literal of the pattern.
func FuzzLiteral(f *testing.F) {
	f.Add(`a(bc|d)+e`, "xabce")
	f.Add(`(?i)ab|c`, "AB")
	f.Add("\uFFFD", "\xff")
	f.Add(`^x{2,3}y*$`, "xx")
	f.Fuzz(func(t *testing.T, pattern, line string) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return
		}
		l := LinePattern{Pattern: re, literal: literalOf(pattern)}
		if re.MatchString(line) && !l.MayMatch([]byte(line)) {
			t.Errorf("%q matches %q, which lacks %q", pattern, line, l.literal)
		}
	})
}
