package starter_test

import (
	"bytes"
	"strings"
	"testing"

	"cdrmend/internal/starter"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"
)

func written(t *testing.T, f *starter.Facts) (string, []starter.Edit) {
	t.Helper()
	text, edits, err := starter.Write(f)
	if err != nil {
		t.Fatal(err)
	}
	file, err := yamlfile.Parse("cdrmend.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	file.Check(yamlfile.Schema("config", manifests.Schema("config")))
	if err := file.Err(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(text), edits
}

// What a person wrote is in the text as it is, and no place of the example stays where
// another one is known.
func TestEveryPlaceThatIsKnownReplacesThatOfTheExample(t *testing.T) {
	for _, vendor := range append(manifests.Profiles(), "") {
		f := &starter.Facts{Vendor: vendor, Output: "s3://out/", Sources: map[string]starter.Source{}, Org: "o"}
		for _, kind := range starter.Kinds {
			f.Sources[kind] = starter.Source{URL: "s3://" + kind + "/{date}/", Profile: kind + ".yaml"}
		}
		text, edits := written(t, f)
		for _, kind := range starter.Kinds {
			for _, want := range []string{"  " + kind + ":\n", `url: "s3://` + kind + `/{date}/"`, `profile: "` + kind + `.yaml"`} {
				if strings.Count(text, want) != 1 {
					t.Errorf("%q: want one %q in\n%s", vendor, want, text)
				}
			}
		}
		if len(edits) > 0 || strings.Contains(text, "acme") {
			t.Errorf("%q: edits %v, or a place of the example is left\n%s", vendor, edits, text)
		}
	}
}

func TestEachUnknownFactIsOneLineToEditRightAboveIt(t *testing.T) {
	text, edits := written(t, &starter.Facts{Vendor: "freepbx", Sources: map[string]starter.Source{"cdrs": {URL: "s3://c/{date}/"}}})
	lines := strings.Split(text, "\n")
	below := map[string]int{}
	for _, e := range edits {
		if !strings.HasSuffix(lines[e.Line-1], "# EDIT: "+e.Text) {
			t.Errorf("line %d is %q, want the edit %q", e.Line, lines[e.Line-1], e.Text)
		}
		key, _, _ := strings.Cut(strings.TrimSpace(lines[e.Line]), ":")
		below[key]++
	}
	if below["url"] != 3 || below["profile"] != 3 || len(below) != 2 { // of two sources and the output; the zone of three sources
		t.Errorf("edits stand above %v\n%s", below, text)
	}
}

func TestASourceThatThereIsNotIsLeftOut(t *testing.T) {
	for _, vendor := range manifests.Profiles() {
		text, _ := written(t, &starter.Facts{Vendor: vendor, Sources: map[string]starter.Source{"registrations": {None: true}}})
		if strings.Contains(text, "registrations:") {
			t.Errorf("%s: registrations are left\n%s", vendor, text)
		}
		if !strings.Contains(text, "\noutput:\n") || !strings.Contains(text, "  cdrs:\n") {
			t.Errorf("%s: more than the registrations was left out\n%s", vendor, text)
		}
	}
}

func TestOddTextsAreScalars(t *testing.T) {
	for _, odd := range []string{`a "b" # c`, "it's: x", "a\nb: c", "{x}", "- y", "ä&<"} {
		f := &starter.Facts{Name: odd, Org: odd, Output: odd, Vendor: "genesys-cloud", Sources: map[string]starter.Source{"cdrs": {URL: odd}}}
		text, _ := written(t, f)
		if again, _, _ := starter.Write(f); !bytes.Equal([]byte(text), again) {
			t.Errorf("%q: two texts differ", odd)
		}
	}
}

func TestAnUnknownVendorIsNamed(t *testing.T) {
	if _, _, err := starter.Write(&starter.Facts{Vendor: "acme"}); err == nil || !strings.Contains(err.Error(), `"acme" is no vendor`) {
		t.Errorf("%v", err)
	}
	if _, err := starter.NeedsOf("acme"); err == nil {
		t.Error("an unknown vendor has needs")
	}
}

func TestNeedsAreThoseOfTheExample(t *testing.T) {
	for vendor, want := range map[string]starter.Needs{"twilio": {}, "freepbx": {Zone: true}, "genesys-cloud": {Org: true}, "amazon-connect": {}} {
		n, err := starter.NeedsOf(vendor)
		if err != nil || n.Org != want.Org || n.Zone != want.Zone || n.Out == "" || n.URLs["cdrs"] == "" || n.URLs["manifests"] == "" {
			t.Errorf("%s needs %+v, %v", vendor, n, err)
		}
	}
}
