package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"

	"github.com/google/go-cmp/cmp"
)

// visited walks through a batch whose list is at a pointer and returns what
// counts in the end: the elements, and the document's own name.
func visited(text, list string) (elements []string, name string, d *jsonscan.Document, err error) {
	p := jsonscan.NewPaths()
	own := p.Add("/name")
	id := p.Add("/t/id")
	d = jsonscan.NewDocument(jsonscan.NewScanner(strings.NewReader(text), &limits), p, list, p.Add("/format"), []int{own})
	d.Restart = func() { elements = nil }
	d.Visit = func(e *jsonscan.Element) error {
		raw := string(e.Raw())
		if e.Partial {
			raw += "…"
		}
		if v := e.Value(id); v.Kind != jsonscan.Absent {
			raw += fmt.Sprintf(" id=%s", v.Raw)
		}
		elements = append(elements, fmt.Sprint(e.Index, " ", raw))
		return nil
	}
	err = d.Walk()
	return elements, string(d.Outer(own).Raw), d, err
}

func TestTheLastSpellingOfEverythingCounts(t *testing.T) {
	for _, c := range []struct {
		list, text, name string
		want             []string
	}{
		{"/list", `{"name":1,"list":[{"a":1}],"name":2,"list":[{"b":2},5]}`, "2", []string{`0 {"b":2}`, `1 5`}},
		{"/list", `{"list":[{"a":1}],"list":[]}`, "", nil},
		{"/list", `{"list":[{"a":1}],"list":null}`, "", nil},
		{"/list", `{"list":{"a":1},"list":[1]}`, "", []string{`0 1`}},
		{"/list", `{"list":[{"t":{"id":1},"t":{}}],"name":"n"}`, `"n"`, []string{`0 {"t":{"id":1},"t":{}}`}},
		{"/list", `{"list":[{"t":{"id":1,"id":2}},{"t":{"id":1},"t":7},{"\u0074":{"i\u0064":3}}]}`, "", []string{
			`0 {"t":{"id":1,"id":2}} id=2`, `1 {"t":{"id":1},"t":7}`, `2 {"\u0074":{"i\u0064":3}} id=3`,
		}},
		{"/data/list", `{"data":{"list":[1]},"data":{"list":[2]}}`, "", []string{"0 2"}},
		{"/data/list", `{"data":{"list":[1]},"data":{"x":1}}`, "", nil},
		{"/data/list", `{"data":{"list":[1]},"data":5}`, "", nil},
		{"/da~1ta/l~0", `{"da/ta":{"l~":[1]}}`, "", []string{"0 1"}},
		{"/list", `{"name":1,"name":null}`, "null", []string{`0 {"name":1,"name":null}`}},
		{"/list", `{"format":1,"name":3}`, "3", nil},
		{"/list", `[{"list":[1]}]`, "", []string{`0 {"list":[1]}`}},
		{"/list", ` {} `, "", []string{`0 {}`}},
		{"", `{"list":[1]}`, "", []string{`0 {"list":[1]}`}},
		{"/list", `5`, "", []string{`0 5`}},
	} {
		got, name, _, err := visited(c.text, c.list)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || name != c.name {
			t.Errorf("%s: name %q, want %q; elements (-want +got):\n%s", c.text, name, c.name, diff)
		}
	}
}

func TestABrokenTextKeepsWhatWasComplete(t *testing.T) {
	for _, c := range []struct {
		text, recovered string
		want            []string
	}{
		{`{"list":[{"a":1},{"b":2`, `{"list":[{"a":1}]}`, []string{`0 {"a":1}`}},
		{`{"list":[{"a":1},{"b":2 `, `{"list":[{"a":1},{"b":2}]}`, []string{`0 {"a":1}`, `1 {"b":2 …`}},
		{`{"list":[{"a":1},{"b":2x`, `{"list":[{"a":1}]}`, []string{`0 {"a":1}`}},
		{`{"list":[{"a":1} ,{"b":"2" , "c`, `{"list":[{"a":1} ,{"b":"2"}]}`, []string{`0 {"a":1}`, `1 {"b":"2" , "c…`}},
		{`{"list":[{"t":{"id":1},"t":{"id":2`, `{"list":[{"t":{"id":1}}]}`, []string{`0 {"t":{"id":1},"t":{"id":2… id=1`}},
		{`{"list":[{"x":1,"t":{"id":1`, `{"list":[{"x":1}]}`, []string{`0 {"x":1,"t":{"id":1…`}},
		{`{"list":[{"t":{"id":1},"t":{"id":2},"z"`, `{"list":[{"t":{"id":1},"t":{"id":2}}]}`, []string{`0 {"t":{"id":1},"t":{"id":2},"z"… id=2`}},
		{`{"name":5,"list":[1,2`, `{"name":5,"list":[1]}`, []string{`0 1`}},
		{`{"name":5,"list":[`, `{"name":5}`, nil},
		{`{"list":[1],"name":{"x":1`, `{"list":[1]}`, []string{`0 1`}},
		{`{"list":[1],"name":7,`, `{"list":[1],"name":7}`, []string{`0 1`}},
		{`{"list":[1]} x`, `{"list":[1]}`, []string{`0 1`}},
		{`{"list":[1]`, `{"list":[1]}`, []string{`0 1`}},
		{`{"list":[1],"list":[`, `{"list":[1]}`, []string{`0 1`}},
		{`{"list":[1],"list":[{"a"`, `{"list":[1]}`, []string{`0 1`}},
		{`{"list":[1],"list":[{"a":"b"`, `{"list":[1],"list":[{"a":"b"}]}`, []string{`0 {"a":"b"…`}},
		{`{"list":[1],"list":[]`, `{"list":[1],"list":[]}`, nil},
		{`{"list":[1],"list":nul`, `{"list":[1]}`, []string{`0 1`}},
		{`[{"a":1},{`, `[{"a":1}]`, []string{`0 {"a":1}`}},
		{`{"a":1,"b":[1`, `{"a":1}`, []string{`0 {"a":1,"b":[1…`}},
		{`{"a":`, ``, nil},
		{`[[1],"x",tru`, `[[1],"x"]`, []string{`0 [1]`, `1 "x"`}},
		{`[12`, ``, nil},
		{`12 13`, `12`, []string{`0 12`}},
	} {
		got, _, d, err := visited(c.text, "/list")
		if !jsonscan.IsDamage(err) {
			t.Errorf("%s: %v, want damage", c.text, err)
		}
		if recovered := c.text[:d.Keep] + d.Closers; recovered != c.recovered {
			t.Errorf("%s: recovered %q, want %q", c.text, recovered, c.recovered)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: elements (-want +got):\n%s", c.text, diff)
		}
	}
}

func checkWalk(t *testing.T, text []byte) {
	t.Helper()
	_, _, d, err := visited(string(text), "/recordings")
	plain := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if err == nil {
		if !json.Valid(plain) {
			t.Fatalf("takes %q for valid", text)
		}
		return
	}
	if d.Keep > int64(len(text)) {
		t.Fatalf("keeps %d bytes of %q", d.Keep, text)
	}
	recovered := append(bytes.Clone(text[:d.Keep]), d.Closers...)
	if len(recovered) == 0 {
		return
	}
	if !json.Valid(bytes.TrimPrefix(recovered, []byte("\xef\xbb\xbf"))) {
		t.Fatalf("recovered %q of %q", recovered, text)
	}
	before, _, _, _ := visited(string(text), "/recordings")
	after, _, _, err := visited(string(recovered), "/recordings")
	if len(before) > 0 && (err != nil || len(before) != len(after)) {
		t.Fatalf("%d elements before, %d after recovery, %v, of %q", len(before), len(after), err, text)
	}
}

func TestWhatIsRecoveredIsValidAndHoldsTheSameElements(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for _, seed := range append(seeds, `{"recordings":[{"a":1}],"x":[],"recordings":[{"b":{"c":2}},3,{"d":4}],"counts":{}}`) {
		for n := range len(seed) + 1 {
			checkWalk(t, []byte(seed[:n]))
		}
		for range 700 {
			checkWalk(t, mutated(rng, []byte(seed)))
		}
	}
}

// FuzzDocument: what is recovered of a broken text is valid for encoding/json
// and has as many elements as were visited.
func FuzzDocument(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Add([]byte(`{"recordings":[{"a":1}],"recordings":[{"a":{"b":2`))
	f.Add([]byte("\xef\xbb\xbf{\"format\":1,\"counts\":{\"total\":2},\"recordings\":[1,{\"x\":\"y\"},{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) <= 1000 { // and thus within all limits
			checkWalk(t, text)
		}
	})
}

func TestNestedObjectsCostNoAllocation(t *testing.T) {
	p := jsonscan.NewPaths()
	p.Add("/timing/start")
	slots, text := p.NewSlots(), []byte(`{"timing":{"start":1,"end":2},"x":{"timing":3}}`)
	var s jsonscan.Scanner
	allocated := testing.AllocsPerRun(100, func() {
		s.Reset(text, 0, &limits)
		slots.Clear()
		if _, err := slots.Scan(&s); err != nil {
			t.Fatal(err)
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations for one object", allocated)
	}
}
