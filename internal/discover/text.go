package discover

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/loadfile"
	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// searchedIn says in a clause what was searched for the calls and recordings of an interval.
func searchedIn(s *report.Summary, n *Night) string {
	var sources []string
	for _, p := range s.Partitions {
		if !slices.Contains(sources, p.Source) {
			sources = append(sources, p.Source)
		}
	}
	text := fmt.Sprintf("interval %s, commit %d: %s of the sources %s", s.Interval, n.Commit.Number(), wording.Count(len(s.Partitions), "partition"), strings.Join(sources, ", "))
	if len(s.Incomplete) > 0 {
		text += fmt.Sprintf("; %s of them incomplete", wording.Grouped(int64(len(s.Incomplete))))
	}
	return text
}

func (e *Exception) searched() string {
	if e.Night == nil {
		return "the committed tables of all intervals of the request"
	}
	return e.Night.searched
}

// worksheet writes the sheet of an exception, on which people complete what the job cannot know.
func (e *Exception) worksheet(to io.Writer) error {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", name, printable.Text(text))
		}
	}

	fmt.Fprintf(&b, "Exception %d: %s, %s\n\n", e.Number, e.About, strings.ReplaceAll(e.Reason, "_", " "))
	row := e.Row
	line("conversation", row.Find("conversation_id"))
	line("leg", row.Find("leg_id"))
	line("recording", row.Find("recording_id"))
	line("trunk", row.Find("trunk_id"))
	line("line", row.Find("line_id"))
	line("users", row.Find("user_ids"))
	line("from", cmp.Or(row.Find("start_time"), "unknown"))
	line("to", cmp.Or(row.Find("end_time"), "unknown"))
	line("object", strings.Trim(row.Find("source")+" "+row.Find("object_key"), " "))
	line("why", e.Why)
	if id, cause, relation := e.Outage(); id != "" {
		line("outage", fmt.Sprintf("%s, %s: it coincides (%s), which does not show that it is the cause", id, cause, relation))
	}
	line("searched", e.searched())
	line("legal hold", e.Hold)
	line("versions", e.Versions)
	line("explanation", e.explanation)
	line("substitutes", cmp.Or(strings.Join(e.controls(), ", "), "none in this production"))

	b.WriteString(`
  Duty to preserve since        ____________________  Hold in force: yes / no
  Steps taken to preserve       ________________________________________
  Lost because of               ________________________________________
  Other sources asked           ________________________________________
  Can it be restored, or had from elsewhere?  __________________________
  Name, date                    ________________________________________

`)
	_, err := io.WriteString(to, b.String())
	return err
}

// readme is the first page of a production.
func (p *Producer) readme() string {
	a, r := p.answer, p.answer.Request
	var b strings.Builder
	fmt.Fprintf(&b, "Production of call recordings\n\n")
	for _, l := range [][2]string{{"Matter", r.Matter}, {"Requested by", r.Requester}, {"Span", r.spanText()}, {"Zone", r.zone.String()}, {"Redaction", cmp.Or(r.Redact, "counsel")}} {
		if l[1] != "" {
			fmt.Fprintf(&b, "  %-14s %s\n", l[0], printable.Text(l[1]))
		}
	}

	b.WriteString("\nWhat it is not\n\n")
	limits := a.Limits()
	for _, l := range limits {
		fmt.Fprintf(&b, "  - %s.\n", wording.Capital(l))
	}
	if len(limits) == 0 {
		b.WriteString("  - All intervals of the span have a commit, and the number of their calls is known.\n")
	}
	if n := a.excepted(); n > 0 {
		fmt.Fprintf(&b, "  - %s: what the request covers, and this production lacks, has only in part, or\n    has without anybody being able to tell. exceptions.csv says of each one why:\n", wording.Count(n, "exception"))
		a.listExceptions(&b, "      ")
	}
	if p.Show.Redact != policy.RedactNothing {
		b.WriteString("  - It is redacted: documents and media are withheld, and values are masked or replaced.\n")
	}
	if p.Show.Redact == policy.RedactAll {
		b.WriteString("  - Explanations are withheld, as they name what pseudonyms stand for.\n")
	}
	if p.Signer == nil {
		b.WriteString("  - It is not signed: it shows only that its files fit together.\n")
	}
	if p.Media == NoMedia {
		b.WriteString("  - The media of the recordings were not asked for, and are not in it.\n")
	}

	b.WriteString("\nWhat it has\n\n")
	fmt.Fprintf(&b, "  %s, by verdict:\n", wording.Count(a.Calls.Covered, "call"))
	for _, v := range slices.Sorted(maps.Keys(a.Calls.Verdicts)) {
		fmt.Fprintf(&b, "    %-20s %s\n", strings.ReplaceAll(v, "_", " "), wording.Grouped(a.Calls.Verdicts[v]))
	}
	fmt.Fprintf(&b, "  %s", wording.Count(a.Recordings.Covered, "recording"))
	if a.Recordings.Covered > 0 {
		fmt.Fprintf(&b, ", %s to %s", r.number(1), r.number(p.control))
	}
	n := p.books.produced
	fmt.Fprintf(&b, "\n  %s as exported, %s, %s\n", wording.Count(n.originals, "document"), wording.Count(n.repaired, "repaired copy"), wording.Count(p.books.stories, "explanation"))
	switch p.Media {
	case CopyMedia:
		fmt.Fprintf(&b, "  %s with media\n", wording.Count(n.media, "file"))
	case FetchMedia:
		fmt.Fprintf(&b, "  %s with media, which fetch.txt says where to get\n", wording.Count(n.media, "file"))
	}
	b.WriteString(contents)
	if c := p.changed; c != (loadfile.Changes{}) {
		fmt.Fprintf(&b, "\nloadfile.dat cannot hold some characters: %s became the newline character, and\n%s U+FFFD. loadfile.csv has the exact values.\n",
			wording.Count(c.LineEnds, "line break"), wording.Count(c.Newlines+c.Controls+c.Invalid, "other character"))
	}
	return b.String()
}

const contents = `
Files, below data/

  README.txt                  this page
  loadfile.dat, loadfile.csv  one row for each recording; the same fields in both
  exceptions.csv              one row for each thing that could not be produced, and why
  worksheets.txt              the same, with lines for people to complete
  tables/                     rows of the committed tables that concern what is covered
  documents/                  metadata as the recorder exported it, and repaired copies
  media/                      recordings, where they were asked for
  explanations/               how each verdict was reached, in plain words: one file for each
                              conversation, also for those of its calls that are not covered.
                              EXPLANATION_PATH and explanation name it
  custody.jsonl               the way of each file from its source into this production
  evidence/                   commit records, lists of files, journal entries, public keys
  method.txt                  how it was made
  request.json, answer.json   what was asked for, and what it came to
  begun.json                  with which commits it was begun

Beside data/

  production.json             the SHA-256 of the list of all files, and the commits that were
                              searched; with a key this is what is signed
  fetch.txt                   where media is that was not copied; only where that was asked for
  manifest-sha256.txt, tagmanifest-sha256.txt, bag-info.txt, bagit.txt
                              checksums and labels, as BagIt wants them

How to check it

  Any validator of BagIt 1.0 (RFC 8493) finds files that were damaged or lost. It does
  not find what somebody changed together with the checksums.
  "cdrmend verify" with the path of this production also checks the signature, if it
  has one, that the commit records belong to the journal, and that each file is the
  one that custody.jsonl names. Compare the fingerprint of the key with the one that
  the sender gives you in another way.

The CSV files hold values as they are. Import them as text: a value that begins with
=, +, - or @ is no formula.

There is no Opticon file: a recording has no pages that could be images.
`

// method says how a production is made.
const method = `How this production was made

1. Each night cdrmend compares exported recordings with call detail records and the
   registration log, gives every call a verdict, and commits tables that are hashed,
   chained and, where a key is configured, signed. This production was made from the
   commits that production.json names, the newest of each interval when it was made. No
   verdict was decided anew: an explanation that reads the inputs again says whether the
   same decision came of them.

2. The request covers a row of calls or recordings that has one of the values of each
   list of "select", has one of the values of any custodian, and overlaps the span. It
   also covers the recordings of such a call and the calls of such a recording: those of
   the same conversation and leg, and where a recording names no leg, those of the same
   conversation, unless it has more than 100 calls. Rows without a conversation are
   linked with nothing. A number that begins with * stands for all that end like it.

   A row overlaps the span when it begins before the span ends, and ends after the span
   begins or begins in it. No row is taken to last more than 24 hours: one without an end
   ends 24 hours after its start, one without a start begins 24 hours before its end, and
   one without either lasts as long as its interval. Searched were the intervals of the
   span and those up to 24 hours before and after it that have a commit.

3. A verdict of a call is the committed one. "complete", "repaired" and "incomplete"
   are recorded calls; "partial" lacks a part; of "missing" no recording was found;
   of "indeterminate" nobody can tell; "excluded" was not to be recorded;
   "recorded_in_error" was recorded although it must not be.

4. Documents are the bytes that the run read, checked against the SHA-256 that the run
   noted. A document that also holds recordings which are not covered is not produced
   unless the request says "documents: whole".

5. An outage of a registration that coincides with a call is evidence of
   circumstances. It is never claimed to be the cause.

6. Times are UTC unless a column says that it is local. In custody.jsonl the time of
   "listed" is that of the object; all others are the time of the commit, also that of
   "produced". So is Bagging-Date in bag-info.txt, of the newest commit that was searched:
   equal requests give equal files, whenever they are made, and nothing in this
   production says when that was.
`

// spanText says what time is asked for.
func (r *Request) spanText() string {
	switch {
	case r.From == "" && r.To == "":
		return "all that is committed"
	case r.From == "":
		return "before " + r.To
	case r.To == "":
		return "from " + r.From + " on"
	}
	return "from " + r.From + " to " + r.To
}

// excepted counts all exceptions.
func (a *Answer) excepted() (n int64) {
	for _, reasons := range a.Exceptions {
		for _, k := range reasons {
			n += k
		}
	}
	return n
}

func (a *Answer) listExceptions(to io.Writer, indent string) {
	for _, about := range slices.Sorted(maps.Keys(a.Exceptions)) {
		for _, reason := range slices.Sorted(maps.Keys(a.Exceptions[about])) {
			fmt.Fprintf(to, "%s%-10s %-16s %s\n", indent, about, strings.ReplaceAll(reason, "_", " "), wording.Grouped(a.Exceptions[about][reason]))
		}
	}
}

// mostUnfound is how many values a terminal is told that nothing has. A request may have
// thousands.
const mostUnfound = 100

// Text tells the answer on a terminal.
func (a *Answer) Text() string {
	var b strings.Builder
	for _, l := range a.Limits() {
		fmt.Fprintf(&b, "! %s\n", l)
	}
	fmt.Fprintf(&b, "%s searched\n", wording.Count(len(a.Intervals), "interval"))
	fmt.Fprintf(&b, "%s covered", wording.Count(a.Calls.Covered, "call"))
	for i, v := range slices.Sorted(maps.Keys(a.Calls.Verdicts)) {
		fmt.Fprintf(&b, "%s%s %s", [2]string{": ", ", "}[min(i, 1)], wording.Grouped(a.Calls.Verdicts[v]), strings.ReplaceAll(v, "_", " "))
	}
	fmt.Fprintf(&b, "\n%s covered\n", wording.Count(a.Recordings.Covered, "recording"))
	fmt.Fprintf(&b, "%s\n", wording.Count(a.excepted(), "exception"))
	a.listExceptions(&b, "  ")
	for _, u := range a.Unfound[:min(len(a.Unfound), mostUnfound)] {
		fmt.Fprintf(&b, "! nothing that is covered has the %s %s (%s)\n", u.Kind, printable.Text(u.Value), u.Key)
	}
	if more := len(a.Unfound) - mostUnfound; more > 0 {
		fmt.Fprintf(&b, "! nothing that is covered has %s, which --json and exceptions.csv name\n", wording.Count(more, "more value"))
	}
	return b.String()
}
