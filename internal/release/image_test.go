package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// needs skips a test outside of CI, where it finds programs, and root, who unpacks and
// enters an image.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		outside.Program(t, name)
	}
}

// imageConfig is what skopeo says of an image.
type imageConfig struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Created      time.Time
	Config       struct {
		User       string
		Env        []string
		Entrypoint []string
		Cmd        []string
		WorkingDir string
		Labels     map[string]string
	}
}

// unpack reads one platform of an image with skopeo, unpacks it with umoci, and returns its
// configuration and its root.
func unpack(t *testing.T, image, arch string) (imageConfig, string) {
	t.Helper()
	dir := t.TempDir()
	var config imageConfig
	text := command(t, dir, nil, "skopeo", "--override-arch", arch, "inspect", "--config", image)
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	command(t, dir, nil, "skopeo", "--insecure-policy", "--override-arch", arch, "copy", "-q", image, "oci:"+filepath.Join(dir, "one")+":one")
	command(t, dir, nil, "umoci", "unpack", "--image", filepath.Join(dir, "one")+":one", filepath.Join(dir, "unpacked"))
	return config, filepath.Join(dir, "unpacked", "rootfs")
}

// imageFiles are all files of an image, with their types and permissions.
var imageFiles = []string{
	"drwxr-xr-x etc",
	"drwxr-xr-x etc/cdrmend",
	"-rw-r--r-- etc/group",
	"-rw-r--r-- etc/passwd",
	"drwxr-xr-x etc/ssl",
	"drwxr-xr-x etc/ssl/certs",
	"-rw-r--r-- etc/ssl/certs/ca-certificates.crt",
	"dtrwxrwxrwx tmp",
	"drwxr-xr-x usr",
	"drwxr-xr-x usr/local",
	"drwxr-xr-x usr/local/bin",
	"-rwxr-xr-x usr/local/bin/cdrmend",
	"drwxr-xr-x usr/share",
	"drwxr-xr-x usr/share/doc",
	"drwxr-xr-x usr/share/doc/ca-certificates",
	"-rw-r--r-- usr/share/doc/ca-certificates/LICENSE",
	"drwxr-xr-x usr/share/doc/cdrmend",
	"-rw-r--r-- usr/share/doc/cdrmend/LICENSE",
	"-rw-r--r-- usr/share/doc/cdrmend/THIRD_PARTY_LICENSES",
}

// checkFiles expects these files below a root, all of user 0 and of one time.
func checkFiles(t *testing.T, root string, at time.Time) {
	t.Helper()
	var got []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		got = append(got, info.Mode().String()+" "+path)
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != 0 || stat.Gid != 0 || !info.ModTime().Equal(at) {
			t.Errorf("%s belongs to %d:%d and is of %s, want 0:0 and %s", path, stat.Uid, stat.Gid, info.ModTime(), at)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(imageFiles, got); diff != "" {
		t.Errorf("files of the image (-want +got):\n%s", diff)
	}
}

// checkImage reads the image of a release with other programs, and runs it.
func checkImage(t *testing.T, dist string, p platform) {
	t.Helper()
	t.Run("image", func(t *testing.T) {
		needs(t, "skopeo", "umoci", "unshare", "chroot")
		layout := filepath.Join(dist, "cdrmend_v1.2.3_oci")
		config, root := unpack(t, "oci-archive:"+layout+".tar", p.arch)
		checkFiles(t, root, config.Created)
		if config.OS != p.os || config.Architecture != p.arch || config.Config.User != imageUser || config.Config.WorkingDir != "/" {
			t.Errorf("the image is for %s/%s and user %s in %s", config.OS, config.Architecture, config.Config.User, config.Config.WorkingDir)
		}
		revision := strings.TrimSpace(command(t, filepath.Dir(dist), nil, "git", "rev-parse", "HEAD"))
		labels := config.Config.Labels
		if labels["org.opencontainers.image.version"] != "v1.2.3" || labels["org.opencontainers.image.revision"] != revision ||
			labels["org.opencontainers.image.created"] != "2026-11-20T12:34:56Z" || labels["org.opencontainers.image.licenses"] != "Apache-2.0" {
			t.Errorf("the labels are %q, want v1.2.3, %s and the time of the commit", labels, revision)
		}
		tag := "org.opencontainers.image.ref.name\": \"v1.2.3\""
		if text, err := os.ReadFile(filepath.Join(layout, "index.json")); err != nil || !strings.Contains(string(text), tag) {
			t.Errorf("%v, %s, want the tag v1.2.3", err, text)
		}

		out := enter(t, root, t.TempDir(), config, "version")
		if !strings.HasPrefix(out, "cdrmend v1.2.3+") {
			t.Errorf("the program of the image calls itself %q", out)
		}
		work := t.TempDir()
		if out := enter(t, root, work, config, "demo", "--dir", "/data/demo"); !strings.Contains(out, "/data/demo/cdrmend.yaml") {
			t.Errorf("a demo in the image prints\n%s", out)
		}
		pages, err := filepath.Glob(filepath.Join(work, "demo/out/interval=*/runs/*/report.html"))
		if err != nil || len(pages) == 0 {
			t.Errorf("%q, %v, want a page from the demo in the mounted directory", pages, err)
		}
		// It fails when anything of the night is not as it was written.
		enter(t, root, work, config, "verify", "--config", "/data/demo/cdrmend.yaml", "--inputs", "--recompute")
	})
}

// enter runs the image as an engine does: its entrypoint, its environment and its user, on
// a root that nobody can write to, with one directory mounted at /data.
func enter(t *testing.T, root, work string, config imageConfig, args ...string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(work, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	const inside = `root=$1 work=$2 user=$3; shift 3
mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" && mount --bind "$work" "$root/data" || exit 125
exec chroot --userspec="$user" --groups= "$root" /usr/local/bin/cdrmend "$@"`
	cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-c", inside, "sh", root, work, config.Config.User}, args...)...)
	// The engine's shell needs a path of its own; the program gets what the image says.
	cmd.Env = append(slices.Clone(config.Config.Env), "TMPDIR=/data", "PATH="+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q in the image: %v: %s", args, err, out)
	}
	return string(out)
}

// atRoot makes the root of the module the working directory, as a release expects.
func atRoot(t *testing.T) {
	t.Helper()
	t.Chdir("../..")
}

// made writes an image of two programs, and returns the directory of the layout and the
// bytes of its tar file.
func made(t *testing.T, at time.Time) (string, []byte) {
	t.Helper()
	b := &builder{checkout: checkout{"v1.2.3", "0123", at}, out: t.TempDir()}
	var programs []program
	for _, arch := range []string{"amd64", "arm64"} {
		files := []file{
			{"cdrmend", []byte("for " + arch), 0o755},
			{"LICENSE", []byte("terms"), 0o644},
			{"THIRD_PARTY_LICENSES", []byte("others"), 0o644},
			{"cdrmend.1", []byte("manual"), 0o644},
		}
		programs = append(programs, program{platform{"linux", arch}, "", files})
	}
	if err := b.image(t.Context(), programs); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(b.out, "cdrmend_v1.2.3_oci")
	text, err := os.ReadFile(dir + ".tar")
	if err != nil {
		t.Fatal(err)
	}
	return dir, text
}

func TestAnImageFollowsFromItsFilesAlone(t *testing.T) {
	atRoot(t)
	at := time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)
	dir, one := made(t, at)
	if _, other := made(t, at); !bytes.Equal(one, other) {
		t.Error("two images of the same files differ")
	}
	if _, later := made(t, at.Add(time.Second)); bytes.Equal(one, later) {
		t.Error("the time of the commit does not show")
	}

	// Each blob is what its name says, and everybody may read it.
	blobs, err := tree(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range blobs {
		info, err := os.Stat(filepath.Join(dir, f.name))
		if err != nil || info.Mode() != 0o644 {
			t.Errorf("%s: %v, %v, want 0644", f.name, info.Mode(), err)
		}
		if name, ok := strings.CutPrefix(f.name, "blobs/sha256/"); ok && name != fmt.Sprintf("%x", sha256.Sum256(f.content)) {
			t.Errorf("%s does not hold what its name says", f.name)
		}
	}
	if len(blobs) != 2+1+2*3+1 { // two files of the layout; the index; manifest, configuration and program of each; what both share
		t.Errorf("the layout has %d files, want 10", len(blobs))
	}
}

func TestAnImageHasTheProgramOfEachProcessor(t *testing.T) {
	needs(t, "skopeo", "umoci")
	atRoot(t)
	at := time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)
	dir, _ := made(t, at)
	for _, arch := range []string{"amd64", "arm64"} {
		for _, image := range []string{"oci:" + dir + ":v1.2.3", "oci-archive:" + dir + ".tar:v1.2.3"} {
			config, root := unpack(t, image, arch)
			checkFiles(t, root, at)
			if text, err := os.ReadFile(filepath.Join(root, "usr/local/bin/cdrmend")); err != nil || string(text) != "for "+arch || config.Architecture != arch {
				t.Errorf("%s of %s holds %q for %s: %v", image, arch, text, config.Architecture, err)
			}
		}
	}
}

// TestARegistryHasTheImageUnderItsDigest copies an image as a user does, with all of its
// platforms.
func TestARegistryHasTheImageUnderItsDigest(t *testing.T) {
	needs(t, "skopeo")
	atRoot(t)
	dir, _ := made(t, time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC))
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://") + "/cdrmend:1.2.3"
	command(t, dir, nil, "skopeo", "--insecure-policy", "copy", "-q", "--all", "--preserve-digests", "--dest-tls-verify=false", "oci-archive:"+dir+".tar", "docker://"+address)

	text := command(t, dir, nil, "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://"+address)
	var index struct{ Manifests []struct{ Digest string } }
	if err := json.Unmarshal([]byte(text), &index); err != nil || len(index.Manifests) != 2 {
		t.Fatalf("%v: %s, want an index of two manifests", err, text)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	if here, err := os.ReadFile(filepath.Join(dir, "blobs/sha256", digest)); err != nil || string(here) != text {
		t.Errorf("the registry has the index %s, which the layout has not: %v", digest, err)
	}
}

func TestAnImageIsForLinuxAlone(t *testing.T) {
	err := release(t.Context(), t.TempDir(), "", "darwin/arm64", true)
	if err == nil || !strings.Contains(err.Error(), `"darwin/arm64"`) || !strings.Contains(err.Error(), "name linux/amd64") {
		t.Errorf("got %v, want an error that says what to name", err)
	}
}

func TestTheImageTrustsWhomMozillaTrusts(t *testing.T) {
	text, err := authorities()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !c.IsCA {
			t.Fatalf("%v: not the certificate of an authority: %v", c.Subject, err)
		}
		names[c.Subject.CommonName] = true
	}
	for _, name := range []string{"Amazon Root CA 1", "ISRG Root X1", "DigiCert Global Root G2"} {
		if !names[name] {
			t.Errorf("%q is missing among %d", name, len(names))
		}
	}
}

func TestAnAuthorityThatIsTrustedForATimeIsLeftOut(t *testing.T) {
	roots := []bundle.Root{
		{Certificate: []byte("always")},
		{Certificate: []byte("once"), Constraint: func([]*x509.Certificate) error { return errors.New("signed too late") }},
	}
	got, err := unconstrained(slices.Values(roots))
	want := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("always")})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %v, %s, want %s", err, got, want)
	}
}
