// Package page makes pages that people read: one HTML file about one run, and
// one about many intervals. A page is self-contained: it asks for nothing, not
// even from the machine that shows it, and its own script is the only one that
// it lets run. It is a pure function of what it is made from.
//
// Whatever came from outside is text on a page and nothing else: html/template
// escapes it where it stands in the document, JSON where the script takes it
// from, and what would not be seen, or would turn the direction of what stands
// beside it, is spelled out.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"

	"cdrmend/internal/printable"
	"cdrmend/internal/report"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"n": report.Grouped, "size": report.Size, "time": instant, "printable": printable.Text,
}).ParseFS(assets, "assets/*.tmpl"))

// head is everything before the title, the same on every page.
var head = func() string {
	css, script := asset("page.css"), asset("page.js")
	policy := fmt.Sprintf("default-src 'none'; img-src data:; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", source(css), source(script))
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="` + policy + `">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<style>` + css + `</style>
`
}()

func asset(name string) string {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// source names a text in a content security policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// write writes a page: a template, and what its script works on.
func write(w io.Writer, name string, view, data any) error {
	var b bytes.Buffer
	b.WriteString(head)
	if err := templates.ExecuteTemplate(&b, name, view); err != nil {
		return err
	}
	b.WriteString(`<script type="application/json" id="data">`)
	if err := json.NewEncoder(&b).Encode(data); err != nil { // escapes <, > and &
		return err
	}
	b.WriteString("</script>\n<script>" + asset("page.js") + "</script>\n</body>\n</html>\n")
	_, err := b.WriteTo(w)
	return err
}
