package rows_test

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/internal/stream/streamtest"
)

// What is beyond a limit must depend on the bytes alone.
func TestLimitOfRecordsIsExactHoweverTheBytesArrive(t *testing.T) {
	const most = 64 << 10
	own := stream.Limits{RecordBytes: most}
	p := &profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/id")}}
	for _, c := range []struct {
		format                profile.Format
		before, start, finish string // of the record, filled up to a length
		after                 string
		damage                bool // or a reject
	}{
		{profile.JSON, `[{"id":1},` + " ", `{"id":"`, `"}`, strings.Repeat(" ", most+5) + `,{"id":2}]`, true},
		{profile.JSON, "", `{"id":"`, `"}`, "", true},
		{profile.JSON, "\n\n", `{"id":"`, `"}`, strings.Repeat("\n", most), true},
		{profile.JSONLines, `{"id":1}` + "\n", `{"id":"`, `"}`, "\n" + `{"id":2}` + "\n", false},
		{profile.JSONLines, `{"id":1}` + "\n", `{"id":"`, `"}`, "", false},
	} {
		for _, length := range []int{most - 1, most, most + 1, most + 2, 2*most + 1, 2*most + 2, 3*most + 7} {
			text := c.before + c.start + strings.Repeat("x", length-len(c.start)-len(c.finish)) + c.finish + c.after
			for how, arrive := range streamtest.Portions {
				reading, rejects, err := readAll(p, c.format, bufio.NewReader(arrive(strings.NewReader(text))), &own)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%v: %q…%q of %d bytes, read %s", c.format, c.start, c.after[:min(9, len(c.after))], length, how)
				wantDamage, wantRejects := "", int64(0)
				if length > most && c.damage {
					wantDamage = "record_bytes"
				} else if length > most {
					wantRejects = 1
				}
				if got := streamtest.OverLimit(reading.Damage); got != wantDamage || reading.Rejected != wantRejects {
					t.Errorf("%s: damage %q (%v) and %d rejects, want %q and %d", name, got, reading.Damage, reading.Rejected, wantDamage, wantRejects)
				}
				if wantRejects == 1 {
					checkPieces(t, name, rejects, text, len(c.before), length)
				}
			}
		}
	}
}

// A quote that nobody closes could make one row of all that follows.
func TestLimitOfARowOfCSVIsExactHoweverTheBytesArrive(t *testing.T) {
	const most = 64 << 10
	own := stream.Limits{RecordBytes: most}
	p := &profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("id")}}
	for _, length := range []int{most - 1, most, most + 1, most + 2, 2 * most, 3*most + 7, 9 * most} {
		text := "id\n1\n" + `"` + strings.Repeat("\n", length-3) + "\"\n" + "2\n"
		for how, arrive := range streamtest.Portions {
			reading, _, err := readAll(p, profile.CSV, bufio.NewReader(arrive(strings.NewReader(text))), &own)
			want, rows := "", int64(3)
			if length > most {
				want, rows = "record_bytes", 1
			}
			if got := streamtest.OverLimit(reading.Damage); err != nil || got != want || reading.Rows != rows {
				t.Errorf("a row of %d bytes, read %s: %d rows and %v, %v; want %d and the limit %q", length, how, reading.Rows, reading.Damage, err, rows, want)
			}
		}
	}
}

// checkPieces checks that the pieces of a rejected row are all of it.
func checkPieces(t *testing.T, name string, rejects []rows.Reject, text string, start, length int) {
	t.Helper()
	at := int64(start)
	var all []byte
	for _, r := range rejects {
		if r.Row != 1 || r.Offset != at || !strings.Contains(r.Reason, "limits.record_bytes (65536)") {
			t.Errorf("%s: a piece of row %d at %d, %q; want row 1 at %d", name, r.Row, r.Offset, r.Reason, at)
		}
		at += int64(len(r.Bytes))
		all = append(all, r.Bytes...)
	}
	if string(all) != text[start:start+length] {
		t.Errorf("%s: %d bytes were set aside, want the %d bytes of the row", name, len(all), length)
	}
}

func readAll(p *profile.Profile, f profile.Format, in *bufio.Reader, l *stream.Limits) (rows.Reading, []rows.Reject, error) {
	var rejects []rows.Reject
	reading, err := rows.NewMapping(p, record.LegFields, l).Read(in, f, p.List, rows.Visitor{
		Row: func(*rows.Row) error { return nil },
		Reject: func(r rows.Reject) error {
			r.Bytes = bytes.Clone(r.Bytes)
			rejects = append(rejects, r)
			return nil
		},
	})
	return reading, rejects, err
}
