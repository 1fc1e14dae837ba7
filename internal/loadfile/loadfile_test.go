package loadfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// hostile are values that load files get wrong.
var hostile = []string{
	"", " ", "plain", "  spaces around  ", "\ttab\t",
	"þ", "þþ", "þ\x14þ", "\x14", "\x14\x14", "a®b", "®", "Marke®®", "þ®\x14",
	"\n", "\r", "\r\n", "\n\r", "\r\r\n\n", "line 1\r\nline 2\nline 3\rline 4", "ends in a line break\n",
	`"`, `""`, `","`, "a,b;c|d", "þ\r\nþ",
	"=1+1", "+49 30 1234", "-1", "@SUM(A1)", "\t=cmd",
	"עברית", "مرحبا بالعالم", "\u202Eright to left\u202C", "e\u0301 é", "日本語", "😀👩‍👩‍👧🏳️‍🌈", "\U0010FFFF",
	"\x00", "a\x00b", "\x01\x02\x1a\x1b\x7f", "\u0085\u2028\u2029", "\uFEFF", "\uFEFFa", "\uFFFD",
	"\xff\xfe", "cut \xe2\x82", "\xc0\x80", "\xed\xa0\x80",
	strings.Repeat("30,000 characters þ 😀\n", 1500),
}

// rows are one hostile value each, beside plain ones, after the names of the columns.
func rows() [][]string {
	all := [][]string{{"DOCID", "þVALUE", "LAST"}}
	for i, v := range hostile {
		all = append(all, []string{fmt.Sprintf("ACME%08d", i+1), v, v})
	}
	return all
}

func profiles() map[string]Profile {
	all := map[string]Profile{"default": Default}
	for name, s := range map[string]Spec{
		"UTF-8 without mark": {Encoding: "utf-8", LineEnd: "lf"},
		"UTF-16":             {Encoding: "UTF-16LE"},
		"plain characters":   {Separator: "|", Qualifier: "^", Newline: "~"},
		"odd characters":     {Separator: "U+1F4DE", Qualifier: "0x15", Newline: `\x0b`, Encoding: "utf-16le"},
	} {
		p, err := s.Profile()
		if err != nil {
			panic(err)
		}
		all[name] = p
	}
	return all
}

func written(t *testing.T, w *Writer, rows [][]string) {
	t.Helper()
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func collected(t *testing.T, seq iter.Seq2[[]string, error]) [][]string {
	t.Helper()
	var all [][]string
	for row, err := range seq {
		if err != nil {
			t.Fatalf("after %d rows: %v", len(all), err)
		}
		all = append(all, row)
	}
	return all
}

// held returns what a DAT is said to hold of a value, and counts it in its own way.
func held(value string, p Profile, c *Changes) string {
	var b strings.Builder
	for _, r := range strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value) {
		switch {
		case r == p.Qualifier, r == p.Separator:
			b.WriteRune(r)
		case r == '\n':
			c.LineEnds++
			b.WriteRune(r)
		case r == p.Newline:
			c.Newlines++
			b.WriteRune(StandIn)
		case r < ' ' && r != '\t', r == 0x7F:
			c.Controls++
			b.WriteRune(StandIn)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// invalid replaces each byte that is not UTF-8, as the package says, and counts them.
func invalid(value string, c *Changes) string {
	var b strings.Builder
	for i, r := range value {
		if r == StandIn && !strings.HasPrefix(value[i:], "\uFFFD") {
			c.Invalid++
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestADATHoldsEveryValueButForWhatIsCounted(t *testing.T) {
	for name, p := range profiles() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := NewDAT(&b, p)
			written(t, w, rows())

			var want [][]string
			var changes Changes
			for _, row := range rows() {
				var to []string
				for _, v := range row {
					h := held(invalid(v, &changes), p, &changes)
					if in := p.InDAT(v); in != h {
						t.Errorf("a DAT is said to hold %q of %q, want %q", in, v, h)
					}
					to = append(to, h)
				}
				want = append(want, to)
			}
			if diff := cmp.Diff(want, collected(t, ReadDAT(&b, p))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(changes, w.Changes()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACSVHoldsEveryValue(t *testing.T) {
	for name, p := range profiles() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := NewCSV(&b, p)
			written(t, w, rows())
			var changes Changes
			var want [][]string
			for _, row := range rows() {
				var to []string
				for _, v := range row {
					if p.Encoding == UTF16LE {
						v = invalid(v, &changes)
					}
					to = append(to, v)
				}
				want = append(want, to)
			}
			if diff := cmp.Diff(want, collected(t, ReadCSV(&b, p))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if w.Changes() != changes {
				t.Errorf("changes %+v, want %+v", w.Changes(), changes)
			}
		})
	}
}

// Go's reader of CSV makes LF of CR LF; else it reads the same.
func TestTheCSVIsReadByAnotherReader(t *testing.T) {
	var b bytes.Buffer
	written(t, NewCSV(&b, Default), rows())
	text, marked := strings.CutPrefix(b.String(), "\uFEFF")
	if !marked {
		t.Fatalf("it begins with %.10q", b.String())
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := rows()
	for _, row := range want {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A value with its qualifiers, as a regular expression sees it.
var datValue = regexp.MustCompile("(?s)^þ((?:[^þ]|þþ)*)þ(\x14|\r\n)")

func TestTheDATIsReadByAnotherReader(t *testing.T) {
	var b bytes.Buffer
	written(t, NewDAT(&b, Default), rows())
	lines := strings.Count(b.String(), "\n")
	if lines != len(rows()) {
		t.Errorf("%d rows are %d lines", len(rows()), lines)
	}
	var got [][]string
	row := []string{}
	for rest := strings.TrimPrefix(b.String(), "\uFEFF"); rest != ""; {
		m := datValue.FindStringSubmatch(rest)
		if m == nil {
			t.Fatalf("no value in %.50q", rest)
		}
		rest = rest[len(m[0]):]
		row = append(row, strings.NewReplacer("þþ", "þ", "®", "\n").Replace(m[1]))
		if m[2] != "\x14" {
			got, row = append(got, row), []string{}
		}
	}
	var want [][]string
	for _, row := range rows() {
		var to []string
		for _, v := range row {
			to = append(to, held(invalid(v, new(Changes)), Default, new(Changes)))
		}
		want = append(want, to)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheBytesOfAFileAreThoseOfItsProfile(t *testing.T) {
	row := [][]string{{"A", "B"}, {"x\ny", "1þ2"}}
	utf16le := func(text string) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(text)) {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
		return b.String()
	}
	for _, c := range []struct {
		spec Spec
		dat  string
		csv  string
	}{
		{Spec{}, "\uFEFFþAþ\x14þBþ\r\nþx®yþ\x14þ1þþ2þ\r\n", "\uFEFF\"A\",\"B\"\r\n\"x\ny\",\"1þ2\"\r\n"},
		{Spec{Separator: "comma", Qualifier: "quote", Newline: "pipe", Encoding: "utf-8", LineEnd: "LF"}, "\"A\",\"B\"\n\"x|y\",\"1þ2\"\n", "\"A\",\"B\"\n\"x\ny\",\"1þ2\"\n"},
		{Spec{Encoding: "utf-16le"}, utf16le("\uFEFFþAþ\x14þBþ\r\nþx®yþ\x14þ1þþ2þ\r\n"), utf16le("\uFEFF\"A\",\"B\"\r\n\"x\ny\",\"1þ2\"\r\n")},
	} {
		p, err := c.spec.Profile()
		if err != nil {
			t.Fatal(err)
		}
		var dat, csv bytes.Buffer
		written(t, NewDAT(&dat, p), row)
		written(t, NewCSV(&csv, p), row)
		if dat.String() != c.dat || csv.String() != c.csv {
			t.Errorf("%+v: DAT %q, want %q; CSV %q, want %q", c.spec, dat.String(), c.dat, csv.String(), c.csv)
		}
	}
}

func TestASpecThatIsWrongIsNamed(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Separator: "two words"}, "separator: "},
		{Spec{Separator: `"\n"`}, "separator: "},
		{Spec{Separator: "0x0A"}, "it ends lines"},
		{Spec{Separator: "U+0000"}, "it ends lines"},
		{Spec{Qualifier: "U+D800"}, "not a character"},
		{Spec{Qualifier: "U+110000"}, "not a character"},
		{Spec{Newline: "a"}, "values are full of it"},
		{Spec{Newline: "7"}, "values are full of it"},
		{Spec{Separator: "þ"}, "three different characters"},
		{Spec{Newline: "thorn"}, "three different characters"},
		{Spec{Encoding: "utf-7"}, "encoding: "},
		{Spec{LineEnd: "cr"}, "line_end: "},
		{Spec{DateFormat: "yyyy"}, "date_format: "},
		{Spec{DateFormat: "yyyy-MM-dd xx"}, `"x"`},
		{Spec{DateFormat: "yyyy-MM-dd HH:mm:ssfff"}, "point before"},
	} {
		if _, err := c.spec.Profile(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.spec, err, c.want)
		}
	}
}

func TestTimesAreWrittenAsTheProfileSays(t *testing.T) {
	at := time.Date(2026, 11, 5, 21, 7, 9, 45_000_000, time.FixedZone("", 3600))
	for format, want := range map[string]string{
		"":                           "2026-11-05 21:07:09",
		"MM/dd/yyyy":                 "11/05/2026",
		"d.M.yy HH:mm":               "5.11.26 21:07",
		"yyyyMMdd":                   "20261105",
		"MM/dd/yyyy hh:mm:ss tt":     "11/05/2026 09:07:09 PM",
		"yyyy-MM-ddTHH:mm:ss.fffzzz": "2026-11-05T21:07:09.045+01:00",
	} {
		p, err := Spec{DateFormat: format}.Profile()
		if got := p.Time(at); err != nil || got != want {
			t.Errorf("%q gives %q %v, want %q", format, got, err, want)
		}
	}
}

func TestRowsOfAnotherLengthAndFailuresAreErrors(t *testing.T) {
	w := NewDAT(io.Discard, Default)
	if err := w.Write(nil); err == nil {
		t.Error("a file without columns is written")
	}
	if err := errors.Join(w.Write([]string{"A", "B"}), w.Write([]string{"1", "2"})); err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]string{"1"}); err == nil || !strings.Contains(err.Error(), "row 4") {
		t.Errorf("a short row: %v", err)
	}
	full := NewDAT(failing{}, Default)
	err := full.Write([]string{"A"})
	for range 10 {
		err = errors.Join(err, full.Write([]string{strings.Repeat("x", 1<<15)}))
	}
	if !errors.Is(err, errFull) || !errors.Is(full.Flush(), errFull) {
		t.Errorf("a disk that is full: %v", err)
	}
}

type failing struct{}

var errFull = errors.New("no space left on device")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestACutOrChangedFileIsAnError(t *testing.T) {
	for name, p := range profiles() {
		var b bytes.Buffer
		written(t, NewDAT(&b, p), [][]string{{"A", "B"}, {"1", "þ2\n"}})
		whole := b.Bytes()
		for i := range whole {
			var last error
			n := 0
			for _, err := range ReadDAT(bytes.NewReader(whole[:i]), p) {
				n++
				last = err
			}
			if last == nil && n == 2 {
				t.Errorf("%s: %d of %d bytes read as the whole file", name, i, len(whole))
			}
		}
	}
	for _, text := range []string{"þAþ\r\n", "\uFEFFA\r\n", "\uFEFFþAþ\n", "\uFEFFþAþx", "\uFEFFþAþ\x14", "\uFEFFþA\r\nþ\r\n", "\uFEFFþAþ\r\nþ1þ\x14þ2þ\r\n"} {
		var last error
		for _, err := range ReadDAT(strings.NewReader(text), Default) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "reading") {
			t.Errorf("%q: %v", text, last)
		}
	}
	for _, err := range ReadDAT(iotest.ErrReader(errFull), Default) {
		if !errors.Is(err, errFull) {
			t.Errorf("a file that cannot be read: %v", err)
		}
	}
}

// FuzzRow: whatever the values and the characters of a profile are, a row that was written
// is one line that reads back as the values, but for what was counted.
func FuzzRow(f *testing.F) {
	for i, v := range hostile[:len(hostile)-1] {
		f.Add(v, hostile[(i+7)%len(hostile)], uint8(i), "", "", "")
	}
	f.Add("a|b", "c^~", uint8(1), "|", "^", "~")
	f.Fuzz(func(t *testing.T, a, b string, kind uint8, separator, qualifier, newline string) {
		p, err := Spec{Separator: separator, Qualifier: qualifier, Newline: newline, Encoding: []string{"", "utf-8", "utf-16le"}[kind%3], LineEnd: []string{"crlf", "lf"}[kind%2]}.Profile()
		if err != nil {
			return
		}
		in := [][]string{{a, b}, {b, a}}
		var dat, csv bytes.Buffer
		w, exact := NewDAT(&dat, p), NewCSV(&csv, p)
		written(t, w, in)
		written(t, exact, in)
		got := collected(t, ReadDAT(&dat, p))
		if w.Changes() == (Changes{}) {
			if diff := cmp.Diff(in, got); diff != "" {
				t.Errorf("DAT by %+v (-want +got):\n%s", p, diff)
			}
		}
		if len(got) != 2 || len(got[0]) != 2 {
			t.Errorf("%q is read as %q", in, got)
		}
		if back := collected(t, ReadCSV(&csv, p)); exact.Changes() == (Changes{}) {
			if diff := cmp.Diff(in, back); diff != "" {
				t.Errorf("CSV by %+v (-want +got):\n%s", p, diff)
			}
		}
	})
}
