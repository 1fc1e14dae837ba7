package policy_test

import (
	"fmt"
	"os"
	"path/filepath"

	"cdrmend/internal/policy"
)

// Load finds every mistake at once and says where each one stands.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cdrmend.yaml")
	const text = `name: night
sources:
  manifests:
    - {name: m, url: "m/date={date}/", profile: cdrmend}
  cdrs:
    - {name: c, url: "c/date={date}/", profile: cdrmend}
output: {url: out/}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	c, err := policy.Load(path, []string{"CDRMEND_RECHECK=7"}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Interval, "re-checks:", c.Recheck, "fail on:", c.FailOn)
	for _, s := range c.Sources {
		fmt.Println(s.Kind, s.Name, "reads", s.Lookback, "before and", s.Lookahead, "after the interval")
	}
	// Output:
	// 24h0m0s re-checks: 7 fail on: major
	// manifests m reads 4h0m0s before and 1h0m0s after the interval
	// cdrs c reads 24h0m0s before and 4h0m0s after the interval
}
