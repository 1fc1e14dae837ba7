// Package bag writes and validates bags: folders of files with checksums, which every
// program for BagIt can check (RFC 8493).
//
// A bag has a payload, the files below data/, and tag files, which describe it:
//
//	bagit.txt                the declaration: version and encoding of the tag files
//	bag-info.txt             labels with values
//	manifest-sha256.txt      the checksum and path of each payload file
//	fetch.txt                URLs of payload files that are not in the bag yet
//	tagmanifest-sha256.txt   the checksum and path of each tag file but tag manifests
//	data/                    the payload
//
// A Writer puts one into a store or an archive. Validate checks one of any version, from a
// store or an archive, wherever it was made.
package bag

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"regexp"
	"strings"
)

// Names in a bag.
const (
	declarationName = "bagit.txt"
	infoName        = "bag-info.txt"
	oldInfoName     = "package-info.txt" // before version 0.96
	fetchName       = "fetch.txt"
	payloadFolder   = "data/"
)

// Label is one element of bag-info.txt. A name may occur several times.
type Label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// algorithms are the checksums that are known, by their names in the names of manifests.
var algorithms = map[string]func() hash.Hash{
	"md5":     md5.New,
	"sha1":    sha1.New,
	"sha224":  sha256.New224,
	"sha256":  sha256.New,
	"sha384":  sha512.New384,
	"sha512":  sha512.New,
	"sha3256": func() hash.Hash { return sha3.New256() },
	"sha3384": func() hash.Hash { return sha3.New384() },
	"sha3512": func() hash.Hash { return sha3.New512() },
}

// manifestPattern matches the names of manifests, also those that are not in normal form.
var manifestPattern = regexp.MustCompile(`(?i)^(tag)?manifest-([a-z0-9 _-]+)\.txt$`)

// manifestName is what the name of a manifest says.
type manifestName struct {
	tag       bool
	algorithm string // in normal form
	normal    bool   // the name is in normal form, too
}

func parseManifestName(name string) (manifestName, bool) {
	m := manifestPattern.FindStringSubmatch(name)
	if m == nil {
		return manifestName{}, false
	}
	normal := strings.ToLower(m[2])
	normal = strings.NewReplacer("-", "", "_", "", " ", "").Replace(normal)
	parsed := manifestName{tag: m[1] != "", algorithm: normal}
	parsed.normal = name == parsed.String()
	return parsed, normal != ""
}

func (m manifestName) String() string {
	prefix := "manifest-"
	if m.tag {
		prefix = "tagmanifest-"
	}
	return prefix + m.algorithm + ".txt"
}
