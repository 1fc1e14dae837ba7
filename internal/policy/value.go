package policy

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cdrmend/internal/profile"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"
)

// valueReader reads single values of a document and the files that they name. It
// reports what is wrong with one, and returns what can be used of it.
type valueReader struct {
	file *yamlfile.File
	dir  string // of the file
}

func (r *valueReader) duration(key string, text yamlfile.Scalar) time.Duration {
	if text == "" {
		return 0
	}

	// The schema has checked the form, so only the size can be wrong.
	d, err := time.ParseDuration(string(text))
	if err != nil {
		r.file.Problem(key, "the duration %s is too long", text)
	}
	return d
}

// path makes a path relative to the file.
func (r *valueReader) path(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.dir, path)
}

func (r *valueReader) template(key, text string) Template {
	if text == "" {
		return Template{}
	}
	t, err := ParseTemplate(text, r.dir)
	if err != nil {
		r.file.Problem(key, "%v", err)
		return Template{}
	}
	return t
}

// zone returns a time zone, nil when none is named.
func (r *valueReader) zone(key, name string) *time.Location {
	if name == "" {
		return nil
	}
	zone, err := profile.Zone(name)
	if err != nil {
		r.file.Problem(key, "%v", err)
	}
	return zone
}

// profile loads a built-in profile, or one of the user from a file, for a source
// whose local times are of a zone; nil: of the profile's.
func (r *valueReader) profile(kind Kind, key, name string, zone *time.Location) *profile.Profile {
	if name == "" {
		return nil
	}
	text, ok := manifests.Profile(name)
	shown := name
	if !ok {
		shown = r.path(name)
		var err error
		if text, err = os.ReadFile(shown); err != nil {
			r.file.Problem(key, "%q is neither built in (%s) nor a readable file: %v", name, strings.Join(manifests.Profiles(), " "), err)
			return nil
		}
	}

	p, err := profile.LoadIn(zone, shown, text, kind.String())
	if err != nil {
		r.file.Problem(key, "%s", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
		return nil
	}

	// The identity of a run has the name as written: it must not depend on the
	// directory of the file.
	p.Name = name
	return p
}

// quietDay returns the name of a weekday in lower case, or a date.
func (r *valueReader) quietDay(key, text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	for day := time.Sunday; day <= time.Saturday; day++ {
		if text == strings.ToLower(day.String()) {
			return text
		}
	}
	if _, err := time.Parse(dayLayout, text); err != nil {
		r.file.Problem(key, "is %q, want the name of a weekday such as sunday, or a date such as 2026-12-25", text)
	}
	return text
}

// optionalURL checks a URL as webURL does, if there is one.
func (r *valueReader) optionalURL(key, text string) {
	if text != "" {
		r.webURL(key, text)
	}
}

// webURL checks a URL without quoting it, as it may hold a password.
func (r *valueReader) webURL(key, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		r.file.Problem(key, "is no URL that begins with https:// or http://")
	}
}
