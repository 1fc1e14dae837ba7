package audit

import (
	"fmt"
	"strings"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Title names the report.
const Title = "Compliance report: recording of calls"

// Lead is the result in a sentence.
func (r *Report) Lead() string {
	c := &r.Coverage
	intervals := wording.Count(r.Committed, "interval")
	if c.Of == 0 {
		return fmt.Sprintf("No call is known that should have been recorded in %s.", intervals)
	}
	percent := ""
	if c.RecordedPercent != nil {
		percent = ", " + c.Percent(c.RecordedPercent)
	}
	return fmt.Sprintf("%s that should be recorded in %s %s recorded%s.", c.Calls(c.Recorded), intervals, c.Are(c.Recorded, r.Calls.Indeterminate), percent)
}

// Detail says what stands behind the lead, a sentence each.
func (r *Report) Detail() (list []string) {
	if lost := r.Lost(); lost != nil {
		list = append(list, "The others: "+strings.Join(lost, ", ")+".")
	}
	f := &r.Findings
	open := fmt.Sprintf("%s open, %s of them critical", isAre(f.Open, "finding"), report.Grouped(f.Critical))
	if f.Indeterminate > 0 {
		open += fmt.Sprintf("; %s may be, as nobody can tell yet", report.Grouped(f.Indeterminate))
	}
	list = append(list, open+fmt.Sprintf("; %s accepted and %s closed.", report.Grouped(f.Accepted), report.Grouped(f.Closed)))
	if text := r.Trend.Text(); text != "" {
		list = append(list, wording.Sentence(text))
	}
	return list
}

func isAre(n int64, thing string) string {
	return wording.Count(n, thing) + " " + wording.Verb(n, "is", "are")
}

// Reading are the words that a reader needs, each with what it means.
var Reading = []struct{ Word, Meaning string }{
	{"call", "a row of the call detail records: one leg of a conversation."},
	{"recorded", "a recording with audio was found that is proved to be of the call. A call of which nobody can tell never counts as recorded."},
	{"not recorded", "the call should have been recorded, and no recording of it was found (missing), or a part of it or of its recordings is lacking (in part)."},
	{"cannot be told", "what was delivered does not suffice to say whether the call was recorded. Such calls count neither as recorded nor as missing."},
	{"at least", "call detail records may hide further calls, so the number of calls is the least that there can be, and the share the most."},
	{"target", "met only when the calls that are known to be recorded suffice for it; missed when they would not suffice if all calls were recorded of which nobody can tell."},
	{"outage", "a span in which a registration of a trunk or line was failing, lapsed or removed. That a call coincides with one is evidence, not proof, of why it is not recorded."},
}

// Method says how the report was put together, a sentence each.
var Method = []string{
	"Of each interval the newest commit counts. Its files were read by the SHA-256 values that its record names; equal commits give this very report.",
	"Every call that a call detail record shows belongs to the interval in which it starts, and counts once. A call with several users or queues counts in each of these groups.",
	"An outage that lasts over several nights counts once. One in which nobody was unregistered does not count.",
	"Ages of findings reach from the first commit that had the finding to the newest commit of the report, never to the day on which somebody reads it.",
	"Shares are rounded down, so that 100.00 % means all. The target is compared with the exact numbers.",
}

// Limits say what the report does not show.
var Limits = []string{
	"A call without any call detail record is not seen.",
	"That exports were complete is not proved; only what contradicts that is found.",
	"Why a call was not recorded is known only where a manifest or a registration log tells it. A coinciding outage is never claimed to be the cause.",
	"Accepted findings keep their calls: a call that is missing counts as missing, whatever was decided about it.",
}

// ListWords say what the list of calls is.
const ListWords = "Article 76 of Delegated Regulation (EU) 2017/565 (MiFID II) asks investment firms to have an effective policy for recording telephone conversations, to monitor it periodically, and to ensure that the records are complete. " +
	"These are the calls that should have been recorded and were not, or not as a whole, with the reason as far as it is known. The list in CSV (cdrmend audit --csv FILE) has every one, with the commit record that vouches for it. " +
	"Whether a call falls under that duty is for the firm to say."
