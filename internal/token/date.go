package token

import (
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// numericDate reads a NumericDate: a JSON number of seconds since 1970, where 0
// is valid. Any other kind of value counts as missing.
func numericDate(v jsonscan.Value) record.Time {
	if v.Kind != jsonscan.Number {
		return record.NoTime
	}
	return profile.Seconds(v.Raw)
}
