package bag

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// encoder writes a path as a manifest has it: these three characters and no others are
// percent-encoded.
var encoder = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// decodePath reads a path of a manifest. Before version 1.0 the percent sign itself was
// not encoded. The flag says that the path has a percent sign that encodes none of the
// three characters; it stands for itself.
func decodePath(text string, v version) (path string, bare bool) {
	if !strings.Contains(text, "%") {
		return text, false
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		code := ""
		if text[i] == '%' && i+3 <= len(text) {
			code = strings.ToUpper(text[i+1 : i+3])
		}
		switch {
		case code == "0A":
			b.WriteByte('\n')
		case code == "0D":
			b.WriteByte('\r')
		case code == "25" && v.current():
			b.WriteByte('%')
		default:
			bare = bare || text[i] == '%'
			b.WriteByte(text[i])
			continue
		}
		i += 2
	}
	return b.String(), bare
}

// checkPath says what is wrong with a path in a bag, nil for nothing: it must stay in the
// bag wherever somebody puts it.
func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("the path is empty")
	case !utf8.ValidString(path):
		return errors.New("the path is not UTF-8")
	case strings.ContainsRune(path, 0):
		return errors.New("the path holds a zero byte")
	case strings.HasPrefix(path, "/"):
		return errors.New("the path is absolute")
	case strings.HasPrefix(path, "~"):
		return errors.New("the path begins with ~, which means a home directory elsewhere")
	case strings.HasPrefix(path, `\\`), len(path) > 2 && path[1] == ':' && path[2] == '\\':
		return errors.New("the path is absolute on Windows")
	case strings.HasSuffix(path, "/"):
		return errors.New("the path is that of a folder: a manifest lists files")
	}
	for element := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if element == ".." {
			return errors.New("the path leads out of the bag")
		}
	}
	for element := range strings.SplitSeq(path, "/") {
		if element == "" || element == "." {
			return errors.New("the path has an empty element or one that is a dot")
		}
	}
	return nil
}

// payloadPath reports whether a path is that of a payload file.
func payloadPath(path string) bool { return strings.HasPrefix(path, payloadFolder) }

// fold returns what paths have in common that some file system takes for the same.
func fold(path string) string { return strings.ToLower(norm.NFC.String(path)) }

// windowsReserved are names that Windows gives to devices, whatever follows after a dot.
var windowsReserved = map[string]bool{
	"con": true, "prn": true, "aux": true, "nul": true,
	"com1": true, "com2": true, "com3": true, "com4": true, "com5": true, "com6": true, "com7": true, "com8": true, "com9": true,
	"lpt1": true, "lpt2": true, "lpt3": true, "lpt4": true, "lpt5": true, "lpt6": true, "lpt7": true, "lpt8": true, "lpt9": true,
}

// hazard says why a file cannot be put on every file system, empty for none.
func hazard(path string) string {
	for element := range strings.SplitSeq(path, "/") {
		base, _, _ := strings.Cut(element, ".")
		switch {
		case windowsReserved[strings.ToLower(strings.TrimRight(base, " "))]:
			return "Windows reserves the name " + element
		case strings.ContainsAny(element, `<>:"|?*\`):
			return `Windows allows none of < > : " | ? * \ in a name`
		case strings.ContainsFunc(element, func(r rune) bool { return r < ' ' }):
			return "Windows allows no control character in a name"
		case strings.HasSuffix(element, ".") || strings.HasSuffix(element, " "):
			return "Windows drops a dot or space at the end of a name"
		}
	}
	return ""
}

// systemFiles are written by operating systems into folders that somebody looks at.
var systemFiles = map[string]bool{".ds_store": true, "thumbs.db": true, "desktop.ini": true}
