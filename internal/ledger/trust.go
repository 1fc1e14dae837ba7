package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cdrmend/internal/token"
)

// Decisions say what a person decided about files that a signer does not trust, by
// their SHA-256.
type Decisions struct {
	Adopt  map[string]bool // build on it, and say so
	Disown map[string]bool // go on from what is trusted before it, and say so
}

// doubt says why a signer does not trust a file, or a reader does not use it; empty
// when nothing speaks against it. The error is that of reading it.
func (o *Output) doubt(seal Seal, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("it cannot be read: %v", err)
	case seal.Signed && !seal.Trusted():
		return fmt.Sprintf("it says that key %q signed it, but %s; if that key is yours, add its public half to signing.keys", seal.KeyID, seal.Check.Sentence())
	case o.strict() && seal.Check != token.Verified:
		return "it is unsigned, and a signing key is configured"
	}
	return ""
}

// UntrustedError says that a file must be adopted or disowned before a signer can go
// on. Repeating does not help.
type UntrustedError struct {
	URL       string
	SHA256    string
	Doubt     string
	Origin    string // what the store knows of who wrote it
	Adoptable bool   // the file is whole: it can be built on
}

func (e *UntrustedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q is not to be trusted: %s\n", e.URL, e.Doubt)
	fmt.Fprintf(&b, "  SHA-256  %s\n  written  %s\n", e.SHA256, e.Origin)
	fmt.Fprint(&b, "Nothing is committed until a person decides. Add a line below signing: in the configuration:\n")
	if e.Adoptable {
		fmt.Fprintf(&b, "  adopt: [\"%s\"]   # it is genuine, and unsigned on purpose: build on it\n", e.SHA256)
	}
	fmt.Fprintf(&b, "  disown: [\"%s\"]   # it is a forgery: go on without it", e.SHA256)
	return b.String()
}

// untrusted describes a file that is not trusted, with what the store knows of it.
func (o *Output) untrusted(ctx context.Context, f *file, doubt string, adoptable bool) error {
	return &UntrustedError{URL: o.Store.String() + f.key, SHA256: f.sha256, Doubt: doubt, Origin: o.origin(ctx, f.key), Adoptable: adoptable}
}

func (o *Output) origin(ctx context.Context, key string) string {
	from, err := o.Store.Origin(ctx, key)
	if err != nil {
		return "by somebody whom the store does not name"
	}

	text := "by somebody whom the store does not name"
	if from.Owner != "" {
		text = fmt.Sprintf("by %q", from.Owner)
	}
	if !from.Modified.IsZero() {
		text += " at " + from.Modified.UTC().Format(time.RFC3339)
	}
	if from.VersionID != "" {
		text += fmt.Sprintf(", version %q", from.VersionID)
	}
	return text
}

// BrokenError says that the ledger itself is broken: something was removed or
// replaced that others name. Repeating does not help.
type BrokenError struct {
	Key    string // with the URL of the store
	Detail string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("%q: %s; restore what was there, and see cdrmend verify for everything that is wrong", e.Key, e.Detail)
}
