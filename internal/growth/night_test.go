package growth

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// day is the interval of every night.
const day = "2026-11-20"

// The directories of the three kinds of source.
const (
	manifests = "manifests"
	cdrs      = "cdrs"
	logs      = "registrations"
)

// night is what the sources delivered, in a directory.
type night struct {
	t        *testing.T
	dir      string
	unpacked map[string]int64 // bytes of each kind of source, before compression
	stored   int64            // size of the largest object
	kept     []keptInput      // of structures of packs: the documents, in the order of their keys
	settings settings
}

// settings are what the configuration says beyond the least.
type settings struct {
	cdrProfile string // cdrmend when empty
	manifests  string // likewise
	logProfile string // likewise
	oneFor     string // one_recording_per of the CDRs; leg or conversation
	hourly     bool   // an interval is an hour
	media      string // the media check; empty: none
	policy     string // lines of YAML below policy, indented by two

	command []string // what is measured in place of a run
}

func newNight(t *testing.T) *night {
	t.Helper()
	dir, err := os.MkdirTemp("", "growth-*")
	if err != nil {
		t.Fatal(err)
	}
	if *keep {
		note("    %s", dir)
	} else {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	n := &night{t: t, dir: dir, unpacked: map[string]int64{}}
	for _, kind := range []string{manifests, cdrs, logs} {
		n.path(filepath.Join(kind, "x")) // a source that delivered nothing has a directory
	}
	return n
}

// remove deletes the night before the test ends.
func (n *night) remove() {
	if !*keep {
		_ = os.RemoveAll(n.dir)
	}
}

// put writes an object of the interval. A name that ends in .gz or .zst compresses
// it.
func (n *night) put(kind, name string, fill func(w *bufio.Writer)) {
	n.t.Helper()
	path := n.path(filepath.Join(kind, strings.NewReplacer("{date}", day, "{hour}", "08").Replace(n.folder()), name))
	f, err := os.Create(path)
	if err != nil {
		n.t.Fatal(err)
	}
	defer f.Close()

	packed := compressor(n.t, f, name)
	counted := &counter{Writer: packed}
	w := bufio.NewWriterSize(counted, 1<<16)
	fill(w)
	if err := w.Flush(); err != nil {
		n.t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		n.t.Fatal(err)
	}

	info, err := f.Stat()
	if err != nil {
		n.t.Fatal(err)
	}
	n.stored = max(n.stored, info.Size())
	n.unpacked[kind] += counted.n
}

// folder returns where the objects of the interval are below a source, as its URL
// says it.
func (n *night) folder() string {
	if n.settings.hourly {
		return "date={date}/hour={hour}"
	}
	return "date={date}"
}

// file writes a file that the configuration names.
func (n *night) file(name string, fill func(w *bufio.Writer)) {
	n.t.Helper()
	f, err := os.Create(n.path(name))
	if err != nil {
		n.t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fill(w)
	if err := w.Flush(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *night) path(name string) string {
	path := filepath.Join(n.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		n.t.Fatal(err)
	}
	return path
}

// counter counts the bytes that are written.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// plain is a writer that compresses nothing.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// compressor compresses what is written to f as hard as a file of that name is.
func compressor(t *testing.T, f io.Writer, name string) (w io.WriteCloser) {
	t.Helper()
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		w, err = gzip.NewWriterLevel(f, gzip.BestCompression)
	case ".zst":
		w, err = zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	default:
		w = plain{f}
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// configure writes the configuration, and returns its path.
func (n *night) configure() string {
	s := &n.settings
	either := func(value, usual string) string {
		if value == "" {
			return usual
		}
		return value
	}
	n.file("cdrmend.yaml", func(w *bufio.Writer) {
		interval := "24h"
		if s.hourly {
			interval = "1h"
		}
		fmt.Fprintf(w, "name: growth\ninterval: %s\nsources:\n", interval)
		source := func(kind, name, profile, more string) {
			fmt.Fprintf(w, "  %s:\n    - {name: %s, url: \"%s/%s/\", profile: %s%s}\n", kind, name, kind, n.folder(), either(profile, "cdrmend"), more)
		}
		source(manifests, "m", s.manifests, "")
		source(cdrs, "c", s.cdrProfile, ", one_recording_per: "+either(s.oneFor, "conversation"))
		source(logs, "r", s.logProfile, "")
		fmt.Fprintf(w, "output:\n  url: output/\n")
		if s.media != "" {
			fmt.Fprintf(w, "media: {check: %s}\n", s.media)
		}
		if s.policy != "" {
			fmt.Fprintf(w, "policy:\n%s", s.policy)
		}
	})
	return n.path("cdrmend.yaml")
}

// total returns the unpacked bytes of all sources.
func (n *night) total() (sum int64) {
	for _, size := range n.unpacked {
		sum += size
	}
	return sum
}

// ordinary returns a night of ordinary records with as many unpacked bytes of each
// kind as another night has. Its entries are the recordings of its legs, as far as
// both go, but for so many that are lost: findings cost something in every night.
func ordinary(t *testing.T, like *night, lost int) *night {
	t.Helper()
	n := newNight(t)
	recorded := func(i int) string {
		if i >= lost && like.unpacked[manifests] == 0 {
			return "false" // else every leg would lack its recording
		}
		return "true"
	}
	listed := func(i int) string {
		if i < lost {
			return uuid("x", i)
		}
		return uuid("r", i)
	}
	until := func(kind string, head, tail string, row func(i int) string) {
		if like.unpacked[kind] == 0 {
			return
		}
		n.put(kind, "ordinary"+suffixOf(kind), func(w *bufio.Writer) {
			left := like.unpacked[kind] - int64(len(head)+len(tail))
			_, _ = w.WriteString(head)
			for i := 0; left > 0; i++ {
				text := row(i)
				if i > 0 && kind == manifests {
					text = "," + text
				}
				left -= int64(len(text))
				_, _ = w.WriteString(text)
			}
			_, _ = w.WriteString(tail)
		})
	}

	until(cdrs, "conversation_id,leg_id,recording_ids,trunk_id,line_id,ani,dnis,recorded,start_time,answer_time,end_time\n", "", func(i int) string {
		return fmt.Sprintf("%s,1,%s,%s,%s,+1555%07d,+1556%07d,%s,%s,%s,%s\n", uuid("c", i), listed(i), uuid("t", i%7), uuid("l", i%500), i%10_000_000, i%10_000_000, recorded(i), clock(i), clock(i), clock(i+120))
	})
	until(manifests, `{"format":"cdrmend.manifest/1","recordings":[`, "]}", func(i int) string {
		return fmt.Sprintf(`{"recording_id":"%s","conversation_id":"%s","trunk_id":"%s","start_time":"%s","end_time":"%s","duration_ms":120000,"media_type":"call"}`,
			uuid("r", i), uuid("c", i), uuid("t", i%7), clock(i), clock(i+120))
	})
	until(logs, "", "", func(i int) string {
		return fmt.Sprintf(`{"time":"%s","trunk_id":"%s","line_id":"%s","status":200,"expiry_seconds":7200}`+"\n", clock(i), uuid("t", i%7), uuid("l", i%500))
	})
	return n
}

func suffixOf(kind string) string {
	switch kind {
	case cdrs:
		return ".csv"
	case manifests:
		return ".json"
	}
	return ".jsonl"
}

// uuid returns the id of a record, the same for the same kind and number.
func uuid(kind string, i int) string {
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", i*2654435761&0xffffffff, kind[0], i)
}

// clock returns a time of the day, in seconds after 00:00:00 of the interval, and
// again from there after 22 hours.
func clock(seconds int) string {
	seconds %= 22 * 3600
	return fmt.Sprintf("%sT%02d:%02d:%02dZ", day, seconds/3600, seconds/60%60, seconds%60)
}

// times returns the members of a record's span, in seconds after midnight.
func times(from, to int) string {
	return fmt.Sprintf(`"start_time":"%s","end_time":"%s"`, clock(from), clock(to))
}

// list writes elements as a JSON list.
func list(w io.Writer, n int, element func(i int)) {
	_, _ = io.WriteString(w, "[")
	for i := range n {
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		element(i)
	}
	_, _ = io.WriteString(w, "]")
}

// again returns a text of so many bytes.
func again(text string, size int) string { return strings.Repeat(text, size/len(text)+1)[:size] }
