package browsertest

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Page is one page that the browser shows.
type Page struct {
	t       testing.TB
	browser *Browser
	session string
	loaded  chan struct{}

	mu         sync.Mutex
	requests   []string
	complaints []string
}

// View says how a page is looked at.
type View struct {
	Width, Height int
	Dark, Print   bool
}

// Show opens a file and returns when it has been loaded.
func (b *Browser) Show(t testing.TB, file string, view View) *Page {
	t.Helper()
	p := &Page{t: t, browser: b, loaded: make(chan struct{}, 1)}
	var target struct{ TargetID string }
	p.must(b.call(t.Context(), "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target))
	var attached struct{ SessionID string }
	p.must(b.call(t.Context(), "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached))
	p.session = attached.SessionID
	b.mu.Lock()
	b.told[p.session] = p.hear
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		p.call(domain+".enable", nil, nil)
	}
	p.Look(view)
	path, err := filepath.Abs(file)
	p.must(err)
	p.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	select {
	case <-p.loaded:
	case <-b.gone:
		t.Fatalf("the browser ended while it loaded %s", file)
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
	return p
}

// Look changes how the page is looked at.
func (p *Page) Look(view View) {
	p.t.Helper()
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": view.Width, "height": view.Height, "deviceScaleFactor": 1, "mobile": false,
	}, nil)
	scheme, medium := "light", ""
	if view.Dark {
		scheme = "dark"
	}
	if view.Print {
		medium = "print"
	}
	p.call("Emulation.setEmulatedMedia", map[string]any{
		"media": medium, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// hear notes what the browser says about the page.
func (p *Page) hear(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Network.requestWillBeSent":
		var v struct{ Request struct{ URL string } }
		if json.Unmarshal(e.Params, &v) == nil {
			p.requests = append(p.requests, v.Request.URL)
		}
	case "Runtime.exceptionThrown", "Log.entryAdded":
		p.complaints = append(p.complaints, string(e.Params))
	case "Runtime.consoleAPICalled":
		if !strings.Contains(string(e.Params), `"type":"log"`) {
			p.complaints = append(p.complaints, string(e.Params))
		}
	}
}

// Requests returns the URLs that the page asked for, its own first.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.requests...)
}

// Complaints returns errors, warnings and violations of the page's policy.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.complaints...)
}

// Eval evaluates an expression, waits for what it promises, and decodes the
// value.
func (p *Page) Eval(expression string, value any) {
	p.t.Helper()
	var v struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &v)
	if v.ExceptionDetails != nil {
		p.t.Fatalf("evaluating %.200s: %s", expression, v.ExceptionDetails)
	}
	if value != nil {
		if err := json.Unmarshal(v.Result.Value, value); err != nil {
			p.t.Fatalf("evaluating %.200s: %v in %s", expression, err, v.Result.Value)
		}
	}
}

// keys are what the browser wants to know of a key that is no letter.
var keys = map[string]struct {
	code int
	text string
}{
	"Tab": {9, ""}, "Enter": {13, "\r"}, "Space": {32, " "}, "ArrowDown": {40, ""}, "Escape": {27, ""}, "Backspace": {8, ""},
}

// Press presses keys, one after the other.
func (p *Page) Press(names ...string) {
	p.t.Helper()
	for _, name := range names {
		k, ok := keys[name]
		if !ok {
			p.t.Fatalf("no key %q", name)
		}
		event := map[string]any{"type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": k.code}
		if name == "Space" {
			event["key"] = " "
		}
		if k.text != "" {
			event["text"] = k.text
		}
		p.call("Input.dispatchKeyEvent", event, nil)
		event["type"] = "keyUp"
		delete(event, "text")
		p.call("Input.dispatchKeyEvent", event, nil)
	}
}

// Type writes a text where the focus is.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.call("Input.insertText", map[string]any{"text": text}, nil)
}

// PDF prints the page.
func (p *Page) PDF() []byte {
	p.t.Helper()
	var v struct{ Data []byte }
	p.call("Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": true}, &v)
	return v.Data
}

// Screenshot returns the whole page as PNG.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	var v struct{ Data []byte }
	p.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &v)
	return v.Data
}

func (p *Page) call(method string, params, result any) {
	p.t.Helper()
	if err := p.browser.call(p.t.Context(), p.session, method, params, result); err != nil {
		p.t.Fatalf("asking the browser: %v", err)
	}
}

func (p *Page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(fmt.Errorf("opening a page: %w", err))
	}
}
