package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// didYouMean is what an error about an unknown name says of the nearest known one;
// empty when none is near.
func didYouMean(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// nearest returns the known name that a mistyped one stands for: the first of those
// that take the fewest changes. It is empty when more than a third of the name would
// have to change, unless the name begins one.
func nearest(name string, known []string) string {
	best, fewest := "", len(name)/3+1
	for _, k := range known {
		if n := changes(name, k); n <= fewest && (best == "" || n < fewest) {
			best, fewest = k, n
		}
	}
	if best != "" || len(name) < 2 {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(k, name) {
			return k
		}
	}
	return ""
}

// changes counts the characters that have to be inserted, removed, replaced or swapped
// with their neighbour to make one text of another.
func changes(from, to string) int {
	a, b := []rune(from), []rune(to)
	// cost[i][j] is that of the first i characters of a and the first j of b.
	cost := make([][]int, len(a)+1)
	for i := range cost {
		cost[i] = make([]int, len(b)+1)
		cost[i][0] = i
	}
	for j := range b {
		cost[0][j+1] = j + 1
	}

	for i := range a {
		for j := range b {
			replaced := cost[i][j]
			if a[i] != b[j] {
				replaced++
			}
			cost[i+1][j+1] = min(cost[i][j+1]+1, cost[i+1][j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost[i+1][j+1] = min(cost[i+1][j+1], cost[i-1][j-1]+1)
			}
		}
	}
	return cost[len(a)][len(b)]
}

// flagError says what is wrong with the flags of a command.
func flagError(command string, flags *pflag.FlagSet, err error) error {
	hint := ""
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() == "" {
		var known []string
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, "--"+f.Name)
			}
		})
		hint = didYouMean("--"+unknown.GetSpecifiedName(), known)
	}
	return usagef("%s: %w%s; see cdrmend %s --help", command, err, hint, command)
}
