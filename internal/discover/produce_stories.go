package discover

import (
	"context"

	"cdrmend/internal/explain"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// explanations writes the story of each covered conversation, and of recordings and legs without one.
func (w *nightWriter) explanations(ctx context.Context) error {
	if w.Show.Redact == policy.RedactAll {
		return nil // a story names what pseudonyms hide
	}
	err := w.inputs.explain(ctx, w.commits, w.night.stories(), w.Show.Redact == policy.RedactNothing, func(of explain.Asked, text string) (err error) {
		w.told[of], err = w.books.story(ctx, w.night.Commit.Record.Interval, text)
		return err
	})
	for _, r := range w.night.Recordings {
		w.files[r].explanation = w.told[r.story()]
	}
	return err
}

// stories returns the stories that tell about all covered rows, each once.
func (n *Night) stories() (list []storyOf) {
	places := map[explain.Asked]int{}
	add := func(of explain.Asked) {
		if of.ID == "" {
			return
		}
		i, known := places[of]
		if !known {
			i = len(list)
			places[of], list = i, append(list, storyOf{of: of})
		}
		list[i].rows++
	}
	for _, r := range n.Recordings {
		add(r.story())
	}
	for _, c := range n.Calls {
		add(c.story())
	}
	return list
}

// storyOf is what a story is about, and how many covered rows it has.
type storyOf struct {
	of   explain.Asked
	rows int
}

// story returns what the story that tells about a recording is about.
func (r *Recording) story() explain.Asked {
	return storyAbout(r.Cells, explain.RecordingID, "recording_id")
}

// story returns what the story that tells about a call is about.
func (c *Call) story() explain.Asked { return storyAbout(c.Cells, explain.LegID, "leg_id") }

// storyAbout returns the conversation of a row. One without a conversation has a story of its own.
func storyAbout(row table.Cells, kind, column string) explain.Asked {
	if id := row.Get("conversation_id"); id != "" {
		return explain.Asked{ID: id, Kind: explain.ConversationID, Org: row.Get("org_id")}
	}
	return explain.Asked{ID: row.Get(column), Kind: kind, Org: row.Get("org_id")}
}
