package timestamp

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Roots are the certificates that are trusted.
type Roots struct{ pool *x509.CertPool }

// ParseRoots reads trusted certificates from a PEM file.
func ParseRoots(file []byte) (*Roots, error) {
	r := &Roots{pool: x509.NewCertPool()}
	count := 0
	for {
		block, rest := pem.Decode(file)
		if block == nil {
			break
		}
		file = rest

		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("block %d is %q, want CERTIFICATE", count+1, block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", count+1, err)
		}
		r.pool.AddCert(c)
		count++
	}
	if count == 0 {
		return nil, errors.New("it holds no certificate: want a PEM file of the roots of time-stamping authorities")
	}
	return r, nil
}

// Trusted returns an error unless a chain leads from the signer of a token to one of
// the roots, all of it valid at the time of the token. Whether it is valid today does
// not matter. Revocation is not looked up.
func (t *Token) Trusted(roots *Roots) error {
	others := x509.NewCertPool()
	for _, c := range t.others {
		others.AddCert(c)
	}
	_, err := t.signer.Verify(x509.VerifyOptions{
		Roots: roots.pool, Intermediates: others, CurrentTime: t.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})

	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return fmt.Errorf("the certificate %q was not valid at the time of the token, %s: it is valid from %s to %s", invalid.Cert.Subject,
			t.Time.Format(time.RFC3339), invalid.Cert.NotBefore.UTC().Format(time.RFC3339), invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Errorf("no trusted root vouches for the certificate %q of its signer", t.signer.Subject)
	}
	if err != nil {
		return fmt.Errorf("no chain leads from the certificate %q of its signer to a trusted root: %w", t.signer.Subject, err)
	}
	return nil
}
