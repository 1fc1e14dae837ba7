package profile_test

import (
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

const (
	upperUUID = "2ABE7C04-63D1-AB47-4182-6E2653F37546"
	nilUUID   = "00000000-0000-0000-0000-000000000000"
)

// A normalCase is a JSON text, or a cell after "=", and its normal form;
// "no" when it does not parse.
type normalCase struct{ text, want string }

func (c normalCase) value(t *testing.T) jsonscan.Value {
	t.Helper()
	if text, ok := strings.CutPrefix(c.text, "="); ok {
		return cell(text)
	}
	return parsed(t, c.text)
}

func shown(text string, ok bool) string {
	if !ok {
		return text + "no"
	}
	return text
}

func checkNormal(t *testing.T, cases []normalCase, read func(jsonscan.Value) string) {
	t.Helper()
	if got := read(jsonscan.Value{}); got != "" {
		t.Errorf("absent: got %q", got)
	}
	for _, c := range cases {
		if got := read(c.value(t)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

func missing() *profile.Normalizer {
	return normalizer(&profile.Profile{Missing: profile.NewWords("n/a", "-1"), Prefixes: []string{"tel:", "sip:"}})
}

func TestTheNormalFormOfIDs(t *testing.T) {
	n := missing()
	lower := strings.ToLower(upperUUID)
	checkNormal(t, []normalCase{
		{`"` + upperUUID + `"`, lower},
		{"={" + upperUUID + "}", lower},
		{"= \u2003" + lower + "\n", lower},
		{`"{` + upperUUID + `"`, "{" + upperUUID},
		{`"` + upperUUID[1:] + `"`, upperUUID[1:]},
		{"=" + strings.ReplaceAll(upperUUID, "-", ""), lower},
		{"={" + strings.ReplaceAll(lower, "-", "") + "}", lower},
		{"=" + strings.ReplaceAll(upperUUID, "-", "")[1:], strings.ReplaceAll(upperUUID, "-", "")[1:]},
		{"=" + strings.ReplaceAll(upperUUID, "-", "") + "}", strings.ReplaceAll(upperUUID, "-", "") + "}"},
		{"=" + strings.ReplaceAll(nilUUID, "-", ""), ""},
		{"=" + strings.Repeat("x", 512), strings.Repeat("x", 512)},
		{"=" + strings.Repeat("x", 513), "no"},
		{`"G` + upperUUID[1:] + `"`, "G" + upperUUID[1:]},
		{`"ABC"`, "ABC"},
		{`" a b "`, "a b"},
		{`"{x}"`, "{x}"},
		{"=\xff", "\xff"},
		{`12345678901234567890`, "12345678901234567890"},
		{`1.50`, "1.50"},
		{`1e3`, "1e3"},
		{`0`, "0"},
		{`null`, ""},
		{`""`, ""},
		{`" \t\u00a0"`, ""},
		{`"` + nilUUID + `"`, ""},
		{"={" + nilUUID + "}", ""},
		{`" n/a "`, ""},
		{`-1`, ""},
		{`"N/A"`, "N/A"},
		{`"null"`, "null"},
		{`{"id":"a"}`, "no"},
		{`["a"]`, "no"},
		{`true`, "no"},
		{`{}`, "no"},
	}, func(v jsonscan.Value) string {
		id, ok := n.ID(v)
		return shown(n.Texts.String(id), ok)
	})
}

func TestTextsKeepTheirCase(t *testing.T) {
	n := missing()
	checkNormal(t, []normalCase{
		{`" Inbound "`, "Inbound"}, {"=" + upperUUID, upperUUID}, {`5`, "5"}, {`"n/a"`, ""}, {`"\u0041\n"`, "A"}, {`false`, "no"}, {`[]`, "no"},
	}, func(v jsonscan.Value) string {
		text, ok := n.Plain(v)
		return shown(n.Texts.String(text), ok)
	})
}

func TestTheNormalFormOfPhoneNumbers(t *testing.T) {
	n := missing()
	checkNormal(t, []normalCase{
		{`"tel:+49 (30) 12-34"`, "+49301234"},
		{`"TEL:0301234"`, "0301234"},
		{`"sip:+4930@example.com:5060"`, "+4930"},
		{`"Sip:4930;user=phone"`, "4930"},
		{`"+49+30"`, "+4930"},
		{`"00+49"`, "0049"},
		{`"tel: +49"`, "+49"},
		{`" +49 "`, "+49"},
		{`4930`, "4930"},
		{`"4930@example1.com"`, "49301"},
		{`"tel:sip:1@2"`, "12"},
		{`"anonymous"`, ""},
		{`"sip:alice@10.0.0.1"`, ""},
		{`"n/a"`, ""},
		{`null`, ""},
		{`{}`, "no"},
		{`true`, "no"},
	}, func(v jsonscan.Value) string {
		text, ok := n.Phone(v)
		return shown(n.Texts.String(text), ok)
	})
}

func TestIntegersAreIntegralAndNotNegative(t *testing.T) {
	n := missing()
	checkNormal(t, []normalCase{
		{`0`, "0"},
		{`-0`, "0"},
		{`5`, "5"},
		{`5.0`, "5"},
		{`5e2`, "500"},
		{`0.5e1`, "5"},
		{`500E-2`, "5"},
		{`"5"`, "5"},
		{`" 007 "`, "7"},
		{"=5", "5"},
		{`999999999999999999`, "999999999999999999"},
		{`"00000000000000000000007"`, "7"},
		{`1000000000000000000`, "no"},
		{`"99999999999999999999"`, "no"},
		{`null`, ""},
		{`""`, ""},
		{`"n/a"`, ""},
		{`-1`, ""},
		{`"-1"`, ""},
		{`-2`, "no"},
		{`0.5`, "no"},
		{`5e-1`, "no"},
		{`"-5"`, "no"},
		{`"+5"`, "no"},
		{`"5.0"`, "no"},
		{`"1e3"`, "no"},
		{`"5 s"`, "no"},
		{`1e30`, "no"},
		{`1e-999999999`, "no"},
		{`true`, "no"},
		{`[5]`, "no"},
		{`{}`, "no"},
		{"=٣", "no"},
	}, func(v jsonscan.Value) string {
		i, ok := n.Int(v)
		if i == profile.NoInt {
			return shown("", ok)
		}
		return shown(fmt.Sprint(i), ok)
	})
}

func TestBooleansAreTrueOrFalseInAnyCase(t *testing.T) {
	n := missing()
	checkNormal(t, []normalCase{
		{`true`, "true"},
		{`false`, "false"},
		{`"TRUE"`, "true"},
		{`" False "`, "false"},
		{"=tRUE", "true"},
		{`null`, ""},
		{`" "`, ""},
		{`"n/a"`, ""},
		{`1`, "no"},
		{`0`, "no"},
		{`"yes"`, "no"},
		{`"maybe"`, "no"},
		{`"1"`, "no"},
		{`[]`, "no"},
		{`{}`, "no"},
	}, func(v jsonscan.Value) string {
		b, ok := n.Bool(v)
		return shown([]string{"", "false", "true"}[b], ok)
	})
}

func TestListsDropMissingAndRepeatedElements(t *testing.T) {
	n := missing()
	checkNormal(t, []normalCase{
		{`["b","a","b",null,""," a ","n/a",5,"5"]`, "b a 5"},
		{`["` + upperUUID + `","{` + strings.ToLower(upperUUID) + `}"]`, strings.ToLower(upperUUID)},
		{`[]`, ""},
		{`[null]`, ""},
		{`null`, ""},
		{`""`, ""},
		{`"n/a"`, ""},
		{"=b; a;b;;", "b a"},
		{"=", ""},
		{"= n/a ", ""},
		{"=;", ""},
		{`["a",{}]`, "no"},
		{`["a",true]`, "no"},
		{`["a",["b"]]`, "no"},
		{`"a;b"`, "a;b"}, // a list of one
		{`5`, "5"},
		{"=" + strings.Repeat("a;", 1000), "a"},
		{"=" + strings.Repeat("a;", 1001), "no"},
		{"[" + strings.Repeat(`"a",`, 999) + "null]", "a"},
		{"[" + strings.Repeat(`"a",`, 1000) + "null]", "no"},
		{`{}`, "no"},
		{`true`, "no"},
	}, func(v jsonscan.Value) string {
		first := n.Texts.OfString("kept")
		ids, ok := n.IDs([]intern.Text{first}, v)
		var texts []string
		for _, id := range ids[1:] {
			texts = append(texts, n.Texts.String(id))
		}
		return shown(strings.Join(texts, " "), ok && ids[0] == first)
	})
}

// Seconds are those of 1990, the first year that a record may bear.
func TestSpansHaveBothTimesInOrder(t *testing.T) {
	n := missing()
	n.Profile.Zone = location(t, "Europe/Berlin")
	checkNormal(t, []normalCase{
		{`[{"start":631152001,"end":631152003},{"end":"631152002","start":"631152002"}]`, "1-3 2-2"},
		{`[{"start":631152005,"start":631152001,"end":631152003,"x":[]}]`, "1-3"},
		{"=631152001/631152003;631152002/631152004", "1-3 2-4"},
		{"= 631152001 / 631152003 ;", "1-3"},
		{"=1990-01-01T00:00:01Z/631152003", "1-3"},
		{`[]`, ""},
		{`null`, ""},
		{`""`, ""},
		{"=", ""},
		{"=n/a", ""},
		{`[{"start":631152003,"end":631152001}]`, "no"},
		{`[{"start":631152001}]`, "no"},
		{`[{"start":0,"end":631152001}]`, "no"},
		{`[null]`, ""},
		{`[{"start":631152001,"end":631152003}," ",null]`, "1-3"},
		{"=631152001/631152003; ;n/a", "1-3"},
		{`[{"start":631152001,"end":631152002},631152005]`, "no"},
		{`["631152001/631152003"]`, "no"},
		{`[[631152001,631152003]]`, "no"},
		{`{"start":631152001,"end":631152003}`, "no"},
		{`"631152001/631152003"`, "no"},
		{"=631152001/631152003;x", "no"},
		{"=631152001", "no"},
		{"=/", "no"},
		{"=631152001/631152002/631152003", "no"},
		{"=631152001/2026-03-29T02:30:00", "no"},
		// A local time that occurs twice is read, and reported.
		{"=2026-10-25T02:30:00/2026-10-25T04:00:00", "1161736200-1161745200no"},
	}, func(v jsonscan.Value) string {
		spans, ok := n.Spans([]record.Span{{}}, v)
		var texts []string
		for _, s := range spans[1:] {
			texts = append(texts, fmt.Sprintf("%d-%d", s.Start/1e6-631152000, s.End/1e6-631152000))
		}
		return shown(strings.Join(texts, " "), ok)
	})
}

func TestATokenInPlaceOfATextDoesNotParse(t *testing.T) {
	n := normalizer(&profile.Profile{})
	for _, text := range []string{"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln", "Bearer abc", " bearer abc "} {
		v := jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(text)}
		if got, ok := n.PlainBytes(v); ok || got != nil {
			t.Errorf("%q was read as %q", text, got)
		}
		if got := profile.Shown(v); strings.Contains(got, "abc") || strings.Contains(got, "eyJ") {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}
