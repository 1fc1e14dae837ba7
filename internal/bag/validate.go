package bag

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"sync"

	"cdrmend/internal/parallel"
	"cdrmend/internal/scratch"
)

// file is what is known of one path of a bag.
type file struct {
	path   string
	size   int64
	here   bool
	odd    bool   // it is named as a problem already
	lines  []line // of manifests that list it
	fetch  int    // line of fetch.txt that lists it, 0 for none
	length int64  // that fetch.txt says, -1 for none
}

// line is a line of a manifest, and the checksum that it has.
type line struct {
	manifest *manifest
	number   int
	sum      string // bytes
}

// by returns the line of a manifest that lists the file, nil for none.
func (f *file) by(m *manifest) *line {
	if i := slices.IndexFunc(f.lines, func(l line) bool { return l.manifest == m }); i >= 0 {
		return &f.lines[i]
	}
	return nil
}

// manifest is a manifest whose checksums are known.
type manifest struct {
	manifestName
	file string // its name in the bag
	new  func() hash.Hash
	size int // of a checksum, in bytes
}

// validation is one validation under way.
type validation struct {
	*notes
	tree      Tree
	files     map[string]*file
	manifests []*manifest
	texts     map[string]*scratch.Spool // of the tag files that are read as text
	hasFolder bool                      // data/ is there, perhaps empty
	broken    bool                      // the archive cannot be read to its end

	mu sync.Mutex // of the report, while checksums are compared
}

// Validate validates a bag against RFC 8493 and, for bags of earlier versions, what these
// asked for. Whatever is wrong with the bag is in the report; the error says that it could
// not be read. Tag files wait below the directory scratch until they are read. Memory
// grows with the number of files and the length of manifests, and with nothing else.
func Validate(ctx context.Context, t Tree, scratchDir string) (*Report, error) {
	pool := scratch.NewPool(scratchDir)
	defer pool.Close()
	v := &validation{
		notes: newNotes(t.String()), tree: t, files: map[string]*file{}, texts: map[string]*scratch.Spool{},
	}

	if err := v.survey(ctx, pool); err != nil {
		return nil, fmt.Errorf("reading bag %q: %w", t, err)
	}
	if err := v.readTags(); err != nil {
		return nil, fmt.Errorf("reading bag %q: %w", t, err)
	}
	v.checkFiles()
	if err := v.checkSums(ctx); err != nil {
		return nil, fmt.Errorf("reading bag %q: %w", t, err)
	}
	v.checkOxum()
	v.report.finish()
	return v.report, nil
}

// survey notes all files, and keeps the tag files that are read as text.
func (v *validation) survey(ctx context.Context, pool *scratch.Pool) error {
	for m, err := range v.tree.members(ctx) {
		if v.stopped(err) {
			break
		}
		switch {
		case err != nil:
			return err
		case len(v.files) == maxFiles:
			v.unchecked("", 0, "it has more than %d files, which are not looked at", maxFiles)
			v.broken = true
			return nil
		case m.folder:
			v.hasFolder = true
			continue
		case m.odd != "":
			v.problem(m.path, 0, "%s", m.odd)
			v.files[m.path] = &file{path: m.path, odd: true, here: true, length: -1}
			continue
		case v.files[m.path] != nil:
			v.problem(m.path, 0, "it is in the archive twice")
			continue
		}

		v.files[m.path] = &file{path: m.path, size: m.size, here: true, length: -1}
		if payloadPath(m.path) {
			v.hasFolder = true
			v.report.Payload.Files++
			v.report.Payload.Bytes += m.size
		}
		if isText(m.path) {
			if err := v.keep(ctx, m, pool); err != nil {
				return err
			}
		}
	}
	return nil
}

// stopped reports that an archive cannot be read further.
func (v *validation) stopped(err error) bool {
	var d *damage
	if !errors.As(err, &d) {
		return false
	}
	if !v.broken { // the second reading meets it again
		v.problem("", 0, "%s", d.text)
	}
	v.broken = true
	return true
}

// isText reports whether a tag file is read as text.
func isText(path string) bool {
	_, isManifest := parseManifestName(path)
	return isManifest || path == declarationName || path == infoName || path == oldInfoName || path == fetchName
}

// keep keeps the bytes of a tag file until the encoding is known.
func (v *validation) keep(ctx context.Context, m member, pool *scratch.Pool) error {
	if m.size > maxTagFile {
		v.unchecked(m.path, 0, "it is larger than %d bytes, so it is not read", int64(maxTagFile))
		return nil
	}
	if name, ok := parseManifestName(m.path); ok {
		if algorithms[name.algorithm] == nil {
			v.unchecked(m.path, 0, "checksums by %q are not known, so none is compared", name.algorithm)
			return nil
		}
		for other := range v.texts {
			if same, ok := parseManifestName(other); ok && same.tag == name.tag && same.algorithm == name.algorithm {
				v.problem(max(m.path, other), 0, "there is %q for the same checksums, too", min(m.path, other))
				return nil
			}
		}
	}

	r, err := v.opened(ctx, m)
	if r == nil {
		return err
	}
	defer r.Close()

	spool := pool.NewSpool()
	_, err = io.Copy(spool, io.LimitReader(r, maxTagFile))
	if v.spoiled(m.path, err) {
		return nil
	}
	if err == nil {
		err = spool.Settle()
	}
	v.texts[m.path] = spool
	return err
}

// opened opens a file. It returns nil without an error if its archive is damaged there,
// which is noted.
func (v *validation) opened(ctx context.Context, m member) (io.ReadCloser, error) {
	r, err := m.open(ctx)
	if v.spoiled(m.path, err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// spoiled notes that the content of a file is damaged in its archive.
func (v *validation) spoiled(path string, err error) bool {
	var d *damage
	if !errors.As(err, &d) {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if f := v.files[path]; f != nil && !f.odd {
		v.problem(path, 0, "%s", d.text)
		f.odd = true
	}
	return true
}

// readTags reads the tag files, each by what others said before.
func (v *validation) readTags() error {
	encoding, err := v.readDeclaration()
	if err != nil || encoding == "" {
		return err
	}
	if _, known := decoder(encoding); !known {
		v.unchecked(declarationName, 2, "the encoding %q is not known, so no other tag file can be read", encoding)
		return nil
	}

	for _, name := range slices.Sorted(maps.Keys(v.texts)) {
		parsed, ok := parseManifestName(name)
		if !ok {
			continue
		}
		if err := v.readManifest(name, parsed); err != nil {
			return err
		}
	}
	if err := v.readFetch(); err != nil {
		return err
	}
	return v.readInfo()
}

// checkSums compares the checksums of all files that are listed.
func (v *validation) checkSums(ctx context.Context) error {
	if v.tree.atOnce() == 1 {
		for m, err := range v.tree.members(ctx) {
			if v.stopped(err) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := v.compare(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}

	var all []member
	for m, err := range v.tree.members(ctx) {
		if v.stopped(err) {
			break
		}
		if err != nil {
			return err
		}
		if f := v.files[m.path]; f != nil && len(f.lines) > 0 {
			all = append(all, m)
		}
	}
	return parallel.Each(ctx, v.tree.atOnce(), len(all), func(ctx context.Context, i int) error {
		return v.compare(ctx, all[i])
	})
}

// compare compares the checksums of one file. The same algorithm is computed once.
func (v *validation) compare(ctx context.Context, m member) error {
	f := v.files[m.path]
	if m.odd != "" || m.folder || f == nil || f.odd || len(f.lines) == 0 {
		return nil
	}
	r, err := v.opened(ctx, m)
	if r == nil {
		return err
	}
	defer r.Close()

	sums := map[string]hash.Hash{}
	var to []io.Writer
	for _, l := range f.lines {
		if sums[l.manifest.algorithm] == nil {
			h := l.manifest.new()
			sums[l.manifest.algorithm] = h
			to = append(to, h)
		}
	}
	_, err = io.Copy(io.MultiWriter(to...), r)
	if v.spoiled(m.path, err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %q: %w", m.path, err)
	}

	v.mu.Lock()
	defer v.mu.Unlock()
	right := true
	for _, l := range f.lines {
		if got := string(sums[l.manifest.algorithm].Sum(nil)); got != l.sum {
			right = false
			v.problem(f.path, 0, "its %s is %x, and %s has %x in line %d: the file or the line was changed", l.manifest.algorithm, got, l.manifest.file, l.sum, l.number)
		}
	}
	if right {
		v.report.Verified++
	}
	return nil
}
