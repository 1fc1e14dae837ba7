package plausible

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// Below these shares a line is to be looked at. They are round numbers: a site may have
// good reasons for any share.
const (
	usual      = 90 // percent of calls, recordings and rows of which something holds
	fewestSeen = 5  // fewer show nothing
)

// below reports whether less than a share of the whole has something.
func (s Share) below(percent int64) bool { return s.N*100 < s.Of*percent }

// Report judges what was counted of a run.
func (o *Observation) Report(run *report.Run) *Report {
	r := &Report{Format: Format, Interval: run.Interval, RunID: run.RunID, URL: run.URL, Lines: []Line{o.calls()}}
	for i := range o.Sources {
		s := &o.Sources[i]
		if s.Records > 0 {
			r.Lines = append(r.Lines, s.organisations(), s.fields())
		}
		if s.InDay.Of > 0 || s.Strays > 0 {
			r.Lines = append(r.Lines, s.days())
		}
		r.Lines = append(r.Lines, s.rows())
	}
	for _, c := range o.Clocks {
		r.Lines = append(r.Lines, c.line())
	}
	if len(o.Clocks) == 0 {
		r.Lines = append(r.Lines, line(Clocks, "", Unknown, Share{}, "no call has exactly one recording whose end is known, so nothing compares the clocks", "see the lines about joins; recordings that are known by their names alone have no end"))
	}
	r.Lines = append(r.Lines,
		o.Legs.line("calls to be recorded that share an id with a recording"), o.Entries.line("recordings that share an id with a call"),
		o.registrations(), o.mediaTypes())
	if o.Audio.Of > 0 {
		r.Lines = append(r.Lines, o.audio())
	}

	sortLines(r.Lines)
	r.Verdict = string(Fine)
	if r.Lines[0].Judgement == Look {
		r.Verdict = string(Look)
	}
	return r
}

// line makes a line. What is fine needs nothing to be done.
func line(about Subject, source string, j Judgement, s Share, text, next string) Line {
	if j == Fine {
		next = ""
	}
	return Line{About: about, Source: source, Judgement: j, N: s.N, Of: s.Of, Percent: report.PercentOf(s.N, s.Of), Text: text, Next: next}
}

// judgedLine makes a line that is to be looked at when a share is below the usual.
func judgedLine(about Subject, source string, s Share, text, next string) Line {
	switch {
	case s.Of < fewestSeen:
		return line(about, source, Unknown, s, text, "too few to tell: choose a busier interval")
	case s.below(usual):
		return line(about, source, Look, s, text, next)
	}
	return line(about, source, Fine, s, text, "")
}

// calls says whether there is anything to judge.
func (o *Observation) calls() Line {
	switch {
	case o.Legs.All == 0 && o.Entries.All == 0:
		return line(Calls, "", Look, Share{}, "neither a call that is to be recorded nor a recording was read of this interval", "choose an interval with deliveries: cdrmend config check --sources shows the newest")
	case o.Legs.All == 0:
		return line(Calls, "", Look, Share{}, "no call that is to be recorded was read, but recordings were", "see the lines about CDRs, and policy.expect and policy.exclusions")
	case o.Entries.All == 0:
		return line(Calls, "", Look, Share{}, "no recording of voice was read, but calls that are to be recorded were", "see the lines about manifests, and policy.voice_media")
	}
	l := line(Calls, "", Fine, o.Calls, "calls that are to be recorded", "")
	l.Remark = "recordings of voice: " + report.Grouped(o.Entries.All)
	if o.Unexpected.N >= fewestSeen && !o.Unexpected.below(100-usual) {
		l.Judgement = Look
		l.Remark += "; calls that nobody expects to be recorded, and have a recording: " + report.Of(o.Unexpected.N, o.Unexpected.Of)
		l.Next = "see whether the CDRs say which calls were answered: answer_time, talk, talk_ms or recorded, and policy.expect"
	}
	return l
}

// organisations compares those of a source with those of the opposite sources.
func (s *Source) organisations() Line {
	opposite := "CDRs"
	if s.Kind == policy.CDRs {
		opposite = "manifests"
	}
	if s.Met.Of == 0 {
		l := line(Organisations, s.Name, Unknown, s.Met, "nothing was read of "+opposite+", so organisations cannot be compared", "see the lines about "+opposite)
		l.Details = s.Orgs
		return l
	}

	j := Fine
	if s.Met.N < s.Met.Of {
		j = Look
	}
	l := line(Organisations, s.Name, j, s.Met, "records of an organisation that "+opposite+" have, too",
		"records of different organisations never match: set org for the source that names another one, or none, or correct where its profile finds org_id")
	l.Details = s.Orgs
	return l
}

// fields says which fields of a source no record fills, and whether judging needs them.
func (s *Source) fields() Line {
	var lacking []string
	worst := Share{s.Records, s.Records}
	for _, alternatives := range s.Needs {
		// A call that nobody answered has no answer: only when none has one it is lacking.
		least := int64(usual)
		if slices.Contains(alternatives, record.AnswerTime) {
			least = 0
		}
		filled := int64(0)
		var names []string
		for _, f := range alternatives {
			filled = max(filled, s.Filled[f])
			names = append(names, f.String())
		}
		if have := (Share{filled, s.Records}); have.below(least) || filled == 0 {
			lacking = append(lacking, strings.Join(names, " or "))
		}
		if least > 0 || filled == 0 {
			worst.N = min(worst.N, filled)
		}
	}

	var never []Count
	for _, f := range fieldsOf(s.Kind) {
		if n, mapped := s.Filled[f]; mapped && n == 0 {
			never = append(never, Count{Name: f.String()})
		}
	}
	if len(lacking) > 0 {
		l := line(Fields, s.Name, Look, worst, "records with all that judging needs",
			"correct the places of these fields in the profile: cdrmend profiles test shows what it fills")
		l.Details, l.Remark = never, "most lack "+strings.Join(lacking, ", ")
		return l
	}

	l := line(Fields, s.Name, Fine, worst, "records with all that judging needs", "")
	if s.Silent {
		l.Judgement, l.Remark = Look, "hardly any registration succeeds"
		l.Next = "log successful registrations, too, or set successes: true if the log has them; otherwise the length of outages is assumed"
	}
	l.Details = never
	return l
}

// days says whether the records of a source start in the partitions in which they lie.
func (s *Source) days() Line {
	l := judgedLine(Days, s.Name, s.InDay, "records that start in their partition, or within an hour of it", "check the zone of the times (time_zone of the profile, zone of the source), by what the export is partitioned, and lookback and lookahead")
	if s.Strays > 0 {
		l.Judgement, l.Remark = Look, "rows of intervals that never read them: "+report.Grouped(s.Strays)
		l.Next = "raise lookback or lookahead of the source to the hours that the findings of class stray_record name"
	}
	return l
}

// rows says what of a source was read and is no record.
func (s *Source) rows() Line {
	skipped := int64(0)
	var details []Count
	for _, c := range s.Rejects {
		details = append(details, Count{"rejected: " + c.Name, c.N})
	}
	for _, c := range s.Skipped {
		skipped += c.N
		if c.N > 0 {
			details = append(details, Count{"skipped: " + c.Name, c.N})
		}
	}

	good := Share{s.Read - s.Rejected, s.Read}
	j, next := Fine, ""
	switch {
	case s.Read == 0:
		j, next = Look, "there is nothing of this source in the interval: cdrmend config check --sources shows where it was looked for"
	case s.Records == 0 && s.Kind != policy.Manifests:
		j, next = Look, "no row is a record: choose or correct the profile; cdrmend profiles test shows why"
	case float64(s.Rejected) > s.Limit*float64(s.Read):
		j, next = Look, "see rejects/ of the run for the rows, and correct the profile or ask who delivers them"
	}
	l := line(Rows, s.Name, j, good, "rows that could be used", next)
	l.Details = details
	if skipped > 0 {
		l.Remark = "skipped by filters of the profile: " + report.Grouped(skipped)
	}
	return l
}

// line compares two clocks.
func (c *Clock) line() Line {
	seconds := fmt.Sprintf("%+d s", int64(c.Offset.Seconds()))
	text := fmt.Sprintf("recordings of %s that end %s after their calls of %s, give or take 2 s", c.Manifests, seconds, c.CDRs)
	wide := c.Offset.Abs() > c.Tolerance
	switch {
	case c.Near.Of < fewestSeen:
		return line(Clocks, c.CDRs, Unknown, c.Near, text, "too few calls have exactly one recording: choose a busier interval")
	case wide && !c.Near.below(usual):
		return line(Clocks, c.CDRs, Look, c.Near, text, fmt.Sprintf("if the clocks or their zones differ, set clock_offset: %s for source %s, or correct the zone", c.Offset, c.CDRs))
	case wide:
		return line(Clocks, c.CDRs, Look, c.Near, text, "look at a few of them with cdrmend explain: recordings that end elsewhere than their call are cut, or times are not what the profile takes them for")
	}
	return line(Clocks, c.CDRs, Fine, c.Near, text, "")
}

// joinNext says what to do when records do not join.
func joinNext(j *Join) string {
	if j.Elsewhere > 0 {
		return fmt.Sprintf("%s more would join if organisations were not compared: see the lines about organisations", report.Grouped(j.Elsewhere))
	}
	return "compare an id of both sides: another prefix, another field or another system; or the recorder does not record these calls, which is for a run to say"
}

// ways says by which ids records join.
func (j *Join) ways() string {
	return fmt.Sprintf("by recording id %s, by conversation %s", report.Of(j.ByID, j.All), report.Of(j.ByConversation, j.All))
}

// line says how many records of one side share an id with the other.
func (j *Join) line(text string) Line {
	l := judgedLine(Joins, "", Share{j.Any, j.All}, text, joinNext(j))
	l.Remark = j.ways()
	return l
}

// registrations says of how many calls the logs show the trunk or line.
func (o *Observation) registrations() Line {
	const next = "compare the ids of trunks and lines in CDRs and logs: policy.lines says which trunk a line belongs to"
	if !slices.ContainsFunc(o.Sources, func(s Source) bool { return s.Kind == policy.Registrations }) {
		return line(Registrations, "", Unknown, o.OnTrunk, "no log of registrations is configured, so no call coincides with an outage", "add a source of registrations")
	}
	if o.OnTrunk.Of == 0 {
		return line(Registrations, "", Unknown, o.OnTrunk, "no call names a trunk or a line", "map trunk_id or line_id of the CDRs")
	}
	l := judgedLine(Registrations, "", o.OnTrunk, "calls with a trunk or a line that the logs show", next)
	if l.Judgement != Fine || o.OnTrunk.N < o.OnTrunk.Of {
		l.Details = o.Unseen
	}
	return l
}

// mediaTypes says how many entries are not voice.
func (o *Observation) mediaTypes() Line {
	others := int64(0)
	for _, c := range o.Media {
		others += c.N
	}
	s := Share{o.Total - others, o.Total}
	j := Fine
	switch {
	case o.Total == 0:
		j = Unknown
	case s.N == 0:
		j = Look
	}
	l := line(Media, "", j, s, "entries of a media type that counts as voice, or of none", "if one of the others is voice, add it to policy.voice_media")
	l.Details = o.Media
	return l
}

// audio says how many of the media objects that were asked for could be read.
func (o *Observation) audio() Line {
	return judgedLine(Audio, "", o.Audio, "media objects that were asked for and could be read",
		"allow the job to read media objects and to use their KMS key; the findings media_unreadable have the codes of the store")
}
