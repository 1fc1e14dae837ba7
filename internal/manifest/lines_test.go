package manifest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
)

var lineSamples = []string{
	"{\"recording_id\":\"a\"}\n{\"recording_id\":\"b\",\"x\":[1,2,{}]}\n",
	"\xef\xbb\xbf{\"recording_id\":\"a\"}\r\n\r\n{}\r\n \t\n5\r\n{\"conversation_id\":\"c\"}\r\n\n \n",
	"{\"recording_id\":\"a\"}\n{\"recording_id\":\n {\"recording_id\":\"b\"} \nnonsense\n[{\"recording_id\":\"no\"}]\n{\"recording_id\":\"c\",\"duration_ms\":5",
	"{\"recording_id\":\"a\"} x\n", "",
}

// lines is what JSON Lines come to when each line is read by itself.
type lines struct {
	recovered, broken string
	aside             []string
	entries           []brief
}

func linesOf(t testing.TB, text string) lines {
	var n lines
	var malformed, truncated string
	at := 0
	if strings.HasPrefix(text, "\xef\xbb\xbf") {
		n.recovered, at = text[:3], 3
	}
	for _, whole := range strings.SplitAfter(text[at:], "\n") {
		line := strings.TrimSuffix(whole, "\n")
		root, stop, sound := descend([]byte(line))
		end, closers, some := root.keep()
		last := line == whole && stop == len(line)
		switch {
		case strings.TrimSpace(line) == "":
			n.recovered += whole
		case sound:
			n.recovered += whole
			n.entries = append(n.entries, decoded(t, "["+line+"]")...)
		case last && root.kind == '{' && some:
			truncated = fmt.Sprint("cut at ", at+stop)
			n.recovered += line[:end] + closers
			n.entries = append(n.entries, decoded(t, "["+line[:end]+closers+"]")...)
			if end < len(line) {
				n.aside = append(n.aside, line[end:])
			}
		case last:
			truncated = fmt.Sprint("cut at ", at+stop)
			n.aside = append(n.aside, line)
		default:
			if malformed == "" {
				malformed = fmt.Sprint("malformed at ", at+stop)
			}
			n.aside = append(n.aside, line)
		}
		at += len(whole)
	}
	if strings.TrimSpace(strings.TrimPrefix(text, "\xef\xbb\xbf")) == "" {
		truncated = "cut at 0"
	}
	n.broken = truncated + malformed
	return n
}

func checkLines(t *testing.T, p *profile.Profile, text []byte) {
	t.Helper()
	texts := intern.NewTable()
	b, rejects := readText(t, p, texts, "a.jsonl", text, profile.JSONLines)
	n := linesOf(t, string(text))

	got := written(t, p, text, b, nil)
	if got != n.recovered {
		t.Fatalf("recovered\n%q, want\n%q, of\n%q", got, n.recovered, text)
	}
	var aside []string
	for _, r := range rejects {
		if !bytes.HasPrefix(text[r.Offset:], r.Bytes) {
			t.Fatalf("%q is not at %d of %q", r.Bytes, r.Offset, text)
		}
		if r.Reason != "not an object" && r.Reason != "no known field" {
			aside = append(aside, string(r.Bytes))
		}
	}
	broken := ""
	if r := b.Doc.Extra; r != nil {
		if r.Truncated != nil {
			broken += fmt.Sprint("cut at ", r.Truncated.Offset)
		}
		if r.Malformed != nil {
			broken += fmt.Sprint("malformed at ", r.Malformed.Offset)
		}
		if r.Recovery != nil && int(r.Recovery.Keep) < len(text) {
			aside = append(aside, string(text[r.Recovery.Keep:]))
		}
	}
	if broken != n.broken {
		t.Fatalf("got %q, want %q, of %q", broken, n.broken, text)
	}
	if diff := cmp.Diff(n.aside, aside); diff != "" {
		t.Fatalf("set aside of %q (-want +got):\n%s", text, diff)
	}
	if diff := cmp.Diff(n.entries, briefs(texts, b.Entries)); diff != "" {
		t.Fatalf("entries of %q (-want +got):\n%s", text, diff)
	}
	if b.Length != int64(len(text)) {
		t.Fatalf("the length is %d, want %d", b.Length, len(text))
	}
}

func TestJSONLinesMayBeCutAtEveryByte(t *testing.T) {
	p := builtIn(t, "cdrmend")
	for _, sample := range lineSamples {
		for n := range len(sample) + 1 {
			if n == 0 || n > 2 || sample[0] != 0xef { // a piece of the mark is no text
				checkLines(t, p, []byte(sample[:n]))
			}
		}
	}
}

func TestStruckJSONLinesLoseOnlyTheBadLines(t *testing.T) {
	p := builtIn(t, "cdrmend")
	rng := rand.New(rand.NewPCG(8, 9))
	for _, sample := range lineSamples {
		for range 300 {
			if text := struck(rng, []byte(strings.TrimPrefix(sample, "\xef\xbb\xbf"))); isASCII(text) {
				checkLines(t, p, text)
			}
		}
	}
}

// FuzzJSONLines: what is kept, what is set aside and what is read of it are the
// same as when each line is looked at by itself.
func FuzzJSONLines(f *testing.F) {
	for _, sample := range lineSamples {
		f.Add([]byte(sample))
	}
	p := builtIn(f, "cdrmend")
	f.Fuzz(func(t *testing.T, text []byte) {
		if !bytes.Contains(text, []byte(`\`)) && isASCII(text) && len(text) <= 1000 {
			checkLines(t, p, text)
		}
	})
}
