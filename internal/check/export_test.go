package check

// ReadAtMost sets how many bytes of an object are read, until restore is called.
func ReadAtMost(n int64) (restore func()) {
	before := mostRead
	mostRead = n
	return func() { mostRead = before }
}
