package rows_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
)

var (
	traceBegins = regexp.MustCompile(`^# `)
	traceRecord = regexp.MustCompile(`(?s)^# (?P<leg_id>\S+)\n.*?to (?P<trunk_id>\S+)`)
)

// readTrace returns the records of a trace, its rejects, and the reading.
func readTrace(t *testing.T, in io.Reader, most int64, unmatched bool) ([]string, rows.Reading) {
	t.Helper()
	p := &profile.Profile{
		Lines: linesOf(traceRecord), Begins: traceBegins, RejectUnmatched: unmatched,
		Fields: map[record.Field][]profile.Place{record.LegID: profile.At("leg_id"), record.TrunkID: profile.At("trunk_id")},
	}
	var got []string
	reading, err := rows.NewMapping(p, record.LegFields, &stream.Limits{RecordBytes: most}).Read(bufio.NewReader(in), profile.TextLines, "", rows.Visitor{
		Row: func(r *rows.Row) error {
			leg, trunk := r.Value(record.LegID), r.Value(record.TrunkID)
			got = append(got, fmt.Sprintf("%d@%d %q: %s to %s", r.Index, r.Offset, r.Bytes, leg.Raw, trunk.Raw))
			return nil
		},
		Reject: func(r rows.Reject) error {
			got = append(got, fmt.Sprintf("%d@%d %q: %s", r.Row, r.Offset, r.Bytes, r.Reason))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, reading
}

func TestARecordGoesOnToTheNextFirstLine(t *testing.T) {
	for name, test := range map[string]struct {
		text      string
		most      int64
		unmatched bool
		want      []string
		rows      int64
	}{
		"two records":                {"# a\nto t1\n# b\n x\nto t2\n", 0, true, []string{`0@0 "# a\nto t1": a to t1`, `2@10 "# b\n x\nto t2": b to t2`}, 2},
		"a blank line inside":        {"# a\n\n \nto t1\n\n# b\nto t2", 0, true, []string{`0@0 "# a\n\n \nto t1": a to t1`, `2@14 "# b\nto t2": b to t2`}, 2},
		"lines before the first one": {"x\ny\n# a\nto t", 0, true, []string{`0@0 "x\ny": the line matches no pattern of the profile`, `2@4 "# a\nto t": a to t`}, 2},
		"one that matches nothing":   {"# a\nx\n# b\nto t\n", 0, true, []string{`0@0 "# a\nx": the line matches no pattern of the profile`, `2@6 "# b\nto t": b to t`}, 2},
		"it is skipped":              {"# a\nx\n# b\nto t\n", 0, false, []string{`2@6 "# b\nto t": b to t`}, 2},
		"no first line at all":       {"x\nto t\n", 0, true, []string{`0@0 "x\nto t": the line matches no pattern of the profile`}, 1},
		"as long as may be":          {"# a\nto t9999\n# b\nto t\n", 12, true, []string{`0@0 "# a\nto t9999": a to t9999`, `2@13 "# b\nto t": b to t`}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, reading := readTrace(t, strings.NewReader(test.text), test.most, test.unmatched)
			if diff := cmp.Diff(test.want, got); diff != "" || reading.Rows != test.rows {
				t.Errorf("%d rows, want %d (-want +got):\n%s", reading.Rows, test.rows, diff)
			}
		})
	}
}

// Whatever a trace is, each of its bytes that is not white space between records is in
// one record or in one piece of a record that is too long, and only such records have
// pieces.
func TestEveryByteOfATraceIsInOneRecord(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	words := []string{"# a\n", "# b\n", "to t\n", "\n", " \n", "x\n", "xxxxxxxxxxxxxxxxxxxxxxxx\n", "# ccccccccccccccccccccccc\n", "y"}
	for range 3000 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(words[r.IntN(len(words))])
		}
		text, most := b.String(), int64(r.IntN(30))
		got, reading := readTrace(t, strings.NewReader(text), most, true)

		at, records := 0, map[string]bool{}
		for _, one := range got {
			var index, offset int
			var content string
			if _, err := fmt.Sscanf(one, "%d@%d %q:", &index, &offset, &content); err != nil {
				t.Fatalf("seed %d: %s: %v", seed, one, err)
			}
			records[fmt.Sprint(index)] = true
			if offset < at || strings.TrimSpace(text[at:offset]) != "" || text[offset:offset+len(content)] != content {
				t.Fatalf("seed %d: %q with at most %d: %q leaves %q before it", seed, text, most, one, text[at:offset])
			}
			if tooLong := strings.Contains(one, "record_bytes"); !tooLong && most > 0 && int64(len(content)) > most {
				t.Fatalf("seed %d: %q with at most %d: %q is too long", seed, text, most, one)
			}
			at = offset + len(content)
		}
		if strings.TrimSpace(text[at:]) != "" || reading.Rows != int64(len(records)) {
			t.Fatalf("seed %d: %q with at most %d: %q is in no record; %d rows of %v", seed, text, most, text[at:], reading.Rows, got)
		}
	}
}

func TestARecordThatIsTooLongIsOneRejectInPieces(t *testing.T) {
	got, reading := readTrace(t, strings.NewReader("# a\n1234567\n89\nto t\n# b\nto t\n"), 12, true)
	const tooLong = "more than limits.record_bytes (12) allows; if this is no attack, raise that limit and run again"
	want := []string{
		`0@0 "# a\n1234567": ` + tooLong,
		`0@11 "\n89\nto t": ` + tooLong,
		`4@20 "# b\nto t": b to t`,
	}
	if diff := cmp.Diff(want, got); diff != "" || reading.Rows != 2 || reading.Rejected != 1 {
		t.Errorf("%d rows, %d rejects, want 2 and 1 (-want +got):\n%s", reading.Rows, reading.Rejected, diff)
	}
}

func TestAStreamThatBreaksInsideARecordRejectsIt(t *testing.T) {
	broken := &stream.Error{Err: io.ErrUnexpectedEOF}
	got, reading := readTrace(t, io.MultiReader(strings.NewReader("# a\nto t\n# b\nto"), failing{broken}), 0, true)
	want := []string{`0@0 "# a\nto t": a to t`, `2@9 "# b\nto": the stream breaks off inside this line`}
	if diff := cmp.Diff(want, got); diff != "" || reading.Damage == nil {
		t.Errorf("damage %v (-want +got):\n%s", reading.Damage, diff)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
