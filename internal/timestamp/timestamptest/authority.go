// Package timestamptest runs a time-stamping authority for tests, whose answers come
// from openssl. It shares no code with the package that checks them.
package timestamptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Usages of certificates.
var (
	Timestamps = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	Servers    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
)

// Certificate says what the certificate of an authority is like. The zero value is a
// sound one that is valid always.
type Certificate struct {
	From, To   time.Time               // zero: of the whole century
	Usage      []asn1.ObjectIdentifier // nil: timestamps only; empty: the extension is absent
	Uncritical bool                    // the usage is not critical
	KeyUsage   x509.KeyUsage           // zero: digital signatures
}

// Authority is a root, a certificate between, and an authority that it certifies.
type Authority struct {
	t     testing.TB
	dir   string
	lock  sync.Mutex // of openssl's serial numbers
	asked int
}

// always is the time for which certificates are valid, if nothing else is asked for.
var always = [2]time.Time{time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}

// New makes an authority. The root and the certificate between are valid always.
func New(t testing.TB, c Certificate) *Authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("these tests need openssl: install it")
	}

	a := &Authority{t: t, dir: t.TempDir()}
	long := func(name string, serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: always[0], NotAfter: always[1],
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	rootKey, betweenKey, key := a.key(), a.key(), a.key()
	root, between := long("Test root", 1), long("Test between", 2)
	a.sign("root.pem", root, root, rootKey, rootKey)
	a.sign("between.pem", between, root, betweenKey, rootKey)
	a.sign("tsa.pem", leaf(c), between, key, betweenKey)

	der, err := x509.MarshalPKCS8PrivateKey(key)
	a.check(err)
	a.write("tsa.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	a.write("serial", []byte("01\n"))
	a.write("tsa.cnf", []byte(strings.ReplaceAll(configuration, "DIR", a.dir)))
	return a
}

const configuration = `[tsa]
dir = DIR
serial = DIR/serial
crypto_device = builtin
signer_cert = DIR/tsa.pem
certs = DIR/between.pem
signer_key = DIR/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

func leaf(c Certificate) *x509.Certificate {
	if c.From.IsZero() {
		c.From, c.To = always[0], always[1]
	}
	if c.Usage == nil {
		c.Usage = []asn1.ObjectIdentifier{Timestamps}
	}
	if c.KeyUsage == 0 {
		c.KeyUsage = x509.KeyUsageDigitalSignature
	}

	l := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Test authority"},
		NotBefore: c.From, NotAfter: c.To, KeyUsage: c.KeyUsage, BasicConstraintsValid: true,
	}
	if len(c.Usage) > 0 {
		value, err := asn1.Marshal(c.Usage)
		if err != nil {
			panic(err)
		}
		l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: !c.Uncritical, Value: value}}
	}
	return l
}

func (a *Authority) key() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.check(err)
	return key
}

func (a *Authority) sign(name string, c, by *x509.Certificate, key, with *ecdsa.PrivateKey) {
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, with)
	a.check(err)
	a.write(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (a *Authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *Authority) write(name string, b []byte) { a.check(os.WriteFile(a.path(name), b, 0o600)) }

func (a *Authority) check(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// RootsFile is the path of a PEM file with the root.
func (a *Authority) RootsFile() string { return a.path("root.pem") }

// Reply answers a request, as the authority would now.
func (a *Authority) Reply(query []byte) ([]byte, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.asked++
	if err := os.WriteFile(a.path("query"), query, 0o600); err != nil {
		return nil, err
	}
	_, err := a.openssl("ts", "-reply", "-config", a.path("tsa.cnf"), "-section", "tsa", "-queryfile", a.path("query"), "-out", a.path("reply"))
	if err != nil {
		return nil, err
	}
	return os.ReadFile(a.path("reply"))
}

// Asked is how many requests were answered.
func (a *Authority) Asked() int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.asked
}

// Serve answers over HTTP until the test ends, and returns the URL.
func (a *Authority) Serve() string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
			http.Error(w, "no request of RFC 3161", http.StatusBadRequest)
			return
		}
		reply, err := a.Reply(query)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(reply)
	}))
	a.t.Cleanup(server.Close)
	return server.URL + "/tsa"
}

// Answer wraps a token into an answer that grants a request.
func Answer(t testing.TB, token []byte) []byte {
	t.Helper()
	b, err := asn1.Marshal(struct {
		Status struct{ Status int }
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: token}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Accepts reports whether openssl accepts an answer over a file.
func (a *Authority) Accepts(answer, file string) error {
	_, err := a.openssl("ts", "-verify", "-data", file, "-in", answer, "-CAfile", a.RootsFile())
	return err
}

func (a *Authority) openssl(args ...string) ([]byte, error) {
	out, err := exec.Command("openssl", args...).CombinedOutput() //nolint:gosec // the arguments are those of tests
	if err != nil {
		return nil, fmt.Errorf("openssl %s: %w: %s", args[0], err, out)
	}
	return out, nil
}
