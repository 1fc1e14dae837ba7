package rows_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/profile"
	"cdrmend/internal/rows"

	"github.com/google/go-cmp/cmp"
)

func checkLines(t *testing.T, text string) {
	t.Helper()
	body, at := strings.TrimPrefix(text, "\xef\xbb\xbf"), int64(len(text)-len(strings.TrimPrefix(text, "\xef\xbb\xbf")))
	var want, got []string
	for _, line := range strings.SplitAfter(body, "\n") {
		if strings.TrimSpace(line) != "" {
			want = append(want, fmt.Sprint(len(want), " ", at, " ", line))
		}
		at += int64(len(line))
	}
	for line, err := range rows.NewChunk(iotest.OneByteReader(strings.NewReader(text)), splitProfile, profile.JSONLines, &limits).Lines {
		if err != nil {
			t.Fatal(err)
		}
		whole := string(line.Text)
		if line.Newline {
			whole += "\n"
		}
		got = append(got, fmt.Sprint(line.Index, " ", line.Offset, " ", whole))
	}
	if !cmp.Equal(want, got) {
		t.Fatalf("%q (-want +got):\n%s", text, cmp.Diff(want, got))
	}
}

func TestLinesAreThoseThatAreNotBlank(t *testing.T) {
	for _, text := range []string{"", "\n", "a", "a\n", "a\r\nb", "\xef\xbb\xbfa\n\n \t\r\n b\n", "\xef\xbb", "\xef\xbb\xbf", "a\n\xef\xbb\xbf\n", strings.Repeat("long ", 40_000) + "\nx"} {
		checkLines(t, text)
	}
}

// FuzzLines: the lines that are not blank, with their places, however the text
// arrives.
func FuzzLines(f *testing.F) {
	for _, text := range []string{"a\nb", "\xef\xbb\xbf{}\r\n\r\n[]", "\n\n", "\xef\xbb\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkLines(t, text) })
}
