package bag

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// ErrUnread is returned by [Writer.Add] for a content that could not be read. Nothing of
// it is in the bag, which may be continued.
var ErrUnread = errors.New("the content could not be read")

// File is a file of a bag.
type File struct {
	Path   string // in the bag; that of a payload file begins with data/
	Size   int64
	SHA256 string // in hexadecimal digits
}

// Writer writes a bag of version 1.0 with SHA-256 checksums. The declaration is written
// last, so whatever interrupts a writer leaves nothing that validates. Equal calls in
// equal order give equal bytes.
//
// One writer at a time writes a bag. After an error that is not [ErrUnread] it writes
// nothing more.
type Writer struct {
	to      sink
	payload []File
	fetched []fetched
	tags    []File
	bytes   int64             // of the payload and of what is to be fetched
	folded  map[string]string // paths by what some file system takes for the same
	failed  error
	seals   []seal
}

// fetched is a payload file that the receiver fetches.
type fetched struct {
	file File
	url  string
}

// sink is where the files of a bag go: a prefix of a store, or an archive.
type sink interface {
	// spool returns an empty spool for the content of one file.
	spool() (*scratch.Spool, error)
	// put writes a whole file. One that is there already with equal bytes counts as written.
	put(ctx context.Context, path string, c object.Content) error
	// has reports whether a file is there already.
	has(ctx context.Context, f File) (bool, error)
	// begin fails when something is there that cannot be of the bag.
	begin(ctx context.Context, of func(path string) bool) error
	// settle fails when something is there that is not of the bag.
	settle(ctx context.Context, of func(path string) bool) error
	// finish makes the bag durable.
	finish(ctx context.Context) error
	// discard frees what is only temporary.
	discard()
}

func newWriter(to sink) *Writer { return &Writer{to: to, folded: map[string]string{}} }

// Discard frees the temporary files of a writer. A bag that was not closed stays
// incomplete.
func (w *Writer) Discard() { w.to.discard() }

// Begin fails when something is there that cannot be of the bag, whose tag files beyond those of
// BagIt have some names. Nothing has been written then; [Writer.Close] looks at each file.
func (w *Writer) Begin(ctx context.Context, tags ...string) error {
	return w.fail(w.to.begin(ctx, func(path string) bool {
		_, manifest := parseManifestName(path)
		return manifest || payloadPath(path) || slices.Contains([]string{declarationName, infoName, fetchName}, path) || slices.Contains(tags, path)
	}))
}

// Add adds a payload file under a path below data/, and returns it with its path in the
// bag. Its content is read once.
func (w *Writer) Add(ctx context.Context, path string, content io.Reader) (File, error) {
	path, err := w.take(payloadFolder + path)
	if err != nil {
		return File{}, err
	}
	file, err := w.write(ctx, path, copied(content))
	if err != nil {
		delete(w.folded, fold(path)) // a source that failed may be tried again
		return File{}, err
	}
	w.payload, w.bytes = append(w.payload, file), w.bytes+file.Size
	return file, nil
}

// Reuse adds a payload file that an earlier attempt wrote in full, and reports whether it
// is there. Its path is below data/.
func (w *Writer) Reuse(ctx context.Context, path string, size int64, sha256 string) (bool, error) {
	path, err := w.take(payloadFolder + path)
	if err != nil {
		return false, err
	}
	file := File{path, size, sha256}
	there, err := w.to.has(ctx, file)
	if err != nil || !there {
		delete(w.folded, fold(path))
		return false, w.fail(err)
	}
	w.payload, w.bytes = append(w.payload, file), w.bytes+size
	return true, nil
}

// Fetch adds a payload file that is not in the bag: the receiver fetches it from a URL and
// puts it at a path below data/.
func (w *Writer) Fetch(link string, size int64, sha256, path string) error {
	if u, err := url.Parse(link); err != nil || u.Scheme == "" || strings.ContainsFunc(link, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return fmt.Errorf("adding %q: it is to be fetched from what is not a URL without spaces", path)
	}
	if sum, err := hex.DecodeString(sha256); err != nil || len(sum) != 32 || size < 0 {
		return fmt.Errorf("adding %q: a file to fetch needs its size and SHA-256", path)
	}
	path, err := w.take(payloadFolder + path)
	if err != nil {
		return err
	}
	w.fetched = append(w.fetched, fetched{File{path, size, strings.ToLower(sha256)}, link})
	w.bytes += size
	return nil
}

// Tag adds a tag file, such as a signature.
func (w *Writer) Tag(ctx context.Context, path string, content []byte) error {
	_, isManifest := parseManifestName(path)
	if isManifest || slices.Contains([]string{declarationName, infoName, oldInfoName, fetchName, "data"}, strings.ToLower(path)) {
		return fmt.Errorf("adding tag file %q: the name is reserved", path)
	}
	if payloadPath(strings.ToLower(path)) {
		return fmt.Errorf("adding tag file %q: below data/ is the payload", path)
	}
	path, err := w.take(path)
	if err != nil {
		return err
	}
	return w.tag(ctx, path, copied(bytes.NewReader(content)))
}

// take checks a path and takes it, so that no other file gets it.
func (w *Writer) take(path string) (string, error) {
	if w.failed != nil {
		return "", w.failed
	}
	if err := checkPath(path); err != nil {
		return "", fmt.Errorf("adding %q: %w", path, err)
	}
	key := fold(path)
	if other, ok := w.folded[key]; ok && other == path {
		return "", fmt.Errorf("adding %q: the bag has it already", path)
	} else if ok {
		return "", fmt.Errorf("adding %q: the bag has %q, which some file systems take for the same", path, other)
	}
	w.folded[key] = path
	return path, nil
}

// write puts a file where it belongs once all of it was filled in.
func (w *Writer) write(ctx context.Context, path string, fill func(to io.Writer) error) (File, error) {
	spool, err := w.to.spool()
	if err != nil {
		return File{}, w.fail(fmt.Errorf("adding %q: %w", path, err))
	}
	defer spool.Close()

	if err := fill(spool); errors.Is(err, ErrUnread) {
		return File{}, fmt.Errorf("adding %q: %w", path, err)
	} else if err != nil {
		return File{}, w.fail(fmt.Errorf("adding %q: %w", path, err))
	}

	content, err := spool.Content()
	if err == nil {
		err = w.to.put(ctx, path, content)
	}
	if err != nil {
		return File{}, w.fail(fmt.Errorf("adding %q: %w", path, err))
	}
	return File{path, spool.Size(), spool.Sum()}, nil
}

func (w *Writer) fail(err error) error {
	w.failed = cmp.Or(w.failed, err)
	return err
}

// copied fills in what a reader has.
func copied(from io.Reader) func(io.Writer) error {
	return func(to io.Writer) error {
		source := &remembering{from: from}
		_, err := io.Copy(to, source)
		if source.err != nil {
			return fmt.Errorf("%w: %w", ErrUnread, source.err)
		}
		return err
	}
}

// remembering tells errors of reading from those of writing.
type remembering struct {
	from io.Reader
	err  error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func (w *Writer) tag(ctx context.Context, path string, fill func(to io.Writer) error) error {
	file, err := w.write(ctx, path, fill)
	if err == nil {
		w.tags = append(w.tags, file)
	}
	return err
}

// Close writes the tag files, and completes the bag. The labels are those of bag-info.txt,
// such as Bagging-Date; Payload-Oxum is added to them. It returns the tag manifest, whose
// hash stands for everything in the bag.
func (w *Writer) Close(ctx context.Context, info []Label) (File, error) {
	defer w.to.discard()
	if w.failed != nil {
		return File{}, w.failed
	}
	if len(w.payload) == 0 {
		return File{}, w.fail(errors.New("closing the bag: it needs a payload file, as an archive or a bucket has no empty data folder"))
	}
	info = append(slices.Clip(info), Label{"Payload-Oxum", fmt.Sprintf("%d.%d", w.bytes, len(w.payload)+len(w.fetched))})
	if err := checkLabels(info); err != nil {
		return File{}, w.fail(fmt.Errorf("closing the bag: %w", err))
	}
	if err := w.to.settle(ctx, w.has()); err != nil {
		return File{}, w.fail(fmt.Errorf("closing the bag: %w", err))
	}

	list, err := w.describe(ctx, info)
	if err != nil {
		return File{}, err
	}

	// Without its declaration nothing is a bag.
	if _, err := w.write(ctx, declarationName, copied(strings.NewReader(declarationText))); err != nil {
		return File{}, err
	}
	if err := w.to.finish(ctx); err != nil {
		return File{}, w.fail(fmt.Errorf("closing the bag: %w", err))
	}
	return list, nil
}

// The manifests that a writer writes.
var (
	payloadManifest = manifestName{algorithm: "sha256"}
	tagManifest     = manifestName{algorithm: "sha256", tag: true}
)

const declarationText = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// describe writes all tag files but the declaration, and returns the tag manifest, which
// lists that one, too.
func (w *Writer) describe(ctx context.Context, info []Label) (File, error) {
	if err := w.tag(ctx, infoName, infoText(info)); err != nil {
		return File{}, err
	}

	all := slices.Clone(w.payload)
	if len(w.fetched) > 0 {
		if err := w.tag(ctx, fetchName, fetchText(w.fetched)); err != nil {
			return File{}, err
		}
		for _, f := range w.fetched {
			all = append(all, f.file)
		}
	}
	if err := w.tag(ctx, payloadManifest.String(), manifestText(all)); err != nil {
		return File{}, err
	}

	manifest := w.tags[len(w.tags)-1]
	for _, s := range w.seals {
		content, err := s.make(manifest)
		if err != nil {
			return File{}, w.fail(fmt.Errorf("adding %q: %w", s.path, err))
		}
		if err := w.Tag(ctx, s.path, content); err != nil {
			return File{}, err
		}
	}

	declaration := object.ContentOf([]byte(declarationText))
	tags := append(slices.Clone(w.tags), File{declarationName, declaration.Size, hex.EncodeToString(declaration.SHA256[:])})
	return w.write(ctx, tagManifest.String(), manifestText(tags))
}

func infoText(info []Label) func(io.Writer) error {
	return buffered(func(to *bufio.Writer) {
		for _, l := range info {
			fmt.Fprintf(to, "%s: %s\n", l.Name, l.Value)
		}
	})
}

func fetchText(list []fetched) func(io.Writer) error {
	return buffered(func(to *bufio.Writer) {
		for _, f := range list {
			fmt.Fprintf(to, "%s %d %s\n", f.url, f.file.Size, encoder.Replace(f.file.Path))
		}
	})
}

// manifestText lists files in the order of their paths.
func manifestText(files []File) func(io.Writer) error {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return buffered(func(to *bufio.Writer) {
		for _, f := range files {
			fmt.Fprintf(to, "%s  %s\n", f.SHA256, encoder.Replace(f.Path))
		}
	})
}

// buffered returns a function that fills in lines. The first error of the buffer stays in
// it until it is flushed.
func buffered(write func(to *bufio.Writer)) func(io.Writer) error {
	return func(to io.Writer) error {
		b := bufio.NewWriter(to)
		write(b)
		return b.Flush()
	}
}

// has returns a function that tells which paths the bag has, tag files that are not yet
// written among them.
func (w *Writer) has() func(string) bool {
	paths := map[string]bool{declarationName: true, infoName: true, payloadManifest.String(): true, tagManifest.String(): true}
	if len(w.fetched) > 0 {
		paths[fetchName] = true
	}
	for _, s := range w.seals {
		paths[s.path] = true
	}
	for _, list := range [][]File{w.payload, w.tags} {
		for _, f := range list {
			paths[f.Path] = true
		}
	}
	return func(path string) bool { return paths[path] }
}

func checkLabels(info []Label) error {
	oxum := 0
	for _, l := range info {
		switch {
		case l.Name == "" || strings.ContainsAny(l.Name, ":\r\n") || l.Name != strings.TrimSpace(l.Name):
			return fmt.Errorf("%q cannot be a label of bag-info.txt: it is empty, holds a colon or line break, or has spaces around it", l.Name)
		case l.Value == "" || strings.ContainsAny(l.Value, "\r\n") || l.Value != strings.TrimSpace(l.Value):
			return fmt.Errorf("label %q of bag-info.txt cannot have the value %q: it is empty, holds a line break, or has spaces around it", l.Name, l.Value)
		case !utf8.ValidString(l.Name + l.Value):
			return fmt.Errorf("label %q of bag-info.txt is not UTF-8", l.Name)
		case strings.EqualFold(l.Name, "Payload-Oxum"):
			oxum++
		}
	}
	if oxum > 1 {
		return errors.New("Payload-Oxum is computed, so it cannot be a label of one's own")
	}
	return nil
}
