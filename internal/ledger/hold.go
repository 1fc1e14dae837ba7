package ledger

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cdrmend/internal/token"
)

// HoldFormat is the format of a record of legal holds.
const HoldFormat = "cdrmend.hold/1"

// HoldsFolder is the folder of the records of legal holds below the root of an output.
const HoldsFolder = "holds/"

// What a record of holds is about, and how far it came.
const (
	HoldSet     = "set"
	HoldRelease = "release"

	HoldIntended = "intended" // written before the first hold is changed
	HoldDone     = "done"     // written after the last one
)

// Hold is one record of legal holds: holds/<matter>/<number>.json.
type Hold struct {
	Format   string      `json:"format"`
	Number   int64       `json:"number"`
	Matter   string      `json:"matter"`
	Output   string      `json:"output"` // id
	Action   string      `json:"action"`
	Step     string      `json:"step"`
	Time     time.Time   `json:"time"`
	Tool     string      `json:"tool"`
	Reason   string      `json:"reason"`
	By       string      `json:"by"`
	Previous string      `json:"previous"`          // SHA-256 of the record before, empty for the first
	List     File        `json:"list"`              // the targets; the path is below the root of the output
	Results  []HoldCount `json:"results"`           // targets by their result, in the order of the names; nothing of an intention
	Journal  *Mark       `json:"journal,omitempty"` // the end of the journal when the record was made; nil: it was empty

	// SHA-256 of untrusted records of the matter that a person decided about.
	Adopted  []string `json:"adopted,omitempty"`
	Disowned []string `json:"disowned,omitempty"`
}

// HoldCount is how many targets have a result.
type HoldCount struct {
	Result string `json:"result"`
	Count  int64  `json:"count"`
}

// maxMatter is how many bytes the folder of a matter has at most: file systems take 255.
const maxMatter = 200

// MatterFolder returns the name of a matter's folder below holds/: each byte but letters,
// digits, - and _, and a dot inside, becomes % and two digits.
func MatterFolder(matter string) (string, error) {
	switch {
	case strings.TrimSpace(matter) == "":
		return "", errors.New("the matter has no name")
	case !utf8.ValidString(matter), strings.ContainsFunc(matter, unicode.IsControl):
		return "", fmt.Errorf("the matter %q holds what is no text", matter)
	}

	var b strings.Builder
	for i := range len(matter) {
		c := matter[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > maxMatter {
		return "", fmt.Errorf("the name of matter %q takes %d bytes, and %d are possible: use a shorter one", matter, b.Len(), maxMatter)
	}
	return b.String(), nil
}

// MatterOf returns the matter of a folder below holds/.
func MatterOf(folder string) (string, bool) {
	matter, err := url.PathUnescape(folder)
	if err != nil {
		return "", false
	}
	again, err := MatterFolder(matter)
	return matter, err == nil && again == folder
}

// HoldPath returns the path of a record of holds below the root of an output.
func HoldPath(folder string, number int64) string {
	return HoldsFolder + folder + "/" + RecordName(number)
}

// Seal encodes a record of holds as its file, signed if there is a key.
func (h Hold) Seal(key *token.Signer) ([]byte, error) {
	raw, err := seal(h, holdType, key)
	if err != nil {
		return nil, fmt.Errorf("signing record %d of the holds of matter %q: %w", h.Number, h.Matter, err)
	}
	return raw, nil
}

// OpenHold reads the file of a record of holds, as OpenRecord does.
func OpenHold(file []byte, keys *token.Keys) (*Hold, Seal, error) {
	h := new(Hold)
	seal, err := open(file, holdType, keys, h)
	if err != nil {
		return nil, seal, err
	}
	if until := seal.until(keys, h.Output); until != nil && h.Journal != nil && h.Journal.Number >= until.Number {
		seal.Check = token.Ended
	}
	return h, seal, nil
}

// Misplaced says why a record does not belong where it is; empty when it does. An empty
// output is not compared.
func (h *Hold) Misplaced(folder string, number int64, output string) string {
	own, err := MatterFolder(h.Matter)
	switch {
	case h.Format != HoldFormat || h.Number != number || err != nil || own != folder:
		return fmt.Sprintf("it does not describe itself: it says number %d of matter %q in format %q", h.Number, h.Matter, h.Format)
	case output != "" && h.Output != output:
		return fmt.Sprintf("it belongs to another output, of id %s", h.Output)
	case h.Action != HoldSet && h.Action != HoldRelease, h.Step != HoldIntended && h.Step != HoldDone:
		return fmt.Sprintf("it says neither of a hold nor of a release how far it came: %q, %q", h.Action, h.Step)
	case !strings.HasPrefix(h.List.Path, HoldsFolder+folder+"/"):
		return fmt.Sprintf("it names %q, which is not in its folder", h.List.Path)
	}
	return ""
}
