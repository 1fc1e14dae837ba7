package inspect_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/manifests"

	"github.com/rogpeppe/go-internal/txtar"
)

// sample is a file of a story that a built-in profile reads.
type sample struct{ path, text string }

// samples returns the files of the stories about vendors, and the lines of their logs,
// by profile and kind.
func samples(t *testing.T) map[[2]string][]sample {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/vendor-*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	source := regexp.MustCompile(`(\w+): \[\{name: (\w+), url: "in/\w+/date=\{date\}/", profile: ([\w-]+)`)

	all := map[[2]string][]sample{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range source.FindAllStringSubmatch(string(archive.Files[0].Data), -1) {
			key := [2]string{m[3], m[1]}
			for _, f := range archive.Files {
				if strings.HasPrefix(f.Name, "in/"+m[2]+"/") {
					all[key] = append(all[key], sample{filepath.Base(path) + "/" + f.Name, strings.TrimSuffix(string(f.Data), "\\\n")})
				}
			}
		}
	}
	for name, list := range logLines {
		key := [2]string{name, "registrations"}
		for _, l := range list {
			if l.want != "" {
				all[key] = append(all[key], sample{"date=2026-11-20/lines.log", l.line + "\n"})
			}
		}
	}
	return all
}

// writtenOnly are fields that are no part of a vendor's files: repairs write them.
var writtenOnly = map[string]string{"twilio manifests": "trunk_id end_time"}

// fullByHand are profiles whose fields other tests fill: by their shape, or because
// they are the canonical ones.
var fullByHand = map[string]bool{"cdrmend": true, "genesys-cloud": true, "genesys-conversation-detail": true, "http-client-log": true}

// TestTheSamplesOfEachVendorFillEveryField also wants each kind of line to occur.
func TestTheSamplesOfEachVendorFillEveryField(t *testing.T) {
	all := samples(t)
	for _, name := range manifests.Profiles() {
		text, _ := manifests.Profile(name)
		kinds, err := profile.Kinds(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range kinds {
			if fullByHand[name] {
				continue
			}
			p, err := profile.Load(name, text, kind)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name+" "+kind, func(t *testing.T) { fills(t, p, all[[2]string{name, kind}]) })
		}
	}
}

func fills(t *testing.T, p *profile.Profile, all []sample) {
	var files []inspect.File
	var content strings.Builder
	for _, s := range all {
		modified := record.TimeOf(time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC))
		files = append(files, inspect.File{Path: s.path, Modified: modified, Content: strings.NewReader(s.text)})
		content.WriteString(s.text)
	}
	r, err := inspect.Test(p, files)
	if err != nil {
		t.Fatal(err)
	}

	for _, f := range r.Fields {
		if strings.Contains(writtenOnly[p.Name+" "+p.Kind], f.Name) {
			continue
		}
		if f.Rows == 0 || f.Invalid > 0 {
			t.Errorf("%s: %d rows, and %d that do not parse, such as %s: %s", f.Name, f.Rows, f.Invalid, f.InvalidExample, f.Why)
		}
	}
	if !r.Fit() || r.Rejected > 0 || r.Records < 2 {
		t.Errorf("%d records of %d files, %d rejects %v, lacks %v", r.Records, len(files), r.Rejected, r.Rejects, r.Lacks)
	}
	for i, l := range p.Lines {
		if !regexp.MustCompile("(?m)" + l.Pattern.String()).MatchString(content.String()) {
			t.Errorf("no line of the samples is of kind %d: %s", i, l.Pattern)
		}
	}
}
