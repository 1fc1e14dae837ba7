package job_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/token"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func newSigner(t *testing.T, keyType, id string) *token.Signer {
	t.Helper()
	text, err := token.Generate(keyType)
	if err != nil {
		t.Fatal(err)
	}
	s, err := token.ParseSigner(text, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// by signs a run with a key; earlier keys are known, too.
func by(s *token.Signer, earlier ...*token.Signer) func(*job.Job) {
	return func(j *job.Job) {
		j.Signer, j.Keys = s, s.Public()
		for _, e := range earlier {
			j.Keys = j.Keys.And(e.Public())
		}
	}
}

// more delivers something, so that the next run has something to commit.
func (n *night) more(name string) {
	n.deliver(files{"in/c/date=2026-11-20/" + name + ".csv": "conversation_id\n"}, lateDelivery)
}

func TestASignedRecordHoldsTheVeryBytesOfAnUnsignedOne(t *testing.T) {
	t.Parallel()
	plain := small(t)
	plain.run()
	want := plain.tree(outputPrefix)
	for _, keyType := range token.KeyTypes {
		n := small(t)
		s := newSigner(t, keyType, "2026")
		n.run(by(s))
		got := n.tree(outputPrefix)
		file := got[logName(1)]
		delete(got, logName(1))
		got[logName(1)] = payloadOf(t, file)
		same(t, keyType+": output, the record opened", want, got)
		if _, seal, err := ledger.OpenRecord([]byte(file), s.Public()); err != nil || seal != (ledger.Seal{Signed: true, KeyID: "2026", Key: s.Thumbprint(), Check: token.Verified}) {
			t.Errorf("%s: the record is sealed by %+v, %v", keyType, seal, err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(file))
		if err == nil {
			err = yamlfile.Schema("commit", manifests.Schema("commit")).Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", keyType, err, file)
		}
		if again := n.run(by(s)); !again.NoOp {
			t.Errorf("%s: the second run is no no-op: %+v", keyType, again)
		}
	}
}

func payloadOf(t *testing.T, file string) string {
	t.Helper()
	r, _, err := ledger.OpenRecord([]byte(file), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	raw, err := ledger.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestSigningCanBeginAndKeysCanChange(t *testing.T) {
	t.Parallel()
	n := small(t)
	first, second := newSigner(t, "ed25519", "1"), newSigner(t, "rsa", "2")
	n.run()
	n.more("a")
	n.run(by(first), adopting(n.unsigned()...))
	n.more("b")
	n.run(by(second, first), adopting(n.unsigned()...)) // output.json stays unsigned
	n.more("c")
	n.run(by(second, first), adopting(n.unsigned()...))
	log := n.tree(outputPrefix)
	for number, want := range []string{"", "1", "2", "2"} {
		_, seal, err := ledger.OpenRecord([]byte(log[logName(int64(number+1))]), nil)
		if err != nil || seal.KeyID != want || seal.Signed != (want != "") {
			t.Errorf("record %d is sealed by %+v, want key %q: %v", number+1, seal, want, err)
		}
	}
}

// adopting decides to build on unsigned files.
func adopting(sums ...string) func(*job.Job) {
	return func(j *job.Job) { j.Decide.Adopt = setOf(sums) }
}

func disowning(sums ...string) func(*job.Job) {
	return func(j *job.Job) { j.Decide.Disown = setOf(sums) }
}

func setOf(list []string) map[string]bool {
	all := map[string]bool{}
	for _, text := range list {
		all[text] = true
	}
	return all
}

// unsigned returns the SHA-256 of each file of the ledger that nobody signed.
func (n *night) unsigned() []string {
	n.t.Helper()
	var sums []string
	for name, text := range n.tree("out") {
		if schema, _ := schemaOf(name); (schema == "commit" || schema == "output" || schema == "journal") && !strings.Contains(text, `"signature"`) {
			sums = append(sums, hexSum(text))
		}
	}
	return sums
}

// TestWhatIsNotSignedAsItShouldBeStopsARun also before an input is listed.
func TestWhatIsNotSignedAsItShouldBeStopsARun(t *testing.T) {
	t.Parallel()
	key, other := newSigner(t, "ed25519", "1"), newSigner(t, "ed25519", "1")
	named := newSigner(t, "ed25519", "2")
	for name, test := range map[string]struct {
		run   func(*job.Job)
		spoil func(file string) string
		want  string
	}{
		"no key any more":             {run: func(*job.Job) {}, want: ledger.ErrSigned.Error()},
		"another key":                 {run: by(named), want: "is not among the configured ones"},
		"another key of the name":     {run: by(other), want: "it was made by another key"},
		"another payload":             {run: by(key), spoil: otherPayload, want: "what it signs was changed"},
		"more than a JWS":             {run: by(key), spoil: func(s string) string { return strings.Replace(s, "{", "{\n  \"x\": 1,", 1) }, want: logName(1)},
		"a blank more":                {run: by(key), spoil: func(s string) string { return s + " " }, want: logName(1)},
		"another name of the payload": {run: by(key), spoil: func(s string) string { return strings.Replace(s, `"payload"`, `"Payload"`, 1) }, want: logName(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := small(t)
			n.run(by(key))
			path := filepath.Join(n.dir, filepath.FromSlash(outputPrefix+logName(1)))
			if test.spoil != nil {
				text := test.spoil(n.tree(outputPrefix)[logName(1)])
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			n.more("a")
			before := n.tree("out")
			_, err := n.job(test.run, func(j *job.Job) {
				for i, s := range j.Stores.Sources {
					j.Stores.Sources[i] = &watched{Store: s, list: func() { t.Error("an input was listed") }}
				}
			}).Run(t.Context(), interval)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if name == "no key any more" && !errors.Is(err, ledger.ErrSigned) {
				t.Errorf("got %v, want %v", err, ledger.ErrSigned)
			}
			same(t, "output", before, n.tree("out"))
		})
	}
}

// otherPayload replaces what is signed and keeps the signature.
func otherPayload(file string) string {
	r, _, err := ledger.OpenRecord([]byte(file), nil)
	if err != nil {
		panic(err)
	}
	r.Tool = "forged"
	forged, err := r.Seal(forger)
	if err != nil {
		panic(err)
	}
	member := func(text []byte, name string) string {
		_, rest, _ := strings.Cut(string(text), `"`+name+`": "`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	return strings.Replace(file, member([]byte(file), "payload"), member(forged, "payload"), 1)
}

var forger = func() *token.Signer {
	text, err := token.Generate("ed25519")
	if err != nil {
		panic(err)
	}
	s, err := token.ParseSigner(text, "1")
	if err != nil {
		panic(err)
	}
	return s
}()

func TestRunsAtOnceWithRandomSignaturesCommitOnce(t *testing.T) {
	t.Parallel()
	n := small(t)
	s := newSigner(t, "p256", "")
	n.race(2, func(int) func(*job.Job) { return by(s) })
	if got := len(n.commits()); got != 1 {
		t.Errorf("%d records, want 1", got)
	}
}
