// Package mediacheck looks into the media objects of an interval, and keeps what it
// found, so that nobody asks for them again.
//
// A run asks for the first bytes of each object that [match.ToHear] names, and for a few
// more where a container keeps its length elsewhere. It knows an object already when the
// newest commit of the interval has looked into it, and key, version or ETag, size and
// modification are those that are listed now.
//
// What an object holds is a property of what was listed. That the store does not let it
// be read is none: rights are given, and archives restored, without a trace in a listing.
// So such an answer is never remembered. It is part of the run id, and the next run of the
// interval asks again.
package mediacheck

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/intern"
	"cdrmend/internal/listen"
	"cdrmend/internal/media"
	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/profile"
)

// Findings are what is known of media objects, in the order of their numbers.
type Findings struct {
	texts    *intern.Table
	Heard    []evidence.Heard
	requests *atomic.Int64 // that were made to find it
	decoders chan struct{} // bounds how many objects are decoded at once
}

func newFindings() *Findings { return &Findings{texts: intern.NewTable(), requests: new(atomic.Int64)} }

// Requests returns how many requests were made to find it.
func (f *Findings) Requests() int64 { return f.requests.Load() }

// Ask looks into media objects, at most so many at a time. The numbers are those of
// [evidence.Media]. The error is one of a store, not of an object that it does not let
// be read.
func Ask(ctx context.Context, in *intake.Inputs, numbers []uint32, how How, progress func(done, total int64)) (*Findings, error) {
	f := newFindings()
	f.Heard = make([]evidence.Heard, len(numbers))
	f.decoders = make(chan struct{}, runtime.GOMAXPROCS(0))
	var done atomic.Int64
	err := parallel.Each(ctx, how.Concurrency, len(numbers), func(ctx context.Context, i int) error {
		h, err := f.ask(ctx, in, numbers[i])
		if err == nil && how.Decode {
			err = f.decode(ctx, in, &h)
		}
		f.Heard[i] = h
		progress(done.Add(1), int64(len(numbers)))
		return err
	})
	return f, err
}

// How says how media objects are looked into.
type How struct {
	Concurrency int  // how many at once
	Decode      bool // as a whole, where there is a decoder
}

// ask looks into one media object.
func (f *Findings) ask(ctx context.Context, in *intake.Inputs, n uint32) (evidence.Heard, error) {
	_, info, store := in.ListedMedia(n)
	h := evidence.Heard{N: n, Duration: profile.NoInt}
	if info.Archived {
		h.Code = f.texts.OfString(object.CodeArchived)
		return h, nil
	}

	o := media.Object{Name: info.Key, Size: info.Size, Range: func(off int64, n int) ([]byte, error) {
		f.requests.Add(1)
		return store.Part(ctx, *info, off, n)
	}}
	var sound media.Sound
	var err error
	if o.Head, err = o.Range(0, media.HeadBytes); err == nil {
		sound, err = media.Look(&o)
	}
	if code, key, ok := object.Unreadable(err); ok {
		h.Code, h.KMSKey = f.texts.OfString(code), f.texts.OfString(key)
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("looking into media: %w", err)
	}
	f.set(&h, &sound)
	return h, nil
}

// decode decodes an object as a whole, if there is a decoder for it. It keeps a processor
// busy, so few are decoded at once.
func (f *Findings) decode(ctx context.Context, in *intake.Inputs, h *evidence.Heard) error {
	if h.Format == intern.None {
		return nil
	}
	d := &h.Decoded
	d.Tried = true
	format, codec := f.texts.String(h.Format), f.texts.String(h.Codec)
	if !listen.Decodes(format, codec) {
		d.Failed = f.texts.OfString(cmp.Or(codec, "an unknown codec") + " is not decoded")
		return nil
	}

	f.decoders <- struct{}{}
	defer func() { <-f.decoders }()
	_, info, store := in.ListedMedia(h.N)
	f.requests.Add(1)
	body, err := store.Open(ctx, *info, 0)
	if code, key, ok := object.Unreadable(err); ok {
		*h = evidence.Heard{N: h.N, Duration: profile.NoInt, Code: f.texts.OfString(code), KMSKey: f.texts.OfString(key)}
		return nil
	}
	if err != nil {
		return fmt.Errorf("decoding media: %w", err)
	}
	defer body.Close()
	sound, err := listen.Listen(ctx, format, codec, body)
	if err != nil {
		return fmt.Errorf("decoding media: %w", err)
	}

	d.Heard, d.Quiet, d.Failed = sound.Decoded, sound.Longest, f.texts.OfString(sound.Reason)
	switch {
	case sound.Broken() && sound.Duration < h.Duration:
		// What was decoded says more than the header.
		h.Duration, h.Cut, h.Reason, h.At = sound.Duration, true, d.Failed, info.Size
	case h.Duration == profile.NoInt && h.Reason == intern.None && sound.Whole() && sound.Duration <= longest:
		// A header with a reason contradicts itself, and so might a rate that it tells.
		h.Duration = sound.Duration
	}
	for i, c := range sound.Channels[:min(len(sound.Channels), 64)] {
		if c.Silent {
			d.Silent |= 1 << i
		}
	}
	return nil
}

// longest is the longest duration that is believed, in microseconds: times plus durations
// must not overflow.
const longest = 100 * 365 * 24 * 3_600_000_000

func (f *Findings) set(h *evidence.Heard, s *media.Sound) {
	h.Rate, h.Channels, h.Cut = uint32(min(s.Rate, 1<<31)), uint16(min(s.Channels, 1<<15)), s.Cut //nolint:gosec // bounded
	h.Format, h.Codec, h.Reason, h.At = f.texts.OfString(s.Format), f.texts.OfString(s.Codec), f.texts.OfString(s.Reason), s.At
	if s.Duration >= 0 && s.Duration <= longest {
		h.Duration = s.Duration
	}
}

// Sample returns which of some objects to look into, in order: a share of them, which
// follows from their keys, so that equal inputs give equal samples, and those that are
// suspect.
func Sample(in *intake.Inputs, numbers []uint32, share float64, suspects []uint32) (list []uint32) {
	for _, n := range numbers {
		source, info, _ := in.ListedMedia(n)
		if _, suspect := slices.BinarySearch(suspects, n); suspect || object.InSample(source, info.Key, share) {
			list = append(list, n)
		}
	}
	return list
}

// Unreadable returns the numbers of the objects that the store did not let be read.
func (f *Findings) Unreadable() (numbers []uint32) {
	for i := range f.Heard {
		if f.Heard[i].Code != intern.None {
			numbers = append(numbers, f.Heard[i].N)
		}
	}
	return numbers
}

// Readable returns what is known of the objects that could be read.
func (f *Findings) Readable() *Findings {
	return &Findings{texts: f.texts, Heard: slices.DeleteFunc(slices.Clone(f.Heard), func(h evidence.Heard) bool { return h.Code != intern.None })}
}

// Denied returns what is known of the objects that could not be read.
func (f *Findings) Denied() *Findings {
	return &Findings{texts: f.texts, Heard: slices.DeleteFunc(slices.Clone(f.Heard), func(h evidence.Heard) bool { return h.Code == intern.None })}
}

// OrNothing returns the findings, or empty ones for nil.
func (f *Findings) OrNothing() *Findings {
	if f == nil {
		return newFindings()
	}
	return f
}

// Only returns what is known of the objects of a list.
func (f *Findings) Only(list []evidence.Heard) *Findings {
	some := &Findings{texts: f.texts}
	for i := range list {
		if n, found := f.find(list[i].N); found {
			some.Heard = append(some.Heard, f.Heard[n])
		}
	}
	return some
}

// Without returns what is known but for what is to be decoded and was not.
func (f *Findings) Without(how How) *Findings {
	return &Findings{texts: f.texts, requests: f.requests, Heard: slices.DeleteFunc(slices.Clone(f.Heard), func(h evidence.Heard) bool {
		return how.Decode && h.Format != intern.None && !h.Decoded.Tried
	})}
}

// Lacks returns which of some numbers, in order, nothing is known of.
func (f *Findings) Lacks(numbers []uint32) (list []uint32) {
	for _, n := range numbers {
		if _, found := f.find(n); !found {
			list = append(list, n)
		}
	}
	return list
}

func (f *Findings) find(n uint32) (int, bool) {
	return slices.BinarySearchFunc(f.Heard, n, func(h evidence.Heard, n uint32) int { return cmp.Compare(h.N, n) })
}

// With returns what is known from both.
func (f *Findings) With(more *Findings) *Findings {
	if len(more.Heard) == 0 {
		return f
	}
	all := &Findings{texts: f.texts, Heard: slices.Clone(f.Heard)}
	all.Heard = append(all.Heard, more.in(f.texts)...)
	slices.SortFunc(all.Heard, func(a, b evidence.Heard) int { return cmp.Compare(a.N, b.N) })
	return all
}

// Of returns what is known of the given numbers, in texts of a table.
func (f *Findings) Of(numbers []uint32, texts *intern.Table) []evidence.Heard {
	some := &Findings{texts: f.texts, Heard: make([]evidence.Heard, 0, len(numbers))}
	for _, n := range numbers {
		if i, found := f.find(n); found {
			some.Heard = append(some.Heard, f.Heard[i])
		}
	}
	return some.in(texts)
}

// in returns the list with its texts in another table. There are few of them.
func (f *Findings) in(texts *intern.Table) []evidence.Heard {
	known := map[intern.Text]intern.Text{intern.None: intern.None}
	to := func(t *intern.Text) {
		other, ok := known[*t]
		if !ok {
			other = texts.OfString(f.texts.String(*t))
			known[*t] = other
		}
		*t = other
	}
	list := slices.Clone(f.Heard)
	for i := range list {
		h := &list[i]
		to(&h.Format)
		to(&h.Codec)
		to(&h.Reason)
		to(&h.Code)
		to(&h.KMSKey)
		to(&h.Decoded.Failed)
	}
	return list
}

// Denials returns what the run id says of the objects that could not be read, in the
// order of their numbers.
func (f *Findings) Denials(in *intake.Inputs) (list []intake.Denial) {
	for i := range f.Heard {
		h := &f.Heard[i]
		if h.Code == intern.None {
			continue
		}
		source, info, _ := in.ListedMedia(h.N)
		list = append(list, intake.Denial{Source: source, Key: info.Key, Code: f.texts.String(h.Code), KMSKey: f.texts.String(h.KMSKey)})
	}
	return list
}
