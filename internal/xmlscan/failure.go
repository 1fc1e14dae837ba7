package xmlscan

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/jsonscan"
)

// unreadable is a syntax error with a text that says what to do about it.
type unreadable struct {
	*jsonscan.SyntaxError
	text string
}

func (e *unreadable) Error() string { return e.text }

func (e *unreadable) Unwrap() error { return e.SyntaxError }

// encodingError is the error of a document that is not in UTF-8, as it says itself.
type encodingError struct{ name string }

func (e *encodingError) Error() string { return "the encoding " + e.name }

// charset is called for a document that declares another encoding than UTF-8. ASCII is
// a part of it.
func (r *Reader) charset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii":
		return in, nil
	}
	return nil, &encodingError{name}
}

// failure returns the error of the document for an error of the decoder.
func (r *Reader) failure(err error) error {
	switch {
	case err == io.EOF && len(r.open) == 0:
		return io.EOF
	case err == io.EOF:
		return &jsonscan.SyntaxError{Offset: r.in.at, Truncated: true}
	case r.in.err != nil:
		return r.in.err
	}

	at := r.decoder.InputOffset()
	fault := &jsonscan.SyntaxError{Offset: at}
	if encoding, ok := errors.AsType[*encodingError](err); ok {
		return &unreadable{fault, fmt.Sprintf("it says that it is in the encoding %q (before byte %d), and only UTF-8 is read: export it in UTF-8, or convert it before it is uploaded", shortened(encoding.name), at)}
	}

	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	if !ok {
		return fault
	}
	name, isEntity := strings.CutPrefix(syntax.Msg, "invalid character entity ")
	switch {
	case syntax.Msg == "unexpected EOF": // inside a tag
		return &jsonscan.SyntaxError{Offset: r.in.at, Truncated: true}
	case isEntity:
		return &unreadable{fault, fmt.Sprintf("the entity %s (at byte %d) is none of &lt; &gt; &amp; &quot; &apos; or of a number, and no other is expanded: export the character itself", shortened(name), max(0, at-int64(len(name))))}
	case syntax.Msg == "invalid UTF-8":
		return &unreadable{fault, fmt.Sprintf("byte %d is not UTF-8, though the document names no other encoding: export it in UTF-8, or convert it before it is uploaded", r.in.from+notUTF8(r.in.kept))}
	}
	return fault
}

// shortened cuts a name that is longer than any name should be.
func shortened(name string) string {
	const longest = 40
	if len(name) > longest {
		return name[:longest] + "…"
	}
	return name
}

// notUTF8 returns where the first byte of a text stands that is no UTF-8.
func notUTF8(text []byte) (at int64) {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n <= 1 {
			break
		}
		at, text = at+int64(n), text[n:]
	}
	return at
}
