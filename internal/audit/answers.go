package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// answersFormat is the format of a file of answers, in its first line.
const answersFormat = "cdrmend.audit-answers/1"

// Answers are what stores said about the retention of objects, in a file, so that an
// audit that broke off goes on where it was. A line that was written in part is dropped.
// All methods work on a nil one, which keeps nothing.
type Answers struct {
	file  *os.File
	known map[asked]told
}

// asked is the hash of what was asked: with --all it may be millions of objects.
type asked [16]byte

func askedOf(of, source, key string) asked {
	sum := sha256.Sum256([]byte(of + "\x00" + source + "\x00" + key))
	return asked(sum[:16])
}

// told is what an answer tells.
type told struct {
	until int64  // seconds
	mode  string // one of few
	gone  bool
	held  *bool // one of two
}

// answer is one line of the file, after the first.
type answer struct {
	Of     string    `json:"of"`               // output or media
	Source string    `json:"source,omitempty"` // of a media object
	Key    string    `json:"key"`
	Mode   string    `json:"mode"` // empty: nothing retains it
	Until  time.Time `json:"until,omitzero"`
	Gone   bool      `json:"gone,omitempty"`
	Held   *bool     `json:"held,omitempty"` // under a legal hold; nil: not asked
}

// answersHead is the first line.
type answersHead struct {
	Format string `json:"format"`
	Output string `json:"output"` // URL
}

// OpenAnswers opens the file of answers about an output, and makes it if it is absent.
func OpenAnswers(path, output string) (*Answers, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // it names objects
	if err != nil {
		return nil, err
	}
	a := &Answers{file: f, known: map[asked]told{}}
	if err := a.read(output); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the answers in %q: %w", path, err), f.Close())
	}
	return a, nil
}

func (a *Answers) read(output string) error {
	lines, at := bufio.NewReaderSize(a.file, 64<<10), int64(0)
	for n := 0; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break // what has no end was written in part
		}
		if err != nil {
			return err
		}
		if n == 0 {
			err = checkHead(line, output)
		} else {
			err = a.readLine(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		at += int64(len(line))
	}

	if err := a.file.Truncate(at); err != nil {
		return err
	}
	if _, err := a.file.Seek(at, io.SeekStart); err != nil || at > 0 {
		return err
	}
	head, err := json.Marshal(answersHead{answersFormat, output})
	if err != nil {
		return err
	}
	return a.write(append(head, '\n'))
}

func checkHead(line []byte, output string) error {
	var head answersHead
	if err := json.Unmarshal(line, &head); err != nil || head.Format != answersFormat {
		return errors.New("it holds no answers of an audit: name another file with --resume")
	}
	if head.Output != output {
		return fmt.Errorf("it holds answers about the output %s: name another file with --resume", head.Output)
	}
	return nil
}

func (a *Answers) readLine(line []byte) error {
	var one answer
	if err := json.Unmarshal(line, &one); err != nil {
		return fmt.Errorf("it is damaged: remove the file to ask all objects anew: %w", err)
	}
	t := told{mode: modeOf(one.Mode), gone: one.Gone, held: heldOf(one.Held)}
	if !one.Until.IsZero() {
		t.until = one.Until.Unix()
	}
	a.known[askedOf(one.Of, one.Source, one.Key)] = t
	return nil
}

// of returns the answer about an object that was asked for before.
func (a *Answers) of(of string, o *Object) (answer, bool) {
	if a == nil {
		return answer{}, false
	}
	t, ok := a.known[askedOf(of, o.Source, o.Key)]
	found := answer{Of: of, Source: o.Source, Key: o.Key, Mode: t.mode, Gone: t.gone, Held: t.held}
	if t.until != 0 {
		found.Until = time.Unix(t.until, 0).UTC()
	}
	return found, ok
}

var yes, no = true, false

// heldOf returns one of two pointers instead of millions.
func heldOf(held *bool) *bool {
	switch {
	case held == nil:
		return nil
	case *held:
		return &yes
	}
	return &no
}

// modeOf returns a mode without keeping the line that it was read from.
func modeOf(text string) string {
	for _, mode := range []string{"governance", "compliance"} {
		if text == mode {
			return mode
		}
	}
	return strings.Clone(text)
}

// add keeps answers.
func (a *Answers) add(list []answer) error {
	if a == nil || len(list) == 0 {
		return nil
	}
	var lines bytes.Buffer
	for i := range list {
		line, err := json.Marshal(list[i])
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
	}
	return a.write(lines.Bytes())
}

func (a *Answers) write(lines []byte) error {
	if _, err := a.file.Write(lines); err != nil {
		return fmt.Errorf("keeping answers: %w", err)
	}
	return nil
}

// Close closes the file.
func (a *Answers) Close() error {
	if a == nil {
		return nil
	}
	if err := a.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("keeping answers: %w", err)
	}
	return nil
}
