package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"cdrmend/internal/stream"
	"cdrmend/internal/token"

	"github.com/spf13/pflag"
)

var tokenCommand = command{
	name:    "token",
	summary: "say whether a token can register a line, and why not",
	usage:   "[FLAGS]",
	text: `
Reads an access token and says in plain words whether a registration with it is
to be expected to fail with 403 Forbidden, and why. The token itself is never
printed. Exit code 0 when nothing speaks against it, 1 when it will be refused.

  cdrmend token --file token.txt --org 6f0a0c1d-2222-4333-8444-555566667777
  CDRMEND_TOKEN=eyJ… cdrmend token --scope sip:manage
`,
	flags: func(f *pflag.FlagSet) {
		f.String("file", "", "file that holds the token, - for standard input; without it CDRMEND_TOKEN")
		f.String("org", "", "organisation that the line belongs to")
		f.StringSlice("scope", []string{"sip:manage"}, "scopes that registering takes")
		f.String("keys", "", "JWKS file with the issuer's public keys, to check the signature")
		f.String("as-of", "", "take this for the present time, as in 2026-11-25T00:00:00Z")
		f.Duration("leeway", defaultLeeway, "by how much clocks may differ")
	},
	run: examineToken,
}

const (
	defaultLeeway = 60e9 // as in the configuration
	maxToken      = 1 << 20
)

func examineToken(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	if flags.NArg() > 0 {
		return 0, usagef("token takes no arguments, so that tokens stay out of process lists: give --file or CDRMEND_TOKEN")
	}
	raw, err := readToken(w, flags)
	if err != nil {
		return 0, err
	}
	at, err := asOf(w, flags)
	if err != nil {
		return 0, err
	}

	org, _ := flags.GetString("org")
	scopes, _ := flags.GetStringSlice("scope")
	leeway, _ := flags.GetDuration("leeway")
	rules := &token.Rules{Required: scopes, Leeway: leeway, Limits: stream.DefaultLimits()}
	if rules.Keys, err = readKeys(flags); err != nil {
		return 0, err
	}

	x := rules.Examine(raw, org, at)
	for _, sentence := range x.Sentences() {
		fmt.Fprintln(w.stdout, safe(sentence))
	}
	if x.Refused() {
		return exitFindings, nil
	}
	return exitDone, nil
}

// readKeys reads the JWKS file that --keys names, nil without one.
func readKeys(flags *pflag.FlagSet) (*token.Keys, error) {
	path, _ := flags.GetString("keys")
	if path == "" {
		return nil, nil
	}
	jwks, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("reading the keys: %w", err)
	}

	keys, err := token.ParseKeys(jwks)
	if err != nil {
		return nil, usagef("reading the keys in %q: %w", path, err)
	}
	return keys, nil
}

func readToken(w *world, flags *pflag.FlagSet) ([]byte, error) {
	path, _ := flags.GetString("file")

	var raw []byte
	var err error
	switch path {
	case "":
		raw = []byte(w.env("CDRMEND_TOKEN"))
	case "-": // may never end
		raw, err = io.ReadAll(io.LimitReader(w.stdin, maxToken))
	default:
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usagef("reading the token: %w", err)
	}

	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, usagef("no token: give --file FILE, --file - or CDRMEND_TOKEN")
	}
	return raw, nil
}
