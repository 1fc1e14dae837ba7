package profile

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// FormatOf returns which of the profile's formats an object has. Its name without
// .gz and .zst decides, or else head, the beginning of its content.
func (p *Profile) FormatOf(key string, head []byte) Format {
	if len(p.Formats) == 1 {
		return p.Formats[0]
	}

	name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(key), ".gz"), ".zst")
	named := map[string]Format{
		".json": JSON, ".jsonl": JSONLines, ".ndjson": JSONLines, ".csv": CSV,
		".parquet": Parquet, ".log": TextLines, ".txt": TextLines, ".xml": XML,
	}
	if f, ok := named[path.Ext(name)]; ok && slices.Contains(p.Formats, f) {
		return p.oneAfterAnother(f, head)
	}
	if f := formatOfContent(head); slices.Contains(p.Formats, f) {
		return p.oneAfterAnother(f, head)
	}
	return p.Formats[0]
}

// oneAfterAnother returns JSONLines for JSON that may be several values, where the
// profile says so: nothing but a list is one document.
func (p *Profile) oneAfterAnother(f Format, head []byte) Format {
	if f == JSON && p.Concatenated && !bytes.HasPrefix(startOf(head), []byte("[")) {
		return JSONLines
	}
	return f
}

// startOf returns the beginning of an object without a byte order mark and white space.
func startOf(head []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
}

// formatOfContent guesses a format from the beginning of an object.
func formatOfContent(head []byte) Format {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return Parquet
	}

	head = startOf(head)
	if len(head) == 0 || head[0] == '[' {
		return JSON
	}
	switch head[0] {
	case '<':
		return XML
	case '{':
	default:
		return CSV
	}

	// A single document may be written on one line too, so JSON Lines needs a
	// second line.
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	if _, err := jsonscan.Parse(line, &stream.Limits{}); err == nil && len(bytes.TrimSpace(rest)) > 0 {
		return JSONLines
	}
	return JSON
}

// IsMissing reports whether v is absent, null, empty, the nil UUID or listed as
// missing.
func (p *Profile) IsMissing(v jsonscan.Value) bool {
	b, ok := p.text(v, longestText)
	return b == nil && ok
}
