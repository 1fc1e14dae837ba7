package policy

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The schemes of a URL.
const (
	SchemeS3   = "s3"
	SchemeFile = "file"
)

// maxNumbers bounds the month, day and hour placeholders of one URL, each of
// which can be spelled in two ways.
const maxNumbers = 6

// Template is a URL of a directory, in which placeholders stand for the org
// and for parts of a time.
type Template struct {
	text   string
	scheme string
	bucket string
	dir    string
	parts  []part // of keys: whole keys in a bucket, below dir in a directory
}

// part is a literal, or a placeholder when it has a name.
type part struct{ literal, name string }

var (
	placeholders   = []string{"org", "year", "month", "day", "hour", "date"}
	numbers        = []string{"month", "day", "hour"}
	schemePattern  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://`)
	bracePattern   = regexp.MustCompile(`\{[^{}]*\}|[{}]`)
	elementPattern = regexp.MustCompile(`(^|/)(\.{0,2})/`)
)

// ParseTemplate reads an s3 or file URL, or the path of a directory, which
// may be relative to base.
func ParseTemplate(text, base string) (Template, error) {
	t := Template{text: text, scheme: SchemeFile}
	rest := text
	if m := schemePattern.FindString(text); m != "" {
		t.scheme, rest = strings.ToLower(strings.TrimSuffix(m, "://")), text[len(m):]
	}

	var err error
	switch {
	case rest == text:
		err = t.parseDir(rest, base)
	case t.scheme == SchemeS3:
		err = t.parseBucket(rest)
	case t.scheme == SchemeFile:
		err = t.parseFile(rest)
	default:
		err = fmt.Errorf("the scheme %q is not known, want s3, file or the path of a directory", t.scheme)
	}
	if err != nil {
		return Template{}, err
	}
	return t, t.check()
}

func (t *Template) parseBucket(rest string) error {
	bucket, prefix, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return errors.New("the URL names no bucket")
	}
	if strings.Contains(bucket, "@") { // before it may be a password, which no message repeats
		return errors.New("the URL holds a user: leave it out, credentials come from the environment, a profile or a role")
	}
	if strings.ContainsAny(bucket, "{} ?#\\") {
		return fmt.Errorf("the bucket %q is no name of a bucket", bucket)
	}

	t.bucket = bucket
	var err error
	t.parts, err = parseParts(asDir(prefix))
	return err
}

func (t *Template) parseFile(rest string) error {
	if !strings.HasPrefix(rest, "/") {
		return errors.New("a file URL has three slashes, as in file:///dir/")
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return fmt.Errorf("the path %q is not escaped correctly", rest)
	}
	return t.parseDir(path, "")
}

func (t *Template) parseDir(path, base string) error {
	if strings.ContainsRune(path, 0) {
		return errors.New("the path holds a zero byte")
	}

	// The directory ends before the path element with the first placeholder.
	path = asDir(path)
	fixed := path
	if i := strings.IndexByte(path, '{'); i >= 0 {
		fixed = path[:strings.LastIndexByte(path[:i], '/')+1]
	}

	// Only the directory can be cleaned: a placeholder could be what .. removes.
	keys := path[len(fixed):]
	if elementPattern.MatchString(keys) {
		return errors.New("the path has an element that is empty, . or .. after a placeholder")
	}

	if t.dir = filepath.FromSlash(fixed); !filepath.IsAbs(t.dir) {
		t.dir = filepath.Join(base, t.dir)
	}
	t.dir = filepath.Clean(t.dir)
	var err error
	t.parts, err = parseParts(keys)
	return err
}

// asDir adds the slash that makes a path that of a directory.
func asDir(path string) string {
	if path == "" || strings.HasSuffix(path, "/") {
		return path
	}
	return path + "/"
}

func parseParts(text string) ([]part, error) {
	var parts []part
	for text != "" {
		at := bracePattern.FindStringIndex(text)
		if at == nil {
			return append(parts, part{literal: text}), nil
		}
		if at[0] > 0 {
			parts = append(parts, part{literal: text[:at[0]]})
		}

		brace := text[at[0]:at[1]]
		name := strings.Trim(brace, "{}")
		if len(brace) < 2 || !slices.Contains(placeholders, name) {
			return nil, fmt.Errorf("the placeholder %s is not known, want one of {%s}", brace, strings.Join(placeholders, "} {"))
		}
		parts = append(parts, part{name: name})
		text = text[at[1]:]
	}

	return parts, nil
}

// check makes sure that the placeholders name whole spans of time.
func (t *Template) check() error {
	date := t.has("date")
	switch {
	case t.has("hour") && !t.has("day") && !date:
		return errors.New("{hour} needs {day} or {date}")
	case t.has("day") && !t.has("month") && !date:
		return errors.New("{day} needs {month}")
	case t.has("month") && !t.has("year") && !date:
		return errors.New("{month} needs {year}")
	}

	// Each of them doubles the prefixes under which objects are listed.
	n := 0
	for _, p := range t.parts {
		if slices.Contains(numbers, p.name) {
			n++
		}
	}
	if n > maxNumbers {
		return fmt.Errorf("the URL has %d of {month} {day} {hour}, want at most %d", n, maxNumbers)
	}

	return nil
}

func (t *Template) has(name string) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.name == name })
}

// String returns the URL as it was written.
func (t Template) String() string { return t.text }

// Scheme returns SchemeS3 or SchemeFile.
func (t Template) Scheme() string { return t.scheme }

// Bucket returns the name of the bucket, empty for a directory.
func (t Template) Bucket() string { return t.bucket }

// Dir returns the directory that keys are relative to: the one that the URL
// names before its first placeholder. It is empty for a bucket.
func (t Template) Dir() string { return t.dir }

// Prefix returns what all keys begin with: the part before the first
// placeholder. It is empty or ends in a slash when there is no placeholder.
func (t Template) Prefix() string {
	if len(t.parts) == 0 {
		return ""
	}
	return t.parts[0].literal
}

// root returns what the URL names up to its first placeholder of time, in a form in
// which places can be compared.
func (t Template) root(org string) string {
	root := t.scheme + "://" + t.bucket + "/"
	if t.scheme == SchemeFile {
		dir := t.dir
		if whole, err := filepath.Abs(dir); err == nil {
			dir = whole
		}
		root = asDir(SchemeFile + "://" + filepath.ToSlash(dir))
	}
	for _, p := range t.parts {
		switch p.name {
		case "":
			root += p.literal
		case "org":
			root += org
		default:
			return root
		}
	}
	return root
}

// UsesOrg reports whether the URL holds {org}.
func (t Template) UsesOrg() bool { return t.has("org") }

// Fixed reports whether the URL holds no placeholder.
func (t Template) Fixed() bool {
	return !slices.ContainsFunc(t.parts, func(p part) bool { return p.name != "" })
}
