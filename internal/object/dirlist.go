package object

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// A directory is listed in byte order of keys, each file once. Symbolic links are
// followed, as they may lead to input, but not out of the root. However they cross, each
// file has one key: its own name when that lies below the prefix, else the first path,
// in byte order, on which links lead to it. A directory above the prefix is not entered.
// So a listing costs no more than its files, directories and links. A file that links
// lead to says in its Info what its own name is: whoever joins several listings drops
// those that are listed under it.

func (d *directory) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return d.list(ctx, prefix, &walk{})
}

func (d *directory) Children(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return d.list(ctx, prefix, &walk{shallow: true})
}

// ListCounting implements [Counter].
func (d *directory) ListCounting(ctx context.Context, prefix string, ignored *Ignored) iter.Seq2[Info, error] {
	return d.list(ctx, prefix, &walk{ignored: ignored})
}

// Folders implements [Counter].
func (d *directory) Folders(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := d.root()
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", d.url+prefix, explain(err))
	}
	defer root.Close()

	// What cannot be read is an error where it is listed as input.
	f, err := root.Open(path.Clean("./" + prefix))
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	names, err := f.ReadDir(-1)
	if err != nil {
		return nil, nil
	}

	var folders []string
	for _, name := range names {
		folder := name.IsDir()
		if name.Type()&fs.ModeSymlink != 0 {
			info, err := root.Stat(path.Join(prefix, name.Name()))
			folder = err == nil && info.IsDir()
		}
		if folder {
			folders = append(folders, shownElement(name.Name()))
		}
	}
	slices.Sort(folders)
	return folders, nil
}

// list ranges anew with a copy of the walk each time.
func (d *directory) list(ctx context.Context, prefix string, w *walk) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		w := walk{
			ctx: ctx, base: d.path, yield: yield, shallow: w.shallow, after: w.after, ignored: w.ignored, noLinks: d.noLinks,
			entered: fileSet{}, linked: map[string]bool{},
		}
		if err := d.walk(&w, prefix); err != nil {
			yield(Info{}, fmt.Errorf("listing %q: %w", d.url+prefix, explain(err)))
		}
	}
}

func (d *directory) walk(w *walk, prefix string) error {
	root, err := d.root()

	// The first run lists an output before anything made its root.
	if d.makeRoot && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	w.root = root
	_, err = root.Stat("..")
	w.escapes = errors.Unwrap(err) // the package os does not export it

	dir := "."
	if prefix != "" {
		dir = strings.TrimSuffix(prefix, "/")
	}

	if !fs.ValidPath(dir) {
		return fmt.Errorf("the prefix is no path below the root: use names between single slashes")
	}

	// The prefix itself may be or pass a link.
	if w.noLinks {
		linked, err := w.passesLink(dir)
		if linked || err != nil {
			return err
		}
	}
	start := place{path: dir, key: dir}
	w.start, err = w.real(dir)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if w.start != dir {
		start.real = w.start
	}

	if err := w.enterAbove(dir); err != nil {
		return err
	}
	if err = w.directory(start); err == errStopped {
		return nil
	}
	return err
}

// errStopped ends a walk whose consumer stopped.
var errStopped = errors.New("stopped")

// walk visits a tree in byte order of keys.
type walk struct {
	ctx     context.Context
	base    string // path of the root
	root    *os.Root
	yield   func(Info, error) bool
	shallow bool     // list a subdirectory by name, without its files
	ignored *Ignored // counts what is passed over; may be nil
	escapes error    // of a path that leads out of the root

	start   string          // own name of the first directory
	entered fileSet         // directories
	linked  map[string]bool // own names of files that links led to
	noLinks bool            // leave links out

	after string // the files directly below the prefix come after this name, and folders are left out; empty: list all
}

// own reports whether the walk meets something under its own name.
func (w *walk) own(real string) bool {
	return w.start == "." || real == w.start || strings.HasPrefix(real, w.start+"/")
}

// place is where a file or directory lies below the root. Paths may be any bytes.
type place struct {
	path string
	key  string // how the path is shown
	real string // its own name when a link led here, else empty
}

// below returns the place of an entry of a directory.
func (p place) below(name, shown string) place {
	child := place{path: path.Join(p.path, name), key: path.Join(p.key, shown)}
	if p.real != "" {
		child.real = path.Join(p.real, name)
	}
	return child
}

// open returns the path by which it is opened: a path may pass more links than a system
// follows.
func (p place) open() string { return cmp.Or(p.real, p.path) }

// enterAbove keeps the walk out of the directories above its first one: a link to one
// of them would lead to everything next to the prefix.
func (w *walk) enterAbove(dir string) error {
	for dir != "." {
		dir = path.Dir(dir)
		info, err := w.root.Stat(dir)
		if absent(err) {
			continue
		}
		if err != nil {
			return err
		}
		w.entered.add(info)
	}
	return nil
}

// passesLink reports whether a directory is a link, or lies below one.
func (w *walk) passesLink(dir string) (bool, error) {
	for end := 0; end < len(dir); end++ {
		if next := strings.IndexByte(dir[end:], '/'); next >= 0 {
			end += next
		} else {
			end = len(dir)
		}
		info, err := w.root.Lstat(dir[:end])
		if absent(err) {
			return false, nil
		}
		if err != nil || info.Mode()&fs.ModeSymlink != 0 {
			return err == nil, err
		}
	}
	return false, nil
}

func (w *walk) directory(at place) error {
	self, err := w.root.Stat(at.open())

	// It vanished, or there is nothing below the prefix.
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if !self.IsDir() {
		return nil
	}

	if !w.entered.add(self) {
		w.ignore(RepeatedLink, at.key)
		return nil
	}

	entries, err := w.entries(at)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := w.entry(e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(e entry) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}

	info := Info{Key: e.order()}
	switch {
	case e.dir && !w.shallow:
		return w.directory(e.place)
	case !e.dir && e.real != "" && w.linked[e.real]:
		w.ignore(RepeatedLink, e.key)
		return nil
	case !e.dir:
		if e.real != "" {
			w.linked[e.real] = true
		}
		info = describe(e.key, e.info)
		if e.path != e.key || e.real != "" {
			info.Alias = &Alias{Path: e.path, Real: e.real}
		}
	}

	if !w.yield(info, nil) {
		return errStopped
	}
	return nil
}

func (w *walk) ignore(kind, key string) {
	if w.ignored != nil {
		w.ignored.Add(kind, key)
	}
}

// entry is a file or a directory of a walk, links resolved.
type entry struct {
	place
	dir  bool
	info fs.FileInfo // of a file
}

// order is the text whose byte order is that of the keys: "a.b" sorts before
// "a/b" although the name "a" sorts before "a.b".
func (e entry) order() string {
	if e.dir {
		return e.key + "/"
	}
	return e.key
}

// entries reads a directory in the order of its keys. It leaves out everything
// that is neither a file nor a directory, and files that vanish meanwhile.
func (w *walk) entries(at place) ([]entry, error) {
	f, err := w.root.Open(at.open())
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()

	names, err := w.names(f)
	if err != nil {
		return nil, err
	}

	shown, err := showTogether(names)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}

		// Before each name is looked up: there may be many of them.
		if w.after != "" && (name.Name() <= w.after || name.IsDir()) {
			continue
		}
		key, odd := shown[name.Name()]
		if !odd {
			key = name.Name()
		}
		e, ok, err := w.resolve(at.below(name.Name(), key), name)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, e)
		}
	}

	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.order(), b.order()) })
	return entries, nil
}

// names reads the entries of a directory. A large one takes seconds, so it looks at the
// context in between.
func (w *walk) names(f *os.File) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	for {
		some, err := f.ReadDir(namesAtOnce)
		all = append(all, some...)
		if err == io.EOF {
			return all, nil
		}
		if err = cmp.Or(err, w.ctx.Err()); err != nil {
			return nil, err
		}
	}
}

// namesAtOnce is how many entries of a directory are read by one call.
const namesAtOnce = 4096

// showTogether returns how the names of a directory that are not UTF-8 are shown. Such a
// name may be shown as another file in its directory is called. It is then shown in the other
// way, and if somebody took that name, too, neither can be listed safely.
func showTogether(names []fs.DirEntry) (map[string]string, error) {
	shown := map[string]string{}
	for _, name := range names {
		if key := shownElement(name.Name()); key != name.Name() {
			shown[name.Name()] = key
		}
	}
	if len(shown) == 0 { // nearly always
		return nil, nil
	}

	taken := map[string]bool{}
	for _, name := range names {
		taken[name.Name()] = true
	}
	for name, key := range shown {
		if !taken[key] {
			continue
		}
		if shown[name] = escaped(name); taken[shown[name]] {
			return nil, fmt.Errorf("the name %q is not UTF-8, and other files have both names by which it can be shown, %q and %q: rename one of them", name, key, shown[name])
		}
	}
	return shown, nil
}

// resolve turns a directory entry into an entry of the walk; false means to leave it
// out. What a link out of the root leads to is no input, and is counted. A listing that
// counts nothing fails on such a link, as leaving it out would hide it.
func (w *walk) resolve(at place, d fs.DirEntry) (entry, bool, error) {
	if Temporary(d.Name()) {
		w.ignore(TemporaryLeftover, at.key)
		return entry{}, false, nil
	}
	if d.IsDir() {
		return entry{place: at, dir: true}, true, nil
	}

	// Lstat does not follow links; root.Stat does, but not out of the root.
	info, err := d.Info()
	link := d.Type()&fs.ModeSymlink != 0
	if link {
		if w.noLinks {
			return entry{}, false, nil
		}
		info, err = w.root.Stat(at.open())
	}

	switch {
	case link && w.ignored != nil && w.leadsOut(at.open(), err):
		w.ignore(OutsideLink, at.key)
		return entry{}, false, nil
	case link && (absent(err) || errors.Is(err, syscall.ELOOP)):
		w.ignore(DanglingLink, at.key)
		return entry{}, false, nil
	case absent(err):
		return entry{}, false, nil
	case err != nil:
		return entry{}, false, fmt.Errorf("%q: %w", at.key, err)
	case !info.IsDir() && !info.Mode().IsRegular():
		w.ignore(kindOf(info.Mode()), at.key)
		return entry{}, false, nil
	}

	if link {
		if at.real, err = w.real(at.open()); err != nil {
			return entry{}, false, fmt.Errorf("%q: %w", at.key, err)
		}
		if w.own(at.real) {
			w.ignore(RepeatedLink, at.key)
			return entry{}, false, nil
		}
	}
	return entry{place: at, dir: info.IsDir(), info: info}, true, nil
}

// real returns the own name of what a path leads to.
func (w *walk) real(link string) (string, error) {
	base, err := filepath.EvalSymlinks(w.base)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(filepath.Join(w.base, filepath.FromSlash(link)))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(base, target)
	if err != nil {
		return "", err
	}
	return filepath.ToSlash(rel), nil
}

// leadsOut reports whether a link could not be followed because it leads out of the
// root, be there something or not. A link with an absolute path to what is below the
// root cannot be followed either: leaving it out would hide input.
func (w *walk) leadsOut(link string, err error) bool {
	if !errors.Is(err, w.escapes) {
		return false
	}
	real, err := w.real(link)
	return err != nil || !filepath.IsLocal(real)
}

// kindOf names what is neither a file nor a directory.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSocket != 0:
		return Socket
	case mode&fs.ModeNamedPipe != 0:
		return NamedPipe
	case mode&fs.ModeDevice != 0:
		return Device
	}
	return otherKindOfFile
}
