package bag

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"

	"cdrmend/internal/object"
)

// Tree is a bag to validate, as it lies somewhere.
type Tree interface {
	// String names it in messages.
	String() string
	// members yields all that is there, in any order. Each range reads anew. An error that
	// is a damage says that the rest of an archive cannot be read; another one that reading
	// failed. The error is the last element.
	members(ctx context.Context) iter.Seq2[member, error]
	// atOnce is how many members may be read at a time. If it is one, a member can be read
	// only until the next one is asked for.
	atOnce() int
}

// member is a file of a bag, or something that cannot be one.
type member struct {
	path   string // in the bag
	size   int64
	folder bool   // it is the empty folder of the payload, and no file
	odd    string // why it is not a file of the bag, empty when it is one
	open   func(ctx context.Context) (io.ReadCloser, error)
}

// damage is what is wrong with an archive: a problem of the bag, and no failure.
type damage struct{ text string }

func (d *damage) Error() string { return d.text }

// prefixed is a bag below a prefix of a store.
type prefixed struct {
	store  object.Store
	prefix string
}

// Below returns the bag below a prefix of a store, which is empty or ends in a slash.
func Below(store object.Store, prefix string) Tree {
	return &prefixed{object.WithoutLinks(store), prefix}
}

func (p *prefixed) String() string { return p.store.String() + p.prefix }

// atOnce hides the time that a request takes to a bucket. On a disk two are enough to keep
// a processor busy.
func (p *prefixed) atOnce() int {
	if !p.onDisk() {
		return 16
	}
	return 2
}

func (p *prefixed) members(ctx context.Context) iter.Seq2[member, error] {
	return func(yield func(member, error) bool) {
		for odd, err := range object.Oddities(ctx, p.store, p.prefix) {
			m, skip := p.odd(odd)
			if err == nil && skip {
				continue
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
		for info, err := range p.store.List(ctx, p.prefix) {
			if err == nil && info.Size == 0 && strings.HasSuffix(info.Key, "/") {
				continue // consoles make such objects to show a folder
			}
			if !yield(p.member(info), err) || err != nil {
				return
			}
		}
	}
}

func (p *prefixed) member(info object.Info) member {
	return member{
		path: strings.TrimPrefix(info.Key, p.prefix), size: info.Size,
		open: func(ctx context.Context) (io.ReadCloser, error) {
			r, err := p.store.Open(ctx, info, 0)
			if errors.Is(err, object.ErrCorrupt) {
				return nil, &damage{"the bytes do not match their checksum in the bucket"}
			}
			return r, err
		},
	}
}

// odd returns what lies in a directory and is no file. Empty folders are no part of a bag.
func (p *prefixed) odd(o object.Oddity) (m member, skip bool) {
	path := strings.TrimPrefix(o.Key, p.prefix)
	if strings.HasSuffix(path, "/") {
		return member{path: path, folder: true}, path != payloadFolder
	}
	return member{path: path, odd: o.What}, false
}

// onDisk reports whether the bag is in a directory, which has folders.
func (p *prefixed) onDisk() bool {
	_, remote := p.store.(object.Remote)
	return !remote
}

// Found reports whether a bag is below a prefix of a store, perhaps a damaged one: any of
// its usual tag files is enough, or the payload alone, which is what an interrupted writer
// leaves. It lists what is directly below the prefix.
func Found(ctx context.Context, store object.Store, prefix string) (bool, error) {
	payload, others := false, false
	for info, err := range store.Children(ctx, prefix) {
		if _, _, denied := object.Unreadable(err); denied || errors.Is(err, fs.ErrNotExist) {
			return false, nil // whoever reads it next says so
		}
		if err != nil {
			return false, err
		}
		name := strings.TrimPrefix(info.Key, prefix)
		if _, manifest := parseManifestName(name); manifest || name == declarationName || name == infoName {
			return true, nil
		}
		payload, others = payload || name == payloadFolder, others || name != payloadFolder
	}
	return payload && !others, nil
}
