package reconcile

// doubts are what speaks against whole sources of the night: verdicts about
// their legs are not decided.
type doubts struct{}

// unfit reports whether a leg is one of an unfit object or source.
func (d *doubts) unfit(leg uint32) bool { return false }

// strangers reports whether the CDRs of a source and the manifests do not speak
// of the same calls.
func (d *doubts) strangers(source uint32) bool { return false }

// shifted reports whether the clocks of the leg's source and of manifests differ
// so that its verdict, which would be missing or partial only by a short
// recording, is not decided.
func (d *doubts) shifted(s *assessment, wouldBe Verdict) bool { return false }
