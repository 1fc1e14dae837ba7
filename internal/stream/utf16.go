package stream

import (
	"bytes"
	"errors"
)

// ErrUTF16 is the damage of content that begins like UTF-16.
var ErrUTF16 = errors.New("UTF-16 is none of the encodings that can be read")

// IsUTF16 reports whether content begins like UTF-16, which cannot be read.
func IsUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.HasPrefix(head, []byte("\xff\xfe"))
}
