package policy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write the golden files anew")

// small is the shortest configuration that loads.
const small = `name: night
sources:
  manifests:
    - name: m
      url: m/date={date}/
      profile: cdrmend
  cdrs:
    - name: c
      url: c/{year}-{month}/
      profile: cdrmend
output:
  url: out/
`

// write makes a directory with the configuration and moves there, so that
// messages name cdrmend.yaml.
func write(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("cdrmend.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, text string) *policy.Config {
	t.Helper()
	write(t, text)
	c, err := policy.Load("cdrmend.yaml", nil, nil)
	if err != nil {
		t.Fatalf("loading\n%s\n%v", text, err)
	}
	return c
}

func TestEveryDefaultIsFilledIn(t *testing.T) {
	c := load(t, small)
	want := policy.Policy{
		VoiceMedia:        []string{"call", "voice", "audio", "callback"},
		RequiredScopes:    []string{"sip:manage"},
		ScopeClaims:       []string{"authorizedScope", "permissions", "scope", "scopes", "scp"},
		Accepted:          map[string]bool{},
		AcceptedRows:      map[string]int{},
		MaxRejects:        0.0001,
		DurationTolerance: time.Second,
		Leeway:            time.Minute,
		RefreshRace:       time.Minute,
		ChallengeWindow:   5 * time.Second,
		DefaultExpiry:     time.Hour,
		CoverageTolerance: 5 * time.Second,
	}
	if diff := cmp.Diff(want, c.Policy, cmpopts.IgnoreUnexported(policy.Policy{})); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	if c.Interval != 24*time.Hour || c.Recheck != 3 || c.FailOn != policy.Major || c.Concurrency != 64 || !c.Output.CSV || !c.Output.Parquet {
		t.Errorf("defaults: %+v", c)
	}
	m, cdr := c.Sources[0], c.Sources[1]
	required := record.Of(record.RecordingID, record.ConversationID, record.TrunkID, record.StartTime, record.EndTime)
	if m.Lookback != 4*time.Hour || m.Lookahead != time.Hour || m.Required != required || m.Settle != 0 {
		t.Errorf("source of manifests: %+v", m)
	}
	if cdr.Lookback != 24*time.Hour || cdr.Lookahead != 4*time.Hour || cdr.Required != 0 {
		t.Errorf("source of cdrs: %+v", cdr)
	}
}

func TestAFullConfigurationIsRead(t *testing.T) {
	c, err := policy.Load("testdata/night/cdrmend.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	genesys, own, registrar := c.Sources[0], c.Sources[1], c.Sources[3]
	if genesys.Settle != 48*time.Hour || own.Settle != 0 || registrar.Settle != 90*time.Minute {
		t.Errorf("settle: %v %v %v, want that of the profile, then those of the file", genesys.Settle, own.Settle, registrar.Settle)
	}
	if own.Required != record.Of(record.TrunkID, record.DurationMS) {
		t.Errorf("required fields of a source: %b", own.Required)
	}
	if got := own.URL.Dir(); got != filepath.Join("testdata", "night", "own") {
		t.Errorf("a relative URL is at %q, want it beside the file", got)
	}
	want := policy.S3{Region: "eu-west-1", Endpoint: "https://user:password@s3.example.com", RoleARN: "arn:aws:iam::1:role/r", ExternalID: "sesame"}
	if diff := cmp.Diff(want, genesys.S3); diff != "" {
		t.Errorf("a source's S3 settings (-want +got):\n%s", diff)
	}
	if !c.Output.S3.PathStyle || c.Output.S3.Region != "eu-central-1" {
		t.Errorf("the output's S3 settings are %+v, want the general ones", c.Output.S3)
	}
	lines := []policy.Line{{Line: "line-1", Trunk: "trunk-1"}, {Org: "org", Line: `line "2"`, Trunk: "trunk-2"}}
	if diff := cmp.Diff(lines, c.Policy.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if !c.Policy.Accepted["fnd-0123456789abcdef"] || len(c.Policy.Accepted) != 1 {
		t.Errorf("accepted: %v", c.Policy.Accepted)
	}
	if diff := cmp.Diff([]policy.AcceptedSubject{{Class: "missing_recording", Recording: "r-1", Row: 2}}, c.Policy.AcceptedSubjects); diff != "" {
		t.Errorf("accepted by what they are about (-want +got):\n%s", diff)
	}
	grounds := []policy.Grounds{{Row: 1, Reason: "known, see #1", By: "jo"}, {Row: 2, Reason: "lost in the move", By: "jo"}}
	if diff := cmp.Diff(grounds, c.Policy.AcceptedGrounds); diff != "" {
		t.Errorf("grounds of what is accepted (-want +got):\n%s", diff)
	}
	if own.ClockOffset != -40*time.Second || own.Profile.ClockOffset != -40*time.Second || genesys.Profile.ClockOffset != 0 || !c.Sources[2].OneForEachLeg {
		t.Errorf("clock offsets %v and %v, one recording for each leg: %v", own.ClockOffset, genesys.Profile.ClockOffset, c.Sources[2].OneForEachLeg)
	}
	sunday, christmas, monday := record.TimeOf(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)), record.TimeOf(time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC)), record.TimeOf(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	if !c.Policy.Quiet(sunday) || !c.Policy.Quiet(christmas) || c.Policy.Quiet(monday) {
		t.Errorf("quiet days: %v", c.Policy.QuietDays)
	}
	if c.Report.Redact != policy.RedactAll || string(c.Report.PseudonymKey) != "5d0c1e8f2b7a4c6d9e3f0a1b2c3d4e5f" {
		t.Errorf("report: %+v", c.Report)
	}
	if c.Policy.DurationTolerance >= 0 || c.Policy.MaxRejects != 0.0001 || !strings.Contains(string(c.Policy.TokenKeys), `"EdDSA"`) || c.TokenRules().Keys == nil {
		t.Errorf("policy: %+v", c.Policy)
	}
	if diff := cmp.Diff([]string{"trünk-0", "2026"}, c.Policy.Exclusions[3].Trunk); diff != "" {
		t.Errorf("a list as a condition (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"+49*"}, c.Policy.Exclusions[3].ANI); diff != "" {
		t.Errorf("a text as a condition (-want +got):\n%s", diff)
	}
}

func TestEffectiveConfigurationIsTheGoldenOne(t *testing.T) {
	c, err := policy.Load("testdata/night/cdrmend.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Effective()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/effective.yaml", text)
	golden(t, "testdata/identity.json", append(c.Identity().JSON(), '\n'))
	for _, secret := range []string{"sesame", "password", "user:password", "5d0c1e8f2b7a4c6d"} {
		if strings.Contains(string(text)+string(c.Identity().JSON()), secret) {
			t.Errorf("the secret %q is shown", secret)
		}
	}
}

func TestEffectiveConfigurationLoadsToTheSameIdentity(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/night")); err != nil {
		t.Fatal(err)
	}
	first, err := policy.Load(filepath.Join(dir, "cdrmend.yaml"), []string{"CDRMEND_POLICY_LEEWAY=1h", "CDRMEND_ORG=1e3"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkReload(t, dir, first)
}

// checkReload loads the effective configuration from the same directory.
func checkReload(t *testing.T, dir string, first *policy.Config) {
	t.Helper()
	text, err := first.Effective()
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(dir, "again.yaml")
	if err := os.WriteFile(again, text, 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := policy.Load(again, nil, nil)
	if err != nil {
		t.Fatalf("the effective configuration does not load: %v\n%s", err, text)
	}
	if diff := cmp.Diff(first.Identity(), second.Identity()); diff != "" {
		t.Errorf("identity after loading the effective configuration (-first +second):\n%s\n%s", diff, text)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestSettleMayReachTheOldestRecheck(t *testing.T) {
	c := load(t, strings.Replace(small, "profile: cdrmend", "profile: cdrmend\n      settle: 72h", 1))
	if c.Sources[0].Settle != 72*time.Hour {
		t.Errorf("settle is %v", c.Sources[0].Settle)
	}
}

// TestAConfigurationComesBackFromItsIdentity with everything that decides what
// is computed, without a file beside it.
func TestAConfigurationComesBackFromItsIdentity(t *testing.T) {
	c, err := policy.Load("testdata/night/cdrmend.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var id policy.Identity
	if err := json.Unmarshal(c.Identity().JSON(), &id); err != nil {
		t.Fatal(err)
	}
	back, err := id.Config("testdata/night")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(c.Identity().JSON()), string(back.Identity().JSON())); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	// Their order and spelling decide nothing; all else is equal.
	slices.Sort(c.Policy.VoiceMedia)
	slices.Sort(c.Policy.RequiredScopes)
	c.Policy.TokenKeys, back.Policy.TokenKeys = bytes.TrimSpace(c.Policy.TokenKeys), bytes.TrimSpace(back.Policy.TokenKeys)
	if diff := cmp.Diff(c.Policy, back.Policy, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(policy.Policy{})); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	for i, s := range c.Sources {
		got := back.Sources[i]
		if got.Profile.ClockOffset != s.Profile.ClockOffset || got.Profile.Text != s.Profile.Text || got.Profile.Name != s.Profile.Name || got.Profile.Kind != s.Profile.Kind {
			t.Errorf("source %s has profile %+v", s.Name, got.Profile)
		}
		s.Profile, got.Profile, s.S3, s.Settle = nil, nil, policy.S3{}, 0
		if diff := cmp.Diff(s, got, cmp.Comparer(func(a, b policy.Template) bool {
			return a.String() == b.String() && a.Dir() == b.Dir() && a.Bucket() == b.Bucket()
		})); diff != "" {
			t.Errorf("source (-want +got):\n%s", diff)
		}
	}
	if c.Interval != back.Interval || c.Output.CSV != back.Output.CSV || c.Output.Parquet != back.Output.Parquet || c.Media.Check != back.Media.Check {
		t.Errorf("got %+v, want %+v", back, c)
	}
}

func TestAnIdentityThatWasTamperedWithIsNoConfiguration(t *testing.T) {
	whole := func() policy.Identity { return load(t, small).Identity() }
	for name, change := range map[string]func(*policy.Identity){
		"interval": func(id *policy.Identity) { id.Interval = "soon" },
		"media":    func(id *policy.Identity) { id.Media.Check = "all" },
		"url":      func(id *policy.Identity) { id.Sources[0].URL = "gopher://x/" },
		"kind":     func(id *policy.Identity) { id.Sources[0].Kind = "tapes" },
		"profile":  func(id *policy.Identity) { id.Sources[0].Profile = "other" },
		"text":     func(id *policy.Identity) { id.Profiles["cdrmend"] = "colour: red" },
		"expect":   func(id *policy.Identity) { id.Policy.Expect = "most" },
	} {
		id := whole()
		change(&id)
		if c, err := id.Config(""); err == nil {
			t.Errorf("%s: accepted as %+v", name, c)
		}
	}
}
