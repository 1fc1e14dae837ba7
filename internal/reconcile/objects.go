package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/record"
)

// objectOrder has the rank of each object in (key, source) order.
type objectOrder struct {
	*Evidence
	rank []uint32 // by object
}

func orderObjects(ev *Evidence) objectOrder {
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

	return objectOrder{ev, rank}
}

// compareRefs orders two rows by (object key, source, row).
func (o objectOrder) compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(o.rank[a.Object], o.rank[b.Object]), cmp.Compare(a.Row, b.Row))
}

// compareEntries orders entries by (object key, source, index).
func (o objectOrder) compareEntries(a, b uint32) int {
	x, y := &o.Entries[a], &o.Entries[b]
	return cmp.Or(
		cmp.Compare(o.rank[o.Documents[x.Doc].Object], o.rank[o.Documents[y.Doc].Object]),
		cmp.Compare(x.Index, y.Index),
	)
}
