package node

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
)

// Image is a container image that is unpacked.
type Image struct {
	Root       string   // directory
	Entrypoint []string // what runs when a container names no command
}

// unpack makes a root of its own for a container. The files are those of the image:
// nobody can write to them but root, and a container's root is not that of the machine.
func (i *Image) unpack(dir string) error {
	return filepath.WalkDir(i.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(i.Root, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if !d.IsDir() {
			return os.Link(path, to)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		return os.Chmod(to, info.Mode())
	})
}

// compose puts a container together from a pod, an image and volumes.
func compose(p *core.Pod, image *Image, root string, volumes, env map[string]string) (*container, error) {
	c := &p.Spec.Containers[0]
	made := &container{Root: root, Env: lines(env), Args: image.Entrypoint}
	if len(c.Command) > 0 {
		made.Args = c.Command
	}
	made.Args = append(append([]string{}, made.Args...), c.Args...)
	for i, arg := range made.Args {
		made.Args[i] = expand(arg, env)
	}
	for _, m := range c.VolumeMounts {
		if m.SubPath != "" {
			return nil, fmt.Errorf("%w: a part of a volume", errUnsupported)
		}
		made.Mounts = append(made.Mounts, mount{From: volumes[m.Name], To: m.MountPath, ReadOnly: m.ReadOnly || readOnlyKind(p, m.Name)})
	}
	if s := p.Spec.SecurityContext; s != nil {
		made.User, made.Group = number(s.RunAsUser), number(s.RunAsGroup)
		if s.FSGroup != nil {
			made.Groups = []int{int(*s.FSGroup)}
		}
	}
	made.Powers = true
	if s := c.SecurityContext; s != nil {
		made.ReadOnly = s.ReadOnlyRootFilesystem != nil && *s.ReadOnlyRootFilesystem
		made.Powers = s.Capabilities == nil || len(s.Capabilities.Drop) == 0
	}
	return made, nil
}

// readOnlyKind reports whether a volume is one that nobody writes to, whatever the
// container says.
func readOnlyKind(p *core.Pod, name string) bool {
	for _, v := range p.Spec.Volumes {
		if v.Name == name {
			return v.EmptyDir == nil
		}
	}
	return false
}

func number(n *int64) int {
	if n == nil {
		return 0
	}
	return int(*n)
}
