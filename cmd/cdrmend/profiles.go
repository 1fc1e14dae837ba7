package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/manifests"

	"github.com/spf13/pflag"
)

var profilesCommand = command{
	name:    "profiles",
	summary: "list, show and try the profiles that say how inputs are laid out",
	usage:   "[show NAME | test NAME FILE]",
	text: `
Without arguments, lists the built-in profiles. show prints one, to start one's
own from. test prints the canonical records that a file yields, and what did
not parse; NAME may be the path of a profile of one's own, and FILE stands for
the object key, too.

  cdrmend profiles
  cdrmend profiles show genesys-cloud
  cdrmend profiles test cdrmend legs.csv --kind cdrs
`,
	flags: func(f *pflag.FlagSet) {
		f.String("kind", "", "manifests, cdrs or registrations, for a profile that has several")
	},
	run: runProfiles,
}

func runProfiles(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	args := flags.Args()
	switch {
	case len(args) == 0:
		for _, name := range manifests.Profiles() {
			text, _ := manifests.Profile(name)
			kinds, err := profile.Kinds(name, text)
			if err != nil {
				return 0, err
			}
			fmt.Fprintf(w.stdout, "%-30s %s\n", name, strings.Join(kinds, ", "))
		}
		return exitDone, nil
	case len(args) == 2 && args[0] == "show":
		text, err := profileText(args[1])
		if err != nil {
			return 0, err
		}
		_, err = w.stdout.Write(text)
		return exitDone, err
	case len(args) == 3 && args[0] == "test":
		kind, _ := flags.GetString("kind")
		return testProfile(w, args[1], kind, args[2])
	}

	return 0, usagef("profiles takes nothing, show NAME, or test NAME FILE; see cdrmend profiles --help")
}

func profileText(name string) ([]byte, error) {
	if text, ok := manifests.Profile(name); ok {
		return text, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("%q is neither a built-in profile (%s) nor a file that can be read: %w", name, strings.Join(manifests.Profiles(), ", "), err)
	}
	return text, nil
}

func testProfile(w *world, name, kind, path string) (int, error) {
	text, err := profileText(name)
	if err != nil {
		return 0, err
	}
	if kind == "" {
		kinds, err := profile.Kinds(name, text)
		if err != nil {
			return 0, usageError{err}
		}
		if len(kinds) != 1 {
			return 0, usagef("say with --kind which records the file holds: manifests, cdrs or registrations")
		}
		kind = kinds[0]
	}

	p, err := profile.Load(name, text, kind)
	if err != nil {
		return 0, usageError{err}
	}

	file, err := os.Open(path)
	if err != nil {
		return 0, usagef("reading the file: %w", err)
	}
	defer file.Close()

	// Ids may be part of the object key, so the path is used as one.
	out := bufio.NewWriter(w.stdout)
	if err := inspect.Print(out, p, path, file); err != nil {
		return 0, fmt.Errorf("reading %q: %w", path, err)
	}
	return exitDone, out.Flush()
}
