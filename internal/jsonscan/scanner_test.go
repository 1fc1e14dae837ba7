package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// walk reads a text as a document without any list or path.
func walk(r io.Reader) (*jsonscan.Document, error) {
	d := jsonscan.NewDocument(jsonscan.NewScanner(r, &limits), jsonscan.NewPaths(), "", 0, nil)
	d.Visit = func(*jsonscan.Element) error { return nil }
	return d, d.Walk()
}

func TestTheOffsetIsThatOfTheFirstByteThatCannotContinue(t *testing.T) {
	for text, want := range map[string]int64{
		`01`: 1, `-01`: 2, `1.x`: 2, `.5`: 0, `+1`: 0, `1e+x`: 3, `1ex`: 2, `-x`: 1, `1.2.3`: 3, `0x1`: 1, `[1 2]`: 3, `1 2`: 2,
		`trux`: 3, `truex`: 4, `True`: 0, `nul1`: 3, `falsy`: 4, `nan`: 1,
		`"\x"`: 2, `"\u12G4"`: 5, `"\U0041"`: 2, "\"a\nb\"": 2, "\"a\tb\"": 2, "\"\x00\"": 1, "\"\\\n\"": 2,
		`{"a" 1}`: 5, `{"a":1 "b":2}`: 7, `{"a":1,}`: 7, `{,}`: 1, `{a:1}`: 1, `{"a":}`: 5, `{"a",1}`: 4, `{1:2}`: 1, `{"a"::1}`: 5,
		`[1,]`: 3, `[,1]`: 1, `[1}`: 2, `{"a":1]`: 6, `[1]]`: 3, `{}{}`: 2, `[] x`: 3, `]`: 0, `<html>`: 0, "\x00": 0, `'a'`: 0,
		`{"a":"b"}trailing`: 9, "\xef\xbb\xbf{}x": 5, "\xef\xbb\xbfx": 3, "\xef\xbb\xbf\xef\xbb\xbf{}": 3, "{}\xef\xbb\xbf": 2, "[1,//\n2]": 3,
		"\v{}": 0, "\u00a0{}": 0,
	} {
		_, err := walk(strings.NewReader(text))
		var syntax *jsonscan.SyntaxError
		if !errors.As(err, &syntax) || syntax.Truncated || syntax.Offset != want {
			t.Errorf("%q: %+v, want a syntax error at %d", text, err, want)
		}
	}
}

func TestATextThatEndsInsideAValueIsCut(t *testing.T) {
	for _, text := range []string{
		"", " \n", "\xef\xbb\xbf", "\xef\xbb\xbf ", "\xef", "\xef\xbb", "-", "1.", "1e", "1e-", "[1", "[1.", "tr", `"`, `"abc`, `"\`, `"\u`, `"\u12`, "{", `{"a`, `{"a"`, `{"a":`,
		`{"a":1`, `{"a":1,`, "[", "[1,", "[[]", `{"a":nul`, "[true ", "{}"[:1] + " ", "\"\xff\xfe",
	} {
		_, err := walk(strings.NewReader(text))
		var syntax *jsonscan.SyntaxError
		if !errors.As(err, &syntax) || !syntax.Truncated || syntax.Offset != int64(len(text)) || !jsonscan.IsTruncated(err) {
			t.Errorf("%q: %+v, want a cut at %d", text, err, len(text))
		}
	}
}

// seeds are texts with everything in them that JSON has.
var limits = stream.DefaultLimits()

var seeds = []string{
	`{"format":"cdrmend.manifest/1","counts":{"total":2,"failed":0},"recordings":[{"recording_id":"a\"\\\/\b\f\n\r\t","x":[1,-2.5e+10,0.0E-3]},{"k":{}}]}`,
	"[true,false , null,\"\\uD83D\\uDE00\\u00e9 é\",[],{},[[[0]]],-0,10,1e5]\r\n",
	"\t{\"a\" : {\"b\":[{\"c\":\"\xff\"}]},\n\"a\":\"\\u0000\" }",
	`"text"`, `-12.5e7 `, `null`,
}

// mutated returns a text with a few bytes changed, added, removed or moved.
func mutated(rng *rand.Rand, text []byte) []byte {
	const alphabet = "{}[]\",:\\/bfnrtu0123456789+-.eEaltruefalsnull \n\x00\x1f\xff\xef"
	b := bytes.Clone(text)
	for range rng.IntN(4) {
		at := rng.IntN(len(b) + 1)
		switch c := alphabet[rng.IntN(len(alphabet))]; rng.IntN(4) {
		case 0:
			b = append(b[:at:at], append([]byte{c}, b[at:]...)...)
		case 1:
			b = append(b[:at:at], b[min(at+1+rng.IntN(3), len(b)):]...)
		case 2:
			if at < len(b) {
				b[at] = c
			}
		case 3:
			b = b[:at]
		}
		if len(b) == 0 {
			return b
		}
	}
	return b
}

func checkScanner(t *testing.T, text []byte) {
	t.Helper()
	if len(text) > 0 && text[0] == 0xef {
		return // a byte order mark is no JSON
	}
	offset, valid, cut := breaks(text)
	d, err := walk(bytes.NewReader(text))
	if valid != (err == nil) {
		t.Fatalf("error %v, but valid is %v, of %q", err, valid, text)
	}
	var syntax *jsonscan.SyntaxError
	if err != nil && (!errors.As(err, &syntax) || syntax.Offset != offset || syntax.Truncated != cut) {
		t.Fatalf("got %+v, want offset %d, cut %v, of %q", err, offset, cut, text)
	}
	if err != nil && d.Keep > offset {
		t.Fatalf("keeps %d bytes, more than %d, of %q", d.Keep, offset, text)
	}
	recovered := append(bytes.Clone(text[:d.Keep]), d.Closers...)
	if len(recovered) > 0 && !json.Valid(recovered) {
		t.Fatalf("recovered %q of %q", recovered, text)
	}
	_, slow := walk(iotest.OneByteReader(bytes.NewReader(text)))
	if (slow == nil) != (err == nil) || err != nil && *slow.(*jsonscan.SyntaxError) != *syntax {
		t.Fatalf("byte by byte %v, at once %v, of %q", slow, err, text)
	}
}

func TestTheScannerAgreesWithTheGrammarOnRandomTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(8259, 1))
	for _, seed := range seeds {
		for n := range len(seed) + 1 {
			checkScanner(t, []byte(seed[:n]))
		}
		for range 1500 {
			checkScanner(t, mutated(rng, []byte(seed)))
		}
	}
}

// FuzzScanner: a text is valid, cut or broken, and broken at that byte, exactly
// as an automaton of RFC 8259 says, however it arrives; what is kept is valid.
func FuzzScanner(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	for _, text := range []string{"", "01", `{"a":1,}`, `[1,2`, `{"a":{"b":tru`, "[\"\\ud800\"]", "{}\x00"} {
		f.Add([]byte(text))
	}
	for _, c := range jsonTestSuite(f) {
		if len(c.text) < 1000 {
			f.Add([]byte(c.text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) <= 1000 { // the automaton knows no limits
			checkScanner(t, text)
		}
	})
}

func TestLimitOfDepthIsAThousandUnlessConfigured(t *testing.T) {
	for _, c := range []struct{ open, closed string }{{"[", "]"}, {`{"a":`, "}"}} {
		for depth, over := range map[int]bool{1000: false, 1001: true, 1_000_000: true} {
			text := strings.Repeat(c.open, depth) + "1" + strings.Repeat(c.closed, depth)
			_, err := walk(strings.NewReader(text))
			var limit *stream.LimitError
			if !over && err != nil || over && (!errors.As(err, &limit) || limit.Limit != "depth" || limit.Max != 1000) {
				t.Errorf("%d times %s: %v, want an error: %v", depth, c.open, err, over)
			}
		}
	}
}

func TestAFailingReaderIsNoSyntaxError(t *testing.T) {
	broken := errors.New("connection reset")
	for n := range len(seeds[0]) {
		_, err := walk(io.MultiReader(strings.NewReader(seeds[0][:n]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || jsonscan.IsDamage(err) {
			t.Fatalf("after %d bytes: %v, want %v", n, err, broken)
		}
	}
}

func TestALargeValueOutgrowsTheWindow(t *testing.T) {
	long := strings.Repeat("long text ", 50_000)
	p := jsonscan.NewPaths()
	a, b := p.Add("/a"), p.Add("/b")
	d := jsonscan.NewDocument(jsonscan.NewScanner(strings.NewReader(`[{"a":"`+long+`","b":"x"},{"a":"y"}]`), &limits), p, "", 0, nil)
	var got []string
	d.Visit = func(e *jsonscan.Element) error {
		got = append(got, string(e.Value(a).Text()), string(e.Value(b).Text()))
		return nil
	}
	if err := d.Walk(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 || got[0] != long || got[1] != "x" || got[2] != "y" || got[3] != "" {
		t.Errorf("got %d values, the first of %d bytes, then %q", len(got), len(got[0]), got[1:])
	}
}
