package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// ProbeKey is the key of the probe object, below the output. Its folder is reserved:
// whoever verifies an output takes nothing in it for a leftover.
const ProbeKey = "plans/check/probe"

// The contents of the probe: the second must never replace the first.
var (
	probe = []byte("cdrmend config check --write tried here whether it may write. This object may be removed.\n")
	rival = []byte("This server replaces objects that exist: cdrmend cannot commit safely here.\n")
)

// output checks the output. It writes nothing that was not there, unless a probe is
// allowed.
func (c *checker) output(ctx context.Context) Output {
	cfg := &c.Config.Output
	o := Output{URL: cfg.URL.String(), Write: NotTried, Problems: []Problem{}}
	fail := func(p Problem) Output {
		o.Problems = append(o.Problems, p)
		return o
	}

	// Without a retention, nothing that exists gets a longer one.
	store, problem := c.open(ctx, cfg.URL, cfg.S3, object.Options{MakeRoot: true, SSEKMSKey: cfg.SSEKMSKey})
	if problem != nil {
		return fail(*problem)
	}
	for _, err := range store.Children(ctx, cfg.URL.Prefix()) {
		if err != nil {
			return fail(problemOf(err, cfg.URL.Bucket()))
		}
		break // one answer shows that listing is allowed
	}

	known, err := (&ledger.Output{Store: store, Root: cfg.URL.Prefix(), Name: c.Config.Name, Signer: c.Config.Signing.Signer, Keys: c.Config.Signing.Keys, Decisions: ledger.Decisions{
		Adopt: c.Config.Signing.Adopt, Disown: c.Config.Signing.Disown,
	}}).Identity(ctx)
	if err != nil {
		return fail(identityProblem(err, cfg.URL.Bucket()))
	}
	o.Used = known.ID != ""

	if err := c.tryWriting(ctx, store, &o); err != nil {
		o.Write = Fails
		p := problemOf(err, cfg.URL.Bucket())
		switch {
		case errors.Is(err, errReplaces):
			p = Problem{Kind: Setting, Text: err.Error(), Next: "use a server that honours If-None-Match on PUT"}
		case errors.Is(err, fs.ErrPermission) && cfg.URL.Bucket() == "":
			p.Next = "allow the job's user to write to the directory"
		}
		return fail(p)
	}
	return o
}

// identityProblem says what keeps the output from being continued.
func identityProblem(err error, bucket string) Problem {
	var name *ledger.NameError
	t := object.TroubleOf(err)
	if errors.As(err, &name) || t == (object.Trouble{}) {
		return Problem{Kind: Setting, Text: err.Error(), Next: "choose another output, or give the configuration the name and keys that belong to this one"}
	}
	return problemOf(err, bucket)
}

// errReplaces says that a store replaced an object that must not be replaced.
var errReplaces = errors.New("the server replaces an object that exists although it was told not to")

// tryWriting finds out whether objects can be created that must not exist.
func (c *checker) tryWriting(ctx context.Context, store object.Store, o *Output) error {
	root := c.Config.Output.URL.Prefix()
	switch {
	case c.Write:
		o.Written = store.String() + root + ProbeKey
		if err := tryProbe(ctx, store, root+ProbeKey); err != nil {
			return err
		}
	case o.Used:
		if err := createAgain(ctx, store, root+ledger.IdentityFile); err != nil {
			return err
		}
	case c.Config.Output.URL.Dir() != "":
		if err := tryDirectory(c.Config.Output.URL.Dir()); err != nil {
			return err
		}
	default:
		return nil // a new bucket: only a new object would show it
	}
	o.Write = Works
	return nil
}

// createAgain asks to create an object that exists, with the bytes that it has. A store
// says whether that is allowed before it says that the key is taken, so nothing is
// written. A server that replaced the object would write what is there already.
func createAgain(ctx context.Context, store object.Store, key string) error {
	before, body, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(io.LimitReader(body, mostRead))
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}

	if err := store.Create(ctx, key, object.ContentOf(content)); err != nil {
		return err
	}
	after, body, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	if !after.Modified.Equal(before.Modified) || after.VersionID != before.VersionID {
		err = fmt.Errorf("%w: %s", errReplaces, store.String()+key)
	}
	return errors.Join(err, body.Close())
}

// tryProbe creates the probe, and makes sure that other bytes do not replace it.
func tryProbe(ctx context.Context, store object.Store, key string) error {
	if err := store.Create(ctx, key, object.ContentOf(probe)); err != nil && !errors.Is(err, object.ErrTaken) {
		return err
	}
	err := store.Create(ctx, key, object.ContentOf(rival))
	switch {
	case errors.Is(err, object.ErrTaken):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: %s", errReplaces, store.String()+key)
}

// tryDirectory creates a file in the directory of the output, or in the nearest one
// above it that exists, and removes it. A crash in between leaves a file that no listing
// shows and that the next run removes.
func tryDirectory(dir string) error {
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%q is not a directory", dir)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return err
		}
		dir = filepath.Dir(dir)
	}

	path := filepath.Join(dir, object.TempName())
	if err := os.WriteFile(path, bytes.Clone(probe), 0o600); err != nil {
		return err
	}
	return os.Remove(path)
}
