package evidence

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// ObjectOrder has the rank of each object in (key, source) order.
type ObjectOrder struct {
	*Evidence
	rank []uint32 // by object
}

// OrderObjects ranks the objects of the evidence.
func OrderObjects(ev *Evidence) ObjectOrder {
	order := make([]uint32, len(ev.Objects))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(ev.Objects[a].Key, ev.Objects[b].Key), cmp.Compare(a, b))
	})

	rank := make([]uint32, len(order))
	for i, object := range order {
		rank[object] = uint32(i)
	}

	return ObjectOrder{ev, rank}
}

// CompareRefs orders two rows by (object key, source, row).
func (o ObjectOrder) CompareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(o.rank[a.Object], o.rank[b.Object]), cmp.Compare(a.Row, b.Row))
}

// CompareEntries orders entries by (object key, source, index).
func (o ObjectOrder) CompareEntries(a, b uint32) int {
	x, y := &o.Entries[a], &o.Entries[b]
	return cmp.Or(
		cmp.Compare(o.rank[o.Documents[x.Doc].Object], o.rank[o.Documents[y.Doc].Object]),
		cmp.Compare(x.Index, y.Index),
	)
}
