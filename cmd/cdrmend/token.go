package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

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
to be expected to be refused, and why. It may stand alone, after "Bearer ", in
an Authorization header, in quotes, or in the JSON answer of a token endpoint. The token itself is never
printed. Exit code 0 when nothing speaks against it, 1 when it will be refused.

The rules are those of a run; --config takes them from a configuration.

  cdrmend token --file token.txt --org 6f0a0c1d-2222-4333-8444-555566667777
  CDRMEND_TOKEN=eyJ… cdrmend token --scope sip:manage
`,
	flags: func(f *pflag.FlagSet) {
		f.String("file", "", "file that holds the token, - for standard input; without it CDRMEND_TOKEN")
		f.String("org", "", "organisation that the line belongs to")
		f.String("config", "", "configuration whose scopes, keys, leeway and refresh_race count; the flags below count more")
		f.StringSlice("scope", []string{"sip:manage"}, "scopes that registering takes")
		f.StringSlice("scope-claim", token.ScopeClaims, "claims that list scopes: names, or JSON pointers")
		f.String("keys", "", "JWKS file with the issuer's public keys, to check the signature")
		f.String("as-of", "", "take this for the time of the registration, as in 2026-11-25T00:00:00Z; without it now")
		f.Duration("leeway", defaultLeeway, "by how much clocks may differ")
		f.Duration("refresh-race", defaultRace, "how long a new token may be unknown somewhere")
		f.Bool("json", false, "print JSON")
	},
	run: examineToken,
}

// The defaults of the configuration, too.
const (
	defaultLeeway = time.Minute
	defaultRace   = time.Minute
)

const maxToken = 1 << 20

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
	rules, err := tokenRules(w, flags)
	if err != nil {
		return 0, err
	}

	org, _ := flags.GetString("org")
	x := rules.Examine(raw, org, at)
	code := exitDone
	if x.Refused() {
		code = exitFindings
	}
	return code, w.print(flags, newTokenDocument(&x), strings.Join(x.Sentences(), "\n")+"\n")
}

// tokenRules returns the rules of the configuration, if one is given, and of the
// flags.
func tokenRules(w *world, flags *pflag.FlagSet) (*token.Rules, error) {
	rules := &token.Rules{Limits: stream.DefaultLimits()}
	configured := flags.Changed("config")
	if configured {
		cfg, err := loadConfig(w, flags)
		if err != nil {
			return nil, err
		}
		rules = cfg.TokenRules()
	}

	counts := func(flag string) bool { return !configured || flags.Changed(flag) }
	if counts("scope") {
		rules.Required, _ = flags.GetStringSlice("scope")
	}
	if counts("scope-claim") {
		rules.ScopeClaims, _ = flags.GetStringSlice("scope-claim")
	}
	if counts("leeway") {
		rules.Leeway, _ = flags.GetDuration("leeway")
	}
	if counts("refresh-race") {
		rules.Race, _ = flags.GetDuration("refresh-race")
	}
	if counts("keys") {
		var err error
		if rules.Keys, err = readKeys(flags); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

var (
	// jwtLike matches what begins like a JWT, whose header begins with {".
	jwtLike = regexp.MustCompile(`eyJ[A-Za-z0-9_=-]{5,}(\.[A-Za-z0-9_=-]*){0,2}`)

	// opaqueLike matches an argument that may be a token of another kind.
	opaqueLike = regexp.MustCompile(`^[A-Za-z0-9_~+=-]{24,}$`)
)

// withoutTokens hides in a message what may be a token that somebody gave on the
// command line by mistake.
func withoutTokens(text string, args []string) string {
	text = jwtLike.ReplaceAllString(text, "(not shown)")
	if len(args) == 0 || args[0] != tokenCommand.name {
		return text
	}
	for _, arg := range args[1:] {
		_, value, ok := strings.Cut(arg, "=")
		if !ok {
			value = strings.TrimLeft(arg, "-")
		}
		if opaqueLike.MatchString(value) {
			text = strings.ReplaceAll(text, value, "(not shown)")
		}
	}
	return text
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
	case "-":
		raw, err = io.ReadAll(io.LimitReader(w.stdin, maxToken))
	default:
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usagef("reading the token: %w", err)
	}
	raw = withoutHeader(decoded(raw))
	if len(raw) == 0 {
		return nil, usagef("no token: give --file FILE, --file - or CDRMEND_TOKEN")
	}

	limits := stream.DefaultLimits()
	bare := token.BareText(raw, &limits)
	switch {
	case len(bare) == 0:
		return nil, usagef("no token: what was given is empty, or longer than a token can be")
	case bare[0] == '{':
		return nil, usagef("no token: what was given is a JSON object without a text access_token; an answer of the token endpoint that grants a token has one")
	}
	return bare, nil
}

// decoded returns a text in UTF-8 without a byte order mark, which editors and shells
// of Windows begin a file with.
func decoded(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(text, []byte("\ufeff"))
	}

	var units []uint16
	for text = text[2:]; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}

// headerName matches the name of the header that holds a token, in quotes or not.
var headerName = regexp.MustCompile(`(?i)^(["']?)\s*authorization\s*:\s*`)

// withoutHeader returns the value of an Authorization header, or the text if it is
// none.
func withoutHeader(text []byte) []byte {
	text = bytes.TrimSpace(text)
	name := headerName.FindSubmatch(text)
	if name == nil {
		return text
	}
	return bytes.TrimSpace(bytes.TrimSuffix(text[len(name[0]):], name[1]))
}
