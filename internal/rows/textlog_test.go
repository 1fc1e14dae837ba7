package rows_test

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
)

var logLine = regexp.MustCompile(`^(?P<leg_id>\S+) (?:on (?P<trunk_id>\S*)|by \S+)?`)

// checkTextLog holds the rows and rejects of a log against its lines, each of
// them matched by itself.
func checkTextLog(t *testing.T, text string) {
	t.Helper()
	p := &profile.Profile{Line: logLine, RejectUnmatched: true, Fields: map[record.Field][]string{record.LegID: {"leg_id"}, record.TrunkID: {"trunk_id"}}}
	var want []string
	at, index := 0, 0
	if strings.HasPrefix(text, "\xef\xbb\xbf") {
		at = 3
	}
	for _, whole := range strings.SplitAfter(text[at:], "\n") {
		if line := strings.TrimSuffix(whole, "\n"); strings.TrimSpace(line) != "" {
			found := "rejected"
			if groups := logLine.FindStringSubmatch(line); groups != nil {
				found = fmt.Sprintf("%q on %q", groups[1], groups[2])
			}
			want = append(want, fmt.Sprintf("%d@%d %q: %s", index, at, line, found))
			index++
		}
		at += len(whole)
	}
	var got []string
	_, err := rows.NewMapping(p, record.LegFields, &limits).Read(bufio.NewReader(strings.NewReader(text)), profile.TextLines, "", rows.Visitor{
		Row: func(r *rows.Row) error {
			leg, trunk := r.Value(record.LegID), r.Value(record.TrunkID)
			got = append(got, fmt.Sprintf("%d@%d %q: %q on %q", r.Index, r.Offset, r.Bytes, leg.Raw, trunk.Raw))
			return nil
		},
		Reject: func(r rows.Reject) error {
			got = append(got, fmt.Sprintf("%d@%d %q: rejected", r.Row, r.Offset, r.Bytes))
			return nil
		},
	})
	if err != nil || !cmp.Equal(want, got) {
		t.Fatalf("%v, lines of %q (-want +got):\n%s", err, text, cmp.Diff(want, got))
	}
}

func TestATextLogCutAtEveryByteHasTheLinesThatAreLeft(t *testing.T) {
	const text = "\xef\xbb\xbfa on t1\r\n\n b by t2\nnonsense\n\xff on \xc3\xa9\n \t\nc on \nd \x00"
	for n := 3; n <= len(text); n++ {
		checkTextLog(t, text[:n])
	}
}

// FuzzTextLog: every line that is not blank is one row with the groups that
// match in it alone, or one reject, with its place and all its bytes.
func FuzzTextLog(f *testing.F) {
	for _, text := range []string{"a on t1\r\n\nb by t2\nnonsense\nc on \nd ", "\xef\xbb\xbfa on b\n\xff\xfe by x", "\n \n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !stream.IsUTF16([]byte(text)) && text != "\xef" && text != "\xef\xbb" {
			checkTextLog(t, text)
		}
	})
}
