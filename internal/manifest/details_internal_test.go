package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"cdrmend/internal/profile"

	"github.com/google/go-cmp/cmp"
)

func TestDetailsComeBackAsTheyWereKept(t *testing.T) {
	var file []byte
	var kept [2][]Range // of two documents that were read at once
	var want [2][]Details
	for i := range 3000 {
		r := Details{MediaBytes: int64(i) - 1}
		if i%3 > 0 {
			r.MediaKey, r.MediaSHA256 = []byte(strings.Repeat("k;", i%200)), bytes.Repeat([]byte{0xff}, 64)
		}
		if i == 1700 {
			r.MediaKey = bytes.Repeat([]byte("x"), 3*detailsWindow)
		}
		doc := i / 7 % 2
		from := int64(len(file))
		file = appendDetails(file, &r)
		kept[doc] = append(kept[doc], Range{from, int64(len(file))})
		want[doc] = append(want[doc], r)
	}
	reader := NewDetailsReader(bytes.NewReader(file))
	var got Details
	for doc := range want {
		for _, skip := range []int{0, 5} {
			reader.Open(kept[doc])
			if err := reader.Skip(skip); err != nil {
				t.Fatal(err)
			}
			for i := skip; i < len(want[doc]); i++ {
				if err := reader.Next(&got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(fmt.Sprint(want[doc][i]), fmt.Sprint(got)); diff != "" {
					t.Fatalf("document %d, details %d (-want +got):\n%.2000s", doc, i, diff)
				}
			}
			if err := reader.Next(&got); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("after the last details: got %v", err)
			}
		}
	}
}

func TestOnlyEqualFieldsGiveEqualDetails(t *testing.T) {
	all := []Details{
		{MediaBytes: profile.NoInt},
		{},
		{MediaKey: []byte("a")},
		{MediaSHA256: []byte("a")},
		{MediaBytes: 1},
	}
	for i := range all {
		for j := range all {
			if bytes.Equal(appendDetails(nil, &all[i]), appendDetails(nil, &all[j])) != (i == j) {
				t.Errorf("%v and %v", all[i], all[j])
			}
		}
	}
}
