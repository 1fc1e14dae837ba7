package steps

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// match takes a part of a text: the first group of a pattern, or all that the
// pattern matches when it has no group. Without a match the value is missing.
type match struct{ re *regexp.Regexp }

func (m match) apply(_ *Run, text []byte) value {
	at := m.re.FindSubmatchIndex(text)
	if at == nil {
		return value{}
	}

	// Of several groups, those that do not take part in the match are passed over.
	for i := 2; i < len(at); i += 2 {
		if at[i] >= 0 {
			return present(text[at[i]:at[i+1]])
		}
	}
	if len(at) > 2 {
		return value{}
	}
	return present(text[at[0]:at[1]])
}

// present returns a text without the white space around it, missing when nothing
// remains.
func present(text []byte) value {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return value{}
	}
	return textOf(text)
}

// words replaces a text by another, in any case of its letters.
type words struct {
	to     map[string]string // by lower case; an empty text: the value is missing
	others others
	other  string // of otherText
}

// others says what becomes of a text that is not among the words.
type others uint8

const (
	otherUnusable others = iota
	otherKept
	otherMissing
	otherText
)

func (w words) apply(_ *Run, text []byte) value {
	to, ok := w.to[strings.ToLower(string(text))]
	switch {
	case ok:
		return present([]byte(to))
	case w.others == otherKept:
		return textOf(text)
	case w.others == otherMissing:
		return value{}
	case w.others == otherText:
		return present([]byte(w.other))
	}
	return value{state: unusable}
}

// decodeURL decodes percent-encoding. A plus sign stays one.
type decodeURL struct{}

func (decodeURL) apply(_ *Run, text []byte) value {
	plain, err := url.PathUnescape(string(text))
	if err != nil {
		return value{state: unusable}
	}
	return present([]byte(plain))
}

// split makes a list of a text.
type split struct{ at string }

func (s split) apply(_ *Run, text []byte) value {
	list := value{state: listed}
	for part := range bytes.SplitSeq(text, []byte(s.at)) {
		if part = bytes.TrimSpace(part); len(part) > 0 {
			list.list = append(list.list, textOf(part))
		}
	}
	return list
}

// sorted puts the parts between a text into byte order, so that it does not matter in
// which order they were written.
type sorted struct{ at string }

func (s sorted) apply(_ *Run, text []byte) value {
	parts := bytes.Split(text, []byte(s.at))
	slices.SortFunc(parts, bytes.Compare)
	return present(bytes.Join(parts, []byte(s.at)))
}
