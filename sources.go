// Package sources names a build by what it was built from.
//
// A run id depends on the build, so that a night is computed again when the rules
// changed. The build must therefore have another name whenever a source changed, also
// one that nobody committed, and the same name however it was built: by go run, by go
// build with any flags, by make. What the toolchain stamps into a program does not do:
// go run stamps no revision, and a modified tree has the revision of the last commit. A
// hash in a file that is checked in would be wrong until somebody generates it again,
// and every merge would conflict in it.
//
// So the program embeds its sources, and hashes them when it is asked for its name.
// That makes it 5 % larger and takes 2 ms. Tests are not embedded. The patterns leave
// them out by their last letters, because a pattern cannot exclude: all names that
// end in .go, but for those that end in test.go. A test in cmd/cdrmend fails when a
// file that is compiled is not embedded.
//
// The package stands in the root of the module because a pattern cannot lead upwards.
package sources

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// Files holds everything of the module that is compiled or embedded into the program.
//
//go:embed go.mod go.sum *[^t].go
//go:embed cmd/*/*[^t].go cmd/*/*[^s]t.go
//go:embed internal/*/*[^t].go internal/*/*[^s]t.go internal/*/*[^e]st.go internal/*/*[^t]est.go
//go:embed internal/*/assets manifests/*[^t].go manifests/*.json manifests/profiles
var Files embed.FS

// Hash returns the first 16 hex digits of the SHA-256 of all files with their paths.
var Hash = sync.OnceValue(func() string {
	sum := sha256.New()
	if err := add(sum, Files); err != nil {
		// Files are in the program's memory. Reading them cannot fail.
		panic(err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
})

// add writes path, size and content of each file, in the order of paths. It copies through one
// buffer: to read each file whole makes garbage of all sources at each start.
func add(to io.Writer, files fs.FS) error {
	buffer := make([]byte, 32<<10)
	return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := files.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(to, "%q %d\n", path, info.Size()); err != nil {
			return err
		}
		_, err = io.CopyBuffer(to, f, buffer)
		return err
	})
}
