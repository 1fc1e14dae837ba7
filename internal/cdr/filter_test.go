package cdr_test

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// conversations are some of one leg each and, every third time, another one.
func conversations(n int) string {
	var b strings.Builder
	for i := range n {
		sessions := []string{session(fmt.Sprint("leg", i), "", seg("x", i, i+60), seg("interact", i+1, i+2))}
		if i%3 == 0 {
			sessions = append(sessions, session(fmt.Sprint("more", i), `"ani":{}`, seg("x", i, 0)))
		}
		b.WriteString(strings.Replace(ended(participant("customer", sessions...), participant("agent", sessions[0])), `"C"`, fmt.Sprintf(`"c%d"`, i), 1) + "\n")
	}
	return b.String()
}

func TestLegsThatPassAFilterAreWhatTheyAreWithoutOne(t *testing.T) {
	p, text := builtIn(t, "genesys-conversation-detail"), conversations(40)
	told := func(b *cdr.Batch, texts *intern.Table) (lines []string) {
		for i := range b.Legs {
			l := &b.Legs[i]
			line := fmt.Sprint(l.Ref.Row, " ", texts.String(l.Conversation), " ", tell(b, l, texts))
			for _, v := range b.Invalid {
				if v.Row == l.Ref.Row {
					line += " " + v.Field.String() + "=" + v.Raw
				}
			}
			lines = append(lines, line)
		}
		return lines
	}
	all := intern.NewTable()
	var want []string
	for _, line := range told(readWith(t, p, all, profile.JSONLines, text), all) {
		if strings.Contains(line, " c7 ") || strings.Contains(line, " c30 ") {
			want = append(want, line)
		}
	}
	if len(want) != 3 {
		t.Fatalf("legs of two conversations are %q", want)
	}
	for every := range 5 {
		texts := intern.NewTable()
		texts.OfString("c7")
		texts.OfString("c30")
		filter := intern.NewFilter(record.Span{}, texts.Mark(), intern.NewLinks(), every+1)
		r := cdr.NewReader(p, filter.Texts(), &stream.Limits{})
		r.Filter, r.Org = filter, texts.OfString("o")
		b, err := r.Read(bufio.NewReader(strings.NewReader(text)), profile.JSONLines, func(rows.Reject) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(b, texts)); diff != "" {
			t.Errorf("filtering %d at a time (-want +got):\n%s", every+1, diff)
		}
		if b.Found() != 54 {
			t.Errorf("%d legs found, want 54", b.Found())
		}
	}
}
