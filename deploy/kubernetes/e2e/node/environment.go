package node

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// environment returns the variables of a container.
func (a *Agent) environment(ctx context.Context, p *core.Pod, c *core.Container) (map[string]string, error) {
	env := map[string]string{"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "HOSTNAME": p.Name}
	for _, from := range c.EnvFrom {
		data, err := a.keysOf(ctx, p.Namespace, &from)
		if err != nil {
			return nil, err
		}
		for key, value := range data {
			env[from.Prefix+key] = value
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			env[e.Name] = expand(e.Value, env)
			continue
		}
		value, err := a.valueFrom(ctx, p, e.ValueFrom)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", e.Name, err)
		}
		env[e.Name] = value
	}
	return env, nil
}

func (a *Agent) keysOf(ctx context.Context, namespace string, from *core.EnvFromSource) (map[string]string, error) {
	switch {
	case from.SecretRef != nil:
		return a.secret(ctx, namespace, from.SecretRef.Name)
	case from.ConfigMapRef != nil:
		return a.configMap(ctx, namespace, from.ConfigMapRef.Name)
	}
	return nil, fmt.Errorf("%w: variables from neither a Secret nor a ConfigMap", errUnsupported)
}

func (a *Agent) secret(ctx context.Context, namespace, name string) (map[string]string, error) {
	s, err := a.client.CoreV1().Secrets(namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	data := map[string]string{}
	for key, value := range s.Data {
		data[key] = string(value)
	}
	return data, nil
}

func (a *Agent) configMap(ctx context.Context, namespace, name string) (map[string]string, error) {
	m, err := a.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

func (a *Agent) valueFrom(ctx context.Context, p *core.Pod, from *core.EnvVarSource) (string, error) {
	var data map[string]string
	var key string
	var err error
	switch {
	case from.FieldRef != nil:
		return field(p, from.FieldRef.FieldPath)
	case from.SecretKeyRef != nil:
		key = from.SecretKeyRef.Key
		data, err = a.secret(ctx, p.Namespace, from.SecretKeyRef.Name)
	case from.ConfigMapKeyRef != nil:
		key = from.ConfigMapKeyRef.Key
		data, err = a.configMap(ctx, p.Namespace, from.ConfigMapKeyRef.Name)
	default:
		return "", fmt.Errorf("%w: a value that comes from no field, Secret or ConfigMap", errUnsupported)
	}
	if err != nil {
		return "", err
	}
	value, ok := data[key]
	if !ok {
		return "", fmt.Errorf("there is no key %s", key)
	}
	return value, nil
}

var entry = regexp.MustCompile(`^metadata\.(labels|annotations)\['(.+)'\]$`)

// field returns the value of a field of a pod.
func field(p *core.Pod, path string) (string, error) {
	if m := entry.FindStringSubmatch(path); m != nil {
		if m[1] == "labels" {
			return p.Labels[m[2]], nil
		}
		return p.Annotations[m[2]], nil
	}
	value, ok := map[string]string{
		"metadata.name":           p.Name,
		"metadata.namespace":      p.Namespace,
		"metadata.uid":            string(p.UID),
		"spec.nodeName":           p.Spec.NodeName,
		"spec.serviceAccountName": p.Spec.ServiceAccountName,
		"status.podIP":            loopback,
		"status.hostIP":           loopback,
	}[path]
	if !ok {
		return "", fmt.Errorf("%w: field %s", errUnsupported, path)
	}
	return value, nil
}

var reference = regexp.MustCompile(`\$\$|\$\([A-Za-z_.-][A-Za-z0-9_.-]*\)`)

// expand replaces $(NAME) by the value of a variable. Names that are not known stay.
func expand(text string, env map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		if value, ok := env[strings.Trim(found, "$()")]; ok {
			return value
		}
		return found
	})
}

// lines returns variables as a program gets them, in order of their names.
func lines(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
