package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cdrmend/internal/metrics"
	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func deployed(t *testing.T, elements ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "deploy"}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// cronJob is what the tests look at in the manifest.
type cronJob struct {
	Spec struct {
		TimeZone          string `yaml:"timeZone"`
		ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
		JobTemplate       struct {
			Spec struct {
				PodFailurePolicy struct {
					Rules []struct {
						Action      string `yaml:"action"`
						OnExitCodes struct {
							ContainerName string `yaml:"containerName"`
							Operator      string `yaml:"operator"`
							Values        []int  `yaml:"values"`
						} `yaml:"onExitCodes"`
					} `yaml:"rules"`
				} `yaml:"podFailurePolicy"`
				Template struct {
					Spec struct {
						RestartPolicy      string      `yaml:"restartPolicy"`
						ServiceAccountName string      `yaml:"serviceAccountName"`
						Containers         []container `yaml:"containers"`
						Volumes            []named     `yaml:"volumes"`
					} `yaml:"spec"`
				} `yaml:"template"`
			} `yaml:"spec"`
		} `yaml:"jobTemplate"`
	} `yaml:"spec"`
}

type container struct {
	Name         string   `yaml:"name"`
	Args         []string `yaml:"args"`
	Env          []named  `yaml:"env"`
	VolumeMounts []named  `yaml:"volumeMounts"`
}

type named struct {
	Name      string `yaml:"name"`
	Value     string `yaml:"value"`
	MountPath string `yaml:"mountPath"`
}

func readCronJob(t *testing.T) *cronJob {
	t.Helper()
	var j cronJob
	if err := yaml.Unmarshal(deployed(t, "kubernetes", "base", "cronjob.yaml"), &j); err != nil {
		t.Fatal(err)
	}
	if len(j.Spec.JobTemplate.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("want one container, got %+v", j)
	}
	return &j
}

// commandLine returns the words after the program's path in a line that
// begins with the given text.
func commandLine(t *testing.T, text []byte, begins string) []string {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		_, words, found := strings.Cut(line, "/usr/local/bin/cdrmend ")
		if found && strings.HasPrefix(line, begins) {
			return strings.Fields(words)
		}
	}
	t.Fatalf("no line begins with %q and runs cdrmend:\n%s", begins, text)
	return nil
}

func TestDeployedCommandsAreUnderstood(t *testing.T) {
	image := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindSubmatch(deployed(t, "Containerfile"))
	var cmd []string
	if image == nil || json.Unmarshal(image[1], &cmd) != nil {
		t.Fatal("the Containerfile has no CMD that is a list")
	}
	for where, args := range map[string][]string{
		"Containerfile":   cmd,
		"cronjob.yaml":    readCronJob(t).Spec.JobTemplate.Spec.Template.Spec.Containers[0].Args,
		"cdrmend.service": commandLine(t, deployed(t, "systemd", "cdrmend.service"), "ExecStart="),
		"cron":            commandLine(t, deployed(t, "cron", "cdrmend"), "15 2 "),
	} {
		if args[0] != runCommand.name {
			t.Errorf("%s: runs %q, want the command run", where, args)
			continue
		}
		flags := pflag.NewFlagSet(args[0], pflag.ContinueOnError)
		flags.SetOutput(io.Discard)
		runCommand.flags(flags)
		if err := flags.Parse(args[1:]); err != nil {
			t.Errorf("%s: %q: %v", where, args, err)
		}
		if failOn, _ := flags.GetString("fail-on"); where == "cronjob.yaml" && failOn != "none" {
			t.Errorf("%s: --fail-on is %q, want none: Kubernetes would repeat a run because of its findings", where, failOn)
		}
	}
}

func TestDeployedExitCodesAreThoseOfTheProgram(t *testing.T) {
	j := readCronJob(t).Spec
	first := j.JobTemplate.Spec.PodFailurePolicy.Rules[0]
	if first.Action != "FailJob" || first.OnExitCodes.Operator != "In" || !slices.Equal(first.OnExitCodes.Values, []int{exitUsage, exitStopped}) {
		t.Errorf("cronjob.yaml: the first failure rule is %+v, want FailJob on %d and %d", first, exitUsage, exitStopped)
	}
	if name := j.JobTemplate.Spec.Template.Spec.Containers[0].Name; first.OnExitCodes.ContainerName != name {
		t.Errorf("cronjob.yaml: the failure rule is about container %q, the job's is %q", first.OnExitCodes.ContainerName, name)
	}
	service := string(deployed(t, "systemd", "cdrmend.service"))
	for _, want := range []string{
		"\nSuccessExitStatus=" + strconv.Itoa(exitFindings) + " " + strconv.Itoa(exitIndeterminate) + "\n",
		"\nRestartPreventExitStatus=" + strconv.Itoa(exitUsage) + " " + strconv.Itoa(exitStopped) + "\n",
	} {
		if !strings.Contains(service, want) {
			t.Errorf("cdrmend.service has no line %q", strings.TrimSpace(want))
		}
	}
}

func TestCronJobNeitherOverlapsNorKeepsLocalTime(t *testing.T) {
	j := readCronJob(t).Spec
	got := []string{j.ConcurrencyPolicy, j.TimeZone, j.JobTemplate.Spec.Template.Spec.RestartPolicy}
	if diff := cmp.Diff([]string{"Forbid", "Etc/UTC", "Never"}, got); diff != "" {
		t.Errorf("concurrencyPolicy, timeZone, restartPolicy (-want +got):\n%s", diff)
	}
}

func TestCronJobReferencesResolve(t *testing.T) {
	pod := readCronJob(t).Spec.JobTemplate.Spec.Template.Spec
	c := pod.Containers[0]
	for _, m := range c.VolumeMounts {
		if !slices.ContainsFunc(pod.Volumes, func(v named) bool { return v.Name == m.Name }) {
			t.Errorf("volume %q is mounted but not there", m.Name)
		}
	}
	var account struct {
		Metadata named `yaml:"metadata"`
	}
	if err := yaml.Unmarshal(deployed(t, "kubernetes", "base", "serviceaccount.yaml"), &account); err != nil {
		t.Fatal(err)
	}
	if pod.ServiceAccountName != account.Metadata.Name {
		t.Errorf("the pod's service account is %q, the file's %q", pod.ServiceAccountName, account.Metadata.Name)
	}
}

func TestCronJobEnvironmentSetsTheScratchVolume(t *testing.T) {
	c := readCronJob(t).Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	var environ []string
	for _, e := range c.Env {
		environ = append(environ, e.Name+"="+e.Value)
	}
	config := filepath.Join(t.TempDir(), "cdrmend.yaml")
	text := `
name: x
sources:
  manifests: [{name: m, url: "s3://b/m/{date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "s3://b/c/{date}/", profile: cdrmend}]
  registrations: [{name: r, url: "s3://b/r/{date}/", profile: cdrmend}]
output: {url: "s3://b/out/"}
`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := policy.Load(config, environ, nil)
	if err != nil {
		t.Fatalf("the environment %q is not understood: %v", environ, err)
	}
	if !slices.ContainsFunc(c.VolumeMounts, func(m named) bool { return m.MountPath == cfg.Scratch }) {
		t.Errorf("scratch is %q, where nothing is mounted", cfg.Scratch)
	}
}

// policyStatement is one of an IAM policy. Unknown members are refused: a misspelled
// condition would allow more than meant.
type policyStatement struct {
	Sid       string
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    texts
	Resource  texts
	Condition map[string]map[string]string `json:",omitempty"`
}

// texts is one text or a list of texts.
type texts []string

func (l *texts) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		b = slices.Concat([]byte("["), b, []byte("]"))
	}
	return json.Unmarshal(b, (*[]string)(l))
}

func actions(t *testing.T, name string) []string {
	t.Helper()
	var doc struct {
		Version   string
		Statement []policyStatement
	}
	d := json.NewDecoder(bytes.NewReader(deployed(t, "iam", name)))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var all []string
	for _, s := range doc.Statement {
		if doc.Version != "2012-10-17" || s.Effect != "Allow" || len(s.Action) == 0 {
			t.Errorf("%s: %+v is no statement that allows something", name, s)
		}
		all = append(all, s.Action...)
	}
	return all
}

func TestPoliciesAllowNothingThatDestroys(t *testing.T) {
	reading := regexp.MustCompile(`^(s3:(List|Get)[A-Za-z]+|kms:Decrypt)$`)
	for _, name := range []string{"sources.json", "verify.json", "audit.json"} {
		for _, a := range actions(t, name) {
			if !reading.MatchString(a) {
				t.Errorf("%s allows %s: what it is about is only read", name, a)
			}
		}
	}
	creating := regexp.MustCompile(`^(s3:(List|Get)[A-Za-z]+|s3:PutObject(Retention)?|s3:AbortMultipartUpload|kms:(Decrypt|GenerateDataKey))$`)
	for _, a := range actions(t, "output.json") {
		if !creating.MatchString(a) {
			t.Errorf("output.json allows %s: outputs are only created and retained", a)
		}
	}
	deleting := []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"}
	if got := actions(t, "prune.json"); !slices.Equal(got, deleting) || !bytes.Contains(deployed(t, "iam", "prune.json"), []byte(`"arn:aws:s3:::acme-compliance/cdrmend/interval=*/evidence/*"`)) {
		t.Errorf("prune.json allows %q, want to delete packs and nothing else", got)
	}
	holding := regexp.MustCompile(`^(s3:ListBucket(Versions)?|s3:GetObject|s3:(Get|Put)Object(LegalHold|Retention)|s3:PutObject|s3:AbortMultipartUpload|kms:(Decrypt|GenerateDataKey))$`)
	for _, a := range actions(t, "hold.json") {
		if !holding.MatchString(a) {
			t.Errorf("hold.json allows %s: holds are set, and records of them created", a)
		}
	}
	for _, name := range []string{"sources.json", "output.json", "prune.json", "verify.json"} {
		if slices.Contains(actions(t, name), "s3:PutObjectLegalHold") {
			t.Errorf("%s allows setting holds: that is for a role of its own", name)
		}
	}
	if got := actions(t, "trust-irsa.json"); !slices.Equal(got, []string{"sts:AssumeRoleWithWebIdentity"}) {
		t.Errorf("trust-irsa.json allows %q", got)
	}
}

// TestTheRoleOfHoldsWritesToInputsNothingButTheHold and below the output nothing but
// records and entries.
func TestTheRoleOfHoldsWritesToInputsNothingButTheHold(t *testing.T) {
	var policy struct {
		Statement []struct{ Sid, Action, Resource any }
	}
	if err := json.Unmarshal(deployed(t, "iam", "hold.json"), &policy); err != nil {
		t.Fatal(err)
	}
	creating, holding := 0, 0
	for _, s := range policy.Statement {
		actions, resources := fmt.Sprint(s.Action), fmt.Sprint(s.Resource)
		switch {
		case strings.Contains(actions, "s3:PutObjectLegalHold"):
			if holding++; actions != "[s3:GetObjectLegalHold s3:PutObjectLegalHold]" || strings.Contains(resources, "compliance") {
				t.Errorf("hold.json allows %s on %s", actions, resources)
			}
		case strings.Contains(actions, "s3:Put"):
			if creating++; resources != "[arn:aws:s3:::acme-compliance/cdrmend/holds/* arn:aws:s3:::acme-compliance/cdrmend/journal/*]" {
				t.Errorf("hold.json allows creating %s", resources)
			}
		case strings.Contains(actions, "s3:GetObject") && !strings.Contains(resources, "acme-compliance/"):
			t.Errorf("hold.json allows %s on %s, and nobody needs to read what is held", actions, resources)
		}
	}
	if creating != 1 || holding != 1 {
		t.Errorf("%d statements create and %d hold, want one of each", creating, holding)
	}
}

func TestPoliciesAllowEveryRequestOfTheStore(t *testing.T) {
	allowed := slices.Concat(actions(t, "sources.json"), actions(t, "output.json"), actions(t, "prune.json"), actions(t, "hold.json"))
	files, err := filepath.Glob(filepath.Join("..", "..", "internal", "object", "s3*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var needed []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(s3:[A-Z][A-Za-z]+)"`).FindAllSubmatch(text, -1) {
			needed = append(needed, string(m[1]))
		}
	}
	if len(needed) == 0 {
		t.Fatal("the store names no action that it needs")
	}
	for _, a := range needed {
		if !slices.Contains(allowed, a) {
			t.Errorf("%s is needed by the store and allowed by no policy", a)
		}
	}
}

// TestAlertsAreOnesThatPrometheusTakes checks the rules with its own tool, and
// that they look at metrics that there are.
func TestAlertsAreOnesThatPrometheusTakes(t *testing.T) {
	rules := filepath.Join("..", "..", "deploy", "prometheus", "cdrmend.rules.yaml")
	written := filepath.Join(t.TempDir(), "cdrmend.prom")
	if err := metrics.WriteFile(written, &metrics.Night{PeakMemory: 1, Absent: new(int64), Runs: []*report.Run{{Summary: &report.Summary{
		Coverage: report.Coverage{Proof: report.Proofs{ID: 1}, Excluded: map[string]int64{"too short": 1}},
		Verdicts: map[string]int64{"missing": 1}, Findings: []report.FindingCount{{Class: "conflict"}},
		Outages: map[string]int64{"timeout": 1}, Partitions: []report.Partition{{Kind: "cdrs"}},
	}}}}); err != nil {
		t.Fatal(err)
	}
	there, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\bcdrmend_\w+`).FindAllString(string(deployed(t, "prometheus", "cdrmend.rules.yaml")), -1) {
		if !strings.Contains(string(there), "\n"+name+"{") {
			t.Errorf("the alerts look at %s, which no run writes", name)
		}
	}
	promtool := outside.Program(t, "promtool")
	if out, err := exec.Command(promtool, "check", "rules", rules).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestAStopRaisesAnAlertUntilTheNextCommit runs the rules on a night that stopped, was
// not repeated with success, and was committed the day after.
func TestAStopRaisesAnAlertUntilTheNextCommit(t *testing.T) {
	promtool := outside.Program(t, "promtool")
	rules, err := filepath.Abs(filepath.Join("..", "..", "deploy", "prometheus", "cdrmend.rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	// A stop shows for 60 minutes, then the series of a night that committed.
	path := filepath.Join(t.TempDir(), "test.yaml")
	write(t, path, []byte(`
rule_files: [`+rules+`]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'cdrmend_stopped{name="acme",exit_code="5",reason="archived"}', values: "1x60 stale"}
      - {series: 'cdrmend_stopped{name="acme"}', values: "0 stale _x59 0x60"}
    alert_rule_test:
      - {eval_time: 10m, alertname: CdrmendStopped}
      - eval_time: 40m
        alertname: CdrmendStopped
        exp_alerts:
          - exp_labels: {severity: critical, name: acme, exit_code: "5", reason: archived}
            exp_annotations:
              summary: "acme stopped before its commit: archived (exit code 5)"
              description: The night was not computed, or only in part. The log of the run says what to do; after that, run it again.
              runbook_url: https://git.example.com/cdrmend/deploy/RUNBOOK.md#cdrmendstopped
      - {eval_time: 100m, alertname: CdrmendStopped}
`))
	if out, err := exec.Command(promtool, "test", "rules", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheReasonsOfAStopAreDocumented(t *testing.T) {
	text, err := os.ReadFile("stopped.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := string(deployed(t, "README.md"))
	reasons := regexp.MustCompile(`(?m)(?:return|, ) ?"([a-z_]+)"[\n}]`).FindAllSubmatch(text, -1)
	if len(reasons) < 12 {
		t.Fatalf("found only %q", reasons)
	}
	for _, r := range reasons {
		if !regexp.MustCompile("\\b" + string(r[1]) + "\\b").MatchString(documented) {
			t.Errorf("deploy/README.md does not name the reason %s", r[1])
		}
	}
}
