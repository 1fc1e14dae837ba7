//go:build !unix

package accept

// Lock does nothing: here two processes must not change the files at the same time.
func Lock(...string) (unlock func(), err error) { return func() {}, nil }
