package page

import (
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
)

// aboutView says whose page this is, and of which time.
type aboutView struct {
	Organisations []thing
	More          bool // further organisations
	Job           string
	Operator      string
	Span          record.Span
	From, To      string // in the configured zone, empty without one
	Zone          string
}

// mostOrgs is how many organisations a page names at most.
const mostOrgs = 4

// orgNames are the organisations of a run, in the order in which they were met.
type orgNames struct {
	list []thing
	seen []string // as the tables have them
	more bool
}

// addConfigured adds the organisations that the configuration names.
func (o *orgNames) addConfigured(s *report.Summary, r *redact.Redactor) {
	for _, org := range s.Organisations() {
		o.add(org, r)
	}
}

// add adds an organisation by its id as the tables have it.
func (o *orgNames) add(id string, r *redact.Redactor) {
	if id == "" || slices.Contains(o.seen, id) {
		return
	}
	if len(o.list) == mostOrgs {
		o.more = true
		return
	}
	o.seen = append(o.seen, id)
	o.list = append(o.list, thing{Name: printable.Text(r.Name(policy.OrganisationName, id)), ID: printable.Text(r.Org(id))})
}

// head returns what stands above everything else.
func (g *gathering) head(c policy.Report) headView {
	return headView{
		About: aboutView{
			Organisations: g.orgs.list, More: g.orgs.more, Job: printable.Text(c.Job), Operator: printable.Text(c.Operator),
			Span: g.span, From: g.zone.stamp(g.span.Start), To: g.zone.stamp(g.span.End), Zone: g.zone.name(),
		},
		Notices: g.notices(), Lead: lead(g.summary), Detail: g.detail(g.summary), Remarks: remarks(g.summary.Remarks()),
	}
}
