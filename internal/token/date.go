package token

import "cdrmend/internal/record"

// numericDate reads a NumericDate: a JSON number of seconds since 1970, of
// which 0 is one. What is no number is missing.
func numericDate(v record.Value) record.Time {
	if v.Kind != record.Number {
		return record.NoTime
	}
	return record.Seconds(v.Raw)
}
