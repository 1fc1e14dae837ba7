package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/pflag"
)

// measureFlags adds hidden flags for work on the program's speed.
func measureFlags(f *pflag.FlagSet) {
	for _, name := range []string{"cpuprofile", "memprofile", "trace"} {
		f.String(name, "", "file for what the run took")
		_ = f.MarkHidden(name) // fails only for a flag that does not exist
	}
}

// measure starts what the flags ask for; stop ends it and writes the files.
func measure(flags *pflag.FlagSet) (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, s := range stops {
			errs = append(errs, s())
		}
		return errors.Join(errs...)
	}

	begin := func(name string, start func(*os.File) error, end func(*os.File) error) error {
		path, _ := flags.GetString(name)
		if path == "" {
			return nil
		}
		f, err := os.Create(path)
		if err != nil {
			return usagef("--%s: %w", name, err)
		}

		if err := start(f); err != nil {
			return errors.Join(fmt.Errorf("--%s: %w", name, err), f.Close())
		}
		stops = append(stops, func() error { return errors.Join(end(f), f.Close()) })
		return nil
	}

	// They end in this order: the collection that the memory profile needs is in
	// neither of the others.
	err = errors.Join(
		begin("cpuprofile",
			func(f *os.File) error { return pprof.StartCPUProfile(f) },
			func(*os.File) error { pprof.StopCPUProfile(); return nil }),
		begin("trace",
			func(f *os.File) error { return trace.Start(f) },
			func(*os.File) error { trace.Stop(); return nil }),
		begin("memprofile",
			func(*os.File) error { return nil },
			func(f *os.File) error { runtime.GC(); return pprof.Lookup("allocs").WriteTo(f, 0) }),
	)
	if err != nil { // those that did start still have to be ended
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}
