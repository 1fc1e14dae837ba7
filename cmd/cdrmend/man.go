package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"cdrmend/manifests"

	"github.com/spf13/pflag"
)

// manCommand is a function because its page lists all commands, itself too.
func manCommand() command {
	return command{
		name:    "man",
		summary: "print the manual page",
		text: `
Prints the manual as a page for man: every command with its flags, exit codes,
environment, files and every key of the configuration.

  cdrmend man > cdrmend.1 && man ./cdrmend.1
`,
		run: func(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
			if flags.NArg() > 0 {
				return 0, usagef("man takes no arguments, got %q", flags.Arg(0))
			}
			info, _ := debug.ReadBuildInfo()
			_, err := io.WriteString(w.stdout, manual(commands(), version, revisionDay(info)))
			return exitDone, err
		},
	}
}

// manualDay stands in pages of builds that have no revision.
const manualDay = "2026-11-29"

// revisionDay returns the day of the revision that a program was built from, so that
// equal sources print equal pages.
func revisionDay(info *debug.BuildInfo) string {
	if info != nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" && len(s.Value) > len(manualDay) {
				return s.Value[:len(manualDay)]
			}
		}
	}
	return manualDay
}

// manual returns the page in the language of man(7).
func manual(all []command, version, day string) string {
	m := &manualPage{}
	m.raw(fmt.Sprintf(`.TH "CDRMEND" "1" "%s" "cdrmend %s" ""`, day, roff(version))) // a date has no escapes
	m.section("NAME")
	m.raw("cdrmend \\- repairs the metadata of exported call recordings and says which calls\nhave none")
	m.section("SYNOPSIS")
	m.raw(".B cdrmend\n.I COMMAND\n.RI [ FLAGS ]")
	m.section("DESCRIPTION")
	m.prose(manualIntroduction)

	m.section("COMMANDS")
	for _, c := range all {
		m.command(&c)
	}

	m.section("CONFIGURATION")
	m.prose(manualConfiguration)
	m.keys(manifests.Schema("config"))
	m.section("EXIT STATUS")
	for _, e := range exitMeanings {
		m.term(fmt.Sprint(e.code), e.meaning)
	}
	m.section("ENVIRONMENT")
	for _, e := range environmentMeanings {
		m.term(e.name, e.meaning)
	}
	m.section("FILES")
	for _, e := range fileMeanings {
		m.term(e.name, e.meaning)
	}
	m.section("SEE ALSO")
	m.prose("README.md, deploy/README.md (operating) and manifests/README.md (the meaning of every value) in the source of cdrmend.")
	return m.text.String()
}

// manualPage is a page that is being written.
type manualPage struct{ text strings.Builder }

func (m *manualPage) raw(lines string) { m.text.WriteString(lines + "\n") }

// line writes a request with its arguments in quotes.
func (m *manualPage) line(request string, args ...string) {
	m.text.WriteString(request)
	for _, arg := range args {
		fmt.Fprintf(&m.text, ` "%s"`, strings.ReplaceAll(roff(arg), `"`, `\(dq`))
	}
	m.text.WriteByte('\n')
}

func (m *manualPage) section(name string) { m.line(".SH", name) }

// roff escapes a text of one line. A hyphen of a flag must be one that can be copied.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// term writes a word and what it means.
func (m *manualPage) term(name, meaning string) {
	m.raw(".TP\n.B " + roff(name))
	m.wrapped(meaning)
}

// wrapped writes a text in lines of at most 78 bytes, as far as it has spaces.
func (m *manualPage) wrapped(text string) {
	row := ""
	for _, word := range strings.Fields(text) {
		if row != "" && len(roff(row))+len(roff(word)) > 76 {
			m.raw(roff(row))
			row = ""
		}
		row = strings.TrimPrefix(row+" "+word, " ")
	}
	m.raw(roff(row))
}

// prose writes paragraphs. Lines that are indented stay as they are.
func (m *manualPage) prose(text string) {
	literal := false
	end := func() {
		if literal {
			m.raw(".fi\n.RE")
		}
		literal = false
	}

	blank := false
	for row := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		switch indented := strings.HasPrefix(row, "  "); {
		case row == "":
			blank = true
			continue
		case indented && !literal:
			m.raw(".PP\n.RS 4\n.nf")
			literal = true
		case indented && blank:
			m.raw("")
		case !indented && literal:
			end()
			m.raw(".PP")
		case blank:
			m.raw(".PP")
		}
		blank = false
		if literal {
			m.raw(roff(strings.TrimPrefix(row, "  ")))
		} else {
			m.wrapped(row)
		}
	}
	end()
}

// command writes what a command's --help prints.
func (m *manualPage) command(c *command) {
	m.line(".SS", strings.TrimSpace("cdrmend "+c.name+" "+c.usage))
	m.prose(c.text)

	flagsOf(c).VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if kind != "" {
			name += " " + kind
		}
		if saysDefault(f) {
			usage += " (default " + f.DefValue + ")"
		}
		m.term(name, usage)
	})
}

// saysDefault reports whether a flag has a default that is worth a word: not that of its
// type, and not one that its meaning tells.
func saysDefault(f *pflag.Flag) bool {
	return !slices.Contains([]string{"", "0", "false", "[]", "0s"}, f.DefValue) && !strings.Contains(f.Usage, "default")
}

// keys writes every key of the configuration with its meaning.
func (m *manualPage) keys(schema []byte) {
	there := configKeys(schema)
	for _, k := range keyMeanings {
		if there[k.name] {
			m.term(k.name, k.meaning)
			delete(there, k.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		m.term(name, "See the schema.")
	}
}

// schemaNode is the part of a JSON Schema that names keys.
type schemaNode struct {
	Ref        string                `json:"$ref"`
	Properties map[string]schemaNode `json:"properties"`
	Items      *schemaNode           `json:"items"`
	Defs       map[string]schemaNode `json:"$defs"`
}

// configKeys returns the keys of the configuration: sources.KIND[].url stands for the key
// of all three kinds of sources. Settings of S3 and conditions of exclusions are one key
// each.
func configKeys(schema []byte) map[string]bool {
	var root schemaNode
	if err := json.Unmarshal(schema, &root); err != nil {
		panic(err) // it is part of the program
	}

	keys := map[string]bool{}
	var walk func(n *schemaNode, path string)
	walk = func(n *schemaNode, path string) {
		for name, child := range n.Properties {
			if ref, ok := strings.CutPrefix(child.Ref, "#/$defs/"); ok {
				child = root.Defs[ref]
			}
			at := strings.TrimPrefix(path+"."+name, ".")
			list := child.Items
			if list != nil {
				if ref, ok := strings.CutPrefix(list.Ref, "#/$defs/"); ok {
					resolved := root.Defs[ref]
					list = &resolved
				}
			}

			switch {
			case name == "s3" || at == "policy.exclusions":
				keys[at] = true
			case path == "sources" && list != nil:
				walk(list, "sources.KIND[]")
			case len(child.Properties) > 0:
				walk(&child, at)
			case list != nil && len(list.Properties) > 0:
				walk(list, at+"[]")
			default:
				keys[at] = true
			}
		}
	}
	walk(&root, "")
	return keys
}

// meaning is a name and what it means, in one line.
type meaning struct{ name, meaning string }

var exitMeanings = []struct {
	code    int
	meaning string
}{
	{exitDone, "Done, and no finding is open at or above --fail-on."},
	{exitFindings, "Done, and such findings are open. Commands that look something up: it is not there. verify: something is wrong."},
	{exitUsage, "Usage or configuration error. Nothing was read."},
	{exitFailed, "Failed, and nothing was committed. It is safe to run the same command again."},
	{exitIndeterminate, "Done, but inputs that are incomplete, lack what judging needs or do not fit together leave results indeterminate."},
	{exitStopped, "Stopped, and nothing was committed. Repeating does not help: somebody has to decide about a file that is not trusted, or to restore something."},
	{exitRefused, "Refused: the plan of a backfill was made for another configuration or version. Nothing was read."},
}

const manualIntroduction = `
cdrmend is a scheduled job. It reads the manifests of exported call recordings from S3 or
a directory, joins them with call detail records and with the log of SIP registrations,
and commits repaired manifests, tables and a signed record for each interval, a UTC day by
default. It says of every call whether it is recorded, missing, partial, or whether nobody
can tell, and what coincides with a registration outage.

Equal inputs give equal bytes. Nothing that was committed is ever overwritten.

Try it without an account, a server or a configuration:

  cdrmend demo
`

const manualConfiguration = `
One YAML file, named by --config or CDRMEND_CONFIG. A flag counts more than the
environment, which counts more than the file. Unknown keys are errors. A relative path is
relative to the file. A URL is s3://BUCKET/PREFIX/, file:///DIRECTORY/ or a directory, and
may hold {date}, {year}, {month}, {day}, {hour} and {org}. Spans of time are such as 48h,
90s or 998ms.

  cdrmend config check --config cdrmend.yaml

prints the configuration with all defaults. A small one:

  name: acme-nightly
  sources:
    manifests:
      - {name: genesys, url: "s3://acme-recordings/{year}/{month}/{day}/{hour}/", profile: genesys-cloud}
    cdrs:
      - {name: cdr, url: "s3://acme-cdr/date={date}/", profile: genesys-conversation-detail}
    registrations:
      - {name: registrar, url: "s3://acme-logs/registrations/date={date}/", profile: http-client-log}
  output:
    url: s3://acme-compliance/cdrmend/
  signing: {key: signing.pem}

KIND below is manifests, cdrs or registrations.
`

var environmentMeanings = []meaning{
	{"CDRMEND_CONFIG", "The configuration file, where --config is not given."},
	{"CDRMEND_TOKEN", "The token that cdrmend token examines."},
	{"CDRMEND_KEY", "Replaces a key of the configuration that is a single value: CDRMEND_OUTPUT_URL stands for output.url, CDRMEND_POLICY_EXPECT for policy.expect."},
	{"AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, ...", "What the AWS SDK reads: credentials, region, AWS_ENDPOINT_URL_S3 for a server of another kind."},
	{"GOMEMLIMIT, GOGC", "Bounds for the memory of the program, as of every Go program. Without them it takes the limit of its container or machine."},
	{"TMPDIR", "Directory for temporary files, unless scratch is configured."},
	{"NO_COLOR, TERM=dumb", "Print no colours."},
}

var fileMeanings = []meaning{
	{"cdrmend.yaml", "The configuration; services read /etc/cdrmend/cdrmend.yaml."},
	{"signing.pem, keys.jwks.json", "The private key that signs commit records, and the public keys by which others verify them. See cdrmend keygen."},
	{"OUTPUT/output.json", "Says whose output it is."},
	{"OUTPUT/interval=I/log/N.json", "Commit record N of an interval. Without one a run does not exist."},
	{"OUTPUT/interval=I/runs/RUN/", "What a run wrote: report.html to read, summary.json, tables as CSV and Parquet, the repaired manifests, and what was rejected."},
	{"OUTPUT/journal/", "One chain over all commit records of the output."},
}
