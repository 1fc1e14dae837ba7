// Package timestamp gets RFC 3161 tokens, by which a time-stamping authority vouches
// that a journal entry existed at a time, and checks them.
//
// A token lies beside its entry: journal/00000001.tsr holds the authority's whole
// answer (a TimeStampResp in DER) over the SHA-256 of the bytes of
// journal/00000001.json. As each entry names the one before it by hash, a token also
// vouches for all entries before its own.
//
// Tokens are best effort. A run gets them after its commit, and the next run gets
// those that are missing; see [Authority.Complete]. [Check] holds them against the
// entries and against trusted roots.
//
// The library parses the structures and verifies the signature. What the signed values
// must be, what the certificate must allow, and its chain at the time of the token are
// checked here.
package timestamp

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // an attribute of RFC 2634 names the certificate by SHA-1
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	tsp "github.com/digitorus/timestamp"
)

// maxAnswer is how many bytes of an answer are read. A token with a long chain of
// certificates has a tenth of it.
const maxAnswer = 256 << 10

// Token is what an authority signed. Everything that can be checked without knowing
// whom to trust is checked.
type Token struct {
	SHA256 [sha256.Size]byte // of what the token vouches for
	Time   time.Time         // UTC
	Nonce  *big.Int          // nil for none

	signer *x509.Certificate
	others []*x509.Certificate // that came with it
}

// Identifiers of RFC 3161, 5652, 2634 and 5035.
var (
	idTimestampInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	idSigningCert      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	idSigningCertV2    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	idExtendedKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// answer is a TimeStampResp.
type answer struct {
	Status struct {
		Status  int
		Text    asn1.RawValue  `asn1:"optional,tag:16"`
		Failure asn1.BitString `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

// Parse reads the answer of an authority, and checks that the token in it is signed
// by a certificate that is for nothing but timestamps. Whether that certificate is
// trusted is for [Token.Trusted] to say.
func Parse(raw []byte) (*Token, error) {
	// The library walks nested values in time that grows with the square of their
	// depth, and reads encodings of which there are several for one value.
	if err := checkDER(raw); err != nil {
		return nil, err
	}

	var a answer
	if _, err := asn1.Unmarshal(raw, &a); err != nil {
		return nil, fmt.Errorf("it is no answer of RFC 3161: %w", err)
	}
	switch {
	case a.Status.Status > int(tsp.GrantedWithMods):
		return nil, &RefusedError{Status: a.Status.Status, Failure: failure(a.Status.Failure)}
	case len(a.Token.FullBytes) == 0:
		return nil, errors.New("it grants the request, but has no token")
	}

	p7, err := pkcs7.Parse(a.Token.FullBytes)
	if err != nil {
		return nil, fmt.Errorf("its token cannot be read: %w", err)
	}
	signer, err := onlySigner(p7)
	if err != nil {
		return nil, err
	}

	// Parse checks the signature, as the token has certificates.
	info, err := tsp.Parse(a.Token.FullBytes)
	if err != nil {
		return nil, fmt.Errorf("its signature does not verify: %w", err)
	}
	t := &Token{Time: info.Time.UTC(), Nonce: info.Nonce, signer: signer, others: p7.Certificates}
	if err := checkContent(p7, a.Token.FullBytes); err != nil {
		return nil, err
	}
	switch {
	case info.HashAlgorithm != crypto.SHA256 || len(info.HashedMessage) != sha256.Size:
		return nil, errors.New("it is over another kind of hash than SHA-256")
	case t.Time.IsZero():
		return nil, errors.New("it has no time")
	}
	copy(t.SHA256[:], info.HashedMessage)

	if err := checkAttributes(p7, signer); err != nil {
		return nil, err
	}
	return t, checkUsage(signer)
}

// RefusedError says that an authority answered without a token. It does not hold the
// text of the answer, which may repeat what the request carried.
type RefusedError struct {
	Status  int
	Failure tsp.FailureInfo
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("the authority refused: status %d", e.Status)
	if e.Failure != tsp.UnknownFailureInfo {
		text += ", " + e.Failure.String()
	}
	return text
}

func failure(bits asn1.BitString) tsp.FailureInfo {
	for _, f := range []tsp.FailureInfo{
		tsp.BadAlgorithm, tsp.BadRequest, tsp.BadDataFormat, tsp.TimeNotAvailable, tsp.UnacceptedPolicy,
		tsp.UnacceptedExtension, tsp.AddInfoNotAvailable, tsp.SystemFailure,
	} {
		if bits.At(int(f)) != 0 {
			return f
		}
	}
	return tsp.UnknownFailureInfo
}

// maxDepth is how deep values may be nested. Tokens need about twenty.
const maxDepth = 64

// checkDER checks that bytes are exactly one value in DER, nested no deeper than
// maxDepth.
func checkDER(raw []byte) error {
	if len(raw) > maxAnswer {
		return fmt.Errorf("it has more than %d bytes", maxAnswer)
	}
	rest, err := walkDER(raw, 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow it", len(rest))
	}
	if err != nil {
		return fmt.Errorf("it is not one value in DER: %w", err)
	}
	return nil
}

// walkDER walks the first value of some bytes, and returns what follows it.
func walkDER(raw []byte, depth int) (rest []byte, err error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deeply")
	}
	var v asn1.RawValue
	if rest, err = asn1.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	for inner := v.Bytes; v.IsCompound && len(inner) > 0; {
		if inner, err = walkDER(inner, depth+1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func onlySigner(p7 *pkcs7.PKCS7) (*x509.Certificate, error) {
	if len(p7.Signers) != 1 {
		return nil, fmt.Errorf("it has %d signatures instead of one", len(p7.Signers))
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return nil, errors.New("the certificate of its signer is not in it")
	}
	if p7.Signers[0].DigestAlgorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA1) {
		return nil, errors.New("it is signed over SHA-1, which can be forged")
	}
	return signer, nil
}

// checkContent checks that what is signed is the information of a token and nothing
// more, which the library does not look at.
func checkContent(p7 *pkcs7.PKCS7, token []byte) error {
	var signed struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version int
			Digests asn1.RawValue `asn1:"set"`
			Info    struct {
				Type    asn1.ObjectIdentifier
				Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
			}
			Certificates asn1.RawValue `asn1:"optional,tag:0"`
			CRLs         asn1.RawValue `asn1:"optional,tag:1"`
			Signers      asn1.RawValue `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(token, &signed); err != nil {
		return fmt.Errorf("its token cannot be read: %w", err)
	}
	if !signed.Content.Info.Type.Equal(idTimestampInfo) {
		return fmt.Errorf("what it signs is of type %s, not the information of a timestamp", signed.Content.Info.Type)
	}

	var info struct {
		Version int
		Policy  asn1.ObjectIdentifier
	}
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(p7.Content, &value)
	switch {
	case err != nil || len(rest) > 0:
		return errors.New("what it signs is not one value")
	default:
		_, err = asn1.Unmarshal(p7.Content, &info)
	}
	if err != nil || info.Version != 1 {
		return errors.New("what it signs is not the information of a timestamp of version 1")
	}
	return nil
}

// checkAttributes checks that the signed attributes fix the type and the digest of
// what is signed, and the certificate of the signer: else another certificate with
// the same key could be shown instead.
func checkAttributes(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	values := map[string][]byte{}
	for _, attribute := range p7.Signers[0].AuthenticatedAttributes {
		name := attribute.Type.String()
		if values[name] != nil {
			return fmt.Errorf("its signed attribute %s comes twice", name)
		}

		var value asn1.RawValue
		if rest, err := asn1.Unmarshal(attribute.Value.Bytes, &value); err != nil || len(rest) > 0 {
			return fmt.Errorf("its signed attribute %s is not one value", name)
		}
		values[name] = attribute.Value.Bytes
	}

	// The library compared the digest, if the attribute is there.
	if values[pkcs7.OIDAttributeMessageDigest.String()] == nil {
		return errors.New("its signed attributes have no messageDigest")
	}
	var contentType asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(values[pkcs7.OIDAttributeContentType.String()], &contentType); err != nil || !contentType.Equal(idTimestampInfo) {
		return errors.New("its signed attributes have no contentType of a timestamp")
	}

	v1, v2 := values[idSigningCert.String()], values[idSigningCertV2.String()]
	if v1 == nil && v2 == nil {
		return errors.New("its signed attributes have neither signingCertificate nor signingCertificateV2")
	}
	if v2 != nil && !namesV2(v2, signer) || v1 != nil && !namesV1(v1, signer) {
		return errors.New("its signed attributes name another certificate than that of its signer")
	}
	return nil
}

// issuerSerial is the IssuerSerial of RFC 5035.
type issuerSerial struct {
	Issuer asn1.RawValue // GeneralNames
	Serial *big.Int
}

// names reports whether an issuer and serial number, if they are given, are those of
// a certificate.
func (s *issuerSerial) names(c *x509.Certificate) bool {
	if s.Serial == nil {
		return true
	}

	// The name is explicitly tagged as a directory name.
	var name asn1.RawValue
	rest, err := asn1.Unmarshal(s.Issuer.Bytes, &name)
	return err == nil && len(rest) == 0 && name.Class == asn1.ClassContextSpecific && name.Tag == 4 &&
		bytes.Equal(name.Bytes, c.RawIssuer) && s.Serial.Cmp(c.SerialNumber) == 0
}

// namesV2 reports whether the first certificate that an attribute names is this one.
func namesV2(value []byte, c *x509.Certificate) bool {
	var v struct {
		Certs []struct {
			Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
			Hash      []byte
			Issuer    issuerSerial `asn1:"optional"`
		}
		Policies asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(value, &v); err != nil || len(v.Certs) == 0 {
		return false
	}

	first := v.Certs[0]
	var sum []byte
	switch algorithm := first.Algorithm.Algorithm; {
	case len(algorithm) == 0, algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA256):
		s := sha256.Sum256(c.Raw)
		sum = s[:]
	case algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA384):
		s := sha512.Sum384(c.Raw)
		sum = s[:]
	case algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA512):
		s := sha512.Sum512(c.Raw)
		sum = s[:]
	default:
		return false
	}
	return bytes.Equal(first.Hash, sum) && first.Issuer.names(c)
}

// namesV1 is namesV2 for the older attribute, which knows no hash but SHA-1.
func namesV1(value []byte, c *x509.Certificate) bool {
	var v struct {
		Certs []struct {
			Hash   []byte
			Issuer issuerSerial `asn1:"optional"`
		}
		Policies asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(value, &v); err != nil || len(v.Certs) == 0 {
		return false
	}
	sum := sha1.Sum(c.Raw) //nolint:gosec // as above
	return bytes.Equal(v.Certs[0].Hash, sum[:]) && v.Certs[0].Issuer.names(c)
}

// checkUsage checks that a certificate is for timestamps and for nothing else.
func checkUsage(c *x509.Certificate) error {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(idExtendedKeyUsage) })
	switch {
	case i < 0:
		return fmt.Errorf("the certificate %q of its signer has no extended key usage", c.Subject)
	case !c.Extensions[i].Critical:
		return fmt.Errorf("the extended key usage of the certificate %q of its signer is not critical", c.Subject)
	case len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) > 0:
		return fmt.Errorf("the certificate %q of its signer is not for timestamps only", c.Subject)
	}

	const signs = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if c.KeyUsage != 0 && (c.KeyUsage&signs == 0 || c.KeyUsage&^signs != 0) {
		return fmt.Errorf("the key usage of the certificate %q of its signer is not that of signatures only", c.Subject)
	}
	return nil
}
