package main

import (
	"math"
	"testing"
	"testing/fstest"
)

func TestTheLeastLimitOfAllControlGroupsCounts(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	if got := memoryLimit(1<<20, fstest.MapFS{}); got != 1<<20 {
		t.Errorf("with GOMEMLIMIT alone: got %d, want %d", got, 1<<20)
	}
	for name, test := range map[string]struct {
		root fstest.MapFS
		want int64
	}{
		"no groups": {fstest.MapFS{}, 0},
		"version 2, one's own": {fstest.MapFS{
			"proc/self/cgroup": file("0::/pod/job\n"), "sys/fs/cgroup/pod/job/memory.max": file("536870912\n"),
			"sys/fs/cgroup/pod/memory.max": file("max\n"),
		}, 512 << 20},
		"version 2, the one around": {fstest.MapFS{
			"proc/self/cgroup": file("0::/pod/job\n"), "sys/fs/cgroup/pod/job/memory.max": file("max\n"),
			"sys/fs/cgroup/pod/memory.max": file("1073741824\n"), "sys/fs/cgroup/memory.max": file("4294967296\n"),
		}, 1 << 30},
		"version 2, within a container": {fstest.MapFS{
			"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("268435456"),
		}, 256 << 20},
		"version 1": {fstest.MapFS{
			"proc/self/cgroup": file("5:cpu,cpuacct:/job\n4:memory:/job\n"),
			"sys/fs/cgroup/memory/job/memory.limit_in_bytes": file("2147483648\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     file("9223372036854771712\n"),
		}, 2 << 30},
	} {
		if got := memoryLimit(math.MaxInt64, test.root); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestPeakMemoryIsThatOfTheKernel(t *testing.T) {
	for text, want := range map[string]int64{
		"Name:\tcdrmend\nVmPeak:\t  900 kB\nVmHWM:\t  123456 kB\nVmRSS:\t 5 kB\n": 123456 << 10,
		"Name:\tcdrmend\n": 0,
		"VmHWM:\tmany\n":   0,
	} {
		if got := peakMemory(fstest.MapFS{"proc/self/status": {Data: []byte(text)}}); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
	if got := peakMemory(fstest.MapFS{}); got != 0 {
		t.Errorf("without the file: %d", got)
	}
}
