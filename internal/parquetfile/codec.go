package parquetfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// Pages are decompressed here and not by parquet-go. Up to v0.32.0 its LZ4_RAW
// decoder reads sound pages as zeros when they compress less than threefold,
// and doubles its buffer without end when they are damaged; the other decoders
// ignore the size that the page header states. Here one rule holds for all
// codecs: a page has exactly that size, and no memory beyond it is allocated.
// TestTheLibraryReadsSoundLZ4PagesAsZeros fails when a newer version is sound.

var errPageSize = errors.New("its content does not have the size that its header states")

// decompressPage decompresses src, a page or the values of one, into dst.
// len(dst) is the size that the page header states; content of any other size
// is an error.
func decompressPage(codec format.CompressionCodec, dst, src []byte) error {
	if len(dst) == 0 && len(src) == 0 {
		return nil // some writers do not compress an empty page
	}

	switch codec {
	case format.Uncompressed:
		if len(src) != len(dst) {
			return errPageSize
		}
		copy(dst, src)
		return nil

	case format.Snappy:
		return decompressSnappy(dst, src)
	case format.Gzip:
		r := gzips.Get().(*gzip.Reader)
		defer gzips.Put(r)
		return readExactly(r, dst, src)
	case format.Brotli:
		r := brotlis.Get().(*brotli.Reader)
		defer brotlis.Put(r)
		return readExactly(r, dst, src)
	case format.Zstd:
		return decompressZstd(dst, src)
	case format.Lz4Raw:
		return decompressLZ4(dst, src)
	case format.Lz4:
		return decompressHadoopLZ4(dst, src)
	}

	return fmt.Errorf("its compression %s cannot be read: write the file again with another one, ZSTD for example", codec)
}

// Decoders of streams have tables that are larger than most pages, so they are
// used again.
var (
	gzips   = sync.Pool{New: func() any { return new(gzip.Reader) }}
	brotlis = sync.Pool{New: func() any { return new(brotli.Reader) }}
)

// readExactly decompresses src into dst and reads on to the end, where checksums
// are compared.
func readExactly(r interface {
	io.Reader
	Reset(io.Reader) error
}, dst, src []byte,
) error {
	if err := r.Reset(bytes.NewReader(src)); err != nil {
		return err
	}
	switch _, err := io.ReadFull(r, dst); err {
	case nil:
	case io.EOF, io.ErrUnexpectedEOF:
		return errPageSize
	default:
		return err
	}

	// Content beyond dst is an error, and only the end shows a wrong checksum.
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n > 0:
		return errPageSize
	case err != io.EOF:
		return err
	}
	return nil
}

func decompressSnappy(dst, src []byte) error {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return err
	}
	// Decode would allocate a buffer for content that is longer than dst.
	if n != len(dst) {
		return errPageSize
	}

	_, err = snappy.Decode(dst, src)
	return err
}

// pageZstd decodes whole pages, for any number of goroutines at once. It
// allocates nothing beyond the buffer that it is given.
var pageZstd = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true))
})

func decompressZstd(dst, src []byte) error {
	d, err := pageZstd()
	if err != nil {
		return err
	}

	// The capacity is the limit: content beyond it is an error.
	content, err := d.DecodeAll(src, dst[:0:len(dst)])
	if err == nil && len(content) != len(dst) {
		return errPageSize
	}
	return err
}

func decompressLZ4(dst, src []byte) error {
	n, err := lz4.UncompressBlock(src, dst)
	if err == nil && n != len(dst) {
		return errPageSize
	}
	return err
}

// decompressHadoopLZ4 decompresses what the format calls LZ4, which was never
// specified. Hadoop and Java write blocks with sizes before them, the first
// versions of parquet-cpp one block without a size. Like Arrow, it tries the
// first form and then the second.
func decompressHadoopLZ4(dst, src []byte) error {
	if len(dst) == 0 && string(src) == noContent {
		return nil
	}
	if decompressHadoopBlocks(dst, src) == nil {
		return nil
	}
	return decompressLZ4(dst, src)
}

// noContent is an empty page as Arrow's and parquet-go's encoders write it: the
// size 0, then the size of one LZ4 block, which contains nothing.
const noContent = "\x00\x00\x00\x00\x00\x00\x00\x01\x00"

// decompressHadoopBlocks decompresses blocks of Hadoop. Each begins with the
// size of its content; then come one or more LZ4 blocks, each after its
// compressed size, until the content is complete. Sizes have 4 bytes, the most
// significant first.
func decompressHadoopBlocks(dst, src []byte) error {
	for len(src) > 0 {
		content, rest, err := takeSize(src, len(dst))
		if err != nil {
			return err
		}

		for block := dst[:content]; len(block) > 0; {
			length, packed, err := takeSize(rest, len(rest)-sizeBytes)
			if err != nil {
				return err
			}
			n, err := lz4.UncompressBlock(packed[:length], block)
			if err != nil {
				return err
			}
			if n == 0 {
				return errPageSize // no progress: the loop would not end
			}
			block, rest = block[n:], packed[length:]
		}

		dst, src = dst[content:], rest
	}

	if len(dst) > 0 {
		return errPageSize
	}
	return nil
}

const sizeBytes = 4

// takeSize returns the size at the start of b, which must not be above most, and
// the bytes after it.
func takeSize(b []byte, most int) (int, []byte, error) {
	if len(b) < sizeBytes {
		return 0, nil, io.ErrUnexpectedEOF
	}

	n := binary.BigEndian.Uint32(b)
	if int64(n) > int64(most) {
		return 0, nil, errPageSize
	}
	return int(n), b[sizeBytes:], nil
}

// hadoopLZ4 compresses pages of rewritten column chunks that had the codec
// LZ4, as parquet-go does not know it.
type hadoopLZ4 struct{}

func (hadoopLZ4) String() string                            { return "LZ4" }
func (hadoopLZ4) CompressionCodec() format.CompressionCodec { return format.Lz4 }
func (hadoopLZ4) Decode(dst, src []byte) ([]byte, error)    { return nil, errors.ErrUnsupported }
func (hadoopLZ4) Encode(dst, content []byte) ([]byte, error) {
	return appendHadoopLZ4(dst[:0], content)
}

// appendHadoopLZ4 appends content as one block of Hadoop.
func appendHadoopLZ4(b, content []byte) ([]byte, error) {
	// Content fits into a block of this size even if it does not compress.
	block := make([]byte, lz4.CompressBlockBound(len(content)))
	var c lz4.Compressor
	n, err := c.CompressBlock(content, block)
	if err != nil {
		return nil, err
	}

	b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return append(b, block[:n]...), nil
}

// codecOf returns the codec that compresses pages of a rewritten column chunk.
func codecOf(codec format.CompressionCodec) compress.Codec {
	if codec == format.Lz4 {
		return hadoopLZ4{}
	}
	return parquet.LookupCompressionCodec(codec)
}
