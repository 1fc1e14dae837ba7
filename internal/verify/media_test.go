package verify_test

import (
	"strings"
	"testing"

	"cdrmend/internal/verify"
)

// The record of a run names what was found in its media objects, and the verdicts rest on
// it: whoever removes that file or changes it is named without any computing.
func TestWhatWasFoundInMediaIsChecked(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(w *world, file string){
		"removed": func(w *world, file string) { w.remove(file) },
		"changed": func(w *world, file string) {
			text := w.read(file)
			w.write(file, text[:20]+"X"+text[21:])
		},
		"replaced": func(w *world, file string) { w.write(file, "PAR1") },
	} {
		w, key := newWorld(t), newKey(t, "2026")
		w.write("cdrmend.yaml", strings.Replace(config, "check: exists", "check: header", 1))
		w.write("in/m/date=2026-11-20/heard.json", `{"format": "cdrmend.manifest/1", "recordings": [{"recording_id": "heard", "conversation_id": "heard", "trunk_id": "t",
			"start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:00:20Z", "media_key": "a.wav"}]}`)
		w.commit(day20, key)
		wantVerified(t, w.verify(key.Public(), day20))

		var file string
		for path := range w.tree() {
			if strings.HasSuffix(path, ".media.parquet") {
				file = path
			}
		}
		if file == "" {
			t.Fatal("the run keeps nothing of its media")
		}
		tamper(w, "out/"+file)
		r := w.verify(key.Public(), day20)
		if p := wantBroken(t, r, verify.EvidenceLink, file); !strings.Contains(p.Detail, "record") {
			t.Errorf("%s: %s does not say what names the file", name, p.Detail)
		}
	}
}
