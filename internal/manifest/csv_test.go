package manifest_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
)

const csvProfile = "manifests:\n  formats: [csv]\n  fields: {recording_id: [id], conversation_id: [call], start_time: [begin], end_time: [end], trunk_id: [trunk, line]}\n"

func csvProfileOf(t testing.TB, text string) *profile.Profile {
	t.Helper()
	p, err := profile.Load("own.yaml", []byte(text), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// table reads a document in CSV, and writes it with what it lacks filled in: texts
// of its number and field. It says how the document broke, which rows were rejected,
// and which bytes were set aside.
func table(t testing.TB, p *profile.Profile, stored []byte, required record.Fields) (brief, written string, rejects []rows.Reject) {
	t.Helper()
	in := manifest.Input{Key: "k.csv", StoredSize: int64(len(stored)), Stream: stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits), Format: profile.CSV}
	in.Body = bufio.NewReader(in.Stream)
	in.Reject = func(r rows.Reject) error {
		r.Bytes = slices.Clone(r.Bytes)
		rejects = append(rejects, r)
		return nil
	}
	b, err := manifest.NewReader(p, intern.NewTable(), required, &limits).Read(in)
	if err != nil {
		t.Fatal(err)
	}
	brief = fmt.Sprintf("entries=%d rows=%d", b.Doc.N, b.Rows)
	if x := b.Doc.Extra; x != nil && x.Malformed != nil {
		brief += fmt.Sprintf(" malformed=%d", x.Malformed.Offset)
	}
	if x := b.Doc.Extra; x != nil && x.Truncated != nil {
		brief += fmt.Sprintf(" truncated=%d", x.Truncated.Offset)
	}
	if b.Doc.N == 0 {
		return brief, "", rejects
	}

	var edits []manifest.Edit
	if b.Doc.Extra != nil {
		for i := range b.Doc.Extra.Gaps {
			g := &b.Doc.Extra.Gaps[i]
			edits = append(edits, manifest.Edit{Gap: g, Value: fmt.Sprintf("%s%d", string("RCTSE"[g.Field]), g.Entry)})
		}
	}
	var out strings.Builder
	content := stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits)
	if err := manifest.WriteCSV(&out, content, p, &b.Doc, slices.Values(edits)); err != nil {
		t.Fatal(err)
	}
	return brief, out.String(), rejects
}

func TestATableIsRepairedInItsCells(t *testing.T) {
	for name, test := range map[string]struct{ profile, text, brief, want string }{
		"nothing lacks":        {csvProfile, "id,call,begin,end,trunk\nr,c,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z,t\n", "entries=1 rows=1", "id,call,begin,end,trunk\nr,c,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z,t\n"},
		"empty cells":          {csvProfile, "id,call,begin,end,trunk,x\r\nr,,,,\"\",\" y\"\r\n\r\n", "entries=1 rows=1", "id,call,begin,end,trunk,x\r\nr,C0,S0,E0,\"T0\",\" y\"\r\n\r\n"},
		"a later place":        {csvProfile, "id,call,begin,end,line\nr,c,,,\n", "entries=1 rows=1", "id,call,begin,end,line\nr,c,S0,E0,T0\n"},
		"no column":            {csvProfile, "\xef\xbb\xbfid,begin,end\nr,,\ns,2026-11-20T10:00:00Z,", "entries=2 rows=2", "\xef\xbb\xbfid,begin,end,call,trunk\nr,S0,E0,C0,T0\ns,2026-11-20T10:00:00Z,E1,C1,T1"},
		"no place at all":      {"manifests:\n  formats: [csv]\n  fields: {recording_id: [id]}\n", "id\nr\n", "entries=1 rows=1", "id,conversation_id,trunk_id,start_time,end_time\nr,C0,T0,S0,E0\n"},
		"a name that is taken": {"manifests:\n  formats: [csv]\n  fields: {recording_id: [id], start_time: [b], end_time: [e], conversation_id: [c]}\n", "id,trunk_id,b,e,c\nr,x,,,\n", "entries=1 rows=1", "id,trunk_id,b,e,c\nr,x,S0,E0,C0\n"},
		"computed only":        {"manifests:\n  formats: [csv]\n  fields: {recording_id: [id], conversation_id: [{from: c}], trunk_id: [t], start_time: [{from: s}], end_time: [{from: e}]}\n", "id,c\nr,\n", "entries=1 rows=1", "id,c,t\nr,,T0\n"},
		"no header":            {"manifests:\n  formats: [csv]\n  csv: {header: [id, call, '-1']}\n  fields: {recording_id: [id], conversation_id: [call]}\n", "r,,x\ns,c,y\n", "entries=2 rows=2", "r,C0,x\ns,c,y\n"},
		"a row of types":       {"manifests:\n  formats: [csv]\n  csv: {skip: 1}\n  fields: {recording_id: [id], conversation_id: [call]}\n", "id,call\nTEXT,TEXT\nr,\n", "entries=1 rows=1", "id,call,trunk_id,start_time,end_time\nTEXT,TEXT,,,\nr,C0,T0,S0,E0\n"},
		"comments":             {"manifests:\n  formats: [csv]\n  csv: {comment: '#'}\n  fields: {recording_id: [id], conversation_id: [call]}\n", "# of, x\n\n#\nid,call\n#,y\nr,\n#", "entries=1 rows=3", "# of, x\n\n#\nid,call,trunk_id,start_time,end_time\n#,y\nr,C1,T1,S1,E1\n#"},
		"comments alone":       {"manifests:\n  formats: [csv]\n  csv: {comment: '#'}\n  fields: {recording_id: [id]}\n", "#\n#", "entries=0 rows=0 truncated=0", ""},
		"a short row":          {csvProfile, "id,call\nr,\nx\n\ns,c\n", "entries=2 rows=3 malformed=11", "id,call,trunk,begin,end\nr,C0,T0,S0,E0\n\ns,c,T2,S2,E2\n"},
		"a long row":           {csvProfile, "id,call\nx,y,z\nr,c\n", "entries=1 rows=2 malformed=8", "id,call,trunk,begin,end\nr,c,T1,S1,E1\n"},
		"a cut row":            {csvProfile, "id,call,begin,end,trunk\nr,c,2026-11", "entries=1 rows=1 truncated=35", "id,call,begin,end,trunk\nr,c,S0,E0,T0"},
		"a cut quoted cell":    {csvProfile, "id,call,begin,end,trunk\n\"r\",\"c\",\"2026", "entries=1 rows=1 truncated=37", "id,call,begin,end,trunk\n\"r\",\"c\",S0,E0,T0"},
		"a closed last cell":   {csvProfile, "id,call,begin,end,trunk\nr,\"c\"", "entries=1 rows=1 truncated=29", "id,call,begin,end,trunk\nr,\"c\",S0,E0,T0"},
		"a cut long row":       {csvProfile, "id,call\nr,,x,y,\"z", "entries=1 rows=1 truncated=17", "id,call,trunk,begin,end\nr,C0,T0,S0,E0"},
		"cut, without column":  {csvProfile, "id,call,x,y\nr,c,", "entries=1 rows=1 truncated=16", "id,call,x,y,trunk,begin,end\nr,c,,,T0,S0,E0"},
		"cut in the first":     {csvProfile, "id,call\nr,c\ns", "entries=1 rows=2 truncated=13", "id,call,trunk,begin,end\nr,c,T0,S0,E0\n"},
		"nothing":              {csvProfile, "", "entries=0 rows=0 truncated=0", ""},
		"white space":          {csvProfile, " \n\n", "entries=0 rows=0 truncated=0", ""},
		"header alone":         {csvProfile, "id,call\n", "entries=0 rows=0", ""},
		"a cut header":         {csvProfile, "id,\"ca", "entries=0 rows=0 truncated=6", ""},
		"another delimiter":    {csvProfile, "id;call\nr;c\n", "entries=0 rows=0 malformed=0", ""},
		"a column twice":       {csvProfile, "id,call,x,call\nr,c,y,d\n", "entries=0 rows=0 malformed=0", ""},
		"another one twice":    {csvProfile, "id,call,x,x\nr,,y,z\n", "entries=1 rows=1", "id,call,x,x,trunk,begin,end\nr,C0,y,z,T0,S0,E0\n"},
		"no known field":       {csvProfile, "id,call,x\n,,1\nr,c,2\n", "entries=1 rows=2", "id,call,x,trunk,begin,end\n,,1,,,\nr,c,2,T1,S1,E1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			brief, written, _ := table(t, csvProfileOf(t, test.profile), []byte(test.text), required)
			if diff := cmp.Diff(test.brief+"\n"+test.want, brief+"\n"+written); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A document that is cut anywhere keeps the cells before the cut, and can be read
// again.
func TestATableThatIsCutAnywhereIsWrittenAsOneThatIsWhole(t *testing.T) {
	const text = "id,call,begin,end,trunk\n\"r,1\",c1,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z,\"t\"\"x\"\nr2,\"c\n2\",2026-11-20T10:00:00Z,2026-11-20T10:01:00Z,t\n"
	p := csvProfileOf(t, csvProfile)
	for n := range len(text) {
		brief, written, _ := table(t, p, []byte(text[:n]), 0)
		if written == "" {
			continue
		}
		if _, err := csv.NewReader(strings.NewReader(written)).ReadAll(); err != nil {
			t.Errorf("%q becomes %q: %v", text[:n], written, err)
		}
		again, same, rejects := table(t, p, []byte(written), 0)
		entries := func(brief string) string { return strings.Fields(brief)[0] }
		if entries(again) != entries(brief) || same != written || strings.Contains(again, "truncated") || len(rejects) > 0 {
			t.Errorf("%q becomes %q with %s, which is read as %s with %d rejects", text[:n], written, brief, again, len(rejects))
		}
	}
}

// FuzzTable: any text is read and written without a panic, and what is written is read
// as the same entries, in which nothing is cut.
func FuzzTable(f *testing.F) {
	f.Add([]byte("id,call,begin,end,trunk\nr,c,,,\n"), false)
	f.Add([]byte("\xef\xbb\xbfid,call\r\n\"r\"\"\",\"\r\n\"\r\n#\n\nx"), true)
	plain := csvProfileOf(f, csvProfile)
	odd := csvProfileOf(f, strings.Replace(csvProfile, "  fields", "  csv: {comment: '#', skip: 1, before: 1}\n  fields", 1))
	f.Fuzz(func(t *testing.T, text []byte, special bool) {
		p := plain
		if special {
			p = odd
		}
		brief, written, rejects := table(t, p, text, 0)
		if written == "" {
			return
		}
		damaged := strings.Contains(brief, "malformed") || strings.Contains(brief, "truncated")
		if !damaged && written != string(text) {
			t.Errorf("nothing was repaired in %q, and it is written as %q", text, written)
		}
		again, same, _ := table(t, p, []byte(written), 0)
		if strings.Fields(again)[0] != strings.Fields(brief)[0] || same != written || strings.Contains(again, "malformed") || strings.Contains(again, "truncated") {
			t.Errorf("%q (%s, %d rejects) is written as %q, which is %s", text, brief, len(rejects), written, again)
		}
	})
}

func BenchmarkReadTable(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("id,call,begin,end,trunk\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "r%d,c%d,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z,t\n", i, i)
	}
	p := csvProfileOf(b, csvProfile)
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		table(b, p, text.Bytes(), required)
	}
}
