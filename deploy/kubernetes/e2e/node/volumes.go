package node

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// volumes makes the volumes of a pod below a directory, and returns where each lies.
func (a *Agent) volumes(ctx context.Context, p *core.Pod, dir string) (map[string]string, error) {
	places := map[string]string{}
	for _, v := range p.Spec.Volumes {
		place := filepath.Join(dir, v.Name)
		if err := os.RemoveAll(place); err != nil { // of an attempt that failed
			return nil, err
		}
		if err := os.MkdirAll(place, 0o777); err != nil {
			return nil, err
		}
		if err := a.fill(ctx, p, &v, place); err != nil {
			return nil, fmt.Errorf("volume %s: %w", v.Name, err)
		}
		places[v.Name] = place
	}
	return places, nil
}

func (a *Agent) fill(ctx context.Context, p *core.Pod, v *core.Volume, place string) error {
	group := fsGroup(p)
	switch {
	case v.EmptyDir != nil:
		return share(place, group, 0o777|os.ModeSetgid)
	case v.Secret != nil:
		s, err := a.client.CoreV1().Secrets(p.Namespace).Get(ctx, v.Secret.SecretName, meta.GetOptions{})
		if err != nil {
			return err
		}
		return project(place, s.Data, v.Secret.Items, v.Secret.DefaultMode, group)
	case v.ConfigMap != nil:
		m, err := a.client.CoreV1().ConfigMaps(p.Namespace).Get(ctx, v.ConfigMap.Name, meta.GetOptions{})
		if err != nil {
			return err
		}
		data := maps.Clone(m.BinaryData)
		if data == nil {
			data = map[string][]byte{}
		}
		for key, text := range m.Data {
			data[key] = []byte(text)
		}
		return project(place, data, v.ConfigMap.Items, v.ConfigMap.DefaultMode, group)
	}
	return fmt.Errorf("%w: a volume that is no emptyDir, Secret or ConfigMap", errUnsupported)
}

// project writes files as a kubelet does: each is a link that leads through ..data to
// the folder of this state, so that a later state could replace all of them at once.
func project(place string, data map[string][]byte, items []core.KeyToPath, mode *int32, group *int64) error {
	if len(items) > 0 {
		return fmt.Errorf("%w: single keys of a volume", errUnsupported)
	}
	files := filepath.Join(place, "..1")
	if err := os.Mkdir(files, 0o755); err != nil {
		return err
	}
	if err := os.Symlink("..1", filepath.Join(place, "..data")); err != nil {
		return err
	}
	rights := os.FileMode(0o644)
	if mode != nil {
		rights = os.FileMode(*mode)
	}
	if group != nil {
		rights |= 0o440
	}
	for key, content := range data {
		path := filepath.Join(files, key)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		if err := share(path, group, rights); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("..data", key), filepath.Join(place, key)); err != nil {
			return err
		}
	}
	return nil
}

// share gives a file to a group, if there is one, with rights that no umask narrows.
func share(path string, group *int64, rights os.FileMode) error {
	if group != nil {
		if err := os.Chown(path, -1, int(*group)); err != nil {
			return err
		}
	}
	return os.Chmod(path, rights)
}

func fsGroup(p *core.Pod) *int64 {
	if p.Spec.SecurityContext == nil {
		return nil
	}
	return p.Spec.SecurityContext.FSGroup
}
