package jsonscan

import (
	"errors"

	"cdrmend/internal/stream"
)

// A SyntaxError gives the position at which a text stops being valid JSON.
type SyntaxError struct {
	Offset    int64 // of the first byte that cannot continue a valid text; the length of a text that was cut
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
	if syntax, ok := errors.AsType[*SyntaxError](err); ok {
		return syntax.Truncated
	}
	broken, ok := errors.AsType[*stream.Error](err)
	return ok && broken.Truncated
}

// IsDamage reports whether err means that an object is damaged, as opposed to a
// failure to read it.
func IsDamage(err error) bool {
	_, syntax := errors.AsType[*SyntaxError](err)
	_, broken := errors.AsType[*stream.Error](err)
	_, limit := errors.AsType[*stream.LimitError](err)
	return syntax || broken || limit
}
