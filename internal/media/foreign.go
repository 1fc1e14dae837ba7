package media

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// foreign names what an object is when its beginning is that of a known format that is no
// audio; empty: none of them.
func foreign(head []byte) string {
	for _, f := range []struct{ mark, what string }{
		{"PK\x03\x04", "zip archive"},
		{"PK\x05\x06", "zip archive"},
		{"\x1f\x8b", "gzip"},
		{"%PDF-", "PDF"},
		{"\x89PNG\r\n\x1a\n", "PNG image"},
		{"\xff\xd8\xff", "JPEG image"},
		{"GIF87a", "GIF image"},
		{"GIF89a", "GIF image"},
		{"7z\xbc\xaf\x27\x1c", "7z archive"},
		{"II*\x00", "TIFF image"},
		{"MM\x00*", "TIFF image"},
		{"\xff\xfe<\x00", "UTF-16 text"},
		{"\xfe\xff\x00<", "UTF-16 text"},
	} {
		if bytes.HasPrefix(head, []byte(f.mark)) {
			return f.what
		}
	}
	if len(head) >= 12 && string(head[:4]) == "RIFF" {
		if string(head[8:12]) == "WEBP" {
			return "WebP image"
		}
		return fmt.Sprintf("RIFF of form %q", head[8:12])
	}

	start := strings.ToLower(string(trimmed(head)))
	for _, mark := range []string{"<!doctype html", "<html", "<head", "<body", "<title"} {
		if strings.HasPrefix(start, mark) {
			return "HTML"
		}
	}
	if strings.HasPrefix(start, "<?xml") {
		return "XML"
	}
	return ""
}

// trimmed returns the beginning of a text without a mark of its encoding and white space.
func trimmed(head []byte) []byte {
	b := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	b = bytes.TrimLeft(b, " \t\r\n")
	return b[:min(len(b), 64)]
}

// text names the kind of text that an object is; empty: it is no text.
func text(head []byte) string {
	cut := head[:min(len(head), 512)]
	for i := 0; i < len(cut); {
		r, n := utf8.DecodeRune(cut[i:])
		switch {
		case r == utf8.RuneError && n == 1 && i+utf8.UTFMax <= len(cut):
			return ""
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f', r == 0x7f:
			return ""
		}
		i += n
	}

	start := string(trimmed(head))
	switch {
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return "JSON"
	case strings.HasPrefix(start, "<"):
		return "XML"
	}
	return "text"
}

func unknownBeginning(b []byte, at int64) Sound {
	return noAudio(fmt.Sprintf("unknown beginning % x", b[:min(len(b), 4)]), at)
}
