package guess_test

import (
	"strings"
	"testing"

	"cdrmend/internal/guess"
)

// TestABuiltInProfileIsTheDraftOfSamplesThatItReadsWhole is about what the values of
// single rows do not show.
func TestABuiltInProfileIsTheDraftOfSamplesThatItReadsWhole(t *testing.T) {
	const acc = "method,from_tag,to_tag,callid,sip_code,time"
	invite, bye := "INVITE,f1,t1,c1@p,200,2026-11-20 10:00:00", "BYE,f1,t1,c1@p,200,2026-11-20 10:05:00"
	named := func(names ...string) (all []guess.Sample) {
		for _, name := range names {
			all = append(all, guess.Sample{Name: name, Content: []byte("RIFF")})
		}
		return all
	}
	const trunks = `{"entities":[{"id":"t1","registersStatus":[{"registerState":true,"registerStateTime":"2026-11-20T10:00:00Z","proxyAddress":"p"}]}]}`
	const zone, trunk = "zone: the zone of times", "fields.trunk_id: which column names the trunk"

	for name, test := range map[string]struct {
		kind    string
		samples []guess.Sample
		text    string // in the draft; empty: it is no copy
		edits   []string
	}{
		"halves of calls":             {"cdrs", []guess.Sample{csvOf(acc, invite, bye)}, "built-in profile sip-acc reads them whole", []string{zone, trunk}},
		"halves with a trunk":         {"cdrs", []guess.Sample{csvOf(acc+",carrier", invite+",leeds", bye+",leeds")}, "    trunk_id: ['carrier']\n", []string{zone}},
		"a start that is no time":     {"cdrs", []guess.Sample{csvOf(acc, invite, bye, "INVITE,f1,t1,c1@p,200,yesterday")}, "", nil},
		"a row of another length":     {"cdrs", []guess.Sample{csvOf(acc, invite, "INVITE,f1", bye, bye, bye)}, "", nil},
		"halves behind a tab":         {"cdrs", []guess.Sample{{Name: "a.tsv", Content: []byte(strings.ReplaceAll("# export\n"+acc+"\n"+invite+"\n"+bye+"\n", ",", "\t"))}}, "cdrs:\n  csv: {delimiter: \"\\t\", comment: \"#\"}\n", []string{zone, trunk}},
		"halves without a header":     {"cdrs", []guess.Sample{{Name: "a.csv", Content: []byte(invite + "\n" + bye + "\n")}}, "", nil},
		"starts alone":                {"cdrs", []guess.Sample{csvOf(acc, invite)}, "", nil},
		"records in records":          {"registrations", []guess.Sample{{Name: "a.json", Content: []byte(trunks)}}, "each: /registersStatus/*", nil},
		"names with a start":          {"manifests", named("m/in-201-5550111-20261120-100000-1795168800.1.wav"), "profile freepbx", []string{zone, "media_pattern: whether names of recordings say here what they say in freepbx: recording_id in-201-5550111-20261120-100000-1795168800.1.wav, when 20261120-100000"}},
		"names without a start":       {"manifests", named("m/1795168800.1.wav", "m/out-1795168800.7.WAV"), "profile asterisk", []string{"media_pattern"}},
		"names that say their zone":   {"manifests", named("m/c1_20261120T10:00_UTC.wav"), "profile amazon-connect", []string{"media_pattern"}},
		"names next to sidecars":      {"manifests", []guess.Sample{{Name: "o/year=2026/month=11/day=20/hour=10/conversation_id=c1/r1.opus_metadata.json", Content: []byte(`{"startTime":"2026-11-20T10:00:00.000+0000"}`)}}, "key_pattern:", nil},
		"sidecars from another place": {"manifests", []guess.Sample{{Name: "r1.opus_metadata.json", Content: []byte(`{"startTime":"2026-11-20T10:00:00.000+0000"}`)}}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := tried(t, test.kind, test.samples...)
			text := string(d.Text)
			if isCopy := strings.Contains(text, "reads them whole"); isCopy != (test.text != "") || !strings.Contains(text, test.text) {
				t.Errorf("want %q in\n%s", test.text, text)
			}
			if test.text == "" {
				return
			}
			ok := len(d.Edits) == len(test.edits)
			for i := range d.Edits {
				ok = ok && strings.HasPrefix(d.Edits[i], test.edits[i]) && strings.Contains(text, ": "+d.Edits[i]+".\n")
			}
			if !ok {
				t.Errorf("edits %q, want %q, each in\n%s", d.Edits, test.edits, text)
			}
		})
	}
}
