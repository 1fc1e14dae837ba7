package page

import (
	"cmp"
	"maps"
	"slices"

	"cdrmend/internal/report"
)

// trunkOutages counts the outages of a trunk and adds up their lengths.
type trunkOutages struct {
	trunkID
	Outages int64
	micros  int64
	Lasting string
}

// mostTrunkRows is how many trunks are named at most.
const mostTrunkRows = 20

// sums adds outages up by cause and by trunk, the longest first. Every order ends in a
// name, so that it does not depend on the order of a map.
func sums(m report.Outages) ([]causeView, []trunkOutages) {
	byCause, byTrunk := causesByName{}, map[trunkID]*trunkOutages{}
	for key, spans := range m {
		for _, s := range spans {
			micros := int64(s.End - s.Start)
			byCause.named(s.Cause).addOutage(micros)

			id := trunkID{key.Org, key.Trunk}
			if byTrunk[id] == nil {
				byTrunk[id] = &trunkOutages{trunkID: id}
			}
			byTrunk[id].Outages++
			byTrunk[id].micros += micros
		}
	}

	var causes []causeView
	for _, c := range slices.SortedFunc(maps.Values(byCause), func(a, b *causeView) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.Name, b.Name))
	}) {
		c.Lasting = report.Duration(c.micros)
		causes = append(causes, *c)
	}

	var trunks []trunkOutages
	longest := slices.SortedFunc(maps.Values(byTrunk), func(a, b *trunkOutages) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range longest[:min(len(longest), mostTrunkRows)] {
		t.Lasting = report.Duration(t.micros)
		trunks = append(trunks, *t)
	}
	return causes, trunks
}
