package policy_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

func instant(t *testing.T, text string) record.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return record.TimeOf(at)
}

func span(t *testing.T, start, end string) record.Span {
	t.Helper()
	return record.Span{Start: instant(t, start), End: instant(t, end)}
}

func TestPartitionsAreEveryExpansionThatOverlapsTheSpan(t *testing.T) {
	type partition struct{ Start, URL, Prefixes string }
	for _, test := range []struct {
		url, start, end string
		want            []partition
	}{
		{"c/0/year={year}/month={month}/day={day}/hour={hour}/", "2026-03-20T08:59:59.999999Z", "2026-03-20T10:00:00Z", []partition{
			{
				"2026-03-20T08:00:00Z", "c/0/year=2026/month=03/day=20/hour=08/",
				"year=2026/month=03/day=20/hour=08/ year=2026/month=03/day=20/hour=8/ year=2026/month=3/day=20/hour=08/ year=2026/month=3/day=20/hour=8/",
			},
			{
				"2026-03-20T09:00:00Z", "c/0/year=2026/month=03/day=20/hour=09/",
				"year=2026/month=03/day=20/hour=09/ year=2026/month=03/day=20/hour=9/ year=2026/month=3/day=20/hour=09/ year=2026/month=3/day=20/hour=9/",
			},
		}},
		{"s3://b/x/date={date}", "2026-12-31T20:00:00Z", "2027-01-01T00:00:00.000001Z", []partition{
			{"2026-12-31T00:00:00Z", "s3://b/x/date=2026-12-31", "x/date=2026-12-31/"},
			{"2027-01-01T00:00:00Z", "s3://b/x/date=2027-01-01", "x/date=2027-01-01/"},
		}},
		{"file:///r/c/{year}-{month}/", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", []partition{
			{"2026-11-01T00:00:00Z", "file:///r/c/2026-11/", "2026-11/"},
		}},
		{"{org}/x{year}/", "2026-11-30T00:00:00Z", "2027-01-02T00:00:00Z", []partition{
			{"2026-01-01T00:00:00Z", "acme/x2026/", "acme/x2026/"},
			{"2027-01-01T00:00:00Z", "acme/x2027/", "acme/x2027/"},
		}},
		{"s3://b/{year}{month}{day}/", "2026-01-11T00:00:00Z", "2026-01-12T00:00:00Z", []partition{
			{"2026-01-11T00:00:00Z", "s3://b/20260111/", "20260111/"},
		}},
		{"s3://b/{date}/{hour}/", "2026-01-11T09:30:00Z", "2026-01-11T09:30:00.000001Z", []partition{
			{"2026-01-11T09:00:00Z", "s3://b/2026-01-11/09/", "2026-01-11/09/ 2026-01-11/9/"},
		}},
	} {
		u, err := policy.ParseTemplate(test.url, "")
		if err != nil {
			t.Fatalf("%s: %v", test.url, err)
		}
		var got []partition
		for _, p := range u.Partitions(span(t, test.start, test.end), "acme") {
			got = append(got, partition{p.Span.Start.Std().Format(time.RFC3339Nano), p.URL, strings.Join(p.Prefixes, " ")})
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s over %s to %s (-want +got):\n%s", test.url, test.start, test.end, diff)
		}
	}
}

func TestPartitionsTileTime(t *testing.T) {
	whole := span(t, "2027-12-30T05:00:00Z", "2028-03-02T00:00:00Z")
	for _, url := range []string{"{year}", "{year}/{month}", "{year}/{month}/{day}", "{date}", "{date}/{hour}"} {
		u, err := policy.ParseTemplate(url, "")
		if err != nil {
			t.Fatal(err)
		}
		all := u.Partitions(whole, "")
		if !all[0].Span.Contains(whole.Start) || all[len(all)-1].Span.End < whole.End || all[len(all)-1].Span.Start >= whole.End {
			t.Errorf("%s: partitions from %v to %v do not just cover %v", url, all[0].Span, all[len(all)-1].Span, whole)
		}
		for i := 1; i < len(all); i++ {
			if all[i].Span.Start != all[i-1].Span.End {
				t.Errorf("%s: %v does not follow %v", url, all[i].Span, all[i-1].Span)
			}
		}
	}
}

func TestAFlatSourceIsOnePartition(t *testing.T) {
	for url, want := range map[string]string{"r/": "", "r": "", "s3://b": "", "s3://b/r": "r/", "s3://b/{org}": "acme/", "r/{org}/x": "acme/x/"} {
		u, err := policy.ParseTemplate(url, "")
		if err != nil {
			t.Fatal(err)
		}
		got := u.Partitions(record.Forever, "acme")
		wanted := []policy.Partition{{Span: record.Forever, URL: strings.Replace(url, "{org}", "acme", 1), Prefixes: []string{want}}}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
	}
}

func TestKeysAreRelativeToTheDirectoryBeforeTheFirstPlaceholder(t *testing.T) {
	for _, test := range []struct{ url, scheme, bucket, dir, prefix string }{
		{"file:///a/b/x{year}/{month}/", "file", "", "/a/b", "x"},
		{"file:///a%20b/", "file", "", "/a b", ""},
		{"m/{org}/date={date}/", "file", "", "base/m", ""},
		{"../m", "file", "", "m", ""},
		{"/abs/./m/", "file", "", "/abs/m", ""},
		{"{date}", "file", "", "base", ""},
		{"s3://bucket/a/b/x{year}/", "s3", "bucket", "", "a/b/x"},
		{"s3://bucket/a", "s3", "bucket", "", "a/"},
		{"s3://bucket", "s3", "bucket", "", ""},
	} {
		u, err := policy.ParseTemplate(test.url, "base")
		if err != nil {
			t.Fatalf("%s: %v", test.url, err)
		}
		if u.Scheme() != test.scheme || u.Bucket() != test.bucket || u.Dir() != filepath.FromSlash(test.dir) || u.Prefix() != test.prefix || u.String() != test.url {
			t.Errorf("%s: scheme %q bucket %q dir %q prefix %q text %q, want %+v", test.url, u.Scheme(), u.Bucket(), u.Dir(), u.Prefix(), u, test)
		}
	}
}

func TestURLsThatMakeNoSenseAreErrors(t *testing.T) {
	for url, want := range map[string]string{
		"s3://b/{minute}/":           "the placeholder {minute} is not known",
		"s3://b/{}/":                 "the placeholder {} is not known",
		"s3://b/{year/":              "the placeholder { is not known",
		"s3://b/year}/":              "the placeholder } is not known",
		"s3://{org}/":                "is no name of a bucket",
		"s3://AKIA:c2VjcmV0@bucket/": "holds a user",
		"s3:///x/":                   "names no bucket",
		"https://b/":                 `the scheme "https" is not known`,
		"file://host/x/":             "three slashes",
		"file:///%zz/":               "not escaped correctly",
		"m/{year}/{month}/{hour}/":   "{hour} needs {day} or {date}",
		"m/{year}/{day}/":            "{day} needs {month}",
		"m/{month}/":                 "{month} needs {year}",
		"m/{date}/../":               "empty, . or ..",
		"m/{date}//x":                "empty, . or ..",
		"m/\x00":                     "zero byte",
		"m/{year}" + strings.Repeat("{month}-", 7): "7 of {month} {day} {hour}",
	} {
		_, err := policy.ParseTemplate(url, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", url, err, want)
		}
	}
}
