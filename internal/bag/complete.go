package bag

import (
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// checkFiles holds what is there against what is listed.
func (v *validation) checkFiles() {
	if v.broken || v.report.Encoding == "" { // what is missing may only be unread
		return
	}
	if _, known := decoder(v.report.Encoding); !known {
		return
	}
	var payload, tags []*manifest
	for _, m := range v.manifests {
		if m.tag {
			tags = append(tags, m)
		} else {
			payload = append(payload, m)
		}
	}
	if len(payload) == 0 && !v.hasUnknown() {
		v.problem("", 0, "it has no payload manifest, such as %s", payloadManifest)
	}
	if len(tags) == 0 && v.version.current() {
		v.warning("", 0, "it has no tag manifest that can be read, so nobody can tell whether its tag files were changed")
	}
	if !v.hasFolder && !v.isRemote() {
		v.problem("", 0, "it has no folder data/")
	}

	v.joinForms()
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		f := v.files[name]
		v.checkPresence(f)
		if payloadPath(name) {
			v.checkListed(f, payload)
			v.warnOf(f)
		} else if f.here && !f.odd {
			v.checkTagListed(f, tags)
		}
	}
	v.checkDoubles()
}

// hasUnknown reports whether there is a payload manifest that could not be read.
func (v *validation) hasUnknown() bool {
	for name := range v.files {
		if m, ok := parseManifestName(name); ok && !m.tag && v.texts[name] == nil {
			return true
		}
	}
	return false
}

// isRemote reports whether the bag is in a bucket, which has no folders.
func (v *validation) isRemote() bool {
	p, ok := v.tree.(*prefixed)
	return ok && !p.onDisk()
}

// joinForms finds files whose names a file system or an archive changed to another form
// of Unicode: a Mac writes é as two characters.
func (v *validation) joinForms() {
	missing := map[string]*file{}
	for name, f := range v.files {
		if !f.here {
			missing[name] = f
		}
	}
	if len(missing) == 0 {
		return
	}
	here := map[string][]*file{}
	for name, f := range v.files {
		if f.here {
			here[norm.NFC.String(name)] = append(here[norm.NFC.String(name)], f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		same := here[norm.NFC.String(name)]
		if len(same) != 1 {
			continue
		}
		f, to := missing[name], same[0]
		v.warning(to.path, 0, "it is listed as %q, which is the same text in another form of Unicode", name)
		for _, l := range f.lines {
			v.list(to, l)
		}
		if to.fetch == 0 {
			to.fetch, to.length = f.fetch, f.length
		}
		delete(v.files, name)
	}
}

// checkPresence says of a file that is not there whether it is missing or to be fetched.
func (v *validation) checkPresence(f *file) {
	switch {
	case f.here && f.fetch > 0 && f.length >= 0 && f.length != f.size:
		v.warning(f.path, 0, "it has %d bytes, and %s says %d in line %d", f.size, fetchName, f.length, f.fetch)
	case f.here:
	case f.fetch > 0:
		v.report.Fetch.Files++
		v.report.Fetch.Bytes += max(f.length, 0)
	case len(f.lines) > 0:
		l := f.lines[0]
		v.problem(f.path, 0, "it is missing; %s lists it in line %d", l.manifest.file, l.number)
	}
}

// checkListed holds a payload file against all payload manifests.
func (v *validation) checkListed(f *file, payload []*manifest) {
	if f.odd || len(payload) == 0 {
		return
	}
	if len(f.lines) == 0 {
		what := "it is in the payload"
		if !f.here {
			what = "it is to be fetched"
		}
		if f.here || f.fetch > 0 {
			v.problem(f.path, 0, "%s, and no payload manifest lists it", what)
		}
		return
	}
	if !v.version.current() {
		return
	}
	for _, m := range payload {
		if f.by(m) == nil {
			v.problem(f.path, 0, "%s does not list it", m.file)
		}
	}
}

// checkTagListed holds a tag file against all tag manifests.
func (v *validation) checkTagListed(f *file, tags []*manifest) {
	name, isManifest := parseManifestName(f.path)
	if !v.version.current() || isManifest && name.tag {
		return
	}
	for _, m := range tags {
		switch {
		case f.by(m) != nil:
		case isManifest:
			v.problem(f.path, 0, "%s does not list it", m.file)
		default:
			v.warning(f.path, 0, "%s does not list it, so nobody can tell whether it was changed", m.file)
		}
	}
}

// warnOf tells why a payload file may not survive being copied.
func (v *validation) warnOf(f *file) {
	if why := hazard(f.path); why != "" {
		v.warning(f.path, 0, "the path cannot be used everywhere: %s", why)
	}
	if systemFiles[strings.ToLower(path.Base(f.path))] {
		v.warning(f.path, 0, "operating systems write and remove files of this name")
	}
}

// checkDoubles names files that some file systems take for one.
func (v *validation) checkDoubles() {
	first := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		key := fold(name)
		other, ok := first[key]
		if !ok {
			first[key] = name
			continue
		}
		how := "case"
		if norm.NFC.String(name) == norm.NFC.String(other) {
			how = "the form of Unicode"
		}
		v.warning(name, 0, "it differs from %q only in %s, so some file systems cannot hold both", other, how)
	}
}
