package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Filter says which rows are no records of a source. A row is skipped when it
// meets all conditions of a filter, or, of a filter that keeps, not all of them.
type Filter struct {
	Reason string
	Keeps  bool
	Where  []Condition
}

// Condition is about the value at one place of a row.
type Condition struct {
	Input   int             // the number of the place among [Profile.Inputs]
	Words   map[string]bool // in lower case; the empty word is a missing value
	Pattern *regexp.Regexp  // instead of words
}

// Holds reports whether a value meets the condition; nil is a missing value.
func (c *Condition) Holds(text []byte) bool {
	if c.Pattern != nil {
		return text != nil && c.Pattern.Match(text)
	}
	return c.Words[strings.ToLower(string(text))]
}

// filterSection is the YAML of a filter.
type filterSection struct {
	Reason string                    `json:"reason"`
	Where  map[string]conditionValue `json:"where"`
}

// conditionValue is the YAML of what a value has to be: a word, null for missing, a
// list of these, or an object with a pattern.
type conditionValue struct {
	words []string
	match string
}

// UnmarshalJSON reads any of the forms.
func (c *conditionValue) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '{':
		var object struct {
			Match string `json:"match"`
		}
		err := json.Unmarshal(b, &object)
		c.match = object.Match
		return err
	case '[':
		var list []any
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		for _, element := range list {
			c.words = append(c.words, wordOf(element))
		}
		return nil
	}

	var scalar any
	err := json.Unmarshal(b, &scalar)
	c.words = []string{wordOf(scalar)}
	return err
}

// wordOf returns the text of a scalar, empty for null.
func wordOf(v any) string {
	if v == nil {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(fmt.Sprint(v)))
}

// filters returns the filters: those that skip, then those that keep.
func (b *builder) filters(p *Profile) []Filter {
	var all []Filter
	for key, sections := range map[string][]filterSection{"skip": b.section.Skip, "keep": b.section.Keep} {
		for i, s := range sections {
			all = append(all, b.filter(p, fmt.Sprintf("%s[%d]", key, i), s, key == "keep"))
		}
	}
	slices.SortStableFunc(all, func(x, y Filter) int {
		switch {
		case x.Keeps == y.Keeps:
			return 0
		case y.Keeps:
			return -1
		}
		return 1
	})
	return all
}

func (b *builder) filter(p *Profile, key string, s filterSection, keeps bool) Filter {
	f := Filter{Reason: s.Reason, Keeps: keeps}
	for _, place := range slices.Sorted(maps.Keys(s.Where)) {
		value := s.Where[place]
		c := Condition{Input: p.input(place), Words: map[string]bool{}}
		c.Pattern, _ = b.compile(key+".where."+place, value.match)
		for _, word := range value.words {
			c.Words[word] = true
		}
		f.Where = append(f.Where, c)
	}
	return f
}
