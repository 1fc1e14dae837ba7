package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"cdrmend/internal/token"
)

// The media types of what is signed. They are signed too, so nothing else that a key
// signed passes for one of these.
const (
	recordType   = "cdrmend-commit+jws"
	identityType = "cdrmend-output+jws"
	entryType    = "cdrmend-journal+jws"
	holdType     = "cdrmend-hold+jws"
)

// ErrSigned is returned instead of following something signed with something
// unsigned: without the key nobody can continue the chain.
var ErrSigned = errors.New("it is signed and no signing.key is configured: configure one, or choose another output")

// Seal says who signed a file.
type Seal struct {
	Signed bool
	KeyID  string // as the file says
	Key    string // thumbprint of the known key whose signature verifies
	Check  token.Signature
}

// Trusted reports whether a reader may use a file: its signature verifies, it has
// none, or no keys are known. Whoever signs asks for more.
func (s Seal) Trusted() bool { return s.Check == token.NotChecked || s.Check == token.Verified }

// Seal encodes a record as its file: the record itself, or with a key, a JWS of
// exactly those bytes.
func (r Record) Seal(key *token.Signer) ([]byte, error) {
	raw, err := seal(r, recordType, key)
	if err != nil {
		return nil, fmt.Errorf("signing commit record %d of interval %s: %w", r.Number, r.Interval, err)
	}
	return raw, nil
}

// Seal encodes an entry as its file, signed if there is a key.
func (e Entry) Seal(key *token.Signer) ([]byte, error) {
	raw, err := seal(e, entryType, key)
	if err != nil {
		return nil, fmt.Errorf("signing journal entry %d: %w", e.Number, err)
	}
	return raw, nil
}

// Seal encodes an identity as its file, signed if there is a key.
func (id Identity) Seal(key *token.Signer) ([]byte, error) {
	raw, err := seal(id, identityType, key)
	if err != nil {
		return nil, fmt.Errorf("signing %s: %w", IdentityFile, err)
	}
	return raw, nil
}

func seal(v any, typ string, key *token.Signer) ([]byte, error) {
	raw, err := Encode(v)
	if err != nil || key == nil {
		return raw, err
	}
	signed, err := key.Sign(typ, raw)
	if err != nil {
		return nil, err
	}
	return Encode(signed)
}

// OpenRecord reads the file of a record. Keys are those that may have signed
// it, nil when none are known. The file must equal, byte for byte, what Seal
// writes, as nothing else vouches for the newest record when it is unsigned.
func OpenRecord(file []byte, keys *token.Keys) (*Record, Seal, error) {
	r := new(Record)
	seal, err := open(file, recordType, keys, r)
	if err != nil {
		return nil, seal, err
	}

	// Earlier versions, whose records name no output, signed in either form.
	if r.Output == "" && seal.Check == token.HighS {
		seal.Check = token.Verified
	}

	// What saw the last entry for which a key counts was made after it. A record that
	// says less of itself is judged by the entry that names it, see Interval.late.
	if until := seal.until(keys, r.Output); until != nil && r.Journal != nil && r.Journal.Number >= until.Number {
		seal.Check = token.Ended
	}
	return r, seal, nil
}

// until returns where the key that signed a file of an output ends there, nil when no
// known key signed it or the key has no end.
func (s *Seal) until(keys *token.Keys, output string) *token.Until {
	if s.Check != token.Verified {
		return nil
	}
	return keys.Until(s.Key, output)
}

// Late reports whether a record came after the end of the key that signed it. Named is
// the number of the journal entry that names the record, 0 for none: such a record may
// have been made at any time.
func (s *Seal) Late(keys *token.Keys, output string, named int64) bool {
	until := s.until(keys, output)
	return until != nil && (named == 0 || named > until.Number)
}

// open reads a file that seal wrote into v.
func open(file []byte, typ string, keys *token.Keys, v any) (Seal, error) {
	raw, seal, err := unseal(file, typ, keys)
	if err == nil {
		err = exactly(raw, v)
	}
	return seal, err
}

// unseal returns what a file says, and who signed it. A file that is not exactly a
// JWS is taken as it is.
func unseal(file []byte, typ string, keys *token.Keys) (raw []byte, seal Seal, err error) {
	if file == nil {
		return nil, seal, fmt.Errorf("it has more than %d bytes", maxFile)
	}

	signed := new(token.JWS)
	if exactly(file, signed) != nil {
		return file, seal, nil
	}
	if raw, seal.KeyID, err = signed.Open(); err != nil {
		return nil, seal, err
	}
	seal.Signed = true
	if keys != nil {
		seal.Check, seal.Key = keys.Check(signed, typ)
	}
	return raw, seal, nil
}

// exactly decodes b into v, and fails unless Encode(v) gives b again.
func exactly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}

	again, err := Encode(v)
	if err == nil && !bytes.Equal(b, again) {
		err = errors.New("it was changed since it was written: its members are not as cdrmend writes them")
	}
	return err
}
