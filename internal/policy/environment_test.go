package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/stream"
)

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	file := "fail_on: critical\n" + small
	env := []string{"HOME=/x", "CDRMEND_FAIL_ON=minor"}
	flags := []policy.Override{{Flag: "--fail-on", Key: "fail_on", Value: "none"}}
	for _, test := range []struct {
		text  string
		env   []string
		flags []policy.Override
		want  policy.Severity
	}{
		{small, nil, nil, policy.Major},
		{file, nil, nil, policy.Critical},
		{file, env, nil, policy.Minor},
		{file, env, flags, policy.None},
		{small, env, flags, policy.None},
	} {
		write(t, test.text)
		c, err := policy.Load("cdrmend.yaml", test.env, test.flags)
		if err != nil {
			t.Fatal(err)
		}
		if c.FailOn != test.want {
			t.Errorf("fail_on with %v and %v is %v, want %v", test.env, test.flags, c.FailOn, test.want)
		}
	}
}

func TestVariablesSetKeysOfEveryType(t *testing.T) {
	write(t, small)
	c, err := policy.Load("cdrmend.yaml", []string{
		"CDRMEND_ORG=0123", "CDRMEND_CONCURRENCY=7", "CDRMEND_POLICY_MAX_REJECTS=1e-2", "CDRMEND_S3_PATH_STYLE=true",
		"CDRMEND_POLICY_EXPECT=all", "CDRMEND_POLICY_DURATION_TOLERANCE=none", "CDRMEND_POLICY_LEEWAY=0",
		"CDRMEND_OUTPUT_URL=s3://b/x", "CDRMEND_OUTPUT_OBJECT_LOCK_MODE=governance", "CDRMEND_OUTPUT_OBJECT_LOCK_DAYS=9",
		"CDRMEND_MEDIA_S3_REGION=r", "CDRMEND_LIMITS_DEPTH=50", "CDRMEND_LIMITS_DOCUMENT_BYTES=1000000", "CDRMEND_TOKEN=secret", "CDRMEND_CONFIG=x",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Policy
	if c.Org != "0123" || c.Concurrency != 7 || p.MaxRejects != 0.01 || p.Expect != policy.ExpectAll || p.DurationTolerance >= 0 || p.Leeway != 0 {
		t.Errorf("got %+v", c)
	}
	if !c.Output.S3.PathStyle || c.Output.URL.Bucket() != "b" || c.Output.ObjectLock != (policy.ObjectLock{Mode: "governance", Days: 9}) || c.Media.S3.Region != "r" {
		t.Errorf("got %+v", c.Output)
	}
	if want := stream.DefaultLimits(); c.Limits.Depth != 50 || c.Limits.DocumentBytes != 1_000_000 || c.Limits.Members != want.Members {
		t.Errorf("got %+v", c.Limits)
	}
}

func TestVariablesThatSetNothingAreErrors(t *testing.T) {
	write(t, small)
	for entry, want := range map[string]string{
		"CDRMEND_FAILON=none":                "CDRMEND_FAILON: no key of the configuration has this name",
		"CDRMEND_SOURCES=x":                  "CDRMEND_SOURCES: no key of the configuration has this name",
		"CDRMEND_POLICY_REQUIRED_FIELDS=x":   "CDRMEND_POLICY_REQUIRED_FIELDS: no key of the configuration has this name",
		"CDRMEND_CONCURRENCY=1e3":            `CDRMEND_CONCURRENCY: concurrency: is "1e3", want a number of requests from 1 to 10000`,
		"CDRMEND_POLICY_MAX_REJECTS=NaN":     `CDRMEND_POLICY_MAX_REJECTS: policy.max_rejects: is "NaN", want a share from 0 to 1`,
		"CDRMEND_S3_PATH_STYLE=yes":          `CDRMEND_S3_PATH_STYLE: s3.path_style: is "yes", want true or false`,
		"CDRMEND_POLICY_LEEWAY=-1s":          `CDRMEND_POLICY_LEEWAY: policy.leeway: is "-1s", want a duration of 0 or more such as 48h, 95h59m, 90s or 998ms`,
		"CDRMEND_LIMITS_DEPTH=0":             "CDRMEND_LIMITS_DEPTH: limits.depth: is 0, want a number from 1 to 10000: levels of JSON, one inside the other",
		"CDRMEND_LIMITS_RECORD_BYTES=1MB":    `CDRMEND_LIMITS_RECORD_BYTES: limits.record_bytes: is "1MB", want a number of bytes from 64 KiB to 1 GiB`,
		"CDRMEND_OUTPUT_OBJECT_LOCK_DAYS=-1": "CDRMEND_OUTPUT_OBJECT_LOCK_DAYS: output.object_lock.days: is -1, want a number of days from 1 to 36500",
	} {
		_, err := policy.Load("cdrmend.yaml", []string{entry}, nil)
		if err == nil || !strings.Contains(err.Error()+"\n", want) {
			t.Errorf("%s: got %v, want %s", entry, err, want)
		}
	}
}

func TestPathsOfFlagsAreRelativeToTheWorkingDirectory(t *testing.T) {
	write(t, small)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	there, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	flags := []policy.Override{{Flag: "--output", Key: "output.url", Value: "RESULT/"}}
	c, err := policy.Load(filepath.Join(here, "cdrmend.yaml"), nil, flags)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Output.URL.Dir(), filepath.Join(there, "RESULT"); got != want {
		t.Errorf("the output of a flag is %q, want %q", got, want)
	}
	if got, want := c.Sources[0].URL.Dir(), filepath.Join(here, "m"); got != want {
		t.Errorf("a source of the file is at %q, want %q", got, want)
	}
}

func TestIdentityHoldsExactlyWhatCanChangeARun(t *testing.T) {
	identity := func(text string, env ...string) string {
		write(t, text)
		writeFile(t, "lines.csv", "org_id,line_id,trunk_id\n,a,b\n")
		c, err := policy.Load("cdrmend.yaml", env, nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(c.Identity().JSON())
	}
	base := identity(small)
	for _, env := range []string{
		"RECHECK=5", "FAIL_ON=none", "CONCURRENCY=1", "SCRATCH=/tmp", "OUTPUT_URL=s3://elsewhere/x",
		"S3_REGION=r", "OUTPUT_SSE_KMS_KEY=",
	} {
		if got := identity(small, "CDRMEND_"+env); got != base {
			t.Errorf("%s changes the identity:\n%s\n%s", env, base, got)
		}
	}
	for _, env := range []string{
		"NAME=other", "ORG=o", "MEDIA_CHECK=size", "MEDIA_URL=/x", "POLICY_EXPECT=all", "POLICY_MAX_REJECTS=0.5", "POLICY_LEEWAY=1s", "POLICY_REFRESH_RACE=1s",
		"POLICY_CHALLENGE_WINDOW=1s", "POLICY_DEFAULT_EXPIRY=1s", "POLICY_COVERAGE_TOLERANCE=1s", "POLICY_DURATION_TOLERANCE=none",
		"POLICY_LINES=lines.csv",
	} {
		if got := identity(small, "CDRMEND_"+env); got == base {
			t.Errorf("%s does not change the identity", env)
		}
	}
	if got := identity(strings.Replace(small, "profile: cdrmend", "profile: cdrmend\n      settle: 1h", 1)); got != base {
		t.Errorf("settle changes the identity:\n%s\n%s", base, got)
	}
	if got := identity(strings.Replace(small, "profile: cdrmend", "profile: cdrmend\n      lookback: 5h", 1)); got == base {
		t.Error("lookback does not change the identity")
	}
	if got := identity("interval: 24h0m\n" + small); got != base {
		t.Errorf("another spelling of a default changes the identity:\n%s\n%s", base, got)
	}
}

// FuzzLoad: what is accepted is a whole configuration, and its
// effective form is read back as the same.
func FuzzLoad(f *testing.F) {
	full, err := os.ReadFile("testdata/night/cdrmend.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(full))
	f.Add(small)
	f.Add("a: &x [*x]\nb: *x\n? c\n: {<<: 1}\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/night")); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "cdrmend.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := policy.Load(path, nil, nil)
		if err != nil {
			return
		}
		if c.Interval < time.Hour || len(c.Sources) == 0 {
			t.Errorf("accepted %+v", c)
		}
		checkReload(t, dir, c)
	})
}
