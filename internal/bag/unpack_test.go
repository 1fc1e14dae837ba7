package bag

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// packed is a member of an archive that somebody wrote by hand.
type packed struct {
	name, content string
	kind          byte // of tar; '2' is a symbolic link
}

// members returns a shape below a folder, as members of an archive.
func (s shape) packed(top string) []packed {
	var all []packed
	for _, path := range slices.Sorted(maps.Keys(s)) {
		all = append(all, packed{top + path, s[path], tar.TypeReg})
	}
	return all
}

func tarred(t *testing.T, members []packed) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Size: int64(len(m.content)), Mode: 0o644}
		if m.kind != tar.TypeReg {
			h.Size, h.Linkname = 0, m.content
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.content)[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zippedUp(t *testing.T, members []packed) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(0o644)
		if m.kind == tar.TypeSymlink {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.content)); err != nil && !strings.HasSuffix(m.name, "/") {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archive opens bytes as an archive.
func archive(t *testing.T, content []byte) *Archive {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pack")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := OpenArchive(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func TestWhatAnArchiveMayNotHoldIsNamed(t *testing.T) {
	whole := current().sealed("sha256", "md5").packed("top/")
	with := func(more ...packed) []packed { return slices.Concat(whole, more) }
	for _, c := range []struct {
		name    string
		members []packed
		want    State
		told    string
	}{
		{"nothing", with(), Valid, ""},
		{"folders", with(packed{"top/", "", tar.TypeDir}, packed{"top/data/", "", tar.TypeDir}, packed{"top/empty/", "", tar.TypeDir}), Valid, ""},
		{"names that begin with ./", current().packed("./top/"), Valid, ""},
		{"a second folder", with(packed{"other/x", "x", tar.TypeReg}), Invalid, "second folder at the top"},
		{"a file at the top", with(packed{"x", "x", tar.TypeReg}), Invalid, "at the top of the archive"},
		{"no folder at the top", current().packed(""), Invalid, "bagit.txt: it is at the top of the archive"},
		{"a link", with(packed{"top/data/x", "/etc/passwd", tar.TypeSymlink}), Invalid, "data/x: a symbolic link"},
		{"a link in place of a file", append(slices.DeleteFunc(with(), func(m packed) bool { return m.name == "top/data/bare" }), packed{"top/data/bare", "/etc/passwd", tar.TypeSymlink}), Invalid, "data/bare: a symbolic link"},
		{"an absolute name", with(packed{"/etc/passwd", "x", tar.TypeReg}), Invalid, "absolute"},
		{"a drive", with(packed{`C:\x`, "x", tar.TypeReg}), Invalid, "absolute"},
		{"a name that leads out", with(packed{"top/../../x", "x", tar.TypeReg}), Invalid, "leads elsewhere"},
		{"the same name twice", with(packed{"top/data/bare", "other", tar.TypeReg}), Invalid, "data/bare: it is in the archive twice"},
		{"the same tag file twice", with(packed{"top/bagit.txt", "other", tar.TypeReg}), Invalid, "bagit.txt: it is in the archive twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain := tarred(t, c.members)
			wantState(t, archive(t, plain), c.want, c.told)
			wantState(t, archive(t, gzipped(t, plain)), c.want, c.told)
			wantState(t, archive(t, zippedUp(t, c.members)), c.want, c.told)
		})
	}

	for name, kind := range map[string]byte{"device": tar.TypeChar, "pipe": tar.TypeFifo, "hard link": tar.TypeLink} {
		wantState(t, archive(t, tarred(t, with(packed{"top/data/" + name, "top/bagit.txt", kind}))), Invalid, "data/"+name)
	}
}

func TestACutOrFlippedArchiveIsNotTakenForAWholeOne(t *testing.T) {
	members := current().sealed("sha256").packed("top/")
	for name, content := range map[string][]byte{"tar.gz": gzipped(t, tarred(t, members)), "zip": zippedUp(t, members)} {
		for i := range content {
			wantState(t, archive(t, content[:i]), Invalid, "")
		}
		r := validated(t, archive(t, content[:len(content)-4]))
		if len(r.Problems) != 1 || r.Problems[0].File != "" {
			t.Errorf("%s without its end, which is one problem of the bag: %v", name, r.Problems)
		}

		// A flipped bit in a time or a comment of the archive changes nothing in the bag. One
		// in the name of the tag manifest makes it an unknown tag file, which is told.
		for i := range content {
			content[i] ^= 0x10
			r := validated(t, archive(t, content))
			content[i] ^= 0x10
			told := slices.ContainsFunc(r.Warnings, func(p Problem) bool { return strings.Contains(p.Detail, "no tag manifest") })
			if r.State == Valid && (r.Payload != Count{2, 15} || r.Verified != 6 && !told) {
				t.Errorf("%s: byte %d is flipped: %d files verified of %+v\n%s", name, i, r.Verified, r.Payload, r.Text())
			}
		}
	}
}

func TestBytesAfterTheEndOfATarAreNamed(t *testing.T) {
	whole := tarred(t, current().packed("top/"))
	wantState(t, archive(t, append(slices.Clone(whole), make([]byte, 10240)...)), Valid, "")
	wantState(t, archive(t, append(slices.Clone(whole), whole...)), Invalid, "bytes follow the end of the archive")
}

func TestFilesOfAZipThatOverlapAreNotRead(t *testing.T) {
	members := append(current().packed("top/"), packed{"top/data/large", strings.Repeat("0123456789", 50_000), tar.TypeReg})
	content := zippedUp(t, members)
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	// Each entry of the directory says that its file is nearly as large as the archive.
	at := bytes.Index(content, []byte("PK\x01\x02"))
	for range r.File {
		binary.LittleEndian.PutUint32(content[at+20:], uint32(len(content)*2/3))
		next := bytes.Index(content[at+1:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		at += 1 + next
	}
	wantState(t, archive(t, content), Invalid, "its files overlap")
}

func TestASparseFileIsNotReadAsZeros(t *testing.T) {
	var b bytes.Buffer
	header := make([]byte, 512)
	copy(header, "top/data/huge")
	copy(header[100:], "0000644\x00")
	copy(header[124:], "00000000000\x00")
	copy(header[148:], "        ")
	header[156] = 'S'
	copy(header[257:], "ustar  \x00")
	copy(header[386:], "77777777777\x0000000000000\x00") // one empty piece at the end
	copy(header[483:], "77777777777\x00")
	var check int64
	for _, c := range header {
		check += int64(c)
	}
	copy(header[148:], []byte{byte('0' + check>>15&7), byte('0' + check>>12&7), byte('0' + check>>9&7), byte('0' + check>>6&7), byte('0' + check>>3&7), byte('0' + check&7), 0, ' '})
	b.Write(header)
	b.Write(tarred(t, current().packed("top/")))
	wantState(t, archive(t, b.Bytes()), Invalid, "data/huge: a sparse file")
}

func TestABombTakesNoMemory(t *testing.T) {
	zeros := strings.Repeat("\x00", 64<<20)
	s := bagged("1.0", shape{"data/zeros": zeros}, "sha256")
	for _, content := range [][]byte{gzipped(t, tarred(t, s.packed("top/"))), zippedUp(t, s.packed("top/"))} {
		a := archive(t, content)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		wantState(t, a, Valid, "")
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("an archive of %d bytes takes %d bytes of memory", len(content), grown)
		}
	}
}

func TestWhatIsNoArchiveIsNamed(t *testing.T) {
	for _, content := range []string{"", "PK\x03\x04", "\x1f\x8b", "\x1f\x8bxxxxxxxxxxxx", "no archive", strings.Repeat("no archive", 1000)} {
		wantState(t, archive(t, []byte(content)), Invalid, "")
	}
}
