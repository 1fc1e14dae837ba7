package timestamp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/timestamp"
	"cdrmend/internal/timestamp/timestamptest"

	"github.com/google/go-cmp/cmp"
)

// journal is a folder with entries and their tokens.
type journal struct {
	t       *testing.T
	store   object.Store
	dir     string
	entries []timestamp.Entry
}

func newJournal(t *testing.T, entries int) *journal {
	t.Helper()
	dir := t.TempDir()
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{})
	check(t, err)
	j := &journal{t: t, store: store, dir: dir}
	for n := 1; n <= entries; n++ {
		body := fmt.Appendf(nil, "entry %d\n", n)
		j.write(fmt.Sprintf("%08d.json", n), body)
		sum := sha256.Sum256(body)
		j.entries = append(j.entries, timestamp.Entry{Number: int64(n), SHA256: hex.EncodeToString(sum[:])})
	}
	return j
}

func (j *journal) path(name string) string { return filepath.Join(j.dir, "journal", name) }

func (j *journal) write(name string, b []byte) {
	j.t.Helper()
	check(j.t, os.MkdirAll(filepath.Dir(j.path(name)), 0o700))
	check(j.t, os.WriteFile(j.path(name), b, 0o600))
}

func (j *journal) sum(number int) (sum [32]byte) {
	_, err := hex.Decode(sum[:], []byte(j.entries[number-1].SHA256))
	check(j.t, err)
	return sum
}

// complete completes the journal up to a number.
func (j *journal) complete(url string, number int) (int, error) {
	return timestamp.NewAuthority(url).Complete(j.t.Context(), j.store, "journal/", j.entries[number-1])
}

func (j *journal) mustComplete(url string, number, want int) {
	j.t.Helper()
	if got, err := j.complete(url, number); err != nil || got != want {
		j.t.Fatalf("up to entry %d: stored %d tokens (%v), want %d", number, got, err, want)
	}
}

func (j *journal) report(roots ...string) *timestamp.Report {
	j.t.Helper()
	var pems []byte
	for _, file := range roots {
		b, err := os.ReadFile(file)
		check(j.t, err)
		pems = append(pems, b...)
	}
	trusted, err := timestamp.ParseRoots(pems)
	check(j.t, err)
	r, err := timestamp.Check(j.t.Context(), j.store, "journal/", j.entries, trusted)
	check(j.t, err)
	return r
}

// refused checks that exactly these tokens are refused, by what the problem says.
func (j *journal) refused(r *timestamp.Report, want map[int64]string) {
	j.t.Helper()
	for _, p := range r.Problems {
		if text, ok := want[p.Number]; !ok || !strings.Contains(p.Detail, text) {
			j.t.Errorf("%s: %s, want %q", p.Key, p.Detail, text)
		}
		delete(want, p.Number)
	}
	for number, text := range want {
		j.t.Errorf("the token of entry %d is accepted, want %q", number, text)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryEntryGetsATokenThatOpensslAccepts(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	url := a.Serve()
	j := newJournal(t, 3)
	j.mustComplete(url, 2, 2) // the first run after the switch completes what is near
	j.mustComplete(url, 2, 0)
	j.mustComplete(url, 3, 1)
	if a.Asked() != 3 {
		t.Errorf("asked %d times for 3 tokens", a.Asked())
	}

	r := j.report(a.RootsFile())
	j.refused(r, nil)
	if r.Tokens != 3 || r.Newest != j.entries[2] || time.Since(r.Time).Abs() > time.Minute || r.Bare != nil || r.Unchecked != nil {
		t.Errorf("got %+v", r)
	}
	for n := 1; n <= 3; n++ {
		check(t, a.Accepts(j.path(timestamp.Name(int64(n))), j.path(fmt.Sprintf("%08d.json", n))))
	}
	if a.Accepts(j.path(timestamp.Name(1)), j.path("00000002.json")) == nil {
		t.Error("openssl accepts a token over another entry: it checks nothing")
	}
}

// In a bucket a token is created like everything else, and only once.
func TestTokensAreStoredInABucket(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "out", objecttest.Locked)
	store, err := object.Open(t.Context(), object.Location{Bucket: "out"}, object.Options{Retention: object.Retention{Mode: "governance", Until: time.Now().Add(time.Hour)}})
	check(t, err)
	j := newJournal(t, 2)
	for _, e := range j.entries {
		name := fmt.Sprintf("%08d.json", e.Number)
		body, err := os.ReadFile(j.path(name))
		check(t, err)
		server.Put(t, "out", "journal/"+name, body)
	}
	j.store = store

	a := timestamptest.New(t, timestamptest.Certificate{})
	url := a.Serve()
	j.mustComplete(url, 2, 2)
	j.mustComplete(url, 2, 0)
	r := j.report(a.RootsFile())
	j.refused(r, nil)
	if mode, _ := server.Retention(t, "out", "journal/"+timestamp.Name(2)); r.Tokens != 2 || !strings.EqualFold(mode, "governance") {
		t.Errorf("got %+v, retained by %q", r, mode)
	}
}

// A long outage of the authority is made up for in steps, oldest first.
func TestMissingTokensAreFetchedLaterInTheirOrder(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	j := newJournal(t, 40)
	for _, step := range []struct{ newest, stored int }{{33, 1}, {36, 3}, {40, 4}} {
		j.mustComplete(a.Serve(), step.newest, step.stored)
	}
	r := j.report(a.RootsFile())
	j.refused(r, nil)
	if r.Tokens != 8 || len(r.Bare) != 0 {
		t.Errorf("got %+v", r)
	}

	check(t, os.Remove(j.path(timestamp.Name(35))))
	if r := j.report(a.RootsFile()); !cmp.Equal(r.Bare, []int64{35}) || len(r.Problems) > 0 {
		t.Errorf("got %+v, want that entry 35 has no token", r)
	}
}

func TestRunsAtTheSameTimeStoreTokensInTheOrderOfEntries(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	url := a.Serve()
	j := newJournal(t, 8)
	done := make(chan error)
	for n := 1; n <= 8; n++ {
		go func() { _, err := j.complete(url, n); done <- err }()
	}
	for range 8 {
		check(t, <-done)
	}
	r := j.report(a.RootsFile())
	j.refused(r, nil)
	if r.Tokens != 8 {
		t.Errorf("got %+v", r)
	}
}

// A run for an older entry that gets ahead ends there; the run for the newer one goes
// on behind it.
func TestARunGoesOnBehindOneThatGotAhead(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	url := a.Serve()
	j := newJournal(t, 4)
	target, err := neturl.Parse(url)
	check(t, err)
	authority := httputil.NewSingleHostReverseProxy(target)
	var first sync.Once
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() {
			if _, err := j.complete(url, 2); err != nil {
				t.Error(err)
			}
		})
		authority.ServeHTTP(w, r)
	}))
	defer slow.Close()

	j.mustComplete(slow.URL, 4, 2)
	r := j.report(a.RootsFile())
	j.refused(r, nil)
	if r.Tokens != 4 || r.Bare != nil {
		t.Errorf("got %+v", r)
	}
}

func TestTokensThatProveNothingAreRefused(t *testing.T) {
	now := time.Now()
	long := func(c timestamptest.Certificate) timestamptest.Certificate {
		c.From, c.To = now.AddDate(-5, 0, 0), now.AddDate(5, 0, 0)
		return c
	}
	sound := timestamptest.New(t, long(timestamptest.Certificate{}))
	other := timestamptest.New(t, timestamptest.Certificate{})
	past := timestamptest.New(t, timestamptest.Certificate{From: now.AddDate(-3, 0, 0), To: now.AddDate(-2, 0, 0)})
	with := func(c timestamptest.Certificate) *timestamptest.Authority { return timestamptest.New(t, long(c)) }

	tests := map[string]struct {
		by     *timestamptest.Authority
		change func(*timestamptest.Forgery)
		want   string // empty: accepted
	}{
		"sound":                          {by: sound},
		"the certificate is of the past": {by: past, change: func(i *timestamptest.Forgery) { i.Time = now.AddDate(-3, 1, 0) }},
		"expired at its time":            {by: past, want: "was not valid at the time of the token"},
		"not yet valid at its time":      {by: past, change: func(i *timestamptest.Forgery) { i.Time = now.AddDate(-4, 0, 0) }, want: "was not valid at the time"},
		"another root":                   {by: other, want: "no trusted root vouches"},
		"for servers":                    {by: with(timestamptest.Certificate{Usage: []asn1.ObjectIdentifier{timestamptest.Servers}}), want: "not for timestamps only"},
		"for servers, too":               {by: with(timestamptest.Certificate{Usage: []asn1.ObjectIdentifier{timestamptest.Timestamps, timestamptest.Servers}}), want: "not for timestamps only"},
		"for something unknown, too":     {by: with(timestamptest.Certificate{Usage: []asn1.ObjectIdentifier{timestamptest.Timestamps, {1, 2, 3}}}), want: "not for timestamps only"},
		"without a usage":                {by: with(timestamptest.Certificate{Usage: []asn1.ObjectIdentifier{}}), want: "no extended key usage"},
		"usage not critical":             {by: with(timestamptest.Certificate{Uncritical: true}), want: "not critical"},
		"a key for encipherment":         {by: with(timestamptest.Certificate{KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}), want: "signatures only"},
		"another certificate is named":   {by: sound, change: func(f *timestamptest.Forgery) { f.Names = "between.pem" }, want: "name another certificate"},
		"no signingCertificate":          {by: sound, change: func(f *timestamptest.Forgery) { f.Without = timestamptest.SigningCertificate }, want: "neither signingCertificate nor"},
		"no messageDigest":               {by: sound, change: func(f *timestamptest.Forgery) { f.Without = timestamptest.MessageDigest }, want: "attribute type not in attributes"},
		"no contentType":                 {by: sound, change: func(f *timestamptest.Forgery) { f.Without = timestamptest.ContentType }, want: "no contentType"},
		"an attribute twice":             {by: sound, change: func(f *timestamptest.Forgery) { f.Twice = true }, want: "comes twice"},
		"other content":                  {by: sound, change: func(f *timestamptest.Forgery) { f.Type = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }, want: "not the information of a timestamp"},
		"over SHA-1":                     {by: sound, change: func(f *timestamptest.Forgery) { f.SHA1 = true }, want: "SHA-1"},
		"over other bytes":               {by: sound, change: func(i *timestamptest.Forgery) { i.SHA256[0]++ }, want: "it is over other bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			j := newJournal(t, 1)
			info := timestamptest.Forgery{SHA256: j.sum(1), Time: now}
			if test.change != nil {
				test.change(&info)
			}
			j.write(timestamp.Name(1), test.by.Forge(info))
			want := map[int64]string{1: test.want}
			if test.want == "" {
				want = nil
			}
			r := j.report(sound.RootsFile(), past.RootsFile(), soundRoots(test.by, other))
			j.refused(r, want)
			if sound := test.want == ""; (r.Tokens == 1) != sound {
				t.Errorf("%d tokens count", r.Tokens)
			}

			// What is sound here is sound for others.
			if err := test.by.Accepts(j.path(timestamp.Name(1)), j.path("00000001.json")); name == "sound" && err != nil {
				t.Error(err)
			}
		})
	}
}

// soundRoots returns the roots of an authority unless it is the one not to be trusted.
func soundRoots(a, untrusted *timestamptest.Authority) string {
	if a == untrusted {
		return os.DevNull
	}
	return a.RootsFile()
}

func TestTokensInTheWrongPlaceAreRefused(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{From: time.Now().AddDate(-1, 0, 0), To: time.Now().AddDate(1, 0, 0)})
	j := newJournal(t, 4)
	at := time.Now()
	forge := func(entry int, at time.Time) []byte {
		return a.Forge(timestamptest.Forgery{SHA256: j.sum(entry), Time: at})
	}
	j.write(timestamp.Name(1), forge(1, at))
	j.write(timestamp.Name(2), forge(3, at))                   // of another entry
	j.write(timestamp.Name(3), forge(3, at.Add(-time.Second))) // older than that of entry 1
	j.write(timestamp.Name(4), forge(4, at))
	j.write(timestamp.Name(5), forge(4, at))
	r := j.report(a.RootsFile())
	j.refused(r, map[int64]string{2: "the token of entry 3", 3: "older than the token of entry 1", 5: "an entry that is not there"})
	if r.Tokens != 2 || r.Newest.Number != 4 {
		t.Errorf("got %+v", r)
	}
}

// No byte of a token can be changed without being refused, but for bytes outside of
// what is signed that mean nothing: then its time and hash are still those signed.
func TestNoByteOfATokenCanBeChanged(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	j := newJournal(t, 1)
	j.mustComplete(a.Serve(), 1, 1)
	whole, err := os.ReadFile(j.path(timestamp.Name(1)))
	check(t, err)
	token, err := timestamp.Parse(whole)
	check(t, err)
	roots, err := os.ReadFile(a.RootsFile())
	check(t, err)
	trusted, err := timestamp.ParseRoots(roots)
	check(t, err)

	accepted := 0
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1
		changed, err := timestamp.Parse(b)
		if err == nil {
			err = changed.Trusted(trusted)
		}
		if err != nil {
			continue
		}
		accepted++
		if !changed.Time.Equal(token.Time) || changed.SHA256 != token.SHA256 {
			t.Errorf("byte %d of %d can be changed, and another time or hash is accepted", i, len(whole))
		}
	}
	if accepted > len(whole)/20 {
		t.Errorf("%d of %d bytes can be changed", accepted, len(whole))
	}

	for name, b := range map[string][]byte{
		"cut": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0), "empty": nil, "text": []byte("no token"),
		"refusal": {0x30, 0x03 + 2, 0x30, 0x03, 0x02, 0x01, 0x02},
		"deep":    deep(1000),
		"large":   make([]byte, 1<<20),
	} {
		if _, err := timestamp.Parse(b); err == nil || name == "deep" && !strings.Contains(err.Error(), "nested too deeply") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// deep returns values nested in values.
func deep(depth int) []byte {
	var b []byte
	for range depth {
		b, _ = asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: b})
	}
	return b
}

// A file of any size, a link and a folder are named, and all others are still checked.
func TestOddFilesAreNamedAndTheOthersChecked(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	j := newJournal(t, 3)
	j.mustComplete(a.Serve(), 3, 3)
	check(t, os.Truncate(j.path(timestamp.Name(1)), 6<<30))
	r := j.report(a.RootsFile())
	j.refused(r, map[int64]string{1: "no token has more than"})
	if r.Tokens != 2 {
		t.Errorf("got %+v", r)
	}
}

func TestAnswersThatAreNotToTheRequestAreNotStored(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	wrong := timestamptest.New(t, timestamptest.Certificate{From: time.Now().AddDate(-1, 0, 0), To: time.Now().AddDate(1, 0, 0)})
	j := newJournal(t, 1)
	reply := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/timestamp-reply")
			_, _ = w.Write(body)
		}
	}

	tests := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"no nonce":     {reply(wrong.Forge(timestamptest.Forgery{SHA256: j.sum(1), Time: time.Now()})), "nonce"},
		"another hash": {reply(wrong.Forge(timestamptest.Forgery{Time: time.Now()})), "another hash"},
		"a refusal":    {reply([]byte{0x30, 0x09, 0x30, 0x07, 0x02, 0x01, 0x02, 0x03, 0x02, 0x05, 0x20}), "status 2"},
		"too much":     {reply(make([]byte, 1<<20)), "more than"},
		"another type": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "application/timestamp-reply"},
		"an error":     {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret-of-url", http.StatusForbidden) }, "403 Forbidden"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, a.Serve(), http.StatusTemporaryRedirect)
		}, "redirects are not followed"},
		"nothing": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; test.answer(w, r) }))
			defer server.Close()
			authority := timestamp.NewAuthority(strings.Replace(server.URL, "//", "//user:secret-of-url@", 1) + "/?key=secret-of-url")
			stored, err := authority.Complete(t.Context(), j.store, "journal/", j.entries[0])
			if stored != 0 || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("stored %d: %v, want an error with %q", stored, err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the URL: %v", err)
			}
			if _, err := os.Stat(j.path(timestamp.Name(1))); err == nil {
				t.Error("the answer was stored")
			}

			// It is not asked again, as each interval of a backfill would wait.
			if _, err := authority.Complete(t.Context(), j.store, "journal/", j.entries[0]); err != nil || asked != 1 {
				t.Errorf("asked %d times: %v", asked, err)
			}
		})
	}
}

func TestAnAnswerToAnEarlierRequestIsRefused(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Certificate{})
	j := newJournal(t, 1)
	j.mustComplete(a.Serve(), 1, 1)
	earlier, err := os.ReadFile(j.path(timestamp.Name(1)))
	check(t, err)
	check(t, os.Remove(j.path(timestamp.Name(1))))

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(earlier)
	}))
	defer server.Close()
	if _, err := j.complete(server.URL, 1); err == nil || !strings.Contains(err.Error(), "nonce") {
		t.Errorf("got %v, want that the nonce is another", err)
	}
}

func TestAnAuthorityThatHangsIsLeftAfterATime(t *testing.T) {
	j := newJournal(t, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client is gone
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := timestamp.NewAuthority(server.URL).Complete(ctx, j.store, "journal/", j.entries[0])
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutAnAuthorityNothingIsAsked(t *testing.T) {
	j := newJournal(t, 1)
	j.mustComplete("", 1, 0)
}

func TestRootsThatAreNoCertificatesAreRefused(t *testing.T) {
	for _, file := range []string{"", "text", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if _, err := timestamp.ParseRoots([]byte(file)); err == nil {
			t.Errorf("%q is accepted", file)
		}
	}
}

// FuzzParse: whatever an authority answers, it is an error or a token with a time and a
// signer, and never a panic.
func FuzzParse(f *testing.F) {
	a := timestamptest.New(f, timestamptest.Certificate{})
	f.Add(a.Forge(timestamptest.Forgery{Time: time.Unix(1_700_000_000, 0)}))
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) {
		if token, err := timestamp.Parse(b); err == nil && token.Time.IsZero() {
			t.Error("a token without a time is accepted")
		}
	})
}
