// Package secret finds credentials in texts from outside, so that they reach nothing
// that is written or shown.
//
// It knows four forms, and prefers to miss an odd one to taking an ordinary name for
// a secret:
//
//   - a JSON Web Token anywhere: base64url of a JSON object that names its "alg", and
//     a dot;
//   - the word Bearer and a credential: a text of only these two, or anywhere, when the
//     credential has 16 characters or more and a digit among them;
//   - the word Basic and the base64 of a readable user:password, anywhere;
//   - the value after one of the usual names of tokens and signatures, if it has 16
//     characters or more, or of passwords, keys and cookies, if it has 8 or more: of a
//     parameter of a URL or a form, a member of JSON, or a header. Names that are also
//     ordinary words, such as sig, count in the query or fragment of a URL alone.
package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NotShown stands where a secret was.
const NotShown = "(not shown)"

// In reports whether a text holds a secret. It takes time in proportion to the text,
// whatever it holds.
func In(text []byte) bool {
	_, _, ok := next(text)
	return ok
}

// Masked returns the text with [NotShown] in place of each secret. What stands around
// them is kept, so that people can find the text again. JSON stays JSON.
func Masked(text string) string {
	rest := []byte(text)
	from, to, ok := next(rest)
	if !ok {
		return text
	}

	var b strings.Builder
	for ; ok; from, to, ok = next(rest) {
		b.Write(rest[:from])
		b.WriteString(NotShown)
		rest = rest[to:]
	}
	b.Write(rest)
	return b.String()
}

// next returns where the first secret of a text stands.
func next(text []byte) (from, to int, ok bool) {
	// Of several forms the first in the text counts, as the others are looked for in
	// what follows it.
	for _, find := range []func([]byte) (from, to int, ok bool){jwt, authorization, parameter} {
		if f, t, found := find(text); found && (!ok || f < from) {
			from, to, ok = f, t, true
		}
	}
	return from, to, ok
}

// shortestHeader is the length of the base64 of {"alg":""}.
const shortestHeader = 14

// mostHeaders bounds how many texts that begin like a header are decoded. No name has
// as many by chance; without a bound a text of them would cost the square of its length.
const mostHeaders = 16

// jwt finds a JSON Web Token, signed or encrypted. A header is known by the dot after
// it, of which texts have few.
func jwt(text []byte) (from, to int, ok bool) {
	if !bytes.Contains(text, []byte("ey")) && !bytes.Contains(text, []byte("ew")) {
		return 0, 0, false // as nearly all texts
	}

	headers := 0
	for dot := bytes.IndexByte(text, '.'); dot >= 0; dot = after(text, dot, '.') {
		end := len(bytes.TrimRight(text[:dot], "="))
		start := end
		for start > 0 && isBase64URL(text[start-1]) {
			start--
		}

		for ; end-start >= shortestHeader; start++ {
			if text[start] != 'e' || text[start+1] != 'y' && text[start+1] != 'w' || !beginsObject(text[start:end]) {
				continue
			}
			if headers++; headers > mostHeaders || namesAlgorithm(text[start:end]) {
				return start, endOfRun(text, dot, func(c byte) bool { return isBase64URL(c) || c == '.' || c == '=' }), true
			}
		}
	}
	return 0, 0, false
}

// after returns the place of the first c after a place, -1 without one.
func after(text []byte, place int, c byte) int {
	i := bytes.IndexByte(text[place+1:], c)
	if i < 0 {
		return -1
	}
	return place + 1 + i
}

// beginsObject reports whether a base64 text begins with a brace, white space and a
// quote. A brace and what may follow it begin with ey or ew.
func beginsObject(text []byte) bool {
	var begin [9]byte
	n, err := base64.RawURLEncoding.Decode(begin[:], text[:12])
	rest, brace := bytes.CutPrefix(begin[:n], []byte("{"))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return err == nil && brace && (len(rest) == 0 || rest[0] == '"')
}

func namesAlgorithm(header []byte) bool {
	text, err := base64.RawURLEncoding.DecodeString(string(header))
	var object map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &object) != nil {
		return false
	}
	_, ok := object["alg"]
	return ok
}

// shortestToken and shortestPassword are how long a value must be to be taken for a
// secret where only the word before it tells.
const (
	shortestToken    = 16
	shortestPassword = 8
)

// authorization finds the value of an Authorization header.
func authorization(text []byte) (from, to int, ok bool) {
	for space := bytes.IndexByte(text, ' '); space >= 0; space = after(text, space, ' ') {
		scheme := lastWord(text[:space])
		bearer := bytes.EqualFold(scheme, []byte("bearer"))
		if !bearer && !bytes.EqualFold(scheme, []byte("basic")) {
			continue
		}

		from = space + len(text[space:]) - len(bytes.TrimLeft(text[space:], " "))
		to = endOfRun(text, from, isToken68)
		credential := text[from:to]
		switch {
		case len(credential) == 0:
		case !bearer && isBasic(credential), bearer && len(credential) >= shortestToken && bytes.ContainsAny(credential, "0123456789"):
			return from, to, true
		case bearer && len(bytes.TrimSpace(text[:space])) == len(scheme) && len(bytes.TrimSpace(text[to:])) == 0: // nothing else is in the text
			return from, to, true
		}
	}
	return 0, 0, false
}

// lastWord returns the letters that a text ends with.
func lastWord(text []byte) []byte {
	const longest = len("bearer") + 1 // a longer word is none that is looked for
	start := len(text)
	for start > 0 && len(text)-start < longest && isLetter(text[start-1]) {
		start--
	}
	return text[start:]
}

// isBasic reports whether a credential is the base64 of a readable user:password.
func isBasic(credential []byte) bool {
	text, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(credential, "=")))
	return err == nil && len(text) >= shortestPassword && bytes.IndexByte(text, ':') > 0 &&
		utf8.Valid(text) && !bytes.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) })
}

// value is how the value of a name is known to be a secret.
type value struct {
	shortest int  // fewer characters are none
	anywhere bool // else only in the query or fragment of a URL
}

// values are the secrets that are known by their names.
var values = map[string]value{
	"access_token": {shortestToken, true}, "id_token": {shortestToken, true}, "refresh_token": {shortestToken, true},
	"client_secret": {shortestPassword, true}, "password": {shortestPassword, true},
	"api_key": {shortestPassword, true}, "apikey": {shortestPassword, true}, "x-api-key": {shortestPassword, true},
	"cookie": {shortestPassword, true}, "set-cookie": {shortestPassword, true},
	"token": {shortestToken, false}, "signature": {shortestToken, false}, "sig": {shortestToken, false},
	"x-amz-signature": {shortestToken, false}, "x-amz-security-token": {shortestToken, false}, "x-goog-signature": {shortestToken, false},
}

// longestName is the length of the longest name of values.
const longestName = len("x-amz-security-token")

// parameter finds a secret by the name before it: a parameter, a member of JSON, or a
// header.
func parameter(text []byte) (from, to int, ok bool) {
	if bytes.IndexByte(text, '=') < 0 && bytes.IndexByte(text, ':') < 0 {
		return 0, 0, false // as nearly all texts
	}
	for at := bytes.IndexAny(text, "=:"); at >= 0; {
		if from, to, ok = valueAt(text, at); ok {
			return from, to, true
		}
		next := bytes.IndexAny(text[at+1:], "=:")
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return 0, 0, false
}

// valueAt returns the secret after a separator, if a name of one stands before it.
func valueAt(text []byte, separator int) (from, to int, ok bool) {
	const around = " \"'\\" // of names and values in JSON, also in JSON within JSON
	end := separator
	for end > 0 && separator-end < 4 && strings.IndexByte(around, text[end-1]) >= 0 {
		end--
	}
	start := end
	for start > 0 && end-start <= longestName && isBase64URL(text[start-1]) {
		start--
	}
	name := strings.ToLower(string(text[start:end]))
	known, found := values[name]
	inURL := start > 0 && strings.IndexByte("?&#", text[start-1]) >= 0
	if !found || !known.anywhere && !inURL {
		return 0, 0, false
	}

	from = separator + 1
	for from < len(text) && from-separator < 5 && strings.IndexByte(around, text[from]) >= 0 {
		from++
	}
	kind, cookie := isValue, strings.HasSuffix(name, "cookie")
	switch quoted := from > separator+1 && strings.IndexByte("\"'\\", text[from-1]) >= 0; {
	case cookie && text[separator] == ':':
		kind = func(c byte) bool { return c != '\n' && c != '\r' && c != '"' } // all cookies of the header
	case cookie, text[separator] == ':' && !quoted: // a word of a sentence
		return 0, 0, false
	}
	to = endOfRun(text, from, kind)
	return from, to, to-from >= known.shortest && !bytes.HasPrefix(text[from:], []byte(NotShown))
}

// endOfRun returns the end of the bytes of a kind that begin at a place.
func endOfRun(text []byte, place int, kind func(byte) bool) int {
	for place < len(text) && kind(text[place]) {
		place++
	}
	return place
}

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }

func isBase64URL(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' }

// isToken68 reports whether a byte may stand in a credential, as RFC 9110 has it.
func isToken68(c byte) bool { return isBase64URL(c) || strings.IndexByte(".~+/=", c) >= 0 }

// isValue reports whether a byte may stand in the value of a parameter. Quotes and
// backslashes end it, so that JSON stays JSON.
func isValue(c byte) bool { return c > ' ' && c != 0x7f && strings.IndexByte("&#;,\"'<>()\\", c) < 0 }
