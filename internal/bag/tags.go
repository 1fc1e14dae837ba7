package bag

import (
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/transform"
)

// version is a version of the standard.
type version struct{ major, minor int }

// current reports whether the rules of RFC 8493 hold.
func (v version) current() bool { return v.major >= 1 }

// knownVersions are the versions that were published.
var knownVersions = map[string]version{
	"0.93": {0, 93}, "0.94": {0, 94}, "0.95": {0, 95}, "0.96": {0, 96}, "0.97": {0, 97}, "1.0": {1, 0},
}

// readDeclaration reads bagit.txt, and returns the encoding of the other tag files, empty
// when it cannot be told.
func (v *validation) readDeclaration() (encoding string, err error) {
	v.version = version{1, 0}
	spool, ok := v.texts[declarationName]
	if !ok {
		if f := v.files[declarationName]; (f == nil || !f.odd) && !v.broken { // else it may only be unread
			v.problem(declarationName, 0, "it is missing: this is no bag, or one that was not written to its end")
		}
		return "", nil
	}
	r, err := spool.ReaderAt()
	if err != nil {
		return "", err
	}

	count := 0
	for l, err := range lines(io.NewSectionReader(r, 0, spool.Size())) {
		if err != nil {
			return "", err
		}
		count = l.number
		if count > 2 {
			v.problem(declarationName, 3, "it has more than two lines")
			break
		}
		if l.wrong != "" {
			v.problem(declarationName, l.number, "%s", strings.Replace(l.wrong, "in the encoding that bagit.txt names", "in UTF-8", 1))
			continue
		}
		if l.number == 1 {
			v.report.Version = v.declared(l, "BagIt-Version")
		} else {
			encoding = v.declared(l, "Tag-File-Character-Encoding")
		}
	}
	if count < 2 {
		v.problem(declarationName, 0, "it has fewer than two lines: BagIt-Version and Tag-File-Character-Encoding")
	}

	known, ok := knownVersions[v.report.Version]
	if ok {
		v.version = known
	} else if v.report.Version != "" {
		v.problem(declarationName, 1, "the version %q was never published, so the bag is held against 1.0", v.report.Version)
	}
	v.report.Encoding = encoding
	return encoding, nil
}

// declared returns the value of a line of bagit.txt.
func (v *validation) declared(l textLine, label string) string {
	text, had := strings.CutPrefix(l.text, bom)
	if had {
		v.problem(declarationName, l.number, "it begins with a byte-order mark")
	}
	value, ok := strings.CutPrefix(text, label+": ")
	if trimmed := strings.TrimSpace(value); ok && trimmed != "" && trimmed == value {
		return value
	}

	// What is meant may still be clear.
	name, value, ok := strings.Cut(text, ":")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), label) || strings.TrimSpace(value) == "" {
		v.problem(declarationName, l.number, "the line is not %s: VALUE", label)
		return ""
	}
	v.problem(declarationName, l.number, "the line is not exactly %s: VALUE, with one space and none around", label)
	return strings.TrimSpace(value)
}

// text yields the lines of a tag file in the encoding of the bag. Lines that cannot be
// read are problems.
func (v *validation) text(name string) iter.Seq2[textLine, error] {
	return func(yield func(textLine, error) bool) {
		spool := v.texts[name]
		at, err := spool.ReaderAt()
		if err != nil {
			yield(textLine{}, err)
			return
		}
		var r io.Reader = io.NewSectionReader(at, 0, spool.Size())
		if d, _ := decoder(v.report.Encoding); d != nil {
			r = transform.NewReader(r, d)
		}

		named := 0
		for l, err := range lines(r) {
			if err != nil {
				yield(l, err)
				return
			}
			if rest, had := strings.CutPrefix(l.text, bom); had && l.number == 1 {
				v.since(name, 1, "it begins with a byte-order mark, which %s does not need", v.report.Encoding)
				l.text = rest
			}
			before := len(v.report.Problems)
			if l.wrong != "" {
				v.problem(name, l.number, "%s", l.wrong)
			} else if !yield(l, nil) {
				return
			}
			if named += len(v.report.Problems) - before; named >= maxNamed {
				v.problem(name, l.number, "it is not read after this line, as %d problems of it are enough", named)
				return
			}
		}
	}
}

func (v *validation) readManifest(name string, parsed manifestName) error {
	algorithm := algorithms[parsed.algorithm]
	m := &manifest{manifestName: parsed, file: name, new: algorithm, size: algorithm().Size()}
	v.manifests = append(v.manifests, m)
	if !parsed.tag {
		v.report.Algorithms = append(v.report.Algorithms, parsed.algorithm)
	}
	if !parsed.normal {
		v.warning(name, 0, "its name should be %s", parsed)
	}
	for l, err := range v.text(name) {
		if err != nil {
			return err
		}
		if l.text == "" {
			v.style(name, l.number, "the line is empty")
			continue
		}
		v.readListed(m, l)
	}
	return nil
}

// readListed reads a line of a manifest: checksum and path.
func (v *validation) readListed(m *manifest, l textLine) {
	i := strings.IndexAny(l.text, " \t")
	if i < 0 {
		v.problem(m.file, l.number, "the line is not CHECKSUM PATH")
		return
	}
	digits, path := l.text[:i], strings.TrimLeft(l.text[i:], " \t")

	// md5sum marks names that it escaped, and files that it read as binary.
	digits, escaped := strings.CutPrefix(digits, `\`)
	path, starred := strings.CutPrefix(path, "*")
	if escaped {
		path = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(path)
	}
	if escaped || starred {
		v.style(m.file, l.number, "the line, perhaps with others, is written as md5sum does, with * or a backslash")
	}

	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != m.size {
		v.problem(m.file, l.number, "%q is not a checksum by %s: want %d hexadecimal digits", shortened(digits), m.algorithm, 2*m.size)
		return
	}
	f := v.listed(m.file, l.number, path)
	if f == nil {
		return
	}
	switch {
	case m.tag && payloadPath(f.path):
		v.problem(m.file, l.number, "a tag manifest lists the payload file %q", f.path)
	case !m.tag && !payloadPath(f.path):
		v.problem(m.file, l.number, "%q is not below data/", f.path)
	case m.tag && isTagManifest(f.path):
		v.since(m.file, l.number, "a tag manifest lists the tag manifest %q", f.path)
		return
	default:
		v.list(f, line{m, l.number, string(sum)})
	}
}

// list notes that a manifest lists a file.
func (v *validation) list(f *file, l line) {
	switch before := f.by(l.manifest); {
	case before == nil:
		f.lines = append(f.lines, l)
	case before.sum == l.sum:
		v.since(l.manifest.file, l.number, "%q is listed in line %d already", f.path, before.number)
	default:
		v.problem(l.manifest.file, l.number, "%q is listed in line %d already, with another checksum", f.path, before.number)
	}
}

func isTagManifest(path string) bool {
	name, ok := parseManifestName(path)
	return ok && name.tag
}

// listed returns the file that a path of a manifest or of fetch.txt means; nil for a path
// that no bag may have.
func (v *validation) listed(name string, number int, text string) *file {
	path, bare := decodePath(text, v.version)
	if bare && v.version.current() {
		v.style(name, number, "the path has a %% that encodes nothing: it should be %%25 here and in other lines")
	}
	if rest, had := strings.CutPrefix(path, "./"); had {
		v.style(name, number, "the path begins with ./, perhaps those of other lines, too")
		path = rest
	}
	if err := checkPath(path); err != nil {
		v.problem(name, number, "%q: %v", shortened(path), err)
		return nil
	}

	// Before 1.0 a name with %0A could be meant as it stands.
	if !v.version.current() && v.files[path] == nil && v.files[text] != nil {
		path = text
	}
	f := v.files[path]
	if f == nil {
		f = &file{path: path, length: -1}
		v.files[path] = f
	}
	return f
}

// shortened returns the beginning of a text that may be very long.
func shortened(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// readFetch reads fetch.txt: URL, length and path.
func (v *validation) readFetch() error {
	if v.texts[fetchName] == nil {
		return nil
	}
	for l, err := range v.text(fetchName) {
		if err != nil {
			return err
		}
		if l.text == "" {
			v.style(fetchName, l.number, "the line is empty")
			continue
		}
		v.readFetched(l)
	}
	return nil
}

var fetchPattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:[^ \t]+)[ \t]+([0-9]+|-)[ \t]+(.+)$`)

func (v *validation) readFetched(l textLine) {
	m := fetchPattern.FindStringSubmatch(l.text)
	if m == nil {
		v.problem(fetchName, l.number, "the line is not URL LENGTH PATH, where LENGTH may be -")
		return
	}
	f := v.listed(fetchName, l.number, m[3])
	switch {
	case f == nil:
	case !payloadPath(f.path):
		v.problem(fetchName, l.number, "%q is not below data/", f.path)
	case f.fetch > 0:
		v.problem(fetchName, l.number, "%q is listed in line %d already", f.path, f.fetch)
	default:
		f.fetch = l.number
		if n, err := strconv.ParseInt(m[2], 10, 64); err == nil {
			f.length = n
		}
	}
}

// readInfo reads the labels of bag-info.txt, which has another name in old bags.
func (v *validation) readInfo() error {
	name := infoName
	if v.version.major == 0 && v.version.minor < 96 {
		name = oldInfoName
	}
	if v.texts[name] == nil {
		return nil
	}
	for l, err := range v.text(name) {
		if err != nil {
			return err
		}
		v.readLabel(name, l)
	}
	v.checkLabels(name)
	return nil
}

func (v *validation) readLabel(name string, l textLine) {
	info := v.report.Info
	if strings.HasPrefix(l.text, " ") || strings.HasPrefix(l.text, "\t") {
		if len(info) == 0 {
			v.problem(name, l.number, "the line continues a value, and there is none before it")
			return
		}
		last := &info[len(info)-1]
		last.Value = strings.TrimSpace(last.Value + " " + strings.TrimSpace(l.text))
		return
	}
	if l.text == "" {
		v.style(name, l.number, "the line is empty")
		return
	}

	label, value, ok := strings.Cut(l.text, ":")
	trimmed := strings.TrimSpace(label)
	if !ok || trimmed == "" {
		v.problem(name, l.number, "the line is not LABEL: VALUE")
		return
	}
	if v.version.current() && (trimmed != label || value == "" || value[0] != ' ' && value[0] != '\t') {
		v.style(name, l.number, "the line should be LABEL: VALUE, with no space before the colon and one after it")
	}
	v.report.Info = append(info, Label{trimmed, strings.TrimSpace(value)})
}

// checkLabels holds labels whose meaning is reserved against it.
func (v *validation) checkLabels(name string) {
	seen := map[string]int{}
	for _, l := range v.report.Info {
		label := strings.ToLower(l.Name)
		seen[label]++
		if _, err := time.Parse(time.DateOnly, l.Value); label == "bagging-date" && err != nil {
			v.warning(name, 0, "Bagging-Date %q is no date like 2026-11-20", shortened(l.Value))
		}
	}
	if !v.version.current() {
		return
	}
	for _, label := range []string{"Bagging-Date", "Bag-Size", "Bag-Group-Identifier", "Bag-Count"} {
		if seen[strings.ToLower(label)] > 1 {
			v.warning(name, 0, "%s should not be repeated", label)
		}
	}
	if seen["payload-oxum"] > 1 {
		v.problem(name, 0, "Payload-Oxum is repeated")
	}
}

var oxumPattern = regexp.MustCompile(`^([0-9]+)\.([0-9]+)$`)

// checkOxum holds the size that bag-info.txt says against that of the payload.
func (v *validation) checkOxum() {
	have, known := v.report.Payload, true
	for _, f := range v.files {
		if f.fetch > 0 && !f.here {
			have.Files++
			have.Bytes += max(f.length, 0)
			known = known && f.length >= 0
		}
	}
	for _, l := range v.report.Info {
		if !strings.EqualFold(l.Name, "Payload-Oxum") {
			continue
		}
		if !oxumPattern.MatchString(l.Value) {
			v.problem(infoName, 0, "Payload-Oxum %q is not BYTES.FILES", shortened(l.Value))
			continue
		}
		if want := fmt.Sprintf("%d.%d", have.Bytes, have.Files); known && l.Value != want && !v.broken {
			v.problem(infoName, 0, "Payload-Oxum is %s, and the payload has %s (bytes.files)", shortened(l.Value), want)
		}
	}
}
