// Package loadfile writes and reads load files: tables that review programs load, as a
// Concordance DAT or as CSV.
//
// In both a row is one line, and each value stands between qualifiers, so that it may hold
// the separator. A qualifier in a value is doubled. The first row has the names of the
// columns.
//
// A CSV is as RFC 4180 says and holds exactly the values. A DAT has no way to write some
// characters, which [Writer] replaces and counts, see [Changes]. Who needs the exact value
// reads the CSV.
package loadfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Encoding is how the characters of a load file are written.
type Encoding string

// The encodings.
const (
	UTF8WithBOM Encoding = "utf-8-bom"
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le" // with a byte-order mark
)

// Profile is the part of an ESI protocol that says how load files are written.
type Profile struct {
	Separator rune // between values of a DAT
	Qualifier rune // around values of a DAT
	Newline   rune // stands for a line break in a value of a DAT
	Encoding  Encoding
	Layout    string // of times, as package time has it
	CRLF      bool   // lines end in CR LF, not LF
}

// Default is the profile that Concordance has.
var Default = Profile{Separator: 0x14, Qualifier: 'þ', Newline: '®', Encoding: UTF8WithBOM, Layout: "2006-01-02 15:04:05", CRLF: true}

// Spec is a profile as a file writes it. An empty text means the default. A character is
// itself, a name such as comma, U+00FE, 0x14 or \x14.
type Spec struct {
	Separator  string `json:"separator,omitempty"`
	Qualifier  string `json:"qualifier,omitempty"`
	Newline    string `json:"newline,omitempty"`
	Encoding   string `json:"encoding,omitempty"`    // utf-8-bom, utf-8 or utf-16le
	DateFormat string `json:"date_format,omitempty"` // such as MM/dd/yyyy HH:mm:ss
	LineEnd    string `json:"line_end,omitempty"`    // crlf or lf
}

// Profile returns the profile that a spec means. The error names its keys as files have
// them.
func (s Spec) Profile() (Profile, error) {
	p := Default
	for _, c := range []struct {
		key, text string
		to        *rune
	}{{"separator", s.Separator, &p.Separator}, {"qualifier", s.Qualifier, &p.Qualifier}, {"newline", s.Newline, &p.Newline}} {
		if c.text == "" {
			continue
		}
		r, err := parseCharacter(c.text)
		if err != nil {
			return Profile{}, fmt.Errorf("%s: %w", c.key, err)
		}
		*c.to = r
	}
	if p.Separator == p.Qualifier || p.Separator == p.Newline || p.Qualifier == p.Newline {
		return Profile{}, fmt.Errorf("separator %U, qualifier %U and newline %U: want three different characters", p.Separator, p.Qualifier, p.Newline)
	}

	switch e := Encoding(strings.ToLower(s.Encoding)); e {
	case "":
	case UTF8WithBOM, UTF8, UTF16LE:
		p.Encoding = e
	default:
		return Profile{}, fmt.Errorf("encoding: %q is not known, want %s, %s or %s", s.Encoding, UTF8WithBOM, UTF8, UTF16LE)
	}
	switch strings.ToLower(s.LineEnd) {
	case "", "crlf":
	case "lf":
		p.CRLF = false
	default:
		return Profile{}, fmt.Errorf("line_end: %q is not known, want crlf or lf", s.LineEnd)
	}
	if s.DateFormat != "" {
		layout, err := parseDateFormat(s.DateFormat)
		if err != nil {
			return Profile{}, fmt.Errorf("date_format: %w", err)
		}
		p.Layout = layout
	}
	return p, nil
}

// Time formats a time. The caller chooses its zone, and gives the zone a column of its own.
func (p *Profile) Time(t time.Time) string { return t.Format(p.Layout) }

// characters are names of characters that are hard to write or to see.
var characters = map[string]rune{
	"comma": ',', "semicolon": ';', "tab": '\t', "pipe": '|', "caret": '^', "tilde": '~', "space": ' ',
	"quote": '"', "apostrophe": '\'', "thorn": 'þ', "registered": '®', "pilcrow": '¶', "dc4": 0x14,
}

func parseCharacter(text string) (rune, error) {
	r, ok := characters[strings.ToLower(text)]
	if !ok && utf8.RuneCountInString(text) == 1 {
		r, _ = utf8.DecodeRuneInString(text)
		ok = true
	}
	for _, prefix := range []string{"U+", "u+", "0x", "0X", `\x`, `\u`} {
		digits, has := strings.CutPrefix(text, prefix)
		if n, err := strconv.ParseUint(digits, 16, 21); has && err == nil {
			r, ok = rune(n), true
		}
	}
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is not one character, want it, a name such as comma, or U+00FE", text)
	case r == 0, r == '\n', r == '\r', r == utf8.RuneError, r == bom, !utf8.ValidRune(r):
		return 0, fmt.Errorf("%q cannot be used: it ends lines or texts, or is not a character", text)
	case unicode.IsLetter(r) && r < 0x80, unicode.IsDigit(r):
		return 0, fmt.Errorf("%q cannot be used: values are full of it", text)
	}
	return r, nil
}

// dateTokens are the parts of a date format, of one letter the longest first.
var dateTokens = []struct{ token, layout string }{
	{"yyyy", "2006"},
	{"yy", "06"},
	{"MM", "01"},
	{"M", "1"},
	{"dd", "02"},
	{"d", "2"},
	{"HH", "15"},
	{"hh", "03"},
	{"h", "3"},
	{"mm", "04"},
	{"ss", "05"},
	{"fff", "000"},
	{"tt", "PM"},
	{"zzz", "-07:00"},
}

// parseDateFormat returns the layout of a format such as MM/dd/yyyy HH:mm:ss.fff.
func parseDateFormat(text string) (string, error) {
	var b strings.Builder
	year, month, day := false, false, false
next:
	for rest := text; rest != ""; {
		for _, t := range dateTokens {
			if after, ok := strings.CutPrefix(rest, t.token); ok {
				if t.token == "fff" && !strings.HasSuffix(b.String(), ".") {
					return "", fmt.Errorf("%q has fff for milliseconds without a point before it", text)
				}
				year, month, day = year || t.token[0] == 'y', month || t.token[0] == 'M', day || t.token[0] == 'd'
				b.WriteString(t.layout)
				rest = after
				continue next
			}
		}
		r, size := utf8.DecodeRuneInString(rest)
		if r != 'T' && !strings.ContainsRune(" -/.:,_", r) {
			return "", fmt.Errorf("%q has %q, want parts such as yyyy MM dd HH mm ss fff tt zzz", text, string(r))
		}
		b.WriteRune(r)
		rest = rest[size:]
	}
	if !year || !month || !day {
		return "", errors.New("want a year, a month and a day, as in yyyy-MM-dd")
	}
	return b.String(), nil
}
