package node

import (
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReferencesToVariablesAreExpandedAsKubernetesDoes(t *testing.T) {
	env := map[string]string{"PLAN": "s3://b/plans/1"}
	for text, want := range map[string]string{
		"--plan=$(PLAN)":  "--plan=s3://b/plans/1",
		"$$(PLAN)":        "$(PLAN)",
		"$(OTHER) $PLAN ": "$(OTHER) $PLAN ",
	} {
		if got := expand(text, env); got != want {
			t.Errorf("expand(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFieldsOfAPodHaveTheirValues(t *testing.T) {
	p := &core.Pod{ObjectMeta: meta.ObjectMeta{
		Name: "p", Labels: map[string]string{"batch.kubernetes.io/job-completion-index": "3"},
		Annotations: map[string]string{"batch.kubernetes.io/job-completion-index": "3"},
	}, Spec: core.PodSpec{NodeName: "n"}}
	for path, want := range map[string]string{
		"metadata.name": "p",
		"spec.nodeName": "n",
		"metadata.labels['batch.kubernetes.io/job-completion-index']":      "3",
		"metadata.annotations['batch.kubernetes.io/job-completion-index']": "3",
		"metadata.labels['other']":                                         "",
	} {
		if got, err := field(p, path); got != want || err != nil {
			t.Errorf("field %s is %q, %v, want %q", path, got, err, want)
		}
	}
	if _, err := field(p, "status.phase"); err == nil {
		t.Error("a field that is not known has a value")
	}
}
