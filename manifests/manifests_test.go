package manifests_test

import (
	"bytes"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestSchemasAreValidAgainstTheirOwnSchema(t *testing.T) {
	names := manifests.Schemas()
	want := []string{"audit", "backfill", "bag", "begun", "blocks", "check", "commit", "config", "configuration", "custody", "discovery", "error", "failed", "history", "hold", "hold-list", "holds", "inputs", "intervals", "journal", "key", "keys", "ls", "manifest", "night", "output", "plan", "production", "profile", "profile-lint", "profile-test", "profile-text", "profiles", "reject", "request", "run", "runs", "story", "summary", "token", "trial", "verify", "version"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("schemas (-want +got):\n%s", diff)
	}
	for _, name := range names {
		s := yamlfile.Schema(name, manifests.Schema(name)) // panics when it is not
		if s.DraftVersion != 2020 {
			t.Errorf("%s is of draft %d, want 2020-12", name, s.DraftVersion)
		}
		if s.Title == "" {
			t.Errorf("%s has no title", name)
		}
	}
}

func TestBuiltInProfilesServeTheirKinds(t *testing.T) {
	kinds := map[string][]string{
		"cdrmend":                     {"manifests", "cdrs", "registrations"},
		"genesys-cloud":               {"manifests"},
		"genesys-conversation-detail": {"cdrs"},
		"http-client-log":             {"registrations"},
		"asterisk":                    {"manifests", "cdrs", "registrations"},
		"freepbx":                     {"manifests", "cdrs"},
		"freeswitch":                  {"manifests", "cdrs", "registrations"},
		"twilio":                      {"manifests", "cdrs"},
		"amazon-connect":              {"manifests", "cdrs"},
		"cisco-cucm":                  {"cdrs", "registrations"},
		"genesys-trunks":              {"registrations"},
		"sip-acc":                     {"cdrs"},
		"sip-syslog":                  {"registrations"},
		"http-access-log":             {"registrations"},
	}
	if len(manifests.Profiles()) != len(kinds) {
		t.Errorf("profiles are %v, want %v", manifests.Profiles(), kinds)
	}
	for name, wanted := range kinds {
		text, ok := manifests.Profile(name)
		if !ok {
			t.Fatalf("%s is not built in", name)
		}
		for _, kind := range wanted {
			if _, err := profile.Load(name, text, kind); err != nil {
				t.Errorf("%s for %s: %v", name, kind, err)
			}
		}
	}
	if _, ok := manifests.Profile("../config"); ok {
		t.Error("a path is taken for a built-in profile")
	}
}

func TestSchemasTellGoodFromBad(t *testing.T) {
	const (
		hash = `"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"`
		id   = `"0123456789abcdef0123456789abcdef"`
	)
	for _, test := range []struct{ name, good, bad string }{
		{
			"manifest",
			`{"format":"cdrmend.manifest/1","counts":{"total":1,"failed":0,"skipped":0},"recordings":[{"recording_id":"r","start_time":"2026-11-20T10:00:00.000000Z","user_ids":[],"x":1}]}`,
			`{"format":"cdrmend.manifest/1","recordings":[{"duration_ms":-1}]}`,
		},
		{
			"inputs",
			`{"source":"m","key":"k","etag":"e","modified":"2026-11-20T10:00:00.000000Z","size":1,"sha256":` + hash + `,"rows":1,"rejects":0}`,
			`{"source":"m","key":"k","modified":"2026-11-20T10:00:00.000000Z","size":1,"sha256":` + hash + `,"rows":1}`,
		},
		{
			"reject",
			`{"row":-1,"offset":0,"length":1,"sha256":` + hash + `,"reason":"x","bytes":"eA=="}`,
			`{"row":null,"offset":0,"length":1,"sha256":` + hash + `,"reason":"x"}`,
		},
		{
			"run",
			`{"format":"cdrmend.run/1","run_id":` + id + `,"files":[{"path":"calls.csv","size":1,"sha256":` + hash + `}],"renamed":[]}`,
			`{"format":"cdrmend.run/1","run_id":` + hash + `,"files":[],"renamed":[]}`,
		},
		{
			"commit",
			`{"format":"cdrmend.commit/1","number":1,"name":"n","interval":"2026-11-20","run_id":` + id + `,"run_sha256":` + hash + `,"history":[{"path":"log/h.csv","size":1,"sha256":` + hash + `}],"time":"2026-11-21T00:00:00Z","tool":"1","previous":"","neighbours":[],"outcome":{"open_critical":0,"open_major":0,"open_minor":0,"indeterminate_input":false}}`,
			`{"format":"cdrmend.commit/1","number":0,"name":"n","interval":"2026-11-20","run_id":` + id + `,"run_sha256":` + hash + `,"history":[{"path":"log/h.csv","size":1,"sha256":` + hash + `}],"time":"2026-11-21T00:00:00Z","tool":"1","previous":"","neighbours":[],"outcome":{"open_critical":0,"open_major":0,"open_minor":0,"indeterminate_input":false}}`,
		},
		{
			"commit",
			`{"payload":"e30","protected":"e30","signature":"AA"}`,
			`{"payload":"e30","protected":"e30","signature":"AA","header":{}}`,
		},
	} {
		name := test.name
		s := yamlfile.Schema(name, manifests.Schema(name))
		if err := s.Validate(decode(t, test.good)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, test.good)
		}
		if err := s.Validate(decode(t, test.bad)); err == nil {
			t.Errorf("%s accepts %s", name, test.bad)
		}
	}
}

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}
