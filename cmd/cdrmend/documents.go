package main

import (
	"encoding/json"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/token"

	"github.com/spf13/pflag"
)

// What commands print with --json. Each is one object with its format, whose schema
// is in manifests/. Documents that other packages make are not here.

// runsDocument is what run prints.
type runsDocument struct {
	Format string         `json:"format"`
	Runs   any            `json:"runs"`            // of the intervals that were done, the oldest first
	Error  *errorDocument `json:"error,omitempty"` // why others were not
}

// versionDocument is what version prints.
type versionDocument struct {
	Format  string `json:"format"`
	Version string `json:"version"` // as commit records have it
}

// configurationDocument is what config check prints.
type configurationDocument struct {
	Format        string          `json:"format"`
	Path          string          `json:"path"`
	Configuration json.RawMessage `json:"configuration"` // with all defaults, secrets hidden
}

// printConfiguration prints a configuration as it counts: as YAML, or as JSON with
// --json.
func printConfiguration(w *world, flags *pflag.FlagSet, cfg *policy.Config) error {
	if asJSON, _ := flags.GetBool("json"); asJSON {
		object, err := cfg.EffectiveJSON()
		if err != nil {
			return err
		}
		return w.print(flags, &configurationDocument{"cdrmend.configuration/1", cfg.Path, object}, "")
	}
	text, err := cfg.Effective()
	if err != nil {
		return err
	}
	_, err = w.stdout.Write(text)
	return err
}

// keysDocument is what keys list prints.
type keysDocument struct {
	Format string      `json:"format"`
	Keys   []listedKey `json:"keys"`
}

type listedKey struct {
	ID         string      `json:"id"`
	Thumbprint string      `json:"thumbprint"`
	Ends       []endOfAKey `json:"ends"` // one for each output in which it ends
}

// endOfAKey is the last journal entry of an output that a key vouches for.
type endOfAKey struct {
	Output string `json:"output"` // the output's id
	Entry  int64  `json:"entry"`
	SHA256 string `json:"sha256"`
}

func newKeysDocument(keys *token.Keys) *keysDocument {
	d := &keysDocument{Format: "cdrmend.keys/1", Keys: []listedKey{}}
	for _, k := range keys.List() {
		listed := listedKey{ID: k.ID, Thumbprint: k.Thumbprint, Ends: []endOfAKey{}}
		for _, u := range k.Until {
			listed.Ends = append(listed.Ends, *newEnd(&u))
		}
		d.Keys = append(d.Keys, listed)
	}
	return d
}

func newEnd(u *token.Until) *endOfAKey { return &endOfAKey{u.Output, u.Number, u.SHA256} }

// keyDocument is what keygen, keys rotate and keys end print: the files that they
// wrote.
type keyDocument struct {
	Format  string     `json:"format"`
	KeyID   string     `json:"key_id"`
	Private string     `json:"private,omitempty"` // file with the new private key; none was made by keys end
	Public  string     `json:"public"`            // file with the public keys
	Ends    *endOfAKey `json:"ends,omitempty"`    // where the keys before it end, or the key that was ended
}

const keyFormat = "cdrmend.key/1"

// tokenDocument is what token prints. It holds nothing of the token itself but its
// fingerprint and its times.
type tokenDocument struct {
	Format      string   `json:"format"`
	Fingerprint string   `json:"fingerprint"`
	JWT         bool     `json:"jwt"`
	Refused     bool     `json:"refused"` // a registration with it is to be expected to be refused
	Cause       *string  `json:"cause"`   // why, as outages name it; null when it is not refused
	At          string   `json:"at"`      // the time of the registration
	Issued      *string  `json:"issued"`  // null when the token does not say
	NotBefore   *string  `json:"not_before"`
	Expires     *string  `json:"expires"`
	Missing     []string `json:"missing_scopes"`
	Sentences   []string `json:"sentences"` // what is printed without --json
}

func newTokenDocument(x *token.Examination) *tokenDocument {
	d := &tokenDocument{
		Format: "cdrmend.token/1", Fingerprint: x.Fingerprint, JWT: x.JWT, Refused: x.Refused(), At: x.At.String(),
		Issued: knownTime(x.Issued), NotBefore: knownTime(x.NotBefore), Expires: knownTime(x.Expires),
		Missing: append([]string{}, x.Missing...), Sentences: x.Sentences(),
	}
	if x.Refused() {
		cause := x.Cause.String()
		d.Cause = &cause
	}
	return d
}

func knownTime(t record.Time) *string {
	if !t.Known() {
		return nil
	}
	text := t.String()
	return &text
}

// profilesDocument is what profiles prints.
type profilesDocument struct {
	Format   string          `json:"format"`
	Profiles []listedProfile `json:"profiles"`
}

type listedProfile struct {
	Name     string   `json:"name"`
	Kinds    []string `json:"kinds"`
	Purpose  string   `json:"purpose"`
	MadeFrom string   `json:"made_from"`
}

// profileDocument is what profiles show and profiles init print.
type profileDocument struct {
	Format string   `json:"format"`
	Name   string   `json:"name"`  // of the profile, or the file that it was written to; empty for a draft that no file got
	Text   string   `json:"text"`  // YAML
	Edits  []string `json:"edits"` // what a person has to check in a draft
}

const profileFormat = "cdrmend.profile-text/1"

// lintDocument is what profiles lint prints.
type lintDocument struct {
	Format   string            `json:"format"`
	Profiles []profileProblems `json:"profiles"`
}

type profileProblems struct {
	Name     string   `json:"name"`
	Problems []string `json:"problems"`
}

// problemsOf returns the problems that an error of profile.Lint lists, one in each
// line.
func problemsOf(err error) []string {
	if err == nil {
		return []string{}
	}
	return strings.Split(message(err), "\n")
}
