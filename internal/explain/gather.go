package explain

import (
	"context"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/history"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/redact"
	"cdrmend/internal/table"
)

// maxRows is how many rows of one table a story shows.
const maxRows = 100

// Tell gathers the story of an id from the newest commit of an interval. It
// returns nil if the id is in no table of that commit. Personal values are masked
// unless clear is set.
func Tell(ctx context.Context, commits []*committed.Commit, id string, clear bool) (*Story, error) {
	c := commits[len(commits)-1]
	m, err := find(ctx, c, id)
	if m == nil {
		return nil, err
	}

	g := &gathering{hit: m, commit: c, show: redactor(!clear), story: &Story{
		Format: Format, ID: id, Names: m.names(), Interval: c.Record.Interval, Masked: !clear, Commit: commitOf(c),
		Recordings: []*Recording{}, Calls: []*Call{}, Outages: []*Outage{}, Findings: []*Finding{},
	}}

	// The order matters: findings look at the recordings, outages at the
	// findings and calls, and all later steps at what was gathered.
	for _, step := range []func(context.Context) error{g.recordings, g.calls, g.findings, g.grounds, g.repairs, g.coinciding, g.objects, g.copies} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}

	g.attach()
	ids := map[string]bool{}
	for _, f := range g.story.Findings {
		ids[f.row.ID] = true
	}
	if g.story.History, err = history.Of(ctx, commits, func(id string) bool { return ids[id] }); err != nil {
		return nil, err
	}

	// The history is made from the tables, which are not masked.
	for i := range g.story.History.Commits {
		g.mask(g.story.History.Commits[i].Events)
	}

	return g.story, nil
}

// redactor returns what shows values, with or without telephone numbers.
func redactor(masked bool) *redact.Redactor {
	if masked {
		return redact.New(policy.Report{Redact: policy.RedactNumbers})
	}
	return redact.New(policy.Report{Redact: policy.RedactNothing})
}

// mask masks personal values in events.
func (g *gathering) mask(events []history.Event) {
	for i := range events {
		e := &events[i]
		e.ObjectKey, e.Detail, e.WasDetail = g.show.Key(e.ObjectKey), g.show.Key(e.Detail), g.show.Key(e.WasDetail)
		// The detail of such a finding may hold the value itself.
		if g.story.Masked && e.Detail != "" && slices.Contains([]string{"ani", "dnis", "user_ids"}, e.Field) {
			e.Detail, e.WasDetail = masked, ""
		}
		if e.Accepted != nil {
			shown := g.show.Grounds(*e.Accepted)
			e.Accepted = &shown
		}
		for n := range e.ClosedBy {
			e.ClosedBy[n].Key = g.show.Key(e.ClosedBy[n].Key)
		}
	}
}

func commitOf(c *committed.Commit) Commit {
	return Commit{
		Number: c.Number(), Time: c.Record.Time, RunID: c.Record.RunID, URL: c.URL(), Tool: c.Record.Tool, RecordSum: c.SHA256,
		Signed: c.Seal.Signed, KeyID: c.Seal.KeyID, Verified: c.Verified(),
	}
}

// gathering is the state of gathering a story.
type gathering struct {
	*hit
	commit *committed.Commit
	show   *redact.Redactor
	story  *Story
	into   table.Row
}

// masked replaces a personal value that must not be shown.
const masked = "***"

// cells copies a row as it may be shown.
func (g *gathering) cells(r *table.Row) table.Cells {
	users := func(column string) bool {
		return column == "user_ids" || column == "detail" && r.Cell("field") == "user_ids"
	}
	return table.CellsOf(g.show.Row(&g.into, r)).Map(func(column, cell string) string {
		if g.story.Masked && users(column) {
			return masked
		}
		return cell
	})
}

// keep reports whether one more row may be shown. It counts those that may not.
func (g *gathering) keep(n int) bool {
	if n < maxRows {
		return true
	}
	g.story.More++
	return false
}

// belongs reports whether the id names what a row is about, and whether the row
// belongs to the story at all, as one of the same conversation does.
func (g *gathering) belongs(r *table.Row, at place) (asked, belongs bool) {
	conversation := subject{r.Cell("org_id"), r.Cell("conversation_id")}
	// The id names something about the whole object: all of its rows belong.
	if g.places[place{at.source, at.key, -1}] {
		return false, true
	}

	asked = g.places[at] || g.kinds[ConversationID] && conversation.id == g.id
	return asked, asked || conversation.id != "" && g.conversations[conversation]
}

func (g *gathering) recordings(ctx context.Context) error {
	for r, err := range g.commit.Table(ctx, table.Recordings) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		if asked, belongs := g.belongs(r, at); belongs && g.keep(len(g.story.Recordings)) {
			g.story.Recordings = append(g.story.Recordings, &Recording{
				Row: g.cells(r), Asked: asked, cells: table.CellsOf(r), place: at, Object: g.object(at), Repairs: []table.Cells{},
			})
		}
	}
	return nil
}

func (g *gathering) calls(ctx context.Context) error {
	for r, err := range g.commit.Table(ctx, table.Calls) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		asked, belongs := g.belongs(r, at)
		// The story of an outage has every leg that coincides with it.
		if !belongs && !g.outageIDs[r.Cell("outage_id")] {
			continue
		}
		if g.keep(len(g.story.Calls)) {
			g.story.Calls = append(g.story.Calls, &Call{Row: g.cells(r), Asked: asked, cells: table.CellsOf(r), place: at, Object: g.object(at)})
		}
	}
	return nil
}

// findings gathers the findings about the gathered rows, and about their
// documents.
func (g *gathering) findings(ctx context.Context) error {
	documents := map[[2]string]bool{}
	for _, r := range g.story.Recordings {
		documents[[2]string{r.place.source, r.place.key}] = true
	}

	for r, err := range g.commit.Table(ctx, table.History) {
		if err != nil {
			return err
		}
		f := table.HistoryOf(r)
		at := place{f.Source, f.ObjectKey, f.Entry}
		_, belongs := g.belongs(r, at)
		// A finding with a negative entry is about the whole document.
		about := f.Entry < 0 && documents[[2]string{f.Source, f.ObjectKey}] || g.outageIDs[f.OutageID] || g.recordingIDs[subject{f.Org, f.Recording}]
		if (belongs || about || g.findingIDs[f.ID]) && g.keep(len(g.story.Findings)) {
			g.story.Findings = append(g.story.Findings, &Finding{Row: g.cells(r), Asked: f.ID == g.id, row: f})
		}
	}
	return nil
}

// grounds notes for findings that are accepted by whom and why.
func (g *gathering) grounds(ctx context.Context) error {
	if !slices.ContainsFunc(g.story.Findings, (*Finding).accepted) {
		return nil
	}
	a, err := history.Acceptance(ctx, g.commit)
	if err != nil {
		return err
	}

	for _, f := range g.story.Findings {
		if f.accepted() {
			shown := g.show.Grounds(*history.Grounds(a, &f.row.Finding))
			f.Accepted = &shown
		}
	}
	return nil
}

func (g *gathering) repairs(ctx context.Context) error {
	for r, err := range g.commit.Table(ctx, table.Repairs) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		for _, rec := range g.story.Recordings {
			if rec.place == at {
				rec.Repairs = append(rec.Repairs, g.cells(r))
			}
		}
	}
	return nil
}

// coinciding gathers the outages that the gathered rows coincide with.
func (g *gathering) coinciding(ctx context.Context) error {
	wanted := map[string]bool{}
	for id := range g.outageIDs {
		wanted[id] = true
	}
	for _, f := range g.story.Findings {
		wanted[f.row.OutageID] = true // often empty, which is the id of no outage
	}
	for _, c := range g.story.Calls {
		wanted[c.Row.Get("outage_id")] = true
	}

	for r, err := range g.commit.Table(ctx, table.Outages) {
		if err != nil {
			return err
		}
		if id := r.Cell("outage_id"); wanted[id] {
			g.story.Outages = append(g.story.Outages, &Outage{Row: g.cells(r), Asked: id == g.id, Failures: []Row{}})
		}
	}
	return nil
}

// objects notes for every input that the story names what the run read.
func (g *gathering) objects(ctx context.Context) error {
	wanted := map[[2]string][]*Object{}
	for _, r := range g.story.Recordings {
		at := [2]string{r.place.source, r.place.key}
		wanted[at] = append(wanted[at], &r.Object)
	}
	for _, c := range g.story.Calls {
		at := [2]string{c.place.source, c.place.key}
		wanted[at] = append(wanted[at], &c.Object)
	}

	// A document that should have been there is in no list, and stays unlisted.
	for in, err := range g.commit.Inputs(ctx) {
		if err != nil {
			return err
		}
		for _, o := range wanted[[2]string{in.Source, in.Key}] {
			o.VersionID, o.ETag, o.Size, o.SHA256, o.Listed = in.VersionID, in.ETag, in.Size, in.SHA256, true
		}
	}
	return nil
}

func (g *gathering) object(at place) Object {
	return Object{Source: at.source, Key: g.show.Key(at.key)}
}

// copies finds the documents that were written for the recordings.
func (g *gathering) copies(ctx context.Context) error {
	files, err := g.commit.Files(ctx)
	if err != nil {
		return err
	}
	for _, r := range g.story.Recordings {
		// A key that the output cannot hold was renamed.
		path := "manifests/" + r.place.source + "/" + r.place.key
		for _, renamed := range files.Manifest.Renamed {
			if renamed.Source == r.place.source && renamed.Key == r.place.key {
				path = renamed.Path
			}
		}
		f, ok := files.Find(path)
		if !ok { // of XML, which is written as JSON
			f, ok = files.Find(path + profile.MadeSuffix)
		}
		if ok {
			r.Copy = &Copy{Path: g.show.Key(f.Path), SHA256: f.SHA256}
		}
	}
	return nil
}

// attach adds to every recording and every leg its open findings.
func (g *gathering) attach() {
	for _, f := range g.story.Findings {
		// Closed findings are only in the history.
		if f.row.State == table.Closed {
			continue
		}
		for _, r := range g.story.Recordings {
			if r.place.source == f.row.Source && r.place.key == f.row.ObjectKey && (f.row.Entry < 0 || f.row.Entry == r.place.row) {
				r.findings = append(r.findings, f)
			}
		}
		for _, c := range g.story.Calls {
			if c.place == (place{f.row.Source, f.row.ObjectKey, f.row.Entry}) {
				c.findings = append(c.findings, f)
			}
		}
	}
}
