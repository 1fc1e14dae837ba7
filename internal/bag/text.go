package bag

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const (
	// maxLine is the longest line of a tag file that is read, in bytes of UTF-8.
	maxLine = 1 << 20
	// maxTagFile is the largest tag file that is read as text, in bytes.
	maxTagFile = 1 << 30
	// maxNamed is how many problems of one tag file are named.
	maxNamed = 1000
	// maxFiles is how many files a bag may have.
	maxFiles = 20_000_000
)

const bom = "\uFEFF"

// decoder returns the decoder of an encoding by its registered name; nil for UTF-8. It
// reports whether the encoding is known.
func decoder(name string) (*encoding.Decoder, bool) {
	switch normal := normalName(name); normal {
	case "utf8", "usascii", "ascii":
		return nil, true
	case "utf16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder(), true
	case "utf16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder(), true
	case "utf16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder(), true
	case "latin1":
		return charmap.ISO8859_1.NewDecoder(), true
	default:
		for _, e := range charmap.All {
			if c, ok := e.(*charmap.Charmap); ok && normalName(c.String()) == normal {
				return c.NewDecoder(), true
			}
		}
	}
	return nil, false
}

// normalName drops what names of encodings are written with or without.
func normalName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// textLine is a line of a tag file without its end.
type textLine struct {
	number int
	text   string
	wrong  string // why it cannot be read, empty if it can
}

// lines yields the lines of a text, which end in LF, CR or CRLF. The last one may have no
// end. The error is the last element.
func lines(from io.Reader) iter.Seq2[textLine, error] {
	return func(yield func(textLine, error) bool) {
		in := bufio.NewReaderSize(from, 1<<16)
		var line []byte
		long, cr := false, false // cr: the last byte was one, so that LF ends no line of its own
		number := 1
		send := func() bool {
			l := textLine{number: number, text: string(line)}
			switch {
			case long:
				l.text, l.wrong = "", fmt.Sprintf("the line is longer than %d bytes", maxLine)
			case !utf8.Valid(line):
				l.wrong = "the line is not in the encoding that bagit.txt names"
			}
			line, long, number = line[:0], false, number+1
			return yield(l, nil)
		}

		for {
			b, err := in.ReadByte()
			switch {
			case err == io.EOF:
				if len(line) > 0 || long {
					send()
				}
				return
			case err != nil:
				yield(textLine{}, err)
				return
			case b == '\n' && cr:
				cr = false
				continue
			case b == '\n' || b == '\r':
				if !send() {
					return
				}
			case len(line) == maxLine:
				long = true
			default:
				line = append(line, b)
			}
			cr = b == '\r'
		}
	}
}
