package profile_test

import (
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/manifests"
)

func TestBuiltInProfilesAreLintClean(t *testing.T) {
	for _, name := range manifests.Profiles() {
		text, _ := manifests.Profile(name)
		if err := profile.Lint(nil, name+".yaml", text); err != nil {
			t.Error(err)
		}
	}
}

func TestLintSaysWhatCannotBeMeantAndWhere(t *testing.T) {
	section := func(text string) string { return "cdrs:\n  formats: [json]\n" + text }
	field := func(text string) string { return section("  fields:\n    trunk_id: " + text + "\n") }
	log := func(text string) string { return "registrations:\n  formats: [text]\n  zone: UTC\n" + text }
	lines := func(first, second string) string {
		return log("  lines:\n    - {match: '" + first + "', set: {status: 200}}\n    - {match: '" + second + "'}\n  fields: {time: [time]}\n")
	}
	for name, test := range map[string]struct{ text, want string }{
		"a number as a step":                {field("[/Recordings/0/Location]"), "own.yaml:4:16: cdrs.fields.trunk_id[0]: /Recordings/0/Location has the step 0, which is a member of that name and never the element of a list; want /Recordings/*/Location for each element"},
		"a number below a join":             {field("[{join: [/a, {from: /b/1}], with: x}]"), "fields.trunk_id[0].join[1].from: /b/1 has the step 1"},
		"a number on the way to a page":     {section("  pages: {more: /links/0/next}\n  fields: {leg_id: [/id]}\n"), "own.yaml:3:11: cdrs.pages.more: /links/0/next has the step 0"},
		"a first line that never matches":   {log("  begins: 'a^b'\n  line: '(?P<time>x)'\n"), "registrations.begins: a^b never matches"},
		"a number in a filter":              {section("  skip: [{reason: x, where: {/a/3: b}}]\n  fields: {leg_id: [/id]}\n"), "/a/3 has the step 3"},
		"a number on the way":               {section("  document: {entries: /pages/0/calls}\n  fields: {leg_id: [/id]}\n"), "own.yaml:3:14: cdrs.document.entries: "},
		"a column called 0":                 {"cdrs: {formats: [csv], fields: {trunk_id: ['0']}}", ""},
		"a place twice":                     {field("[/a, /b, {from: /a}]"), "own.yaml:4:25: cdrs.fields.trunk_id[2]: /a is listed twice"},
		"one place of two fields":           {section("  fields: {leg_id: [/id], conversation_id: [/parent, /id]}\n"), ""},
		"after a constant":                  {field("[{value: T1}, /trunk]"), "own.yaml:4:29: cdrs.fields.trunk_id[1]: is never reached, as alternative 1 always has a value"},
		"after constants joined":            {field("[{join: [{value: T1}, {value: T2}]}, /trunk]"), "is never reached"},
		"after a constant that a map drops": {field("[{value: T1, then: [{map: {T2: x}, else: ''}]}, /trunk]"), ""},
		"after half a constant":             {field("[{join: [{value: T1}, /x]}, /trunk]"), ""},
		"a map to nothing":                  {field("[{from: /a, then: [{map: {x: null}, else: ''}]}]"), "own.yaml:4:35: cdrs.fields.trunk_id[0].then[0].map: maps every word to missing"},
		"a map of one word":                 {field("[{from: /a, then: [{map: {x: null}, else: '='}]}]"), ""},
		"an anchor amid characters":         {field("[{from: /a, then: [{match: 'a^(b)'}]}]"), "never matches"},
		"characters after the end":          {field("[{from: /a, then: [{match: '(a$)b'}]}]"), "never matches"},
		"a group twice":                     {field("[{from: /a, then: [{match: '(?P<y>a)|(?P<y>b)'}]}]"), `the group "y" stands twice`},
		"a group repeated 0 times":          {field("[{from: /a, then: [{match: 'x(?P<y>a){0}'}]}]"), "0 times"},
		"a group without characters":        {field(`[{from: /a, then: [{match: 'x|(?P<y>[^\x00-\x{10FFFF}])'}]}]`), "the group y never takes part"},
		"a layout without zone":             {section("  fields: {start_time: [/a]}\n  time_layouts: ['2006-01-02 15:04:05']\n"), "own.yaml:4:18: cdrs.time_layouts[0]: "},
		"a step without zone":               {section("  fields: {start_time: [{from: /a, then: [{time: ['%d.%m.%Y %H:%M']}]}]}\n"), "cdrs.fields.start_time[0].then[0].time[0]: "},
		"a layout with an offset":           {section("  fields: {start_time: [{from: /a, then: [{time: ['%Y%m%d%H%M%S %z', '2006-01-02T15:04:05Z']}]}]}\n"), ""},
		"the same line twice":               {lines(`^(?P<time>\S+) REGISTER (?P<trunk_id>\S+)`, `^(?P<time>\S+) REGISTER (?P<line_id>\S+)`), "own.yaml:6:8: registrations.lines[1].match: is never reached, as lines[0]"},
		"a wider line first":                {lines(`^(?P<time>\S+) REG.*`, `^(?P<time>\S+) REGISTER (?P<trunk_id>\S+)`), "is never reached"},
		"a line that matches any":           {lines(`^.*$`, `^(?P<time>\S+) REGISTER (?P<trunk_id>\S+)`), "is never reached"},
		"a line of anything":                {lines(`^.*`, `^(?P<time>\S+) REGISTER (?P<trunk_id>\S+)`), "is never reached"},
		"a narrower line first":             {lines(`^(?P<time>\S+) REGISTER (?P<trunk_id>\S+)`, `^(?P<time>\S+) REG`), ""},
		"another letter case":               {lines(`(?i)reg (?P<time>\S+)`, `reg (?P<time>\S+) (?P<trunk_id>\S+)`), ""},
		"a place out of the record":         {section("  each: /legs/*\n  fields: {leg_id: [/id], conversation_id: [../../id]}\n"), "own.yaml:4:45: cdrs.fields.conversation_id[0]: ../../id leads out of 2 objects, and records stand in 1 lists"},
		"a place around the record":         {section("  each: /legs/*\n  fields: {leg_id: [/id], conversation_id: [../id]}\n"), ""},
		"a place out of no list":            {field("[../id]"), "../id leads out of 1 objects, and records stand in 0 lists"},
		"no column of the header":           {"cdrs: {formats: [csv], csv: {header: [a, b]}, fields: {trunk_id: [/a, {from: c}]}}", `own.yaml:1:72: cdrs.fields.trunk_id[1].from: names "c", which is no column of csv.header, so that nothing ever stands there; want one of: a b`},
		"no column in a filter":             {"cdrs: {formats: [csv], csv: {header: [a, b]}, keep: [{reason: x, where: {c: y}}], fields: {trunk_id: [a]}}", `names "c", which is no column`},
		"a column of Parquet":               {"cdrs: {formats: [csv, parquet], csv: {header: [a, b]}, fields: {trunk_id: [c]}}", ""},
		"a column of a file's own header":   {"cdrs: {formats: [csv], fields: {trunk_id: [c]}}", ""},
		"a member next to a header":         {"cdrs: {formats: [csv, json], csv: {header: [a, b]}, fields: {trunk_id: [/c, a]}}", ""},
		"no group of a line":                {log("  line: '(?P<time>x) (?P<who>y) (?P<status>z)'\n  fields: {time: [time], trunk_id: [{from: who, then: [{match: y}]}, whom]}\n"), `registrations.fields.trunk_id[1]: names "whom", which is no group of a line, so that nothing ever stands there; want one of: status time who`},
		"two sections":                      {field("[/a/0]") + log("  line: '(?P<time>a^b)'\n  fields: {time: [time]}\n"), "registrations.line: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := profile.Lint(nil, "own.yaml", []byte(test.text))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("%v, want nothing", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestWhatCannotBeLoadedIsReportedOnce(t *testing.T) {
	err := profile.Lint(nil, "own.yaml", []byte("cdrs:\n  formats: [json]\n  fields: {trunk_id: [/a/0]}\n  zone: Nowhere\n"))
	if err == nil || strings.Contains(err.Error(), "step 0") || strings.Count(err.Error(), "Nowhere") != 1 {
		t.Errorf("%v, want the zone alone", err)
	}
}
