package object

import (
	"strings"
	"unicode/utf8"
)

// A store may hold names that are not UTF-8: a file system takes any bytes. Keys are
// always UTF-8, as they stand in JSON, CSV, Parquet and the ids of findings. This file
// alone turns one into the other, and stores alone use it.

// shown returns the key of what a store holds under a path. A path element that is
// UTF-8 is never changed. In one that is not, each byte that is no part of a character,
// and each percent sign, becomes % and two hexadecimal digits. So two different
// elements that are not UTF-8 always have different keys.
func shown(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = shownElement(e)
	}
	return strings.Join(elements, "/")
}

func shownElement(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for rest := name; rest != ""; {
		c, size := utf8.DecodeRuneInString(rest)
		if c == '%' || c == utf8.RuneError && size == 1 {
			escape(&b, rest[0])
		} else {
			b.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return b.String()
}

// escaped returns a name with each of its bytes escaped. A directory shows a name that is
// not UTF-8 so when another file in it has the very name that it would be shown by.
func escaped(name string) string {
	var b strings.Builder
	for i := range len(name) {
		escape(&b, name[i])
	}
	return b.String()
}

func escape(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.Write([]byte{'%', digits[c>>4], digits[c&15]})
}

// unescaped undoes shown and escaped in each element of a key that they may have made:
// one whose bytes are then not UTF-8. Others it leaves as they are.
func unescaped(key string) string {
	if !strings.Contains(key, "%") {
		return key
	}
	elements := strings.Split(key, "/")
	for i, e := range elements {
		if name := unescapedElement(e); !utf8.ValidString(name) {
			elements[i] = name
		}
	}
	return strings.Join(elements, "/")
}

func unescapedElement(e string) string {
	var b strings.Builder
	for i := 0; i < len(e); i++ {
		if high, low := hexDigit(e, i+1), hexDigit(e, i+2); e[i] == '%' && high >= 0 && low >= 0 {
			b.WriteByte(byte(high<<4 | low))
			i += 2
		} else {
			b.WriteByte(e[i])
		}
	}
	return b.String()
}

// hexDigit returns the value of an upper-case hexadecimal digit, less than 0 for
// anything else.
func hexDigit(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	return strings.IndexByte("0123456789ABCDEF", s[i])
}

// Alias says what the key of an object does not.
type Alias struct {
	// Path is the name under which the store holds the object; it may be any bytes.
	Path string

	// Real is the file's own name, of a file in a directory to which symbolic links led;
	// else empty. It may be any bytes, too.
	Real string
}

// RealKey returns the key that the file would have under its own name, empty when no
// link led to it.
func (i *Info) RealKey() string {
	if i.Alias == nil {
		return ""
	}
	return shown(i.Alias.Real)
}

// location returns the path by which a directory opens the object.
func (i *Info) location() string {
	if i.Alias != nil && i.Alias.Real != "" {
		return i.Alias.Real
	}
	return i.Path()
}

// Path returns the name under which the store holds the object.
func (i *Info) Path() string {
	if i.Alias != nil {
		return i.Alias.Path
	}
	return i.Key
}

// unlisted returns the Info with the name that its key may stand for, when no listing
// gave the name, as for an object that a run read long ago. A key is first taken as it
// is: most that look escaped are not.
func (i Info) unlisted() (Info, bool) {
	if i.Alias != nil {
		return i, false
	}
	path := unescaped(i.Key)
	if path == i.Key {
		return i, false
	}
	i.Alias = &Alias{Path: path}
	return i, true
}

// withPath makes the key of an Info from the name under which the store holds it.
func (i Info) withPath(path string) Info {
	if i.Key = shown(path); i.Key != path {
		i.Alias = &Alias{Path: path}
	}
	return i
}
