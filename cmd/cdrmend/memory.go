package main

import (
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryLimit returns how many bytes of memory the program may use, 0 for no
// limit: the least of the runtime's own limit and those of the control groups of
// the process. Root is the root of the file system.
func memoryLimit(own int64, root fs.FS) int64 {
	limit := own
	for _, file := range groupFiles(root) {
		limit = min(limit, readLimit(root, file))
	}
	if limit > unlimited {
		return 0
	}
	return limit
}

// unlimited is more memory than any machine has. The kernel writes a larger
// number for no limit.
const unlimited = 1 << 60

// groupFiles returns the files that may hold a limit of this process: those
// of its own group and of all groups around it, in both versions.
func groupFiles(root fs.FS) []string {
	var files []string
	groups, _ := fs.ReadFile(root, "proc/self/cgroup") // missing where there are no groups
	for line := range strings.Lines(string(groups)) {
		// Version 2 has one hierarchy, with number 0. In version 1 only that of the
		// controller of memory limits memory.
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		folder, name := "sys/fs/cgroup", "memory.max"
		if number != "0" {
			if controllers != "memory" {
				continue
			}
			folder, name = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}

		// A group around this one limits it, too.
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

// readLimit returns the limit that a file holds. A file that is missing or holds
// no number, such as max, sets none.
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

// setLimit makes the collector work harder before a limit is reached. A lower
// GOMEMLIMIT stays.
func setLimit(limit int64) {
	// A tenth is for what the runtime does not count, and because the collector
	// may exceed its limit for a while.
	if limit > 0 && debug.SetMemoryLimit(-1) > limit {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// peakMemory returns the most memory that was resident in this process, in bytes; 0 where
// the system does not tell. Root is the root of the file system. The kernel's other
// answer, that of getrusage, has what the parent had before it started the process.
func peakMemory(root fs.FS) int64 {
	status, err := fs.ReadFile(root, "proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if size, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(size), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
