package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/MicahParks/jwkset"
)

// Until is the last journal entry of one output for which the signatures of a key
// count. In a JSON Web Key the member "cdrmend_until" lists one for each output. It
// comes with the key, from outside of the output: nobody who stole the key can change it.
type Until struct {
	Output string `json:"output"` // id
	Number int64  `json:"number"` // from 1 on
	SHA256 string `json:"sha256"` // of the entry's file
}

// untilMember holds the ends of a key in a JSON Web Key.
type untilMember struct {
	Until []Until `json:"cdrmend_until,omitempty"`
}

var (
	outputPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)
	sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// parseUntil reads the ends of a key. A misspelt end must not become a key without one.
func parseUntil(jwk []byte) ([]Until, error) {
	var found struct {
		Until json.RawMessage `json:"cdrmend_until"`
	}
	if err := json.Unmarshal(jwk, &found); err != nil || found.Until == nil {
		return nil, err
	}

	var list []Until
	d := json.NewDecoder(bytes.NewReader(found.Until))
	d.DisallowUnknownFields()
	err := d.Decode(&list)
	for _, u := range list {
		if u.Number < 1 || !outputPattern.MatchString(u.Output) || !sha256Pattern.MatchString(u.SHA256) {
			err = errors.New("no entry")
		}
	}
	if err != nil || len(list) == 0 {
		return nil, errors.New(`has a "cdrmend_until" that is no list of journal entries; write "output", "number" and "sha256" of each, as cdrmend keys does`)
	}
	return list, nil
}

// Key is one public key of a set.
type Key struct {
	ID         string // as its owner calls it; two keys may have one name
	Thumbprint string // RFC 7638; no two keys have the same
	Until      []Until
}

// List returns the keys of a set in its order, each once. A nil set has none.
func (k *Keys) List() []Key {
	if k == nil {
		return nil
	}
	var list []Key
	place := map[string]int{}
	for _, v := range k.keys {
		i, known := place[v.thumbprint]
		if !known {
			i = len(list)
			place[v.thumbprint] = i
			list = append(list, Key{ID: v.id, Thumbprint: v.thumbprint})
		}
		for _, u := range v.until {
			list[i].Until = earliest(list[i].Until, u)
		}
	}
	return list
}

// earliest adds an end to a list that has one for each output. Of two ends the earlier
// counts: who names one does not trust what follows it.
func earliest(list []Until, u Until) []Until {
	for i := range list {
		if list[i].Output == u.Output {
			if u.Number < list[i].Number {
				list[i] = u
			}
			return list
		}
	}
	return append(list, u)
}

// Until returns where a key ends in an output, nil when it has no end there.
func (k *Keys) Until(thumbprint, output string) *Until {
	var found []Until
	for _, key := range k.List() {
		for _, u := range key.Until {
			if key.Thumbprint == thumbprint && u.Output == output {
				found = earliest(found, u)
			}
		}
	}
	if found == nil {
		return nil
	}
	return &found[0]
}

// Ended reports whether a key ends in any output.
func (k *Keys) Ended(thumbprint string) bool {
	for _, key := range k.List() {
		if key.Thumbprint == thumbprint && len(key.Until) > 0 {
			return true
		}
	}
	return false
}

// Ending returns a copy of the set in which a key ends after an entry.
func (k *Keys) Ending(thumbprint string, until Until) *Keys {
	ended := &Keys{keys: append([]verifier{}, k.keys...)}
	for i := range ended.keys {
		if v := &ended.keys[i]; v.thumbprint == thumbprint {
			v.until = earliest(append([]Until{}, v.until...), until)
		}
	}
	return ended
}

// Set returns the keys as a JSON Web Key Set, each once, with their ends.
func (k *Keys) Set() ([]byte, error) {
	type jwk struct {
		jwkset.JWKMarshal
		untilMember
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}

	first := map[string]verifier{}
	for _, v := range k.keys {
		if _, known := first[v.thumbprint]; !known {
			first[v.thumbprint] = v
		}
	}
	for _, key := range k.List() {
		v := first[key.Thumbprint]
		public, err := jwkset.NewJWKFromKey(v.public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{
			ALG: jwkset.ALG(v.alg), KID: v.id, USE: jwkset.UseSig,
		}})
		if err != nil {
			return nil, fmt.Errorf("writing the public key %q: %w", v.id, err)
		}
		set.Keys = append(set.Keys, jwk{public.Marshal(), untilMember{key.Until}})
	}
	text, err := json.MarshalIndent(set, "", "  ")
	return append(text, '\n'), err
}
