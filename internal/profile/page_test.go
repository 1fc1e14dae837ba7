package profile_test

import (
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

func TestAPageGoesOnWhereItsTokenIsNotEmpty(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("cdrs: {formats: [json], missing: ['-'], pages: {more: /next}, fields: {leg_id: [/id]}}"), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	norm := profile.Normalizer{Profile: p}
	for raw, want := range map[string]bool{
		`"abc"`: true, `7`: true, `0`: true, `true`: true, `{"page":2}`: true, `["x"]`: true,
		`""`: false, `" "`: false, `null`: false, `false`: false, `"-"`: false, ``: false,
	} {
		var v jsonscan.Value
		if raw != "" {
			if v, err = jsonscan.Parse([]byte(raw), &stream.Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		if got := norm.Page(v, jsonscan.Value{}, jsonscan.Value{}); got != (profile.Page{More: want}) {
			t.Errorf("%s: got %+v, want more %v", raw, got, want)
		}
	}
}

func TestATotalOrATimeThatCannotBeReadIsOdd(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("cdrs: {formats: [json], pages: {total: /n, until: /t}, fields: {leg_id: [/id]}}"), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	norm := profile.Normalizer{Profile: p}
	for _, test := range []struct {
		total, until string
		want         bool
	}{
		{"3", `"2026-11-20T12:00:00Z"`, false},
		{`"3"`, "1795132800", false},
		{"null", "null", false},
		{`""`, `""`, false},
		{`"1.250"`, "null", true},
		{`"1,250"`, "null", true},
		{"{}", "null", true},
		{"-1", "null", true},
		{`"many"`, "null", true},
		{"3", `"soon"`, true},
		{"3", `"20.11.2026 12:00:00"`, true},
		{"3", `"2026-11-20 12:00:00"`, true},
		{"3", "[]", true},
	} {
		value := func(raw string) jsonscan.Value {
			v, err := jsonscan.Parse([]byte(raw), &stream.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if got := norm.Page(jsonscan.Value{}, value(test.total), value(test.until)); got.Odd != test.want {
			t.Errorf("%s and %s: odd %v, want %v", test.total, test.until, got.Odd, test.want)
		}
	}
}

func TestPagesTogetherSayWhatIsMissing(t *testing.T) {
	day := record.Span{Start: 1795132800e6, End: 1795219200e6}
	type page struct {
		profile.Page
		elements int64
		lists    bool
	}
	for name, test := range map[string]struct {
		pages []page
		span  record.Span
		want  string
	}{
		"nothing is said":                    {[]page{{elements: 1, lists: true}}, day, ""},
		"the last page ends the list":        {[]page{{profile.Page{More: true}, 2, true}, {elements: 1, lists: true}}, day, ""},
		"every page goes on":                 {[]page{{profile.Page{More: true}, 2, true}, {profile.Page{More: true}, 2, true}}, day, "another page follows"},
		"what lists nothing is no last page": {[]page{{profile.Page{More: true}, 2, true}, {}}, day, "another page follows"},
		"the total is reached over pages":    {[]page{{profile.Page{Total: 3}, 2, true}, {profile.Page{Total: 3}, 1, true}}, day, ""},
		"the greatest total counts":          {[]page{{profile.Page{Total: 3}, 2, true}, {profile.Page{Total: 4}, 1, true}}, day, "there are 4 records in all, and they hold 3"},
		"complete to the end":                {[]page{{profile.Page{Until: day.End}, 1, true}}, day, ""},
		"complete to a time before":          {[]page{{profile.Page{Until: day.End - 1}, 1, true}}, day, "complete until 2026-11-20T23:59:59.999999Z"},
		"the latest time counts":             {[]page{{profile.Page{Until: day.Start}, 1, true}, {profile.Page{Until: day.End}, 1, true}}, day, ""},
		"a total that is none":               {[]page{{profile.Page{Odd: true}, 2, true}, {profile.Page{Total: 2}, 0, true}}, day, "does not read"},
		"a flat source has no end":           {[]page{{profile.Page{Until: day.Start}, 1, true}}, record.Forever, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var all profile.Paging
			for _, p := range test.pages {
				all.Add(p.Page, p.elements, p.lists)
			}
			if got := all.Lacks(test.span); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPagesAreMembersOrElementsAroundTheList(t *testing.T) {
	for text, want := range map[string]string{
		"cdrs:\n  formats: [csv]\n  pages: {more: /next}\n  fields: {leg_id: [id]}\n":                "own.yaml:3:3: cdrs.pages: is given, but neither json nor xml is among the formats",
		"cdrs:\n  formats: [json]\n  shape: conversation-detail\n  pages: {more: /next}\n":           "own.yaml:4:3: cdrs.pages: is given, but the shape conversation-detail has pages of its own",
		"cdrs:\n  formats: [xml]\n  document: {entries: /cdrs/cdr}\n  pages: {total: /cdrs/cdr/n}\n": "own.yaml:4:11: cdrs.pages.total: does not stand around the records /cdrs/cdr, want an element or attribute of cdrs outside of them, such as /cdrs/@total",
		"cdrs:\n  formats: [xml]\n  document: {entries: /cdrs/cdr}\n  pages: {more: /next}\n":        "own.yaml:4:11: cdrs.pages.more: does not stand around the records /cdrs/cdr",
		"manifests:\n  formats: [json]\n  pages: {more: next}\n  fields: {recording_id: [/id]}\n":    "own.yaml:3:11: manifests.pages.more: ",
		"registrations:\n  formats: [json]\n  pages: {}\n  fields: {time: [/t]}\n":                   "own.yaml:3:3: registrations.pages: ",
	} {
		kind, _, _ := strings.Cut(text, ":")
		if _, err := profile.Load("own.yaml", []byte(text), kind); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
