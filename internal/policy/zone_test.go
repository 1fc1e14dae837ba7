package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/policy"
)

func TestTheZoneOfASourceCountsInsteadOfThatOfItsProfile(t *testing.T) {
	for _, test := range []struct{ profile, source, zone, identity string }{
		{"zone: Europe/Berlin", "", "Europe/Berlin", ""},
		{"zone: Europe/Berlin", "zone: Asia/Tokyo", "Asia/Tokyo", "Asia/Tokyo"},
		{"zone: Europe/Berlin", "zone: Europe/Berlin", "Europe/Berlin", ""}, // as without it
		{"", "zone: Asia/Tokyo", "Asia/Tokyo", "Asia/Tokyo"},
		{"", "", "", ""},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"own.yaml":     fmt.Sprintf("cdrs:\n  formats: [csv]\n  fields: {leg_id: [id]}\n  %s\n", test.profile),
			"cdrmend.yaml": fmt.Sprintf("name: night\nsources:\n  manifests: [{name: m, url: 'm/{date}/', profile: cdrmend}]\n  cdrs:\n    - name: c\n      url: in/\n      profile: own.yaml\n      %s\noutput: {url: out/}\n", test.source),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := policy.Load(filepath.Join(dir, "cdrmend.yaml"), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := c.Identity()
		back, err := id.Config(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []*policy.Config{c, back} {
			got := ""
			if zone := of.Sources[1].Profile.Zone; zone != nil {
				got = zone.String()
			}
			if got != test.zone || of.Identity().Sources[1].Zone != test.identity {
				t.Errorf("%+v: got the zone %q, and %q in the identity", test, got, of.Identity().Sources[1].Zone)
			}
		}
		checkReload(t, dir, c)
		if text, _ := c.Effective(); strings.Contains(string(text), "zone: ") != (test.zone != "") || !strings.Contains(string(text), test.zone) {
			t.Errorf("%+v: the effective configuration is\n%s", test, text)
		}
	}
}

// Times that are written need a zone, but it may be the source's.
func TestManifestsWithoutAZoneNeedThatOfTheirSource(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("own.yaml", "manifests:\n  formats: [json]\n  time_layouts: ['2006-01-02 15:04:05']\n  fields: {recording_id: [/id]}\n")
	for zone, want := range map[string]string{"zone: Asia/Tokyo": "", "": "has no zone, and the profile has none either"} {
		_, err := policy.Load(write("cdrmend.yaml", fmt.Sprintf("name: night\nsources:\n  cdrs: [{name: c, url: c/, profile: cdrmend}]\n  manifests:\n    - name: m\n      url: 'in/{date}/'\n      profile: own.yaml\n      %s\noutput: {url: out/}\n", zone)), nil, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: got %v, want %q", zone, err, want)
		}
	}
}
