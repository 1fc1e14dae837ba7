package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// file is a file of an archive, a package or an image, where a name that ends with a slash
// is that of a directory.
type file struct {
	name    string // path with slashes
	content []byte
	mode    int64 // permissions, mostly 0o644 or 0o755
}

func sorted(files []file) []file {
	return slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
}

// writeTarGz writes files below a folder as a compressed tar file.
func writeTarGz(to io.Writer, folder string, files []file, at time.Time) error {
	zipped, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}

	inside := slices.Clone(files)
	for i := range inside {
		inside[i].name = path.Join(folder, inside[i].name)
	}
	if err := writeTar(zipped, inside, at); err != nil {
		return err
	}
	return zipped.Close()
}

// writeTar writes files in the order of their names, all of user 0 and of one time.
func writeTar(to io.Writer, files []file, at time.Time) error {
	archive := tar.NewWriter(to)
	for _, f := range sorted(files) {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.content)), Mode: f.mode,
			ModTime: at, Format: tar.FormatUSTAR,
		}
		if strings.HasSuffix(f.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeZip writes the same as a zip file.
func writeZip(to io.Writer, folder string, files []file, at time.Time) error {
	archive := zip.NewWriter(to)
	for _, f := range sorted(files) {
		header := &zip.FileHeader{Name: path.Join(folder, f.name), Method: zip.Deflate, Modified: at}
		header.SetMode(fs.FileMode(f.mode))
		w, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := w.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// gzipped compresses a manual page. It has no name and no time in it.
func gzipped(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
