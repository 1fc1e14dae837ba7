package main

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// kustomized returns what kustomize makes of a folder of deploy/kubernetes.
func kustomized(t *testing.T, folder string) string {
	t.Helper()
	out, err := runTool(t, "kustomize", "", "build", filepath.Join("..", "..", "deploy", "kubernetes", folder))
	if err != nil {
		t.Fatalf("kustomize build %s: %v: %s", folder, err, out)
	}
	return out
}

// runTool runs a program that make tools installs, with an input.
func runTool(t *testing.T, name, input string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(outside.Tool(t, "bin/"+name), args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestKubernetesKnowsEveryField(t *testing.T) {
	nightly, backfill := []string{"CronJob", "NetworkPolicy", "ServiceAccount"}, []string{"ConfigMap", "Job"}
	for folder, want := range map[string][]string{"base": nightly, "example": nightly, "backfill": backfill, "example-backfill": backfill} {
		text := kustomized(t, folder)
		out, err := runTool(t, "kubestrict", text)
		kinds := strings.Fields(strings.NewReplacer("batch/v1 ", "", "networking.k8s.io/v1 ", "", "v1 ", "").Replace(out))
		slices.Sort(kinds)
		if err != nil || !slices.Equal(kinds, want) {
			t.Errorf("%s: %v: %s, want %v", folder, err, out, want)
		}
		if out, err := runTool(t, "kubestrict", strings.Replace(text, "podFailurePolicy:", "podFailurPolicy:", 1)); err == nil {
			t.Errorf("%s: a misspelt field passes: %s", folder, out)
		}
	}
}

// kubeManifest is what the tests look at in any manifest.
type kubeManifest struct {
	Kind     string
	Metadata struct {
		Namespace   string
		Annotations map[string]string
	}
	Spec struct {
		PodSelector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		} `yaml:"podSelector"`
		PolicyTypes             []string `yaml:"policyTypes"`
		Ingress                 []any
		StartingDeadlineSeconds int `yaml:"startingDeadlineSeconds"`
		JobTemplate             struct {
			Spec struct {
				ActiveDeadlineSeconds int `yaml:"activeDeadlineSeconds"`
				Template              struct {
					Metadata struct{ Labels map[string]string }
					Spec     struct {
						SecurityContext struct {
							RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
							RunAsUser      int                   `yaml:"runAsUser"`
							SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
						} `yaml:"securityContext"`
						Containers []struct {
							Image           string
							Resources       struct{ Requests, Limits map[string]string }
							SecurityContext struct {
								AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
								ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
								Capabilities             struct{ Drop []string }
							} `yaml:"securityContext"`
						}
					}
				}
			}
		} `yaml:"jobTemplate"`
	}
}

// kubeManifests returns what kustomize makes of a folder, by kind.
func kubeManifests(t *testing.T, folder string) map[string]kubeManifest {
	t.Helper()
	all := map[string]kubeManifest{}
	for text := range strings.SplitSeq(kustomized(t, folder), "\n---\n") {
		var m kubeManifest
		if err := yaml.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		all[m.Kind] = m
	}
	return all
}

func TestTheJobHasNoMoreRightsThanItNeeds(t *testing.T) {
	all := kubeManifests(t, "base")
	job := all["CronJob"].Spec
	if job.StartingDeadlineSeconds == 0 || job.JobTemplate.Spec.ActiveDeadlineSeconds == 0 {
		t.Error("the job may start or run at any time later")
	}
	pod := job.JobTemplate.Spec.Template
	// 65532 is the user of the image.
	if c := pod.Spec.SecurityContext; !c.RunAsNonRoot || c.RunAsUser != 65532 || c.SeccompProfile.Type != "RuntimeDefault" {
		t.Errorf("the pod's security context is %+v", c)
	}
	for _, c := range pod.Spec.Containers {
		s := c.SecurityContext
		if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("the container's security context is %+v", s)
		}
		if c.Resources.Requests["memory"] == "" || c.Resources.Limits["memory"] == "" {
			t.Errorf("the container's resources are %v", c.Resources)
		}
	}
	policy := all["NetworkPolicy"].Spec
	if len(policy.PodSelector.MatchLabels) == 0 || len(policy.Ingress) > 0 || !slices.Equal(policy.PolicyTypes, []string{"Ingress", "Egress"}) {
		t.Errorf("the network policy lets somebody in, or selects every pod: %+v", policy)
	}
	for label, value := range policy.PodSelector.MatchLabels {
		if pod.Metadata.Labels[label] != value {
			t.Errorf("the network policy selects %s=%s, and the pod has %v", label, value, pod.Metadata.Labels)
		}
	}
}

func TestAPlaceChangesNamespaceImageAndRole(t *testing.T) {
	all := kubeManifests(t, "example")
	for kind, m := range all {
		if m.Metadata.Namespace != "compliance" {
			t.Errorf("%s is in namespace %q, want compliance", kind, m.Metadata.Namespace)
		}
	}
	if image := all["CronJob"].Spec.JobTemplate.Spec.Template.Spec.Containers[0].Image; image != "registry.internal.example.com/compliance/cdrmend:1.2.3" {
		t.Errorf("the image is %s", image)
	}
	const role = "eks.amazonaws.com/role-arn"
	if all["ServiceAccount"].Metadata.Annotations[role] == "" || kubeManifests(t, "base")["ServiceAccount"].Metadata.Annotations[role] != "" {
		t.Error("the role of IRSA stands in the example, and not in the base, which is for Pod Identity too")
	}
}

// backfillJob is what the tests look at in the Job of a backfill.
type backfillJob struct {
	Spec struct {
		CompletionMode       string `yaml:"completionMode"`
		Completions          int    `yaml:"completions"`
		BackoffLimitPerIndex int    `yaml:"backoffLimitPerIndex"`
		MaxFailedIndexes     int    `yaml:"maxFailedIndexes"`
		PodFailurePolicy     struct {
			Rules []struct {
				Action      string `yaml:"action"`
				OnExitCodes struct {
					Values []int `yaml:"values"`
				} `yaml:"onExitCodes"`
			} `yaml:"rules"`
		} `yaml:"podFailurePolicy"`
	} `yaml:"spec"`
}

func readBackfill(t *testing.T) *backfillJob {
	t.Helper()
	var j backfillJob
	if err := yaml.Unmarshal(deployed(t, "kubernetes", "backfill", "job.yaml"), &j); err != nil {
		t.Fatal(err)
	}
	return &j
}

func TestABackfillFailsAsAWholeOnlyWhenEveryShardWould(t *testing.T) {
	got := map[string][]int{}
	for _, rule := range readBackfill(t).Spec.PodFailurePolicy.Rules {
		got[rule.Action] = rule.OnExitCodes.Values
	}
	want := map[string][]int{"FailJob": {exitUsage, exitRefused}, "FailIndex": {exitStopped}, "Ignore": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exit codes by action (-want +got):\n%s", diff)
	}
	s := readBackfill(t).Spec
	if s.CompletionMode != "Indexed" || s.BackoffLimitPerIndex == 0 || s.MaxFailedIndexes < s.Completions {
		t.Errorf("a shard that fails ends others: %+v", s)
	}
}

// TestThePodOfABackfillIsThatOfTheJob leaves out the command, and the variable that it uses.
func TestThePodOfABackfillIsThatOfTheJob(t *testing.T) {
	pod := func(file, path string) (spec map[string]any, args []string) {
		p, err := yaml.PathString(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Read(bytes.NewReader(deployed(t, "kubernetes", file)), &spec); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		container := spec["containers"].([]any)[0].(map[string]any)
		for _, arg := range container["args"].([]any) {
			args = append(args, arg.(string))
		}
		delete(container, "args")
		container["env"] = slices.DeleteFunc(container["env"].([]any), func(e any) bool { return e.(map[string]any)["name"] == "PLAN" })
		return spec, args
	}
	want, _ := pod("base/cronjob.yaml", "$.spec.jobTemplate.spec.template.spec")
	got, args := pod("backfill/job.yaml", "$.spec.template.spec")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pod (-CronJob +backfill):\n%s", diff)
	}
	if args[0] != backfillCommand.name || args[1] != backfillCommand.verbs[1].name {
		t.Errorf("the container runs %q, want backfill run", args)
	}
	flags := pflag.NewFlagSet(args[0], pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	backfillCommand.flags(flags)
	if err := flags.Parse(args[2:]); err != nil {
		t.Errorf("%q: %v", args, err)
	}
}
