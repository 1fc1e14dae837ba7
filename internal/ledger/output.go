package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"cdrmend/internal/object"
	"cdrmend/internal/token"
)

// IdentityFormat is the format of output.json.
const IdentityFormat = "cdrmend.output/1"

// IdentityFile is the name of an output's identity.
const IdentityFile = "output.json"

// Output is a place to which runs of one configuration are committed. Methods of it
// and of its intervals are safe for concurrent use.
type Output struct {
	Store object.Store
	Root  string // prefix of the output, empty or ending in a slash
	Name  string // of the configuration; empty: any name will do, as for a reader

	Signer    *token.Signer // of what is written; nil: it is not signed
	Keys      *token.Keys   // that may have signed; nil: signatures are not checked
	Decisions Decisions     // about files that a signer does not trust
	Random    io.Reader     // of new ids; nil is for readers
	Retained  bool          // what is created is retained by the store
}

// Identity is output.json.
type Identity struct {
	Format string `json:"format"`
	ID     string `json:"id"`   // 128 random bits in hexadecimal
	Name   string `json:"name"` // of the configuration

	// Earlier is the number of records that an earlier version committed, which
	// belong to the output though they do not name it. They are the first that the
	// journal names.
	Earlier int64 `json:"earlier_records,omitempty"`
}

// Known is the identity of an output as it was found. The zero value means that the
// output has none yet.
type Known struct {
	Identity

	Adopted  []string // SHA-256 of output.json if it is adopted
	Disowned []string // SHA-256 of output.json if it is disowned: the journal says the identity

	Signed bool // what states the identity is signed, by whomever

	stated int64  // number of the entry that states the identity; 0: output.json does
	raw    []byte // output.json
}

// earlier returns the first and the last number of the entries of earlier records.
func (k *Known) earlier() (first, last int64) { return k.stated + 1, k.stated + k.Identity.Earlier }

// Interval returns the ledger of one interval.
func (o *Output) Interval(label string) *Interval { return &Interval{Output: o, Label: label} }

// strict reports whether what is unsigned is not trusted: whoever signs would make a
// forgery genuine.
func (o *Output) strict() bool { return o.Signer != nil && o.Keys != nil }

// Identity reads output.json, and checks that it has the configuration's name and
// that its signature is trusted.
func (o *Output) Identity(ctx context.Context) (Known, error) {
	f, err := o.get(ctx, o.Root+IdentityFile)
	if err != nil || f == nil {
		return Known{}, err
	}

	id, seal, err := OpenIdentity(f.raw, o.Keys)
	doubt := o.doubt(seal, err)
	switch {
	case doubt == "":
	case !o.strict():
		return Known{}, &BrokenError{Key: o.Store.String() + f.key, Detail: "it is not to be trusted: " + doubt}
	case o.Decisions.Disown[f.sha256]:
		return o.restated(ctx, f)
	case err != nil || !o.Decisions.Adopt[f.sha256]:
		return Known{}, o.untrusted(ctx, f, doubt, err == nil)
	}

	if o.Name != "" && id.Name != o.Name {
		return Known{}, &NameError{Store: o.Store.String(), Found: id.Name, Wanted: o.Name}
	}

	known := Known{Identity: *id, Signed: seal.Signed, raw: f.raw}
	if doubt != "" {
		known.Adopted = []string{f.sha256}
	}
	return known, nil
}

// restated returns the identity that a journal entry states instead of an output.json
// that is disowned. It is the first entry that is trusted.
func (o *Output) restated(ctx context.Context, disowned *file) (Known, error) {
	known := Known{Disowned: []string{disowned.sha256}}
	for number := int64(1); ; number++ {
		f, err := o.get(ctx, o.entryKey(number))
		if err != nil || f == nil {
			return known, err
		}
		e, seal, err := OpenEntry(f.raw, o.Keys)
		if o.doubt(seal, err) != "" {
			continue // Open judges it
		}
		if e.Kind != IdentityEntry {
			return known, &BrokenError{Key: o.Store.String() + f.key, Detail: "it is the first entry, and does not state the identity instead of the output.json that is disowned"}
		}

		known.Identity = Identity{Format: IdentityFormat, ID: e.Output, Name: e.Name, Earlier: e.Earlier}
		known.Signed, known.stated = seal.Signed, number
		return known, nil
	}
}

// OpenIdentity reads output.json.
func OpenIdentity(raw []byte, keys *token.Keys) (*Identity, Seal, error) {
	id := new(Identity)
	seal, err := open(raw, identityType, keys, id)
	if err == nil && (id.Format != IdentityFormat || !hexadecimal(id.ID, 16)) {
		err = fmt.Errorf("it does not describe an output: its format is %q and its id %q", id.Format, id.ID)
	}
	return id, seal, err
}

// hexadecimal reports whether a text is that of so many bytes.
func hexadecimal(text string, bytes int) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == bytes
}

// newIdentity makes an identity with a new id.
func (o *Output) newIdentity(earlier int64) (Identity, error) {
	var id [16]byte
	if _, err := io.ReadFull(o.Random, id[:]); err != nil {
		return Identity{}, fmt.Errorf("making an id for the output: %w", err)
	}
	return Identity{Format: IdentityFormat, ID: hex.EncodeToString(id[:]), Name: o.Name, Earlier: earlier}, nil
}

// maxFile is how many bytes of a record, an entry or output.json are read. None that
// this program writes is nearly as large.
const maxFile = 1 << 20

// file is a small file of the ledger as it was read.
type file struct {
	key    string
	raw    []byte // nil if it is larger than maxFile
	sha256 string
}

// get reads a file; nil when there is none.
func (o *Output) get(ctx context.Context, key string) (*file, error) {
	info, body, err := o.Store.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return readFile(info, body)
}

// readFile reads a file up to maxFile, and the hash of all of it: so even one that is
// too large can be disowned.
func readFile(info object.Info, body io.Reader) (*file, error) {
	f := &file{key: info.Key}
	sum := sha256.New()
	raw, err := io.ReadAll(io.TeeReader(io.LimitReader(body, maxFile), sum))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", info.Key, err)
	}

	rest, err := io.Copy(sum, body)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", info.Key, err)
	}
	if rest == 0 {
		f.raw = raw
	}
	f.sha256 = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}
