package window_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/stream"
	"cdrmend/internal/window"
)

func TestHeldBytesStayWhileMoreIsRead(t *testing.T) {
	text := strings.Repeat("0123456789", 50_000) // several times what is read at once
	w := window.New(iotest.HalfReader(strings.NewReader(text)), &stream.Limits{})
	for range 10 {
		w.Peek()
		w.Advance(1)
	}
	from := w.Hold()
	for w.Offset() < 300_000 {
		if _, ok := w.Peek(); !ok {
			t.Fatalf("the stream ends at %d", w.Offset())
		}
		w.Advance(1)
	}
	if got := string(w.Bytes(from, w.Offset())); got != text[10:300_000] {
		t.Errorf("%d bytes held from %d, not those of the stream", len(got), from)
	}
}

func TestARecordIsReadOneByteBeyondTheLimitAndNoFurther(t *testing.T) {
	const most = 100
	for length, want := range map[int]bool{most - 1: true, most: true, most + 1: false, 10 * most: false} {
		w := window.New(strings.NewReader(strings.Repeat("x", length)), &stream.Limits{RecordBytes: most})
		from := w.Hold()
		for {
			if _, ok := w.Peek(); !ok {
				break
			}
			w.Advance(1)
		}
		var over *stream.LimitError
		err := w.Within(from)
		if (err == nil) != want || !want && (!errors.As(err, &over) || over.Offset != most) || w.Offset() > most+1 {
			t.Errorf("%d bytes: read to %d, %v", length, w.Offset(), err)
		}
	}
}

func TestLinesAreFoundHoweverTheyArrive(t *testing.T) {
	const text = "first\n\nthird, without an end"
	for name, reader := range map[string]io.Reader{
		"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
	} {
		w := window.New(reader, &stream.Limits{})
		var got []string
		for {
			from := w.Hold()
			newline, more := w.SkipLine()
			got = append(got, string(w.Bytes(from, w.Offset())))
			if more {
				t.Fatalf("%s: a line goes on, and there is no limit", name)
			}
			if !newline {
				break
			}
		}
		if joined := strings.Join(got, "|"); joined != "first\n|\n|third, without an end" {
			t.Errorf("%s: got %q", name, joined)
		}
	}
}

func TestAByteOrderMarkIsSkippedOnlyWhenItIsWhole(t *testing.T) {
	for text, want := range map[string]struct {
		sound  bool
		offset int64
	}{
		"":                   {true, 0},
		"\xef\xbb\xbf":       {true, 3},
		"\xef\xbb\xbf{}":     {true, 3},
		"{}":                 {true, 0},
		"\xef\xbb":           {false, 0},
		"\xef":               {false, 0},
		"\xef\xbbx is other": {true, 0},
	} {
		w := window.New(iotest.OneByteReader(strings.NewReader(text)), &stream.Limits{})
		if sound := w.SkipBOM(); sound != want.sound || w.Offset() != want.offset {
			t.Errorf("%q: sound %t at %d, want %t at %d", text, sound, w.Offset(), want.sound, want.offset)
		}
	}
}

func TestAnErrorOfTheStreamComesAfterItsBytes(t *testing.T) {
	broken := errors.New("the line is dead")
	w := window.New(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)), &stream.Limits{})
	var got []byte
	for {
		c, ok := w.Peek()
		if !ok {
			break
		}
		got = append(got, c)
		w.Advance(1)
	}
	if string(got) != "ab" || !errors.Is(w.Err(), broken) || w.Ended() {
		t.Errorf("got %q, %v, ended %t", got, w.Err(), w.Ended())
	}
}
