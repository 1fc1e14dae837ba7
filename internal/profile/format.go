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
		return f
	}
	if f := formatOfContent(head); slices.Contains(p.Formats, f) {
		return f
	}
	return p.Formats[0]
}

// formatOfContent guesses a format from the beginning of an object.
func formatOfContent(head []byte) Format {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return Parquet
	}

	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
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
