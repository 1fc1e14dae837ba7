package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"cdrmend/internal/token"

	"github.com/spf13/pflag"
)

var keygenCommand = command{
	name:    "keygen",
	summary: "make a key that signs commit records, and its public half",
	usage:   "[FLAGS]",
	text: `
Makes a key pair. The private key (PKCS #8, readable by its owner alone) goes
to the job; the public one (a JSON Web Key Set) to everybody who shall verify
what the job commits. Neither file is ever overwritten.

  cdrmend keygen
  cdrmend keygen --type p256 --key-id 2026 --out 2026.pem --public 2026.jwks.json
`,
	flags: func(f *pflag.FlagSet) {
		f.String("type", token.KeyTypes[0], "type of key: "+strings.Join(token.KeyTypes, ", "))
		f.String("key-id", "", "name of the key in commit records (default its thumbprint); give it as signing.key_id, too")
		f.String("out", "signing.pem", "file for the private key")
		f.String("public", "keys.jwks.json", "file for the public key")
		f.Bool("json", false, "print JSON")
	},
	run: generateKey,
}

func generateKey(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() > 0 {
		return 0, usagef("keygen takes no arguments, got %q", flags.Arg(0))
	}
	keyType, _ := flags.GetString("type")
	keyID, _ := flags.GetString("key-id")
	private, _ := flags.GetString("out")
	public, _ := flags.GetString("public")

	signer, err := writeKey(keyType, keyID, private, public, (*token.Signer).PublicSet)
	if err != nil {
		return 0, err
	}
	text := fmt.Sprintf(`Key %s

private  %s   keep it secret: the job alone needs it
public   %s   give it to those who verify

`, signer.KeyID(), private, public)
	text += fmt.Sprintf("In the configuration:\n\n  signing: {key: %s", private)
	if keyID != "" {
		text += fmt.Sprintf(", key_id: %q", keyID)
	}
	return exitDone, w.print(flags, &keyDocument{keyFormat, signer.KeyID(), private, public, nil}, text+"}\n")
}

// writeKey makes a key pair in two files that do not exist yet. The function says what
// stands in the public one.
func writeKey(keyType, keyID, private, public string, setOf func(*token.Signer) ([]byte, error)) (*token.Signer, error) {
	text, err := token.Generate(keyType)
	if err != nil {
		return nil, usagef("--type: %w", err)
	}
	signer, err := token.ParseSigner(text, keyID)
	if err != nil {
		return nil, err
	}
	set, err := setOf(signer)
	if err != nil {
		return nil, err
	}

	// The public file must not stay without the private one: it is never
	// overwritten, so another attempt would fail.
	if err := writeNew(public, set, 0o644); err != nil {
		return nil, err
	}
	if err := writeNew(private, text, 0o600); err != nil {
		return nil, errors.Join(err, os.Remove(public))
	}
	return signer, nil
}

func writeNew(path string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s exists already, and a key is never overwritten: choose another name", path)
	}
	if err != nil {
		return usagef("writing the key: %w", err)
	}

	// A key that a crash loses cannot be made again, and nobody could continue a
	// chain of commits that it signed.
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
