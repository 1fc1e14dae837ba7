package token_test

import (
	"fmt"
	"time"

	"cdrmend/internal/record"
	"cdrmend/internal/stream"
	"cdrmend/internal/token"
)

// A token says of itself why a registration with it was answered 403.
func ExampleRules_Examine() {
	// {"alg":"none"} and {"scope":"calls","exp":1795168800}, without a signature.
	jwt := []byte("eyJhbGciOiJub25lIn0.eyJzY29wZSI6ImNhbGxzIiwiZXhwIjoxNzk1MTY4ODAwfQ.")

	rules := token.Rules{
		Required: []string{"sip:manage"}, ScopeClaims: token.ScopeClaims,
		Leeway: time.Minute, Race: time.Minute, Limits: stream.DefaultLimits(),
	}
	at := record.TimeOf(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC))
	x := rules.Examine(jwt, "", at)

	fmt.Println(x.Cause, x.Missing)
	// Output:
	// scope_missing [sip:manage]
}
