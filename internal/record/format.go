package record

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// FormatOf says in which of the profile's formats an object is: its name
// decides after .gz and .zst are removed, and else its content, of which head
// is the beginning.
func (p *Profile) FormatOf(key string, head []byte) Format {
	if len(p.Formats) == 1 {
		return p.Formats[0]
	}
	name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(key), ".gz"), ".zst")
	named := map[string]Format{
		".json": JSON, ".jsonl": JSONLines, ".ndjson": JSONLines, ".csv": CSV,
		".parquet": Parquet, ".log": TextLines, ".txt": TextLines,
	}
	if f, ok := named[path.Ext(name)]; ok && slices.Contains(p.Formats, f) {
		return f
	}
	if f := formatOfContent(head); slices.Contains(p.Formats, f) {
		return f
	}
	return p.Formats[0]
}

func formatOfContent(head []byte) Format {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return Parquet
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 || head[0] == '[' {
		return JSON
	}
	if head[0] != '{' {
		return CSV
	}
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	if _, err := ParseJSON(line, &Limits{}); err == nil && len(bytes.TrimSpace(rest)) > 0 {
		return JSONLines
	}
	return JSON
}

// IsUTF16 reports whether content begins like UTF-16, which is none of the
// encodings that can be read.
func IsUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.HasPrefix(head, []byte("\xff\xfe"))
}
