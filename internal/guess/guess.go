// Package guess writes a profile from samples of a vendor's records, for people who
// start one.
//
// Samples become a table of the values at each place. Each field is given the place
// whose name and values fit it best; what a guess rests on is a comment in the
// profile, and what no sample can tell is an edit that a person has to make. Names
// propose and values decide: a column that is called end and holds no times is not
// taken, and the unit of a duration is the one that agrees with the times around it.
//
// A draft loads and is lint clean, whatever the samples are.
package guess

import (
	"encoding/json"
	"fmt"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/profile"
)

// Sample is a file of the records that a profile is wanted for, uncompressed. A
// long file may be cut after a line, but not one in Parquet, which ends with its schema.
type Sample struct {
	Name    string
	Content []byte
}

// Draft is a profile that was guessed.
type Draft struct {
	Text  []byte
	Edits []string // what a person has to check or fill in, also in the text
}

// Write returns a profile with a section for a kind of source: manifests, cdrs or
// registrations. The error says what the samples are, and what to do.
func Write(kind string, samples []Sample) (*Draft, error) {
	if len(samples) == 0 {
		return nil, fmt.Errorf("no sample is given")
	}
	if kind == "registrations" && isLog(samples[0].Content) {
		return checked(fromLog(samples))
	}

	if d := whole(kind, samples); d != nil {
		return checked(d, nil)
	}
	if kind == "manifests" && profile.IsMediaName(samples[0].Name) {
		return nil, fmt.Errorf("%s is a recording, of which only the name is read, and no built-in profile knows such names: write a profile with documents: none and a media_pattern, starting from cdrmend profiles show freepbx", samples[0].Name)
	}
	t, err := read(samples)
	if err != nil {
		return nil, err
	}
	if t.joined && (kind == "manifests" || t.entries != "") {
		return nil, fmt.Errorf("in %s objects follow each other without a newline, which is read only of records of cdrs and registrations, and not beside documents with a list; write each on a line of its own", samples[0].Name)
	}
	g := newGuesser(kind, t)
	g.fields()
	if len(g.found) == 0 {
		return nil, fmt.Errorf("nothing in %s looks like a time, an id, a number or a state of %s: write the profile by hand, starting from cdrmend profiles show cdrmend", samples[0].Name, kind)
	}
	return checked(g.draft(), nil)
}

// checked returns a draft that loads and is lint clean. Anything else is a mistake of
// this package, not of the samples.
func checked(d *Draft, err error) (*Draft, error) {
	if err != nil {
		return nil, err
	}
	if err := profile.Lint(nil, "draft", d.Text); err != nil {
		return nil, fmt.Errorf("the profile that was guessed is not valid (a mistake of cdrmend, please report it): %w", err)
	}
	return d, nil
}

// quote writes a text as a YAML scalar in one line. Of what does not print, only the
// spelling of JSON stays in one.
func quote(text string) string {
	if printable.Text(text) == text {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	encoded, _ := json.Marshal(text) // of a text never fails
	return string(printable.JSON(encoded))
}
