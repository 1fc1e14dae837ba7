package timestamptest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // a forgery may use it
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"slices"
	"time"
)

// Forgery is what an answer says that openssl would refuse to make. All signatures
// are by the authority's key.
type Forgery struct {
	SHA256  [32]byte
	Time    time.Time
	Type    asn1.ObjectIdentifier // of the content; nil: that of timestamps
	Without asn1.ObjectIdentifier // a signed attribute that is left out
	Names   string                // file of the certificate that the attributes name; empty: that of the signer
	SHA1    bool                  // the signed digest is one of SHA-1
	Twice   bool                  // the signed attribute contentType comes twice
}

// The identifiers of what is forged.
var (
	Timestamp          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	ContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	MessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	SigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}

	signedData      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	algorithmSHA1   = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}
	algorithmSHA256 = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	algorithmECDSA  = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}
)

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

type signerInfo struct {
	Version int
	Issuer  struct {
		Name   asn1.RawValue
		Serial int64
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

// Forge makes an answer.
func (a *Authority) Forge(f Forgery) []byte {
	a.t.Helper()
	if f.Type == nil {
		f.Type = Timestamp
	}
	if f.Names == "" {
		f.Names = "tsa.pem"
	}
	info := a.info(f)
	attributes := a.attributes(f, info)

	// What is signed is the attributes as a set; in the token they are tagged.
	sum := sha256.Sum256(a.der(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes}))
	signature, err := ecdsa.SignASN1(rand.Reader, a.privateKey(), sum[:])
	a.check(err)
	signer := signerInfo{
		Version: 1, Digest: algorithmSHA256, Algorithm: algorithmECDSA, Signature: signature,
		Attributes: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: attributes},
	}
	if f.SHA1 {
		signer.Digest = algorithmSHA1
	}
	c := a.certificate("tsa.pem")
	signer.Issuer.Name, signer.Issuer.Serial = asn1.RawValue{FullBytes: c.RawIssuer}, c.SerialNumber.Int64()

	type content struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	token := a.der(struct {
		Type    asn1.ObjectIdentifier
		Content any `asn1:"explicit,tag:0"`
	}{signedData, struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      content
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	}{
		3,
		[]pkix.AlgorithmIdentifier{signer.Digest},
		content{f.Type, info},
		asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: slices.Concat(c.Raw, a.certificate("between.pem").Raw)},
		[]signerInfo{signer},
	}})
	return Answer(a.t, token)
}

// info is the TSTInfo.
func (a *Authority) info(f Forgery) []byte {
	type imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	return a.der(struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint imprint
		Serial  int
		Time    time.Time `asn1:"generalized"`
	}{1, asn1.ObjectIdentifier{1, 2, 3, 4, 1}, imprint{algorithmSHA256, f.SHA256[:]}, 7, f.Time.UTC().Truncate(time.Second)})
}

// attributes returns the signed attributes in the order of DER, without the tag of
// the set.
func (a *Authority) attributes(f Forgery, info []byte) []byte {
	sum := sha256.Sum256(info)
	digest := sum[:]
	if f.SHA1 {
		short := sha1.Sum(info) //nolint:gosec // as above
		digest = short[:]
	}
	name := sha256.Sum256(a.certificate(f.Names).Raw)

	var encoded [][]byte
	add := func(kind asn1.ObjectIdentifier, value any) {
		if !kind.Equal(f.Without) {
			encoded = append(encoded, a.der(attribute{kind, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: a.der(value)}}))
		}
	}
	type certID struct{ Hash []byte }
	add(ContentType, f.Type)
	if f.Twice {
		add(ContentType, f.Type)
	}
	add(MessageDigest, digest)
	add(SigningCertificate, struct{ Certs []certID }{[]certID{{name[:]}}})
	slices.SortFunc(encoded, slices.Compare)
	return slices.Concat(encoded...)
}

func (a *Authority) der(v any) []byte {
	a.t.Helper()
	b, err := asn1.Marshal(v)
	a.check(err)
	return b
}

func (a *Authority) block(name string) []byte {
	file, err := os.ReadFile(a.path(name))
	a.check(err)
	b, _ := pem.Decode(file)
	return b.Bytes
}

func (a *Authority) certificate(name string) *x509.Certificate {
	c, err := x509.ParseCertificate(a.block(name))
	a.check(err)
	return c
}

func (a *Authority) privateKey() *ecdsa.PrivateKey {
	key, err := x509.ParsePKCS8PrivateKey(a.block("tsa.key"))
	a.check(err)
	return key.(*ecdsa.PrivateKey)
}
