package jsonscan

import (
	"errors"

	"cdrmend/internal/stream"
)

// A SyntaxError gives the position at which a text stops being valid JSON.
type SyntaxError struct {
	Offset    int64 // of the first byte that cannot continue a valid text, or the length of a text that was cut
	Truncated bool  // the text ends inside a value
}

func (e *SyntaxError) Error() string {
	if e.Truncated {
		return "ends inside a value"
	}
	return "syntax error"
}

// IsTruncated reports whether err means that a text ended too early, by itself or because
// its compressed stream did.
func IsTruncated(err error) bool {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Truncated
	}
	var broken *stream.Error
	return errors.As(err, &broken) && broken.Truncated
}

// IsDamage reports whether err means that an object is damaged, as opposed to a
// failure to read it.
func IsDamage(err error) bool {
	var syntax *SyntaxError
	var broken *stream.Error
	var limit *stream.LimitError
	return errors.As(err, &syntax) || errors.As(err, &broken) || errors.As(err, &limit)
}
