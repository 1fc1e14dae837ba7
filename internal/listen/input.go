package listen

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// inputBytes is how much is read at once, and the most that peek can show.
const inputBytes = 64 << 10

// input reads a stream, and knows at which byte it is. Whatever fails, its
// methods return io.EOF or io.ErrUnexpectedEOF: what failed, if it was not the
// end of the stream, is kept in failure.
type input struct {
	ctx     context.Context
	r       io.Reader
	failure error // of the reader or the context

	buf  []byte // what was read and not yet taken
	room []byte
	at   int64 // of buf[0] in the stream
	end  bool
}

func newInput(ctx context.Context, r io.Reader) *input {
	return &input{ctx: ctx, r: r, room: make([]byte, inputBytes)}
}

// fill reads more, unless the stream has ended. A reader that returns nothing a
// hundred times is as broken as bufio finds it.
func (in *input) fill() {
	n := copy(in.room, in.buf)
	in.buf = in.room[:n]
	for range 100 {
		if err := in.ctx.Err(); err != nil {
			in.failure, in.end = err, true
		}
		if in.end || n == len(in.room) {
			return
		}

		read, err := in.r.Read(in.room[n:])
		in.buf = in.room[:n+read]
		if err != nil {
			in.end = true
			if !errors.Is(err, io.EOF) {
				in.failure = err
			}
		}
		if read > 0 {
			return
		}
	}
	in.failure, in.end = io.ErrNoProgress, true
}

// peek shows up to n bytes without taking them, fewer only at the end.
func (in *input) peek(n int) []byte {
	for len(in.buf) < n && !in.end && len(in.buf) < len(in.room) {
		in.fill()
	}
	return in.buf[:min(n, len(in.buf))]
}

func (in *input) take(n int) {
	in.buf = in.buf[n:]
	in.at += int64(n)
}

// Read returns what there is, and io.EOF at the end.
func (in *input) Read(p []byte) (int, error) {
	if len(in.buf) == 0 {
		in.fill()
	}
	n := copy(p, in.buf)
	in.take(n)
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadByte is on the path of each bit of FLAC.
func (in *input) ReadByte() (byte, error) {
	if len(in.buf) == 0 {
		if in.fill(); len(in.buf) == 0 {
			return 0, io.EOF
		}
	}
	b := in.buf[0]
	in.buf = in.buf[1:]
	in.at++
	return b, nil
}

// full fills p or returns an error.
func (in *input) full(p []byte) error {
	_, err := io.ReadFull(in, p)
	return err
}

// skip passes over n bytes and says whether there were as many.
func (in *input) skip(n int64) bool {
	for n > 0 && len(in.peek(1)) > 0 {
		part := int(min(n, int64(len(in.buf))))
		in.take(part)
		n -= int64(part)
	}
	return n == 0
}

// skipID3 passes over the tags that players put before MP3 and FLAC.
func (in *input) skipID3() {
	for {
		head := in.peek(10)
		if len(head) < 10 || !bytes.HasPrefix(head, []byte("ID3")) {
			return
		}
		size := int64(head[6]&127)<<21 | int64(head[7]&127)<<14 | int64(head[8]&127)<<7 | int64(head[9]&127)
		if head[5]&0x10 != 0 {
			size += 10 // a footer
		}
		in.skip(10 + size)
	}
}
