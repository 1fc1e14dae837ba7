// Command kubestrict reads manifests of Kubernetes from its input as the types of the API,
// and names the first field that they do not have.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := check(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "kubestrict:", err)
		os.Exit(1)
	}
}

func check(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			return err
		}
		kinds := map[string]any{
			"batch/v1 CronJob": &batch.CronJob{}, "batch/v1 Job": &batch.Job{}, "v1 ConfigMap": &core.ConfigMap{}, "v1 ServiceAccount": &core.ServiceAccount{},
			"networking.k8s.io/v1 NetworkPolicy": &networking.NetworkPolicy{},
		}
		name := head.APIVersion + " " + head.Kind
		kind, ok := kinds[name]
		if !ok {
			return fmt.Errorf("%s: not a kind that is deployed", name)
		}
		if err := yaml.UnmarshalStrict(document, kind); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println(name)
	}
	return nil
}
