package main

import (
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryLimit returns how many bytes of memory the program may use, 0 for as
// many as there are: the least of what the runtime heeds and what the control
// groups of the process allow. Root is the root of the file system.
func memoryLimit(heeded int64, root fs.FS) int64 {
	limit := heeded
	for _, file := range groupFiles(root) {
		limit = min(limit, readLimit(root, file))
	}
	if limit > unlimited {
		return 0
	}
	return limit
}

// unlimited is what no machine has: the kernel writes a number like it for no
// limit.
const unlimited = 1 << 60

// groupFiles returns the files that may hold a limit of this process: those
// of its own group and of all groups around it, in both versions.
func groupFiles(root fs.FS) []string {
	var files []string
	groups, _ := fs.ReadFile(root, "proc/self/cgroup") // missing where there are no groups
	for line := range strings.Lines(string(groups)) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		folder, name := "sys/fs/cgroup", "memory.max"
		if number != "0" {
			if controllers != "memory" {
				continue
			}
			folder, name = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for {
			files = append(files, path.Join(folder, group, name))
			if group == "/" || group == "." || group == "" {
				break
			}
			group = path.Dir(group)
		}
	}
	return files
}

// readLimit returns the limit that a file holds; not a number: no limit.
func readLimit(root fs.FS, file string) int64 {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return math.MaxInt64
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit <= 0 {
		return math.MaxInt64
	}
	return limit
}

// heedLimit makes the collector work harder before a limit is reached, unless
// GOMEMLIMIT says how.
func heedLimit(limit int64) {
	if limit > 0 && debug.SetMemoryLimit(-1) > limit {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}
