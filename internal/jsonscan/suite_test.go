package jsonscan_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
)

// suiteCase is one case of the JSONTestSuite.
type suiteCase struct{ name, text string }

// jsonTestSuite reads the cases of testdata/JSONTestSuite.txt, which says
// where they are from.
func jsonTestSuite(t testing.TB) []suiteCase {
	t.Helper()
	all, err := os.ReadFile("testdata/JSONTestSuite.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(all), "\n-- cases --\n")
	var cases []suiteCase
	for line := range strings.Lines(lines) {
		name, literals, _ := strings.Cut(strings.TrimSpace(line), " ")
		text, err := unquoted(literals)
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		cases = append(cases, suiteCase{name, text})
	}
	return cases
}

// unquoted reads a Go string, or how often one is repeated, that one, and
// what follows.
func unquoted(literals string) (string, error) {
	if literals[0] == '"' {
		return strconv.Unquote(literals)
	}
	times, literals, _ := strings.Cut(literals, " ")
	n, err := strconv.Atoi(times)
	if err != nil {
		return "", err
	}
	unit, err := strconv.QuotedPrefix(literals)
	if err != nil {
		return "", err
	}
	rest, err := strconv.Unquote(strings.TrimSpace(literals[len(unit):]))
	if err != nil {
		return "", err
	}
	unit, err = strconv.Unquote(unit)
	return strings.Repeat(unit, n) + rest, err
}

// Every parser must accept the cases y_ and refuse the cases n_. Of the cases
// i_, on which parsers may differ, numbers of any size, a byte order mark,
// surrogates without a partner and invalid UTF-8 in strings are let through,
// as what is not repaired survives untouched; UTF-16 is refused.
func TestTheScannerAgreesWithTheJSONTestSuite(t *testing.T) {
	seen := map[byte]int{}
	for _, c := range jsonTestSuite(t) {
		valid := c.name[0] == 'y' || c.name[0] == 'i' && !strings.Contains(strings.ToLower(strings.ReplaceAll(c.name, "-", "")), "utf16")
		d, err := walk(strings.NewReader(c.text))
		if (err == nil) != valid || err != nil && !jsonscan.IsDamage(err) {
			t.Errorf("%s, %.60q: %v, want it valid: %v", c.name, c.text, err, valid)
		}
		recovered := strings.TrimPrefix(c.text[:d.Keep]+d.Closers, "\xef\xbb\xbf")
		if recovered != "" && !json.Valid([]byte(recovered)) {
			t.Errorf("%s, %.60q: recovered %.60q", c.name, c.text, recovered)
		}
		seen[c.name[0]]++
	}
	if seen['y'] != 95 || seen['n'] != 188 || seen['i'] != 35 {
		t.Errorf("the suite has %d cases to accept, %d to refuse and %d others, want 95, 188 and 35", seen['y'], seen['n'], seen['i'])
	}
}
