// Package bench measures the program side by side with others that do less
// or the same: make bench. It consists of tests alone, as it starts programs
// and servers that only tests need.
package bench
