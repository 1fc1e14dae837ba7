package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
)

// tool returns the output of a program that checks what is deployed, and whether it was
// content.
func tool(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(outside.Program(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_COLORS=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// units copies deploy/systemd into a new directory, with a program that is there.
func units(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../deploy/systemd")); err != nil {
		t.Fatal(err)
	}
	service := filepath.Join(dir, "cdrmend.service")
	text := strings.Replace(string(deployed(t, "systemd", "cdrmend.service")), "/usr/local/bin/cdrmend", program, 1)
	if err := os.WriteFile(service, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// everything removes the marks that keep settings of credentials.conf from counting.
func everything(t *testing.T) string {
	t.Helper()
	text := deployed(t, "systemd", "cdrmend.service.d", "credentials.conf")
	return regexp.MustCompile(`(?m)^#(LoadCredential|Environment)=`).ReplaceAllString(string(text), "$1=")
}

func TestSystemdUnderstandsTheUnits(t *testing.T) {
	dir := units(t)
	conf := filepath.Join(dir, "cdrmend.service.d", "credentials.conf")
	for name, text := range map[string]string{
		"as it is": string(deployed(t, "systemd", "cdrmend.service.d", "credentials.conf")), "with all credentials": everything(t),
	} {
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		// It names what it does not know, and still exits with 0.
		out, err := tool(t, "systemd-analyze", "verify", filepath.Join(dir, "cdrmend.service"), filepath.Join(dir, "cdrmend.timer"))
		if err != nil || out != "" {
			t.Errorf("%s: systemd-analyze verify: %v: %s", name, err, out)
		}
	}
}

// TestTheServiceIsExposedNoMoreThanSaid holds the unit to the number of deploy/README.md.
func TestTheServiceIsExposedNoMoreThanSaid(t *testing.T) {
	said := regexp.MustCompile(`exposure\s+of\s+at\s+most\s+1\.5\b`)
	if !said.Match(deployed(t, "README.md")) {
		t.Errorf("deploy/README.md does not say %q", said)
	}
	// The threshold is in tenths.
	out, err := tool(t, "systemd-analyze", "security", "--offline=true", "--threshold=15", filepath.Join(units(t), "cdrmend.service"))
	if err != nil {
		t.Errorf("systemd-analyze security: %v: %s", err, out)
	}
}

// TestCredentialsAreSettings reads each variable that names a credential as the
// program reads it.
func TestCredentialsAreSettings(t *testing.T) {
	text := everything(t)
	dir := t.TempDir()
	var environ []string
	for _, m := range regexp.MustCompile(`(?m)^LoadCredential=([^:\n]+):/etc/cdrmend/\S+\nEnvironment=(\w+)=%d/(\S+)$`).FindAllStringSubmatch(text, -1) {
		credential, variable, file := m[1], m[2], m[3]
		if credential != file {
			t.Errorf("%s names %s, and the credential is %s", variable, file, credential)
		}
		if strings.HasPrefix(variable, "CDRMEND_") {
			environ = append(environ, variable+"="+filepath.Join(dir, file))
		}
	}
	if n := strings.Count(text, "LoadCredential="); len(environ) != n-1 { // the keys of AWS are for its SDK
		t.Fatalf("%q, want a variable for each of %d credentials but those of AWS", environ, n)
	}

	cdrmend(t, "keygen", "--out", filepath.Join(dir, "signing.pem"), "--public", filepath.Join(dir, "keys.jwks.json"))
	for _, name := range []string{"notify.key", "pseudonym.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat(name[:1], 32)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "cdrmend.yaml")
	settings := `
name: x
sources:
  manifests: [{name: m, url: "s3://b/m/{date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "s3://b/c/{date}/", profile: cdrmend}]
  registrations: [{name: r, url: "s3://b/r/{date}/", profile: cdrmend}]
output: {url: "s3://b/out/"}
report: {redact: public}
notify: {url: "https://example.com/"}
`
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := policy.Load(config, environ, nil)
	if err != nil {
		t.Fatalf("the environment %q is not understood: %v", environ, err)
	}
	if cfg.Signing.Signer == nil || string(cfg.Notify.Key) != strings.Repeat("n", 32) || string(cfg.Report.PseudonymKey) != strings.Repeat("p", 32) {
		t.Errorf("with %q the keys are not those of the credentials", environ)
	}
}

func TestCronUnderstandsTheTable(t *testing.T) {
	// A file of /etc/cron.d names a user before the command, which a user's own does not.
	line := regexp.MustCompile(`(?m)^((?:\S+ ){5})cdrmend (flock .*)$`)
	table := line.ReplaceAll(deployed(t, "cron", "cdrmend"), []byte("$1$2"))
	path := filepath.Join(t.TempDir(), "table")
	if err := os.WriteFile(path, table, 0o600); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(table), "\n15 2 * * * flock ") {
		t.Fatalf("no line runs flock as the user cdrmend:\n%s", table)
	}
	if out, err := tool(t, "crontab", "-n", path); err != nil {
		t.Errorf("crontab: %v: %s", err, out)
	}
}
