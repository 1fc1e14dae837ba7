package main

import (
	"context"
	"fmt"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/token"

	"github.com/spf13/pflag"
)

var keysCommand = command{
	name:    "keys",
	summary: "change the key that signs, or end one that was stolen",
	usage:   "rotate|end|list [KEY] [OUTPUT_URL] --keys FILE [FLAGS]",
	text: `
A key ends in an output after one journal entry: what it signed up to that entry
counts, what it signs later does not. The end stands in the file of public keys,
outside of the output, where nobody who has the key can change it.

  cdrmend keys rotate s3://acme-compliance/cdrmend/ --keys keys.jwks.json --out 2027.pem --public keys-2027.jwks.json
  cdrmend keys rotate --config cdrmend.yaml --keys keys.jwks.json --after 3b7f… --out 2027.pem --public keys-2027.jwks.json
  cdrmend keys end 2026 ./other-output --keys keys-2027.jwks.json --public keys-all.jwks.json
  cdrmend keys list --keys keys-2027.jwks.json

rotate makes a new key. The new file of public keys holds it and all of --keys, which
end with the newest journal entry. Let no run start between the last one with the old
key and the first one with the new.

When a key was stolen, --after names the last journal entry that is known to be
genuine by its SHA-256, as runs printed it, sent it to the webhook and wrote it to the
metrics. The next run then stops with exit code 5 at what the thief signed, and prints
the lines with which a person disowns it.

end adds the end of one key (its id or its thumbprint) in one output. A key that signs
several outputs needs an end in each.

Exit codes: 0 done; 2 usage error; 3 the output could not be read.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration that names the output, when no OUTPUT_URL is given (or CDRMEND_CONFIG)")
		f.String("keys", "", "JWKS file with the public keys so far")
		f.String("after", "", "SHA-256 of the last journal entry that counts; without it the newest")
		f.String("type", token.KeyTypes[0], "rotate: type of the new key: "+strings.Join(token.KeyTypes, ", "))
		f.String("key-id", "", "rotate: name of the new key (default its thumbprint); give it as signing.key_id, too")
		f.String("out", "signing-next.pem", "rotate: file for the new private key")
		f.String("public", "keys-next.jwks.json", "file for the public keys with their ends")
		f.Bool("json", false, "print JSON")
		logFlags(f)
	},
	verbs: []verb{{"rotate", "[OUTPUT_URL] --keys FILE [FLAGS]"}, {"end", "KEY [OUTPUT_URL] --keys FILE [FLAGS]"}, {"list", "--keys FILE"}},
	run:   changeKeys,
}

func changeKeys(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	keys, err := readKeys(flags)
	switch {
	case err != nil:
		return 0, err
	case keys == nil:
		return 0, usagef("keys needs --keys FILE: the public keys so far")
	}

	args := flags.Args()
	switch {
	case len(args) == 1 && args[0] == "list":
		return exitDone, w.print(flags, newKeysDocument(keys), keysText(keys))
	case len(args) >= 1 && len(args) <= 2 && args[0] == "rotate":
		return rotateKey(ctx, w, flags, keys, strings.Join(args[1:], ""))
	case len(args) >= 2 && len(args) <= 3 && args[0] == "end":
		return endKey(ctx, w, flags, keys, args[1], strings.Join(args[2:], ""))
	}
	return 0, usagef("keys knows: rotate [OUTPUT_URL], end KEY [OUTPUT_URL], and list; see cdrmend keys --help")
}

func keysText(keys *token.Keys) string {
	var b strings.Builder
	for _, k := range keys.List() {
		fmt.Fprintf(&b, "%s  thumbprint %s%s\n", k.ID, k.Thumbprint, endsOf(k))
	}
	return b.String()
}

func endsOf(k token.Key) string {
	var b strings.Builder
	for _, u := range k.Until {
		fmt.Fprintf(&b, "\n  ends in output %s with entry %d, SHA-256 %s", u.Output, u.Number, u.SHA256)
	}
	return b.String()
}

// rotateKey makes a new key, and ends those before it.
func rotateKey(ctx context.Context, w *world, flags *pflag.FlagSet, keys *token.Keys, url string) (int, error) {
	until, err := endOf(ctx, w, flags, keys, url)
	if err != nil {
		return 0, err
	}

	before := keys
	for _, k := range before.List() {
		if keys.Until(k.Thumbprint, until.Output) == nil {
			keys = keys.Ending(k.Thumbprint, *until)
		}
	}
	keyType, _ := flags.GetString("type")
	keyID, _ := flags.GetString("key-id")
	private, _ := flags.GetString("out")
	public, _ := flags.GetString("public")
	signer, err := writeKey(keyType, keyID, private, public, func(s *token.Signer) ([]byte, error) {
		return keys.And(s.Public()).Set()
	})
	if err != nil {
		return 0, err
	}

	text := fmt.Sprintf("Key %s\n\nprivate  %s   keep it secret: the job alone needs it\npublic   %s   give it to those who verify, instead of the file before\n\n", signer.KeyID(), private, public)
	text += fmt.Sprintf("Keys before it count up to journal entry %d, SHA-256 %s.\n\nIn the configuration, before the next run:\n\n  signing: {key: %s, keys: %s", until.Number, until.SHA256, private, public)
	if keyID != "" {
		text += fmt.Sprintf(", key_id: %q", keyID)
	}
	return exitDone, w.print(flags, &keyDocument{keyFormat, signer.KeyID(), private, public, newEnd(until)}, text+"}\n")
}

// endKey ends one key in an output.
func endKey(ctx context.Context, w *world, flags *pflag.FlagSet, keys *token.Keys, name, url string) (int, error) {
	var found []token.Key
	for _, k := range keys.List() {
		if k.ID == name || k.Thumbprint == name {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 0:
		return 0, usagef("--keys holds no key %q; see cdrmend keys list", name)
	case len(found) > 1:
		return 0, usagef("--keys holds %d keys named %q; name one by its thumbprint, see cdrmend keys list", len(found), name)
	}

	until, err := endOf(ctx, w, flags, keys, url)
	if err != nil {
		return 0, err
	}
	set, err := keys.Ending(found[0].Thumbprint, *until).Set()
	if err != nil {
		return 0, err
	}
	public, _ := flags.GetString("public")
	if err := writeNew(public, set, 0o644); err != nil {
		return 0, err
	}
	text := fmt.Sprintf("public   %s   the key %s counts up to journal entry %d, SHA-256 %s\n", public, found[0].ID, until.Number, until.SHA256)
	return exitDone, w.print(flags, &keyDocument{keyFormat, found[0].ID, "", public, newEnd(until)}, text)
}

// endOf returns the journal entry that --after names, else the newest.
func endOf(ctx context.Context, w *world, flags *pflag.FlagSet, keys *token.Keys, url string) (*token.Until, error) {
	out, err := openOutput(ctx, w, flags, url)
	if err != nil {
		return nil, err
	}
	to := &ledger.Output{Store: out.Store, Root: out.Root, Keys: keys}
	known, err := to.Identity(ctx)
	if err != nil {
		return nil, err
	}
	if known.ID == "" {
		return nil, usagef("%s has no journal yet, so no key can end in it; run the job once with the key of today", out.url)
	}
	journal, err := to.Open(ctx, known)
	if err != nil {
		return nil, err
	}

	var mark *ledger.Mark
	if after, _ := flags.GetString("after"); after != "" {
		if mark, err = journal.Find(ctx, after); err == nil && mark == nil {
			return nil, usagef("--after: no journal entry of %s that one of the keys signed has the SHA-256 %s", out.url, after)
		}
	} else if mark, err = journal.Head(ctx); err == nil && mark == nil {
		return nil, usagef("the journal of %s has no entry yet, so no key can end with one; run the job once with the key of today", out.url)
	}
	if err != nil {
		return nil, err
	}
	return &token.Until{Output: known.ID, Number: mark.Number, SHA256: mark.SHA256}, nil
}
