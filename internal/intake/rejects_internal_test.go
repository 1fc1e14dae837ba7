package intake

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"cdrmend/internal/rows"

	"github.com/google/go-cmp/cmp"
)

// written returns what the lines of rejects of object 0 say, without hashes.
func written(t *testing.T, a *Account) (list []string) {
	t.Helper()
	spool := a.Rejects[0]
	if spool == nil {
		return nil
	}
	at, err := spool.ReaderAt()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(io.NewSectionReader(at, 0, spool.Size()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var r rejectLine
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%d+%d at %d: %d bytes, %s", r.Row, r.Rows, r.Offset, r.Length, r.Reason))
	}
	return list
}

// row is a reject of so many bytes, between bytes before and after which others are.
func row(n, offset int64, size int, before, reason string) rows.Reject {
	return rows.Reject{Row: n, Offset: offset, Reason: reason, Bytes: []byte(strings.Repeat("x", size)), Before: []byte(before)}
}

func TestSuccessiveRejectsWithOneReasonStandInOneLine(t *testing.T) {
	for name, c := range map[string]struct {
		lines   bool
		rejects []rows.Reject
		want    []string
	}{
		"one":                    {false, []rows.Reject{row(3, 10, 2, "\n", "a")}, []string{"3+0 at 10: 2 bytes, a"}},
		"with what is between":   {false, []rows.Reject{row(3, 10, 2, "", "a"), row(4, 15, 1, ", \n", "a"), row(5, 17, 1, ",", "a")}, []string{"3+3 at 10: 8 bytes, a"}},
		"another reason":         {false, []rows.Reject{row(3, 10, 2, "", "a"), row(4, 13, 1, ",", "b")}, []string{"3+0 at 10: 2 bytes, a", "4+0 at 13: 1 bytes, b"}},
		"a row between":          {false, []rows.Reject{row(3, 10, 2, "", "a"), row(5, 13, 1, ",", "a")}, []string{"3+0 at 10: 2 bytes, a", "5+0 at 13: 1 bytes, a"}},
		"unknown bytes between":  {false, []rows.Reject{row(3, 10, 2, "", "a"), row(4, 99, 1, ",", "a")}, []string{"3+0 at 10: 2 bytes, a", "4+0 at 99: 1 bytes, a"}},
		"no rows":                {false, []rows.Reject{row(-1, 0, 2, "", "a"), row(-1, 2, 1, "", "a")}, []string{"-1+0 at 0: 2 bytes, a", "-1+0 at 2: 1 bytes, a"}},
		"pieces of a line":       {false, []rows.Reject{row(3, 0, 2, "", "a"), row(3, 2, 1, "", "a")}, []string{"3+0 at 0: 2 bytes, a", "3+0 at 2: 1 bytes, a"}},
		"up to 64 KiB":           {false, []rows.Reject{row(0, 0, 40_000, "", "a"), row(1, 40_001, 25_535, "\n", "a"), row(2, 65_537, 1, "\n", "a")}, []string{"0+2 at 0: 65536 bytes, a", "2+0 at 65537: 1 bytes, a"}},
		"a longer one alone":     {false, []rows.Reject{row(0, 0, 65_537, "", "a"), row(1, 65_538, 1, "\n", "a")}, []string{"0+0 at 0: 65537 bytes, a", "1+0 at 65538: 1 bytes, a"}},
		"rows of Parquet":        {false, []rows.Reject{row(7, 0, 0, "", "a"), row(8, 0, 0, "", "a")}, []string{"7+2 at 0: 0 bytes, a"}},
		"blank lines of a table": {false, []rows.Reject{row(0, 0, 1, "", "a"), row(1, 3, 1, "\n\n", "a")}, []string{"0+2 at 0: 4 bytes, a"}},
		"that a document keeps":  {true, []rows.Reject{row(0, 0, 1, "", "a"), row(1, 3, 1, "\n\n", "a"), row(2, 5, 1, "\n", "a")}, []string{"0+0 at 0: 1 bytes, a", "1+2 at 3: 3 bytes, a"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(1, t.TempDir())
			defer a.Close()
			log := &rejectLog{account: a, lines: c.lines}
			for _, r := range c.rejects {
				if err := log.add(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := log.end(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, written(t, a)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestForgottenRejectsAreNotWritten(t *testing.T) {
	a := newAccount(1, t.TempDir())
	defer a.Close()
	log := &rejectLog{account: a}
	for i := range int64(3) {
		if err := log.add(row(2*i, 2*i, 1, "", "a")); err != nil {
			t.Fatal(err)
		}
	}
	log.forget()
	if err := log.add(row(9, 9, 1, "", "a")); err != nil {
		t.Fatal(err)
	}
	if err := log.end(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"9+0 at 9: 1 bytes, a"}, written(t, a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
