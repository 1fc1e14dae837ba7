package mediacheck

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// Write writes what is known as Parquet, in the order of the numbers. Equal findings give
// equal bytes.
func (f *Findings) Write(in *intake.Inputs, w io.Writer) error {
	to := table.NewWriter(table.Media, nil, w)
	row := table.NewRow(f.texts)
	for i := range f.Heard {
		h := &f.Heard[i]
		source, info, _ := in.ListedMedia(h.N)
		row.Reset(table.Media)
		row.AddText(source)
		row.AddText(info.Key)
		row.AddText(info.VersionID)
		row.AddText(info.ETag)
		row.AddTime(record.TimeOf(info.Modified))
		row.AddInt(info.Size)
		row.AddSymbol(h.Format)
		row.AddSymbol(h.Codec)
		row.AddCount(countOf(int64(h.Rate)))
		row.AddCount(countOf(int64(h.Channels)))
		row.AddCount(h.Duration)
		row.AddText(cutText[h.Cut])
		row.AddSymbol(h.Reason)
		row.AddInt(h.At)
		row.AddSymbol(h.Code)
		row.AddSymbol(h.KMSKey)
		row.AddText(decodedText(&h.Decoded))
		row.AddSymbol(h.Decoded.Failed)
		row.AddText(h.Decoded.SilentChannels())
		row.AddCount(quietOf(&h.Decoded))
		if err := to.Write(row); err != nil {
			return err
		}
	}
	return to.Close()
}

// decodedText says whether an object was decoded: empty when nobody tried.
func decodedText(d *evidence.Decoded) string {
	if !d.Tried {
		return ""
	}
	return strconv.FormatBool(d.Heard)
}

func quietOf(d *evidence.Decoded) int64 {
	if !d.Heard {
		return profile.NoInt
	}
	return d.Quiet
}

func parseChannels(text string) (bits uint64) {
	for number := range strings.SplitSeq(text, ",") {
		if n, err := strconv.ParseUint(number, 10, 8); err == nil && n >= 1 && n <= 64 {
			bits |= 1 << (n - 1)
		}
	}
	return bits
}

var cutText = map[bool]string{true: "true"}

// countOf returns NoInt for zero, which stands for an unknown number.
func countOf(n int64) int64 {
	if n == 0 {
		return profile.NoInt
	}
	return n
}

// Open reads what a record of an output names, with temporary files in dir.
func Open(ctx context.Context, out *ledger.Output, f *ledger.File, in *intake.Inputs, dir string) (*Findings, error) {
	spool, err := out.OpenMedia(ctx, *f, dir)
	if err != nil {
		return nil, err
	}
	defer spool.Close()
	r, err := spool.ReaderAt()
	if err != nil {
		return nil, err
	}
	return read(table.ReadParquet(r, spool.Size(), table.Media), in)
}

// read reads what is known of the objects that were listed. Objects that are listed no
// more, or as another version, are left out.
func read(rows table.Rows, in *intake.Inputs) (*Findings, error) {
	f := newFindings()
	for row, err := range rows {
		if err != nil {
			return nil, fmt.Errorf("reading what is in media: %w", err)
		}
		n, found := in.FindMedia(row.Cell("source"), row.Cell("media_key"))
		if !found {
			continue
		}
		_, info, _ := in.ListedMedia(n)
		if row.Cell("version_id") != info.VersionID || row.Cell("etag") != info.ETag || integer(row, "size") != info.Size ||
			row.Time(table.Media.Index("modified")) != record.TimeOf(info.Modified) {
			continue
		}
		f.Heard = append(f.Heard, f.heardOf(n, row))
	}
	slices.SortFunc(f.Heard, func(a, b evidence.Heard) int { return cmp.Compare(a.N, b.N) })
	f.Heard = slices.CompactFunc(f.Heard, func(a, b evidence.Heard) bool { return a.N == b.N })
	return f, nil
}

func integer(row *table.Row, column string) int64 { return row.Count(table.Media.Index(column)) }

// heardOf returns what a row says. A number that is out of bounds counts as unknown: the
// file has the committed hash, so it is what was written.
func (f *Findings) heardOf(n uint32, row *table.Row) evidence.Heard {
	bounded := func(column string, most int64) int64 { return max(0, min(integer(row, column), most)) }
	return evidence.Heard{
		N: n, Rate: uint32(bounded("rate", 1<<31)), Channels: uint16(bounded("channels", 1<<15)), Cut: row.Cell("cut") == cutText[true], //nolint:gosec // bounded
		Format: f.texts.OfString(row.Cell("format")), Codec: f.texts.OfString(row.Cell("codec")), Reason: f.texts.OfString(row.Cell("reason")),
		Code: f.texts.OfString(row.Cell("code")), KMSKey: f.texts.OfString(row.Cell("kms_key")),
		Duration: integer(row, "duration_us"), At: bounded("byte", 1<<62),
		Decoded: evidence.Decoded{
			Tried: row.Cell("decoded") != "", Heard: row.Cell("decoded") == "true", Failed: f.texts.OfString(row.Cell("decoding")),
			Silent: parseChannels(row.Cell("silent")), Quiet: bounded("silence_us", longest),
		},
	}
}
