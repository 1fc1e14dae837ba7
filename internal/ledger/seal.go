package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"cdrmend/internal/token"
)

// recordType is the media type of a signed record. It is signed too, so nothing
// else that a key signed passes for a record.
const recordType = "cdrmend-commit+jws"

// ErrSigned is returned instead of following a signed record with an unsigned
// one: without the key nobody can continue the chain.
var ErrSigned = errors.New("the newest commit record is signed and no signing.key is configured: configure one, or choose another output")

// Seal says who signed a record.
type Seal struct {
	Signed bool
	KeyID  string // as the record says
	Check  token.Signature
}

// Trusted reports whether a record may be used: its signature verifies, it has
// none, or no keys are known.
func (s Seal) Trusted() bool { return s.Check == token.NotChecked || s.Check == token.Verified }

// Seal encodes a record as its file: the record itself, or with a key, a JWS of
// exactly those bytes.
func (r Record) Seal(key *token.Signer) ([]byte, error) {
	raw, err := Encode(r)
	if err != nil || key == nil {
		return raw, err
	}
	signed, err := key.Sign(recordType, raw)
	if err != nil {
		return nil, fmt.Errorf("signing commit record %d of interval %s: %w", r.Number, r.Interval, err)
	}
	return Encode(signed)
}

// OpenRecord reads the file of a record. Keys are those that may have signed
// it, nil when none are known. The file must equal, byte for byte, what Seal
// writes, as nothing else vouches for the newest record when it is unsigned.
func OpenRecord(file []byte, keys *token.Keys) (*Record, Seal, error) {
	var seal Seal
	raw := file

	// A file that is not exactly a JWS is read as a bare record.
	if signed := new(token.JWS); exactly(file, signed) == nil {
		var err error
		if raw, seal.KeyID, err = signed.Open(); err != nil {
			return nil, seal, err
		}
		seal.Signed = true
		if keys != nil {
			seal.Check = keys.Check(signed, recordType)
		}
	}

	r := new(Record)
	if err := exactly(raw, r); err != nil {
		return nil, seal, err
	}
	return r, seal, nil
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
