package policy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

// insert puts lines into small after the line that begins with mark.
func insert(t *testing.T, mark, lines string) string {
	t.Helper()
	before, after, ok := strings.Cut(small, mark)
	if !ok {
		t.Fatalf("no line %q in\n%s", mark, small)
	}
	rest, after, _ := strings.Cut(after, "\n")
	return before + mark + rest + "\n" + lines + "\n" + after
}

func errorLines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// entryFields are the fields that may be required.
var entryFields = func() string {
	var names []string
	for _, f := range record.EntryFields {
		names = append(names, f.String())
	}
	return strings.Join(names, " ")
}()

func TestEveryErrorNamesFileLineAndKey(t *testing.T) {
	top := func(lines string) string { return insert(t, "name:", lines) }
	manifest := func(lines string) string { return insert(t, "      url: m/", lines) }
	out := func(lines string) string { return insert(t, "  url: out", lines) }
	for name, test := range map[string]struct{ text, want string }{
		"unknown key": {
			top("colour: blue"),
			"cdrmend.yaml:2:1: colour: unknown key, want one of concurrency evidence fail_on interval limits media metrics name notify org output policy recheck report s3 scratch signing sources timestamp",
		},
		"unknown key of a source": {
			insert(t, "    - name: c", "      coluor: 1"),
			"cdrmend.yaml:9:7: sources.cdrs[0].coluor: unknown key, want one of clock_offset lookahead lookback name one_recording_per org profile ready s3 settle url versions zone",
		},
		"a key of another kind of source": {
			insert(t, "    - name: c", "      successes: true"),
			"cdrmend.yaml:9:7: sources.cdrs[0].successes: unknown key, want one of clock_offset lookahead lookback name one_recording_per org profile ready s3 settle url versions zone",
		},
		"unknown key in one line": {
			top("s3: {region: x, Endpoint: 'http://y'}"),
			"cdrmend.yaml:2:17: s3.Endpoint: unknown key, want one of endpoint external_id path_style region role_arn",
		},
		"key given twice":     {top("recheck: 1\nrecheck: 2"), "cdrmend.yaml:3:1: recheck: is given twice"},
		"missing key":         {strings.Replace(small, "name: night\n", "", 1), "cdrmend.yaml:1:1: name: is missing, want a name that stands in every commit record"},
		"missing nested key":  {strings.Replace(small, "  url: out/\n", "  tables: [csv]\n", 1), "cdrmend.yaml:11:1: output.url: is missing, want a URL such as s3://bucket/prefix/, file:///dir/ or a directory"},
		"missing source":      {strings.Replace(small, "    - name: c\n      url: c/{year}-{month}/\n      profile: cdrmend\n", "    []\n", 1), "cdrmend.yaml:7:3: sources.cdrs: want a list of at least one source"},
		"wrong type":          {top("recheck: many"), `cdrmend.yaml:2:1: recheck: is "many", want a number of intervals, 0 or more`},
		"empty value":         {top("org:"), "cdrmend.yaml:2:1: org: is empty, want text"},
		"number for text":     {top("org: 4711"), "cdrmend.yaml:2:1: org: is 4711, want text"},
		"unknown word":        {top("fail_on: blocker"), `cdrmend.yaml:2:1: fail_on: is "blocker", want one of critical major minor none`},
		"unknown limit":       {top("limits: {colour: 1}"), "cdrmend.yaml:2:10: limits.colour: unknown key, want one of columns depth document_bytes members name_bytes number_bytes record_bytes session_pairs unpacked_bytes unpacked_ratio window_bytes"},
		"limit of nothing":    {top("limits:\n  members: 0"), "cdrmend.yaml:3:3: limits.members: is 0, want a number from 1: members of a JSON object"},
		"limit with a unit":   {top("limits:\n  window_bytes: 8MB"), `cdrmend.yaml:3:3: limits.window_bytes: is "8MB", want a number of bytes from 1 MiB to 2 GiB: what a zstd stream may ask to be remembered`},
		"limit too low":       {top("limits:\n  record_bytes: 100"), "cdrmend.yaml:3:3: limits.record_bytes: is 100, want a number of bytes from 64 KiB to 1 GiB: a line, a CSV row, an element of a JSON list, or a document that is one entry"},
		"negative duration":   {manifest("      settle: -5s"), `cdrmend.yaml:6:7: sources.manifests[0].settle: is "-5s", want a duration of 0 or more such as 48h, 95h59m, 90s or 998ms`},
		"duration as number":  {manifest("      lookback: 5"), "cdrmend.yaml:6:7: sources.manifests[0].lookback: is 5, want a duration of 0 or more such as 48h, 95h59m, 90s or 998ms"},
		"endless duration":    {manifest("      lookback: 9999999h"), "cdrmend.yaml:6:7: sources.manifests[0].lookback: the duration 9999999h is too long"},
		"name of a source":    {strings.Replace(small, "name: m", "name: M_1", 1), `cdrmend.yaml:4:7: sources.manifests[0].name: is "M_1", want a name of lower-case letters, digits and hyphens`},
		"duplicate name":      {strings.Replace(small, "name: c", "name: m", 1), `cdrmend.yaml:8:7: sources.cdrs[0].name: "m" is the name of sources.manifests[0] already`},
		"unknown placeholder": {strings.Replace(small, "{date}", "{minute}", 1), "cdrmend.yaml:5:7: sources.manifests[0].url: the placeholder {minute} is not known, want one of {org} {year} {month} {day} {hour} {date}"},
		"org without org":     {strings.Replace(small, "{date}", "{org}", 1), "cdrmend.yaml:5:7: sources.manifests[0].url: {org} needs the org of the source"},
		"org that is a path":  {strings.Replace(manifest("      org: a/b"), "{date}", "{org}", 1), `cdrmend.yaml:5:7: sources.manifests[0].url: {org} cannot be filled with "a/b"`},
		"org in the media URL": {
			top("media: {url: 'x/{org}'}"),
			`cdrmend.yaml:2:9: media.url: {org} needs an org of every source of manifests, and "m" has none`,
		},
		"interval":          {top("interval: 5h"), "cdrmend.yaml:2:1: interval: is 5h, want whole hours that divide 24h, such as 1h, 8h or 24h"},
		"partition":         {top("interval: 8h"), "cdrmend.yaml:6:7: sources.manifests[0].url: a partition lasts 24h0m0s, longer than the interval of 8h0m0s; name finer placeholders or raise interval"},
		"settle":            {manifest("      settle: 72h1s"), "cdrmend.yaml:6:7: sources.manifests[0].settle: 72h1s is longer than recheck × interval = 72h0m0s, so that late records would never be seen; raise recheck"},
		"ready hour":        {manifest("      ready: 24"), "cdrmend.yaml:6:7: sources.manifests[0].ready: is 24, want an hour from 0 to 23 or the name of an object such as _SUCCESS"},
		"ready no hour":     {manifest("      ready: 23"), "cdrmend.yaml:6:7: sources.manifests[0].ready: is the hour 23, and the url has no {hour}; name an object such as _SUCCESS, or leave it out"},
		"ready path":        {manifest("      ready: a/_SUCCESS"), `cdrmend.yaml:6:7: sources.manifests[0].ready: is "a/_SUCCESS", want the name of an object in the partition, without a slash, or an hour`},
		"settle of profile": {strings.Replace(top("recheck: 1"), "cdrmend", "genesys-cloud", 1), "cdrmend.yaml:5:7: sources.manifests[0].settle: 48h0m0s is longer than recheck × interval = 24h0m0s, so that late records would never be seen; raise recheck"},
		"profile file":      {strings.Replace(small, "cdrmend", "my.yaml", 1), `cdrmend.yaml:6:7: sources.manifests[0].profile: "my.yaml" is neither built in (amazon-connect asterisk cdrmend cisco-cucm freepbx freeswitch genesys-cloud genesys-conversation-detail genesys-trunks http-access-log http-client-log sip-acc sip-syslog twilio) nor a readable file: open my.yaml: no such file or directory`},
		"profile kind":      {strings.Replace(small, "cdrmend", "http-client-log", 1), "cdrmend.yaml:6:7: sources.manifests[0].profile: http-client-log:1:1: the profile has no section manifests, want one of: registrations"},
		"profile content":   {strings.Replace(small, "cdrmend", "bad.yaml", 1), "cdrmend.yaml:6:7: sources.manifests[0].profile: bad.yaml:3:3: manifests.zone: \"Mars\" is no time zone, want one such as Europe/Berlin\n\tbad.yaml:4:12: manifests.fields.when: unknown key, want one of ani conversation_id direction dnis duration_ms end_time leg_id line_id media_bytes media_key media_sha256 media_subtype media_type org_id recording_id start_time state trunk_id user_ids"},
		"lines":             {top("policy: {lines: no.csv}"), "cdrmend.yaml:2:10: policy.lines: open no.csv: no such file or directory"},
		"accepted":          {top("policy: {accepted: bad.yaml}"), "cdrmend.yaml:2:10: policy.accepted: reading bad.yaml: line 1: the header has no column finding_id, want finding_id,reason,by"},
		"ragged lines":      {top("policy: {lines: ragged.csv}"), "cdrmend.yaml:2:10: policy.lines: reading ragged.csv: record on line 2: wrong number of fields"},
		"empty lines":       {top("policy: {lines: empty.csv}"), "cdrmend.yaml:2:10: policy.lines: reading empty.csv: line 1: the header org_id,line_id,trunk_id is missing"},
		"token keys":        {top("policy: {token_keys: no.json}"), "cdrmend.yaml:2:10: policy.token_keys: open no.json: no such file or directory"},
		"signing key":       {top("signing: {key: no.pem}"), "cdrmend.yaml:2:11: signing.key: open no.pem: no such file or directory"},
		"signing keys":      {top("signing: {key: cdrmend.yaml, keys: no.json}"), "cdrmend.yaml:2:30: signing.keys: open no.json: no such file or directory"},
		"key id only":       {top("signing: {key_id: x}"), "cdrmend.yaml:2:1: signing.key: is missing, want the path of a private key"},
		"no pseudonym key":  {top("report: {redact: public}"), "cdrmend.yaml:2:1: report.pseudonym_key: is missing, want the path of a key, as redact is public"},
		"pseudonym key":     {top("report: {pseudonym_key: no.txt}"), "cdrmend.yaml:2:10: report.pseudonym_key: open no.txt: no such file or directory"},
		"short key":         {top("report: {redact: public, pseudonym_key: ragged.csv}"), "cdrmend.yaml:2:26: report.pseudonym_key: holds 27 bytes, want at least 32; make a key with: openssl rand -hex 32"},
		"empty key":         {top("report: {redact: public, pseudonym_key: empty.csv}"), "cdrmend.yaml:2:26: report.pseudonym_key: holds 0 bytes, want at least 32; make a key with: openssl rand -hex 32"},
		"no notify key":     {top("notify: {url: https://example.com/}"), "cdrmend.yaml:2:1: notify.key: is missing, want the path of a key with which the receiver can tell our messages from others"},
		"notify key":        {top("notify: {url: https://example.com/, key: ragged.csv}"), "cdrmend.yaml:2:37: notify.key: holds 27 bytes, want at least 32; make a key with: openssl rand -hex 32"},
		"timestamp URL":     {top("timestamp: {url: //user:password@example.com}"), "cdrmend.yaml:2:13: timestamp.url: is no URL that begins with https:// or http://"},
		"notify URL":        {top("notify: {url: //user:password@example.com, key: bad.yaml}"), "cdrmend.yaml:2:10: notify.url: is no URL that begins with https:// or http://"},
		"pushgateway":       {top("metrics: {pushgateway: localhost:9091}"), "cdrmend.yaml:2:11: metrics.pushgateway: is no URL that begins with https:// or http://"},
		"redaction":         {top("report: {redact: press}"), `cdrmend.yaml:2:10: report.redact: is "press", want one of ops counsel public`},
		"output URL":        {strings.Replace(small, "out/", "out/{date}/", 1), "cdrmend.yaml:12:3: output.url: holds a placeholder, but all intervals are written below one URL"},
		"object lock":       {out("  object_lock: {mode: governance, days: 1}"), "cdrmend.yaml:13:3: output.object_lock: needs an output in S3, as a directory cannot retain objects"},
		"kms":               {out("  sse_kms_key: k"), "cdrmend.yaml:13:3: output.sse_kms_key: needs an output in S3, as a directory is not encrypted"},
		"tables":            {out("  tables: [csv, csv]"), "cdrmend.yaml:13:3: output.tables: want a list without repetitions of parquet and csv"},
		"table":             {out("  tables: [xlsx]"), `cdrmend.yaml:13:12: output.tables[0]: is "xlsx", want one of parquet csv`},
		"max rejects":       {top("policy: {max_rejects: 1.01}"), "cdrmend.yaml:2:10: policy.max_rejects: is 1.01, want a share from 0 to 1"},
		"required field":    {top("policy: {required_fields: [state, queue_ids]}"), `cdrmend.yaml:2:35: policy.required_fields[1]: is "queue_ids", want one of ` + entryFields},
		"required of one":   {manifest("      required_fields: [leg_id, legid]"), `cdrmend.yaml:6:33: sources.manifests[0].required_fields[1]: is "legid", want one of ` + entryFields},
		"exclusion":         {top("policy: {exclusions: [{trunk: t}]}"), "cdrmend.yaml:2:24: policy.exclusions[0].reason: is missing, want a reason"},
		"nothing shorter":   {top("policy: {exclusions: [{reason: r, shorter_than: 0s}]}"), "cdrmend.yaml:2:35: policy.exclusions[0].shorter_than: is 0, so that no talk is shorter; leave the exclusion out"},
		"every call":        {top("policy: {exclusions: [{reason: r}]}"), "cdrmend.yaml:2:24: policy.exclusions[0]: has no condition, so that it would hold for every call: add one of source org trunk line queue user direction ani dnis shorter_than; if no call is to be recorded, set policy.expect to none instead"},
		"forbids every":     {top("policy: {exclusions: [{reason: r, trunk: t}, {reason: s, forbid: true}]}"), "cdrmend.yaml:2:47: policy.exclusions[1]: has no condition, so that it would hold for every call: add one of source org trunk line queue user direction ani dnis shorter_than; if no call is to be recorded, set policy.expect to none instead"},
		"blank condition":   {top("policy: {exclusions: [{reason: r, queue: [q, ' ']}]}"), "cdrmend.yaml:2:35: policy.exclusions[0].queue: holds a blank text, which fits no call: name what it is to fit, or leave it out"},
		"empty condition":   {top("policy: {exclusions: [{reason: r, ani: ''}]}"), "cdrmend.yaml:2:35: policy.exclusions[0].ani: is \"\", want a text or a list of texts"},
		"empty in a list":   {top("policy: {exclusions: [{reason: r, user: ['']}]}"), "cdrmend.yaml:2:42: policy.exclusions[0].user[0]: is \"\", want a text"},
		"no condition":      {top("policy: {exclusions: [{reason: r, line: []}]}"), "cdrmend.yaml:2:35: policy.exclusions[0].line: want a text or a list of texts"},
		"zone":              {manifest("      zone: Berlin"), `cdrmend.yaml:6:7: sources.manifests[0].zone: "Berlin" is no time zone, want one such as Europe/Berlin`},
		"the machine's":     {manifest("      zone: Local"), `cdrmend.yaml:6:7: sources.manifests[0].zone: "Local" is no time zone, want one such as Europe/Berlin`},
		"clock offset":      {manifest("      clock_offset: soon"), `cdrmend.yaml:6:7: sources.manifests[0].clock_offset: is "soon", want a duration with or without a sign such as -40s, 1h or 998ms`},
		"recording of":      {insert(t, "    - name: c", "      one_recording_per: call"), `cdrmend.yaml:9:7: sources.cdrs[0].one_recording_per: is "call", want one of leg conversation`},
		"recording of it":   {manifest("      one_recording_per: leg"), "cdrmend.yaml:6:7: sources.manifests[0].one_recording_per: unknown key, want one of clock_offset lookahead lookback name org profile ready required_fields s3 settle url versions zone"},
		"quiet day":         {top("policy: {quiet_days: [Sunday, 2026-12-25, sun]}"), `cdrmend.yaml:2:43: policy.quiet_days[2]: is "sun", want the name of a weekday such as sunday, or a date such as 2026-12-25`},
		"only a star":       {top("policy: {exclusions: [{reason: r, ani: ['+49*', ' tel:- *']}]}"), `cdrmend.yaml:2:35: policy.exclusions[0].ani: is " tel:- *", of which nothing is left but the star, so that every number would fit`},
		"accepted nothing":  {top("policy: {accepted: nobody.csv}"), "cdrmend.yaml:2:10: policy.accepted: reading nobody.csv: row 3 names neither a finding nor a conversation nor a recording"},
		"names":             {top("policy: {names: names.csv}"), "cdrmend.yaml:2:10: policy.names: reading names.csv: row 2 names a \"truck\", want one of trunk, line, queue, user, organisation\ncdrmend.yaml:2:10: policy.names: reading names.csv: row 3 has no id or no name\ncdrmend.yaml:2:10: policy.names: reading names.csv: row 4 gives trunk t the name \"B\", and row 1 gives t the name \"A\": keep one of them"},
		"worklist":          {top("report: {worklist: work.csv}"), "cdrmend.yaml:2:10: report.worklist: reading work.csv: rows 1 and 2 are both about finding fnd-1\ncdrmend.yaml:2:10: report.worklist: reading work.csv: row 3 names no finding\ncdrmend.yaml:2:10: report.worklist: reading work.csv: row 5 holds \"soon\" under due: want a date in the form YYYY-MM-DD, as 2026-12-01"},
		"report zone":       {top("report: {zone: Local}"), `cdrmend.yaml:2:10: report.zone: "Local" is no time zone, want one such as Europe/Berlin`},
		"output in a source": {
			strings.Replace(small, "url: out/", "url: m/date=all/results", 1),
			"cdrmend.yaml:12:3: output.url: lies below sources.manifests[0].url (line 5), so that results would be read as inputs",
		},
		"source in the output": {strings.Replace(small, "url: c/", "url: out/c/", 1), "cdrmend.yaml:12:3: output.url: lies above sources.cdrs[0].url (line 9), so that inputs would lie among results"},
		"output in the media": {
			strings.Replace(strings.Replace(top("media: {url: 's3://b/{org}/{date}/'}"), "url: out/", "url: s3://b/o/results/", 1), "name: m", "name: m\n      org: o", 1),
			"cdrmend.yaml:14:3: output.url: lies below media.url (line 2), so that results would be read as inputs",
		},
		"scope":         {top("policy: {required_scopes: ['a b']}"), `cdrmend.yaml:2:28: policy.required_scopes[0]: is "a b", want a scope without spaces`},
		"secret":        {top("s3: {endpoint: 'user:password@host'}"), "cdrmend.yaml:2:6: s3.endpoint: is not valid, want a URL such as https://s3.example.com"},
		"syntax":        {top("a: 'b"), "cdrmend.yaml:2:4: could not find end character of single-quoted text"},
		"a list":        {"- a\n", "cdrmend.yaml:1:1: is a list, want a configuration"},
		"two documents": {small + "---\na: b\n", "cdrmend.yaml:1:1: the file holds more than one YAML document"},
		"merge":         {top("s3: {<<: {region: x}}"), "cdrmend.yaml:2:6: s3[\"<<\"]: unknown key, want one of endpoint external_id path_style region role_arn"},
		"tag":           {top("org: !!str 5"), "cdrmend.yaml:2:1: org: is written with Tag, which has no meaning here\ncdrmend.yaml:2:1: org: is empty, want text"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, test.text)
			writeFile(t, "bad.yaml", "manifests:\n  formats: [json]\n  zone: Mars\n  fields: {when: [/a]}\n")
			writeFile(t, "ragged.csv", "org_id,line_id,trunk_id\na,b\n")
			writeFile(t, "empty.csv", "")
			writeFile(t, "names.csv", "kind,id,name\ntrunk,t,A\ntruck,t,A\nqueue,,B\ntrunk,t,B\n,,\n")
			writeFile(t, "work.csv", "finding_id,owner,state,note,due\nfnd-1,a,,,\nfnd-1,b,,,\n,c,,,\n,,,,\nfnd-2,,,,soon\n")
			writeFile(t, "nobody.csv", "finding_id,reason,by,conversation_id\n,known,me,c\n,,,\n,known,me,\n")
			_, err := policy.Load("cdrmend.yaml", nil, nil)
			if diff := cmp.Diff(strings.Split(test.want, "\n"), errorLines(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, test.text)
			}
		})
	}
}

func TestAllErrorsAreReportedInTheOrderOfTheFile(t *testing.T) {
	write(t, `name: ""
interval: 7h
sources:
  manifests:
    - {name: a, url: "x/{hour}", profile: cdrmend, lookback: -1h}
  cdrs:
    - {name: a, url: c, profile: nowhere}
output: {url: "out/{date}"}
extra: 1
`)
	_, err := policy.Load("cdrmend.yaml", []string{"CDRMEND_FAIL_ON=all", "CDRMEND_NOTHING=1"}, nil)
	var got []string
	for _, line := range errorLines(t, err) {
		words := strings.SplitAfterN(line, ": ", 3)
		got = append(got, strings.TrimSuffix(strings.Join(words[:len(words)-1], ""), ": "))
	}
	want := []string{
		"CDRMEND_FAIL_ON: fail_on",
		"CDRMEND_NOTHING",
		"cdrmend.yaml:1:1: name",
		"cdrmend.yaml:2:1: interval",
		"cdrmend.yaml:5:17: sources.manifests[0].url",
		"cdrmend.yaml:5:52: sources.manifests[0].lookback",
		"cdrmend.yaml:7:8: sources.cdrs[0].name",
		"cdrmend.yaml:7:25: sources.cdrs[0].profile",
		"cdrmend.yaml:8:10: output.url",
		"cdrmend.yaml:9:1: extra",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, err)
	}
}

func TestAFileThatIsNotThereIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := policy.Load("none.yaml", nil, nil)
	if err == nil || err.Error() != "reading the configuration: open none.yaml: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPlacesAreComparedAsTheyLieOnTheDisk(t *testing.T) {
	for name, test := range map[string]struct{ source, output, want string }{
		"a link to a source":            {"c/{date}/", "to-c/results/", "lies below"},
		"a link to a link":              {"c/{date}/", "to-to-c/", "lies below"},
		"a link to what is in a source": {"c/{date}/", "deep/", "lies below"},
		"a link to the output":          {"to-out/in/{date}/", "out/", "lies above"},
		"the same by a link":            {"to-out/{date}/", "out/", "lies below"},
		"above by a link":               {"to-c/{date}/", "./", "lies above"},
		"one that is not there yet":     {"c/{date}/", "to-c/x/y/../z", "lies below"},
		"a partition":                   {"c/date={date}/", "to-c/date=x/", "lies below"},
		"beside the partitions":         {"c/date={date}/", "to-c/results/", ""},
		"a file URL and dots":           {"c/{date}/", "file://DIR/out/../c//", "lies below"},
		"a longer name":                 {"c/{date}/", "to-c2/", ""},
		"a dangling link":               {"c/{date}/", "nowhere/", ""},
		"nothing in common":             {"to-c/{date}/", "to-out/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, "")
			dir, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []string{"c/inner", "c2", "out"} {
				if err := os.MkdirAll(d, 0o750); err != nil {
					t.Fatal(err)
				}
			}
			for link, to := range map[string]string{"to-c": "c", "to-to-c": "to-c", "deep": "c/inner", "to-out": dir + "/out", "to-c2": "c2", "nowhere": "not/here"} {
				if err := os.Symlink(to, link); err != nil {
					t.Fatal(err)
				}
			}

			text := strings.Replace(small, "url: out/", "url: "+strings.Replace(test.output, "DIR", dir, 1), 1)
			writeFile(t, "cdrmend.yaml", regexp.MustCompile("url: c/.*").ReplaceAllString(text, "url: "+test.source))
			_, err = policy.Load("cdrmend.yaml", nil, nil)
			switch {
			case test.want == "":
				if err != nil {
					t.Error(err)
				}
			case err == nil || !strings.Contains(err.Error(), "cdrmend.yaml:12:3: output.url: "+test.want+" sources.cdrs[0].url (line 9)"):
				t.Errorf("got %v, want that it %s", err, test.want)
			}
		})
	}
}
