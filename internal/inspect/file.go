package inspect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"
)

// File is one file that a profile is tried on. Its path stands for the object key:
// ids may be part of it, and a date in it is the partition.
type File struct {
	Path     string
	Modified record.Time // when it was last written
	Content  io.ReadSeeker

	torn atomic.Bool // see steps.Context.YearTorn

	// Partition is the span that the file's folder stands for; the zero value: the day
	// that the path names.
	Partition record.Span
}

func (f *File) partition() record.Span {
	if f.Partition != (record.Span{}) {
		return f.Partition
	}
	return partitionOf(f.Path)
}

// context returns what the file says about the times in it.
func (f *File) context(p *profile.Profile) steps.Context {
	return steps.Context{Modified: f.Modified, Partition: f.partition(), Zone: p.Zone, YearTorn: &f.torn}
}

// dates are the ways in which paths spell the date of a partition, the surest
// first.
var dates = []*regexp.Regexp{
	regexp.MustCompile(`year=(\d{4})/month=(\d{1,2})/day=(\d{1,2})(?:/|$)`),
	regexp.MustCompile(`(?:^|\D)(\d{4})-(\d{2})-(\d{2})(?:\D|$)`),
	regexp.MustCompile(`(?:^|/)(\d{4})/(\d{1,2})/(\d{1,2})(?:/|$)`),
	regexp.MustCompile(`(?:^|\D)(20\d{2})(\d{2})(\d{2})(?:\D|$)`),
}

// partitionOf returns the day that a path names, all time when it names none.
func partitionOf(path string) record.Span {
	for _, date := range dates {
		m := date.FindStringSubmatch(path)
		if m == nil {
			continue
		}

		year, _ := strconv.Atoi(m[1])
		month, _ := strconv.Atoi(m[2])
		day, _ := strconv.Atoi(m[3])
		start := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		if start.Day() == day && int(start.Month()) == month { // not 2026-13-40, which is some other number
			return record.Span{Start: record.TimeOf(start), End: record.TimeOf(start.AddDate(0, 0, 1))}
		}
	}
	return record.Forever
}

// opened is a file that is being read from its beginning.
type opened struct {
	stream *stream.Stream
	body   *bufio.Reader
	format profile.Format
	file   *bytes.Reader // of Parquet, which is read from its end; else nil
}

// open starts to read a file. The caller closes its stream.
func open(p *profile.Profile, f *File, limits *stream.Limits) (*opened, error) {
	if _, err := f.Content.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	o := &opened{stream: stream.Open(f.Content, 0, limits)}
	o.body = bufio.NewReader(o.stream)

	// A short file gives fewer bytes. What else is wrong, the reader meets again.
	head, _ := o.body.Peek(4096)
	o.format = p.FormatOf(f.Path, head)
	if o.format != profile.Parquet {
		return o, nil
	}

	content, err := io.ReadAll(o.body)
	if err != nil {
		o.stream.Close()
		return nil, fmt.Errorf("reading it whole, as Parquet has to be: %w", err)
	}
	o.file = bytes.NewReader(content)
	return o, nil
}
