package profile_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// parsed returns a JSON text as a value.
func parsed(t testing.TB, text string) jsonscan.Value {
	t.Helper()
	v, err := jsonscan.Parse([]byte(text), &stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func normalizer(p *profile.Profile) *profile.Normalizer {
	return &profile.Normalizer{Profile: p, Texts: intern.NewTable()}
}

func cell(text string) jsonscan.Value { return jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(text)} }

// readTime says how a text is read as a time: in the canonical form, "" when
// missing, "no" when it does not parse, and with a * when it is reported.
func readTime(n *profile.Normalizer, v jsonscan.Value) string {
	switch at, ok := n.Time(v); {
	case ok:
		return at.String()
	case at.Known():
		return at.String() + "*"
	default:
		return "no"
	}
}

func TestAcceptedSpellingsOfTimes(t *testing.T) {
	n := normalizer(&profile.Profile{Layouts: []string{"02.01.2006 15:04:05 -0700", "20060102150405Z", "Jan 2, 2006 at 3:04pm (MST)"}})
	for text, want := range map[string]string{
		"2026-11-20T08:00:00Z": "2026-11-20T08:00:00.000000Z", "2026-11-20T08:00:00.1234569Z": "2026-11-20T08:00:00.123456Z",
		"2026-11-20T08:00:00.5+01:00": "2026-11-20T07:00:00.500000Z", "2026-11-20T08:00:00-0530": "2026-11-20T13:30:00.000000Z",
		"2026-11-20T08:00:00.000+0000": "2026-11-20T08:00:00.000000Z", "  2026-11-20T08:00:00Z\u00a0": "2026-11-20T08:00:00.000000Z",
		"2028-02-29T00:00:00Z": "2028-02-29T00:00:00.000000Z", "2000-02-29T23:59:59+23:59": "2000-02-29T00:00:59.000000Z",
		"1990-01-01T00:00:00Z": "1990-01-01T00:00:00.000000Z", "2099-12-31T23:59:59.9999999Z": "2099-12-31T23:59:59.999999Z",
		"1795132800": "2026-11-20T00:00:00.000000Z", "1795132800.1234567": "2026-11-20T00:00:00.123456Z", "1795132800123": "2026-11-20T00:00:00.123000Z",
		"1795132800123.4567": "2026-11-20T00:00:00.123456Z", "1795132800123456": "2026-11-20T00:00:00.123456Z", "1795132800123456.9": "2026-11-20T00:00:00.123456Z",
		"0001795132800": "2026-11-20T00:00:00.000000Z", "631152000.0000019": "1990-01-01T00:00:00.000001Z",
		"4102444799999": "2099-12-31T23:59:59.999000Z", "631152000000000": "1990-01-01T00:00:00.000000Z",
		"0": "", "-0": "", "0.000": "", "00": "", "": "", " ": "",
		"Fri, 20 Nov 2026 08:00:00 +0100": "2026-11-20T07:00:00.000000Z", "20 Nov 2026 08:00 GMT": "2026-11-20T08:00:00.000000Z",
		"fri, 2 NOV 2026 08:00:01 ut": "2026-11-02T08:00:01.000000Z", "Fri,  20 Nov 2026 08:00:00 UTC": "2026-11-20T08:00:00.000000Z", "20 Nov 2026 08:00 -0030": "2026-11-20T08:30:00.000000Z",
		"20.11.2026 08:00:00 +0200": "2026-11-20T06:00:00.000000Z", "20261120080000Z": "2026-11-20T08:00:00.000000Z", "nov 20, 2026 at 3:04pm (UTC)": "2026-11-20T15:04:00.000000Z", "Nov 20, 2026 at 3:04pm (GMT)": "2026-11-20T15:04:00.000000Z",
	} {
		if got := readTime(n, cell(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOtherTextsAreNoTimes(t *testing.T) {
	n := normalizer(&profile.Profile{Layouts: []string{"02.01.2006 15:04:05 -0700", "Jan 2, 2006 at 3:04pm (MST)"}})
	for _, text := range []string{
		"2026-11-20", "2026-11-20T08:00Z", "2026-11-20 08:00:00Z", "2026-11-20t08:00:00Z", "2026-11-20T08:00:00z", "2026-11-20T08:00:00", "2026-11-20T08:00:00.Z",
		"2026-11-20T08:00:00,5Z", "2026-11-20T24:00:00Z", "2026-11-20T23:59:60Z", "2026-11-20T23:60:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z",
		"2026-11-00T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "+2026-11-20T08:00:00Z", "2026-11-20T08:00:00+1:00", "2026-11-20T08:00:00+24:00",
		"2026-11-20T08:00:00+01:60", "2026-11-20T08:00:00+01", "2026-11-20T08:00:00 Z", "2026-11-20T08:00:00ZZ", "26-11-20T08:00:00Z", "2026-1-20T08:00:00Z",
		"2026-11-20T08:00:0:Z", "2026-11-20T08:00::0Z", "2026-11-20T08:0/:00Z", "202:-11-20T08:00:00Z",
		"0001-01-01T00:00:00+00:01+", "9999-12-31T23:59:59-00:01", "1989-12-31T23:59:59.999999Z", "2100-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "1970-01-01T01:00:00+01:00", "0000-00-01", "1970-01-01 00:00:01", "1970-01-01 00:00", "1970-01-01x", "-1", "1", "99999999999", "100000000000", "99999999999999", "100000000000000", "+1795132800", "1e9", "1795132800s", "1_795_132_800", "0x1", ".5", "5.", "1795132800,5", "1000000000000000000",
		"999999999999999999", "-99999999999", "Fri, 20 Nov 2026 08:00:00", "Fri, 20 Nov 2026 08:00:00 CET", "Xxx, 20 Nov 2026 08:00:00 GMT", "Fri, 20 Nov 26 08:00:00 GMT", "20 Nov 2026 24:00 GMT",
		"20 Nov 2026 08:00:60 GMT", "31 Nov 2026 08:00 GMT", "20 November 2026 08:00 GMT", "20.11.2026 8:00:00 +0200", "20.11.2026 08:00:00.5 +0200", "Nov 20, 2026 at 3:04pm (CET)", "yesterday", "{}",
	} {
		if got := readTime(n, cell(text)); got != "no" {
			t.Errorf("%q: got %q, want it not to parse", text, got)
		}
	}
}

func TestNumbersAreTimesInExactArithmetic(t *testing.T) {
	n := normalizer(&profile.Profile{Missing: profile.NewWords("-1")})
	for text, want := range map[string]string{
		"1795132800": "2026-11-20T00:00:00.000000Z", "1.795132800123456e9": "2026-11-20T00:00:00.123456Z", "17951328001234569e-7": "2026-11-20T00:00:00.123456Z", "1795132800123456000E-3": "2026-11-20T00:00:00.123456Z",
		"0": "", "0e5": "", "-0.0": "", "-1": "", "1e300": "no", "1e-300": "", "1e999999999999": "no", `{"a":1}`: "no", "[1]": "no", "true": "no", "null": "", `"1795132800"`: "2026-11-20T00:00:00.000000Z",
		`""`: "", `"-1"`: "",
	} {
		if got := readTime(n, parsed(t, text)); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestLocalTimesFollowTheProfilesZone(t *testing.T) {
	n := normalizer(&profile.Profile{
		Zone:    location(t, "Europe/Berlin"),
		Layouts: []string{"02.01.2006 15:04:05", "2006-01-02 15:04:05 MST"},
	})
	for text, want := range map[string]string{
		"2026-11-20T08:00:00": "2026-11-20T07:00:00.000000Z", "2026-07-20T08:00:00.25": "2026-07-20T06:00:00.250000Z", "20.07.2026 08:00:00": "2026-07-20T06:00:00.000000Z", "2026-07-20T08:00:00Z": "2026-07-20T08:00:00.000000Z",
		// On 29 March the clocks go from 2 to 3, on 25 October from 3 to 2.
		"2026-03-29T01:59:59.999999": "2026-03-29T00:59:59.999999Z", "2026-03-29T02:00:00": "no", "2026-03-29T02:59:59.999999": "no", "2026-03-29T03:00:00": "2026-03-29T01:00:00.000000Z", "29.03.2026 02:30:00": "no",
		"2026-10-25T01:59:59": "2026-10-24T23:59:59.000000Z", "2026-10-25T02:00:00": "2026-10-25T00:00:00.000000Z*", "2026-10-25T02:59:59": "2026-10-25T00:59:59.000000Z*", "2026-10-25T03:00:00": "2026-10-25T02:00:00.000000Z", "25.10.2026 02:30:00": "2026-10-25T00:30:00.000000Z*",
		"2026-10-25 02:30:00 CEST": "2026-10-25T00:30:00.000000Z", "2026-10-25 02:30:00 CET": "2026-10-25T01:30:00.000000Z", "2026-10-25 02:30:00 PST": "no",
		"1970-01-01T00:00:00": "", "01.01.1900 00:00:00": "", "2100-01-01T00:59:59": "2099-12-31T23:59:59.000000Z", "2100-01-01T01:00:00": "no",
	} {
		if got := readTime(n, cell(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestLocalTimesAgreeWithACountOfTheInstantsThatShowThem(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		loc := location(t, zone)
		n := normalizer(&profile.Profile{Zone: loc})
		shows := map[string][]time.Time{}
		const layout = "2006-01-02T15:04:05"
		for at := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2019; at = at.Add(15 * time.Minute) {
			local := at.In(loc).Format(layout)
			shows[local] = append(shows[local], at)
		}
		for at := time.Date(2018, 1, 3, 0, 0, 0, 0, time.UTC); at.Year() < 2019; at = at.Add(15 * time.Minute) {
			text := at.Format(layout) // as if it were a local time
			want := "no"
			if instants := shows[text]; len(instants) > 0 {
				want = record.TimeOf(instants[0]).String() + strings.Repeat("*", len(instants)-1)
			}
			if got := readTime(n, cell(text)); got != want && at.Month() != time.December {
				t.Fatalf("%s in %s: got %q, want %q", text, zone, got, want)
			}
		}
	}
}

func TestWrittenTimesReadBackAsTheValueShown(t *testing.T) {
	berlin := location(t, "Europe/Berlin")
	profiles := []*profile.Profile{
		{},
		{Layouts: []string{"2006-01-02T15:04:05.000-0700"}},
		{Layouts: []string{"2006-01-02T15:04:05.000Z07:00"}, Zone: berlin},
		{Layouts: []string{"02.01.2006 15:04:05"}, Zone: berlin},
		{Layouts: []string{"20060102150405"}, Zone: berlin},
		{Layouts: []string{"2006-01-02 15:04 -07:00"}},
		{Layouts: []string{"2006-01-02T15:04:05"}, Zone: berlin},
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, p := range profiles {
		n := normalizer(p)
		for range 500 {
			at := record.Time(1795132800_000000 + rng.Int64N(365*86400e6))
			text, shown := p.FormatTime(at)
			if again, _ := n.Time(cell(text)); again != shown || shown > at || shown < at-3600e6-60e6 {
				t.Fatalf("%v: %s is written as %q and shown as %s, but read as %s", p.Layouts, at, text, shown, again)
			}
			if again, cut := p.FormatTime(shown); again != text || cut != shown {
				t.Fatalf("%v: written again %q is %q", p.Layouts, text, again)
			}
		}
	}
	if text, shown := profiles[1].FormatTime(1795132800_123456); text != "2026-11-20T00:00:00.123+0000" || shown != 1795132800_123000 {
		t.Errorf("got %s, %s", text, shown)
	}
	if text, _ := profiles[3].FormatTime(1795132800_999999); text != "20.11.2026 01:00:00" {
		t.Errorf("got %s", text)
	}
}

// FuzzTimes: what is read as a time can be written, is read back as the same,
// and does not depend on white space around it.
func FuzzTimes(f *testing.F) {
	for _, text := range []string{
		"2026-11-20T08:00:00.123Z", "2026-10-25T02:30:00", "1795132800.5", "-1", "1e3", "Fri, 20 Nov 2026 08:00 GMT", "20.11.2026 08:00:00", "0", "9999-12-31T23:59:59.9999999+00:00", "0001-01-01T00:00:00",
	} {
		f.Add(text)
	}
	n := normalizer(&profile.Profile{Zone: location(f, "Europe/Berlin"), Layouts: []string{"02.01.2006 15:04:05", "20060102 15:04:05.000 MST"}})
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := n.Time(cell(text))
		if !at.Known() {
			return
		}
		if !at.Valid() {
			t.Fatalf("%q is %d, which cannot be written", text, at)
		}
		again, clear := n.Time(cell(at.String()))
		if again != at || !clear {
			t.Fatalf("%q is %s, which is read as %s", text, at, again)
		}
		if padded, same := n.Time(cell(" " + text + "\t")); padded != at || same != ok {
			t.Fatalf("%q is %s, and with white space %s", text, at, padded)
		}
	})
}

func TestDatesThatStandForNoDateAreMissing(t *testing.T) {
	n := normalizer(&profile.Profile{Layouts: []string{"02.01.2006 15:04:05 -0700"}})
	for _, date := range []string{"0000-00-00", "0001-01-01", "1900-01-01", "1970-01-01"} {
		for _, rest := range []string{"", "T00:00:00Z", "T00:00:00", "T00:00:00.000+02:00", "T00:00:00-0500", " 00:00:00", " 00:00:00.000", " 00:00:00+02:00"} {
			if got := readTime(n, cell(date+rest)); got != "" {
				t.Errorf("%s: got %q, want it missing", date+rest, got)
			}
		}
	}
	for _, text := range []string{"1 Jan 1970 00:00 GMT", "Mon, 1 Jan 1900 00:00:00 +0500", "01.01.1970 00:00:00 +0100", "-2208988800", "-62135596800000"} {
		if got := readTime(n, cell(text)); got != "" {
			t.Errorf("%s: got %q, want it missing", text, got)
		}
	}
}

func TestTheClockOffsetIsAddedWhenReadAndSubtractedWhenWritten(t *testing.T) {
	p := &profile.Profile{Layouts: []string{"2006-01-02T15:04:05.000000Z"}, ClockOffset: -40 * time.Second}
	n := normalizer(p)
	at, _ := n.Time(cell("2026-11-20T08:00:40Z"))
	spans, _ := n.Spans(nil, cell("2026-11-20T08:00:40Z/1795161700"))
	if at.String() != "2026-11-20T08:00:00.000000Z" || spans[0].Start != at || spans[0].Duration() != time.Minute {
		t.Errorf("read as %s, span %v", at, spans)
	}
	text, seen := p.FormatTime(at)
	if written, ok := p.Written(at, false); text != "2026-11-20T08:00:40.000000Z" || seen != at || written != at || !ok {
		t.Errorf("written as %s, seen as %s and %s", text, seen, written)
	}
	if got := p.ParseTime([]byte("2026-11-20T08:00:40Z")).String(); got != "2026-11-20T08:00:40.000000Z" {
		t.Errorf("as the source's clock shows it %s", got)
	}
}

func TestATimeIsNotWrittenWhereItWouldBeReadAsAnother(t *testing.T) {
	berlin := location(t, "Europe/Berlin")
	first, second := record.Time(1792888200e6), record.Time(1792891800e6) // 02:30, and an hour later 02:30 again
	for name, test := range map[string]struct {
		profile       profile.Profile
		local         bool
		first, second bool
	}{
		"in a layout with an offset":       {profile.Profile{Zone: berlin}, false, true, true},
		"in a column of local times":       {profile.Profile{Zone: berlin}, true, true, false},
		"in a layout without an offset":    {profile.Profile{Zone: berlin, Layouts: []string{"2006-01-02 15:04:05"}}, false, true, false},
		"in a zone that never repeats":     {profile.Profile{Zone: time.UTC}, true, true, true},
		"in such a column, without a zone": {profile.Profile{}, true, false, false},
		"by a clock that is an hour ahead": {profile.Profile{Zone: berlin, ClockOffset: -time.Hour}, true, false, true},
	} {
		_, ok1 := test.profile.Written(first, test.local)
		_, ok2 := test.profile.Written(second, test.local)
		if ok1 != test.first || ok2 != test.second {
			t.Errorf("%s: got %v and %v, want %v and %v", name, ok1, ok2, test.first, test.second)
		}
	}
}
