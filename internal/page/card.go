package page

import (
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// card is one kind of work that a page asks for. The pages of one run and of many
// intervals show their cards with one template, assets/cards.tmpl.
type card struct {
	Anchor   string // id of its element
	Title    string
	Tone     string // severity of its worst reason; indeterminate or outage without one
	Unfolded bool
	Numbers  string        // how many things ask for it, in a few words
	counts   report.Counts // of the findings among them
	Reasons  []cardReason
	Remedies []string // what to do, in sentences
	Calls    *callList
	Commands []string // to copy
}

// cardReason is why something is to be done.
type cardReason struct {
	Name    string       // as in the tables
	Words   string       // a sentence
	Numbers string       // how many findings, calls or outages
	Link    template.URL // the fragment that shows them; empty without findings
	Values  commandValues

	words  wording.Words
	counts report.Counts // of findings
	tone   string
}

// The tones of reasons that are not classes of findings.
const (
	toneUntold = "indeterminate" // calls that cannot be told
	toneOutage = "outage"        // outages alone
)

// tones orders cards. Calls that nobody can tell may be missing, all of them.
var tones = map[string]int{"critical": 0, toneUntold: 1, "major": 2, "minor": 3, toneOutage: 4}

// mostUnfolded is how many cards are unfolded. A reader sees what the others are
// about without opening them.
const mostUnfolded = 3

// cardsOf makes a card for each action. describe says how many
// things a reason stands for, and where they are shown.
func cardsOf(actions []report.Action, describe func(*report.ActionReason) cardReason) []card {
	var cards []card
	for _, a := range actions {
		c := card{Anchor: "do-" + slug(a.Title), Title: wording.Capital(a.Title)}
		for i := range a.Reasons {
			r := describe(&a.Reasons[i])
			r.unlessSure()
			c.add(r)
		}
		c.Numbers = c.numbers()
		cards = append(cards, c)
	}

	return cards
}

// unlessSure says of findings of which none is certain no more than that: nobody looks for
// a recording before it is known that there should be one.
func (r *cardReason) unlessSure() {
	if r.counts.Open > 0 || r.counts.Undecided == 0 {
		return
	}
	if r.Name == "missing_recording" && r.words.Title == wording.Work(r.Name, "").Title || r.Name == "short_recording" {
		r.words.Remedy = wording.Uncertain
	}
}

// add adds a reason. The first one is the worst.
func (c *card) add(r cardReason) {
	tone := r.tone
	if tones[tone] < tones[toneUntold] && r.counts.Open == 0 && r.counts.Undecided > 0 {
		tone = toneUntold
	}
	if len(c.Reasons) == 0 || tones[tone] < tones[c.Tone] {
		c.Tone = tone
	}
	c.Reasons = append(c.Reasons, r)
	c.counts.Open, c.counts.Undecided = c.counts.Open+r.counts.Open, c.counts.Undecided+r.counts.Undecided

	if remedy := wording.Sentence(r.words.Remedy); !slices.Contains(c.Remedies, remedy) {
		c.Remedies = append(c.Remedies, remedy)
	}
}

// numbers counts all that asks for the work of a card: its findings together, and what
// else there is.
func (c *card) numbers() string {
	var words []string
	if c.counts != (report.Counts{}) {
		words = append(words, findingNumbers(c.counts)+c.worst())
	}
	for _, r := range c.Reasons {
		if r.counts == (report.Counts{}) && r.Numbers != "" {
			words = append(words, r.Numbers)
		}
	}
	return strings.Join(words, "; ")
}

// worst names the worst severity of the findings of a card, if they have several.
func (c *card) worst() string {
	var severities []string // the reasons come with the worst first
	for _, r := range c.Reasons {
		if r.counts != (report.Counts{}) && !slices.Contains(severities, r.tone) {
			severities = append(severities, r.tone)
		}
	}
	if len(severities) < 2 {
		return ""
	}
	return ", the worst " + severities[0]
}

// accept is the command that settles a finding about which nothing is to be done.
const accept = `cdrmend accept {finding} --reason "…" --by "…"`

// configured ends a command that is shown. A page does not know where its configuration
// lies: the run of the same inputs by somebody else gives the same page.
const configured = " --config cdrmend.yaml"

// fillCommands fills in the commands of the reasons, and the one that accepts a
// finding.
func (c *card) fillCommands() {
	add := func(command string) {
		if command == "" || len(c.Commands) == mostCommands {
			return
		}
		if command += configured; !slices.Contains(c.Commands, command) {
			c.Commands = append(c.Commands, command)
		}
	}
	for _, r := range c.Reasons {
		add(r.Values.fill(r.words.Command))
	}
	if c.counts.Open > 0 {
		add(c.Reasons[0].Values.fill(accept))
	}
}

// openOf returns how many findings of a class are open among those of a card.
func (c *card) openOf(class string) (n int64) {
	for _, r := range c.Reasons {
		if r.Name == class {
			n += r.counts.Open
		}
	}
	return n
}

// about reports whether something of a name asks for the work of a card.
func (c *card) about(name string) bool {
	return slices.ContainsFunc(c.Reasons, func(r cardReason) bool { return r.Name == name })
}

// unfold opens the first cards.
func unfold(cards []card) {
	for i := range cards {
		cards[i].Unfolded = i < mostUnfolded
	}
}

// mostCommands is how many commands a card offers at most.
const mostCommands = 4

// commandValues are what the placeholders of a command stand for.
type commandValues struct{ Finding, Outage, Conversation, Interval, Rows string }

// shellSafe is what a command may hold without quotes. Ids come from outside, and
// whoever copies a command must not run what one of them says.
var shellSafe = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:@+-]*$`)

// fill puts the values into a command. It returns an empty text when one that the
// command needs is unknown, or unsafe in a shell.
func (v commandValues) fill(command string) string {
	for _, p := range []struct{ name, value string }{
		{"{finding}", v.Finding}, {"{outage}", v.Outage}, {"{conversation}", v.Conversation}, {"{interval}", v.Interval}, {"{rows}", v.Rows},
	} {
		if !strings.Contains(command, p.name) {
			continue
		}
		if !shellSafe.MatchString(p.value) {
			return ""
		}
		command = strings.ReplaceAll(command, p.name, p.value)
	}
	return command
}

// slug makes an element's id of a title, which is a text of this program.
func slug(title string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return r < 'a' || r > 'z' }), "-")
}

// listAddress returns the address within a page of a list that is filtered: the
// fragment of a link. Pairs are names and values of filters; empty ones are left
// out.
func listAddress(list string, pairs ...string) template.URL {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return template.URL("#" + list + "?" + values.Encode()) // encoded, so that nothing in it can end the attribute
}
