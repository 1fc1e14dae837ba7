// Package browsertest drives a real Chromium in tests. It speaks the browser's
// own protocol over a pipe. This needs neither a port nor a library, and the
// browser ends however the test ends.
package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/outside"
)

// Browser is a running Chromium.
type Browser struct {
	in   io.WriteCloser
	mu   sync.Mutex
	next int
	wait map[int]chan answer
	told map[string]func(event) // receivers of events, by session
	gone chan struct{}          // closed when the browser has closed its pipe
}

// answer is the browser's answer to a command.
type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// event is a message of the browser that answers no command.
type event struct {
	Method string
	Params json.RawMessage
}

// Open starts a browser with an empty profile that ends with the test. Outside
// of CI the test is skipped, as a browser takes its time.
func Open(t testing.TB) *Browser {
	t.Helper()
	program := outside.Program(t, "chromium")

	commands, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{commands, answers} // 3 and 4, as the browser expects
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	// Without these copies of its ends open here, listen sees the end of the pipe
	// when the browser ends.
	commands.Close()
	answers.Close()
	b := &Browser{in: in, wait: map[int]chan answer{}, told: map[string]func(event){}, gone: make(chan struct{})}
	go b.listen(out)
	t.Cleanup(func() {
		_ = b.call(context.WithoutCancel(t.Context()), "", "Browser.close", nil, nil) // it ends while it answers
		in.Close()
		<-b.gone
		out.Close()
		_ = cmd.Wait() // how it ends is no concern of the test
	})
	return b
}

// listen passes on answers and events until the browser closes its pipe.
func (b *Browser) listen(out io.Reader) {
	defer close(b.gone)
	r := bufio.NewReaderSize(out, 1<<20)
	for {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID        int
			SessionID string
			event
			answer
		}
		if json.Unmarshal(raw[:len(raw)-1], &m) != nil {
			continue
		}

		b.mu.Lock()
		waiting, told := b.wait[m.ID], b.told[m.SessionID]
		delete(b.wait, m.ID)
		b.mu.Unlock()

		switch {
		case waiting != nil:
			waiting <- m.answer
		case told != nil && m.Method != "":
			told(m.event)
		}
	}
}

// patience is how long the browser may take for one command.
const patience = time.Minute

// call sends a command and decodes its result.
func (b *Browser) call(ctx context.Context, session, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	done := make(chan answer, 1) // listen must not block on a call that timed out
	b.mu.Lock()
	b.next++
	id := b.next
	b.wait[id] = done
	raw, err := json.Marshal(map[string]any{"id": id, "sessionId": session, "method": method, "params": params})
	if session == "" {
		raw, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err == nil {
		_, err = b.in.Write(append(raw, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}

	select {
	case a := <-done:
		if a.Error != nil {
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-b.gone:
		return fmt.Errorf("%s: the browser has ended", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}
