package backfill

import (
	"sort"

	"cdrmend/internal/intake"
)

// What an interval and an object cost beyond their bytes, in bytes that could be read
// meanwhile: so neither empty intervals nor thousands of sidecars weigh nothing.
const (
	intervalWeight = 1 << 20
	objectWeight   = 8 << 10
)

func weight(s intake.Size) int64 { return s.Bytes + objectWeight*s.Objects + intervalWeight }

// divide divides a row of sizes into so many parts, each a row of at least one, so that the
// largest part is as small as it can be. It returns where each part ends. There must be at
// least as many sizes as parts.
func divide(sizes []intake.Size, parts int) (ends []int) {
	var largest, all int64
	for _, s := range sizes {
		largest, all = max(largest, weight(s)), all+weight(s)
	}

	// The least limit within which the parts suffice.
	limit := largest + int64(sort.Search(int(all-largest), func(n int) bool {
		return count(sizes, largest+int64(n)) <= parts
	}))

	begin, sum := 0, int64(0)
	for i, s := range sizes {
		// Those that are left have to go around, one for each of the other parts.
		full := sum+weight(s) > limit || len(sizes)-i <= parts-1-len(ends)
		if i > begin && full {
			ends = append(ends, i)
			begin, sum = i, 0
		}
		sum += weight(s)
	}
	return append(ends, len(sizes))
}

// count returns how many parts a row takes if none is above a limit.
func count(sizes []intake.Size, limit int64) int {
	parts, sum := 1, int64(0)
	for _, s := range sizes {
		if sum+weight(s) > limit {
			parts, sum = parts+1, 0
		}
		sum += weight(s)
	}
	return parts
}
