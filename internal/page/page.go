// Package page makes HTML pages for people: one about one run, one about
// many intervals, and one that shows an audit. A page is a self-contained file. It loads nothing, not even
// from the local machine, and allows only its own script to run. Equal inputs
// give equal pages.
//
// Values from outside appear on a page only as text. html/template escapes them
// in the document, and JSON in the data of the script. Invisible characters, and
// those that change the direction of the text around them, are spelled out.
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
	"cdrmend/internal/wording"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"n": report.Grouped, "count": wording.Count[int64], "verb": wording.Verb[int64], "size": report.Size, "time": instant, "printable": printable.Text,
	"capital": wording.Capital, "seconds": secondsOf, "len64": func(list []string) int64 { return int64(len(list)) },
}).ParseFS(assets, "assets/*.tmpl"))

// head is everything before the title. It is the same on every page.
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

// source returns the source expression for a text in a content security policy:
// its hash.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// write writes a page: a template, and the data of its script. Nothing is written
// if the template fails.
func write(w io.Writer, name string, view, data any) error {
	var b bytes.Buffer
	b.WriteString(head)
	if err := templates.ExecuteTemplate(&b, name, view); err != nil {
		return err
	}

	b.WriteString(`<script type="application/json" id="data">`)
	if err := json.NewEncoder(&b).Encode(data); err != nil { // it escapes <, > and &, so no value can end the script
		return err
	}
	b.WriteString("</script>\n<script>" + asset("page.js") + "</script>\n</body>\n</html>\n")

	_, err := b.WriteTo(w)
	return err
}
