package pack

import (
	"slices"
	"sync"
)

// cache holds the contents of the frames that were asked for last: inputs are read in
// the order in which they were packed, several at a time, and those of several packs in
// turn.
type cache struct {
	mu    sync.Mutex
	open  map[uint32]*content
	order []uint32 // the oldest first
	held  int      // bytes of all contents that are there
}

// content is that of a frame, once it is there.
type content struct {
	once  sync.Once
	b     []byte
	err   error
	again bool // it could not be fetched ahead: whoever needs it reads it
	size  int  // counted in held
}

// Contents are dropped when they have more bytes than mostCached, but for the newest ones:
// as many of them are in use at once.
const (
	mostCached = 64 << 20
	kept       = 4
)

// get returns the content of a frame. However many ask for it, it is read once.
func (c *cache) get(n uint32, read func() ([]byte, error)) ([]byte, error) {
	for {
		found := c.find(n)
		found.once.Do(func() {
			found.b, found.err = read()
			c.add(n, found)
		})
		if !found.again {
			return found.b, found.err
		}
	}
}

// fill reads the content of a frame before somebody asks for it. A failure is forgotten, as
// whoever needs the content reads it again.
func (c *cache) fill(n uint32, read func() ([]byte, error)) {
	found := c.find(n)
	found.once.Do(func() {
		if found.b, found.err = read(); found.err != nil {
			found.again = true
			c.drop(n, found)
			return
		}
		c.add(n, found)
	})
}

// find returns the content of a frame, which may have to be read yet.
func (c *cache) find(n uint32) *content {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.open[n]
	if !ok {
		found = &content{}
		c.open[n] = found
		c.order = append(c.order, n)
	}
	return found
}

// add counts the bytes of a content that has come, and drops the oldest ones.
func (c *cache) add(n uint32, came *content) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[n] != came {
		return // it was dropped before it came
	}
	came.size = len(came.b)
	c.held += came.size
	for c.held > mostCached && len(c.order) > kept {
		c.held -= c.open[c.order[0]].size
		delete(c.open, c.order[0])
		c.order = c.order[1:]
	}
}

// drop forgets a content that did not come.
func (c *cache) drop(n uint32, failed *content) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[n] == failed {
		delete(c.open, n)
		c.order = slices.DeleteFunc(c.order, func(o uint32) bool { return o == n })
	}
}
