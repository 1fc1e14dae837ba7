package report_test

import (
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/report"
)

// No outage was found is not that there was none.
func TestLogsTellOnlyWhatTheyHold(t *testing.T) {
	logs := policy.SourceIdentity{Kind: "registrations", Name: "registrar"}
	partition := func(kind string, state report.PartitionState) report.Partition {
		return report.Partition{Kind: kind, State: state}
	}
	for name, test := range map[string]struct {
		sources    []policy.SourceIdentity
		partitions []report.Partition
		want       report.Logs
	}{
		"no source":           {[]policy.SourceIdentity{{Kind: "cdrs", Name: "cdr"}}, []report.Partition{partition("cdrs", report.Complete)}, report.NoLogs},
		"a source of nothing": {[]policy.SourceIdentity{logs}, []report.Partition{partition("registrations", report.Unusable), partition("cdrs", report.Complete)}, report.BlankLogs},
		"nothing was read":    {[]policy.SourceIdentity{logs}, nil, report.BlankLogs},
		"a damaged part":      {[]policy.SourceIdentity{logs}, []report.Partition{partition("registrations", report.Complete), partition("registrations", report.Damaged)}, report.PartialLogs},
		"more may come":       {[]policy.SourceIdentity{logs}, []report.Partition{partition("registrations", report.Unsettled)}, report.PartialLogs},
		"one of two sources":  {[]policy.SourceIdentity{logs, logs}, []report.Partition{partition("registrations", report.Complete), partition("registrations", report.Unusable)}, report.PartialLogs},
		"all of it":           {[]policy.SourceIdentity{logs}, []report.Partition{partition("registrations", report.Complete), partition("registrations", report.Empty), partition("cdrs", report.Damaged)}, report.WholeLogs},
	} {
		s := report.Summary{Partitions: test.partitions}
		s.Config.Sources = test.sources
		got := s.Logs()
		if got != test.want {
			t.Errorf("%s: the logs are %d, want %d", name, got, test.want)
		}
		if (got.Limit() == "") != (got == report.WholeLogs) || (got.Untold() == "") != (got == report.WholeLogs || got == report.PartialLogs) {
			t.Errorf("%s: %d is limited by %q and untold by %q", name, got, got.Limit(), got.Untold())
		}
	}
}
