package token

import (
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// numericDate reads a NumericDate: a JSON number of seconds since 1970, of
// which 0 is one. What is no number is missing.
func numericDate(v jsonscan.Value) record.Time {
	if v.Kind != jsonscan.Number {
		return record.NoTime
	}
	return profile.Seconds(v.Raw)
}
