package guess

import (
	"slices"
	"strings"
	"sync"

	"cdrmend/internal/profile"
	"cdrmend/manifests"
)

// enough is how many places of a built-in profile samples must have to be taken for
// files of its vendor. Fewer, such as id, date and duration, are everybody's.
const enough = 5

// builtIns returns the built-in profiles that have a section of a kind.
func builtIns(kind string) []*profile.Profile { return loaded()[kind] }

// loaded loads each of them once: samples are read with many, and none changes.
var loaded = sync.OnceValue(func() map[string][]*profile.Profile {
	all := map[string][]*profile.Profile{}
	for _, name := range manifests.Profiles() {
		text, _ := manifests.Profile(name)
		for _, kind := range []string{"manifests", "cdrs", "registrations"} {
			if p, err := profile.Load(name, text, kind); err == nil {
				all[kind] = append(all[kind], p)
			}
		}
	}
	return all
})

// known returns the built-in profile that reads the most places of a table, and how
// many; empty when none reads enough of them. A draft rests on the samples alone, but
// what a vendor documents is surer.
func (t *table) known(kind string) (best string, places int) {
	places = enough - 1
	for _, p := range builtIns(kind) {
		if !slices.Contains(p.Formats, t.format) || t.format == profile.CSV && !t.laidOutFor(p) {
			continue
		}
		if n := t.shares(p); n > places {
			best, places = p.Name, n
		}
	}
	if best == "" {
		return "", 0
	}
	return best, places
}

// laidOutFor reports whether a profile can read the rows of CSV as they are.
func (t *table) laidOutFor(p *profile.Profile) bool {
	return p.CSV.Separator() == t.csv.delimiter && (t.csv.header == nil || len(p.CSV.Header) == len(t.csv.header))
}

// shares returns how many columns of a table a profile reads.
func (t *table) shares(p *profile.Profile) (n int) {
	read := map[string]bool{}
	for _, place := range p.Inputs {
		read[strings.TrimPrefix(place, "/")] = true
	}
	for _, places := range p.Fields {
		for _, place := range places {
			read[strings.TrimPrefix(place.Name, "/")] = true
		}
	}
	for _, c := range t.columns {
		if c.parts == nil && read[strings.TrimPrefix(c.place, "/")] {
			n++
		}
	}
	return n
}
