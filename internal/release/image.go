package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
)

// imageUser is the user and the group of the image. They are numbers, as Kubernetes can
// tell only from a number that a user is not root.
const imageUser = "65532:65532"

// image writes the programs of Linux as a container image, one for each processor, without
// a container engine and without an image to build on: as an OCI layout, which is a
// directory, and as a tar file of it.
func (b *builder) image(ctx context.Context, programs []program) error {
	system, err := b.system(ctx)
	if err != nil {
		return err
	}
	base, err := b.layer(system)
	if err != nil {
		return err
	}

	all := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range programs {
		one, err := b.imageOf(p, base)
		if err != nil {
			return fmt.Errorf("image of %s/%s: %w", p.os, p.arch, err)
		}
		all = mutate.AppendManifests(all, mutate.IndexAddendum{
			Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.os, Architecture: p.arch}},
		})
	}
	index, err := encode(all, b.labels())
	if err != nil {
		return err
	}

	dir := filepath.Join(b.out, "cdrmend_"+b.version+"_oci")
	if err := writeLayout(dir, b.version, index); err != nil {
		return err
	}
	files, err := tree(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "image sha256:%x\n", sha256.Sum256(index.text))
	return b.create(filepath.Base(dir)+".tar", func(to io.Writer) error { return writeTar(to, files, b.time) })
}

// manifests is an index under another name, as its own is that of a method.
type manifests = v1.ImageIndex

// encoded is an index with a text of its own.
type encoded struct {
	manifests

	text []byte
}

func (e *encoded) RawManifest() ([]byte, error) { return e.text, nil }
func (e *encoded) Digest() (v1.Hash, error)     { return partial.Digest(e) }
func (e *encoded) Size() (int64, error)         { return partial.Size(e) }

// encode writes an index as the types of the OCI specification write it, which is how
// skopeo writes it, too. The library orders members otherwise, so that the index had
// another digest once it was copied to a registry.
func encode(index v1.ImageIndex, annotations map[string]string) (*encoded, error) {
	from, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	to := spec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: spec.MediaTypeImageIndex, Annotations: annotations}
	for _, m := range from.Manifests {
		to.Manifests = append(to.Manifests, spec.Descriptor{
			MediaType: string(m.MediaType), Digest: digest.Digest(m.Digest.String()), Size: m.Size,
			Platform: &spec.Platform{OS: m.Platform.OS, Architecture: m.Platform.Architecture},
		})
	}
	text, err := json.Marshal(to)
	return &encoded{index, text}, err
}

// writeLayout writes an index below the tag of its version.
func writeLayout(dir, version string, index v1.ImageIndex) error {
	made, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := made.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version})); err != nil {
		return err
	}
	// The library writes layers that nobody but their owner may read.
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o644)
	})
}

// tree returns all files below a directory.
func tree(dir string) ([]file, error) {
	var all []file
	files := os.DirFS(dir)
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		all = append(all, file{path, content, 0o644})
		return err
	})
	return all, err
}

// labels describe the image, on it and on the index of its platforms.
func (b *builder) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "cdrmend",
		"org.opencontainers.image.description": "repairs the metadata of exported call recordings",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     b.version,
		"org.opencontainers.image.revision":    b.revision,
		"org.opencontainers.image.created":     b.time.Format("2006-01-02T15:04:05Z"),
	}
}

// imageOf returns the image of one program.
func (b *builder) imageOf(p program, base v1.Layer) (v1.Image, error) {
	var files []file
	for _, f := range p.files {
		switch f.name {
		case "cdrmend":
			files = append(files, file{"usr/local/bin/cdrmend", f.content, f.mode})
		case "LICENSE", "THIRD_PARTY_LICENSES":
			files = append(files, file{"usr/share/doc/cdrmend/" + f.name, f.content, f.mode})
		}
	}
	layer, err := b.layer(files)
	if err != nil {
		return nil, err
	}

	created := v1.Time{Time: b.time}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: p.os, Architecture: p.arch, Created: created,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:       imageUser,
			Env:        []string{"PATH=/usr/local/bin"},
			Entrypoint: []string{"/usr/local/bin/cdrmend"},
			Cmd:        []string{"run", "--config", "/etc/cdrmend/cdrmend.yaml"},
			WorkingDir: "/",
			Labels:     b.labels(),
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image,
		mutate.Addendum{Layer: base, History: v1.History{Created: created, CreatedBy: "certificates, a user and places to write"}},
		mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "the program"}},
	)
}

// system returns what the program needs around it. All belongs to root; its user may write
// to /tmp and to what is mounted.
func (b *builder) system(ctx context.Context) ([]file, error) {
	certificates, err := authorities()
	if err != nil {
		return nil, err
	}
	module, err := output(ctx, nil, "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", rootsModule)
	if err != nil {
		return nil, err
	}
	version, dir, _ := strings.Cut(module, " ")
	var licence bytes.Buffer
	if err := addLicences(&licence, rootsModule+" "+version, dir); err != nil {
		return nil, err
	}

	user, group, _ := strings.Cut(imageUser, ":")
	return []file{
		{"etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\ncdrmend:x:" + user + ":" + group + ":cdrmend:/:/sbin/nologin\n"), 0o644},
		{"etc/group", []byte("root:x:0:\ncdrmend:x:" + group + ":\n"), 0o644},
		{"etc/ssl/certs/ca-certificates.crt", certificates, 0o644},
		{"usr/share/doc/ca-certificates/LICENSE", licence.Bytes(), 0o644},
		{"etc/cdrmend/", nil, 0o755},
		{"tmp/", nil, 0o1777},
	}, nil
}

// layer returns files as a layer, with all directories above them.
func (b *builder) layer(files []file) (v1.Layer, error) {
	var content bytes.Buffer
	if err := writeTar(&content, withParents(files), b.time); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// withParents adds the directories above files. Without them each engine makes them with
// modes of its own.
func withParents(files []file) []file {
	all := slices.Clone(files)
	named := map[string]bool{}
	for _, f := range files {
		named[f.name] = true
	}
	for _, f := range files {
		for at, c := range strings.TrimSuffix(f.name, "/") {
			if parent := f.name[:at] + "/"; c == '/' && !named[parent] {
				named[parent] = true
				all = append(all, file{parent, nil, 0o755})
			}
		}
	}
	return all
}
