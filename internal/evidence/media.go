package evidence

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/intern"
)

// Media says which media objects exist, and what is in those that were looked into.
type Media struct {
	CheckSize bool
	Headers   bool // media objects were looked into

	// Find finds a media object by the name that entries of a source have for it.
	Find func(source uint32, key intern.Text) (ListedMedia, bool)

	Heard []Heard // in the order of their numbers
}

// ListedMedia is a media object that was listed.
type ListedMedia struct {
	N    uint32 // its number among all objects that were listed
	Size int64  // in bytes
}

// Heard is what is in one media object.
type Heard struct {
	N        uint32      // of the object
	Rate     uint32      // samples a second, 0 when unknown
	Channels uint16      // 0 when unknown
	Cut      bool        // the object ends before its header says
	Format   intern.Text // container; None: it could not be read, or it is no audio
	Codec    intern.Text
	Reason   intern.Text // why it is no audio, or how it is cut
	Code     intern.Text // why it could not be read, as the store says it; None: it was read
	KMSKey   intern.Text // that the store named then
	Duration int64       // of what is there, in microseconds; NoInt when unknown
	At       int64       // byte of the object that the reason is about

	Decoded Decoded
}

// Decoded is what decoding a media object as a whole showed.
type Decoded struct {
	Tried  bool
	Failed intern.Text // why nothing, or not all of it, was decoded; None: all was
	Heard  bool        // something was decoded
	Silent uint64      // the channels without a sound, a bit for each of the first 64
	Quiet  int64       // the longest stretch without a sound, in microseconds
}

// SilentChannels returns the numbers of the silent channels, from 1, joined by commas.
func (d *Decoded) SilentChannels() string {
	var numbers []string
	for i := range 64 {
		if d.Silent>>i&1 == 1 {
			numbers = append(numbers, strconv.Itoa(i+1))
		}
	}
	return strings.Join(numbers, ",")
}

// NotAudio reports whether an object was read and holds nothing to hear.
func (h *Heard) NotAudio() bool { return h.Code == intern.None && h.Format == intern.None }

// Of returns what is in the media object of a number; nil when nobody looked.
func (m *Media) Of(n uint32) *Heard {
	i, found := slices.BinarySearchFunc(m.Heard, n, func(h Heard, n uint32) int { return cmp.Compare(h.N, n) })
	if !found {
		return nil
	}
	return &m.Heard[i]
}
