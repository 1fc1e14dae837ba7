package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

var completionCommand = command{
	name:    "completion",
	summary: "print a script that completes commands, flags and ids in a shell",
	usage:   "bash|zsh|fish",
	text: `
Prints the completion for a shell: commands, flags, the values that a flag knows,
files, and the intervals and ids of the output that the line or its configuration
names. It asks the program itself, so it need not be made again when that changes.

  source <(cdrmend completion bash)                           in ~/.bashrc
  source <(cdrmend completion zsh)                            in ~/.zshrc, after compinit
  cdrmend completion fish | source                            in ~/.config/fish/config.fish

Packages install it where the shells look for it.
`,
	run: func(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
		script := completionScripts[flags.Arg(0)]
		if flags.NArg() != 1 || script == "" {
			return 0, usagef("say for which shell: cdrmend completion bash, zsh or fish")
		}
		_, err := fmt.Fprint(w.stdout, script)
		return exitDone, err
	},
}

// completeName is the command that the scripts run. No help lists it:
//
//	cdrmend __complete SHELL [WORD …] CURRENT
//
// takes the words after the program's name, up to the one at the cursor. It prints a
// line that says what else the shell offers, nothing, file or dir, and then a candidate
// on each line, with a tab and what it means.
const completeName = "__complete"

// A person waits no longer than this after pressing the key. The shell then offers what
// was found so far.
const (
	searchTime   = 1500 * time.Millisecond
	completeTime = 2 * time.Second // also when a file system does not answer
)

const maxCandidates = 400

// answer is what a shell may offer for a word.
type answer struct {
	files string // nothing, file or dir
	list  []candidate
}

type candidate struct{ value, about string }

// complete answers a shell. Whatever goes wrong, it offers nothing and says nothing: the
// person is in the middle of a line.
func complete(ctx context.Context, w *world) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()

	// The goroutine may hang in a read that nothing interrupts. It ends with the
	// program.
	quiet := &world{program: w.program, args: w.args, environ: w.environ, stdin: w.stdin, stdout: w.stdout, stderr: io.Discard, now: w.now, level: w.level}
	done := make(chan answer, 1)
	go func() { done <- answerTo(ctx, quiet, w.args[1:]) }()

	select {
	case a := <-done:
		return exitDone, a.write(w.stdout)
	case <-ctx.Done():
		return exitDone, answer{}.write(w.stdout)
	}
}

// plain matches candidates that no shell and no terminal takes for anything else. Ids
// come from outside.
var plain = regexp.MustCompile(`^[A-Za-z0-9_.,:@%+=/-]+$`)

func (a answer) write(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintln(&text, cmp.Or(a.files, "nothing"))
	for _, c := range a.list {
		if plain.MatchString(c.value) {
			fmt.Fprintf(&text, "%s\t%s\n", c.value, safe(strings.Join(strings.Fields(c.about), " ")))
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// with leaves the candidates that go on from what stands at the cursor.
func (a answer) with(current string) answer {
	a.list = slices.DeleteFunc(a.list, func(c candidate) bool { return !strings.HasPrefix(c.value, current) })
	a.list = a.list[:min(len(a.list), maxCandidates)]
	return a
}

// line is what was typed: a command, what stands before the cursor, and the word at it.
type line struct {
	world   *world
	command *command
	flags   *pflag.FlagSet // as far as they were given before the cursor
	current string
}

// answerTo returns what goes on from the last word. The first is the shell.
func answerTo(ctx context.Context, w *world, words []string) answer {
	if len(words) < 2 {
		return answer{}
	}
	shell, words := words[0], words[1:]
	for i := range words {
		words[i] = typed(w, shell, words[i])
	}

	before, current := words[:len(words)-1], words[len(words)-1]
	if len(before) == 0 {
		return commandNames().with(current)
	}
	if before[0] == "help" {
		return commandNames().with(current)
	}

	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == before[0] })
	if i < 0 {
		return answer{}
	}
	l := &line{w, &all[i], flagsOf(&all[i]), current}
	return l.answer(ctx, before[1:])
}

// typed returns the word that the shell makes of what was typed. Only bash passes quotes
// on, and none expands the home directory.
func typed(w *world, shell, word string) string {
	if shell == "bash" {
		word = strings.NewReplacer(`\\`, `\`, `\`, "", `"`, "", `'`, "").Replace(word)
	}
	if rest, ok := strings.CutPrefix(word, "~/"); ok && w.env("HOME") != "" {
		word = w.env("HOME") + "/" + rest
	}
	return word
}

func commandNames() answer {
	list := []candidate{{"help", "tell about a command"}}
	for _, c := range commands() {
		list = append(list, candidate{c.name, c.summary})
	}
	return answer{list: list}
}

func flagsOf(c *command) *pflag.FlagSet {
	flags := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(io.Discard)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	if c.flags != nil {
		c.flags(flags)
	}
	return flags
}

func (l *line) answer(ctx context.Context, before []string) answer {
	if flag := l.waiting(before); flag != nil {
		_ = l.flags.Parse(before[:len(before)-1]) // a mistake is told when the line is run
		return l.valueOf(ctx, flag).with(l.current)
	}
	_ = l.flags.Parse(before)

	ended := slices.Contains(before, "--")
	name, value, assigned := strings.Cut(l.current, "=")
	switch flag := l.flags.Lookup(strings.TrimPrefix(name, "--")); {
	case !ended && assigned && strings.HasPrefix(name, "--"):
		if flag == nil {
			return answer{}
		}
		l.current = value // completers look at it
		a := l.valueOf(ctx, flag).with(value)
		for i := range a.list {
			a.list[i].value = name + "=" + a.list[i].value
		}
		return a
	case !ended && strings.HasPrefix(l.current, "-"):
		return l.flagNames().with(l.current)
	}
	return l.operand(ctx).with(l.current)
}

// waiting returns the flag whose value the word at the cursor is, nil when the word
// before it is no flag that takes one.
func (l *line) waiting(before []string) *pflag.Flag {
	if len(before) == 0 || slices.Contains(before, "--") {
		return nil
	}
	word := before[len(before)-1]
	var flag *pflag.Flag
	if name, long := strings.CutPrefix(word, "--"); long {
		flag = l.flags.Lookup(name)
	} else if len(word) == 2 && word[0] == '-' {
		flag = l.flags.ShorthandLookup(word[1:])
	}
	if flag == nil || flag.NoOptDefVal != "" { // those of no value, and of one that is optional
		return nil
	}
	return flag
}

// flagNames returns the flags that may still be given.
func (l *line) flagNames() answer {
	var a answer
	l.flags.VisitAll(func(f *pflag.Flag) {
		_, repeats := f.Value.(pflag.SliceValue)
		if !f.Hidden && (!f.Changed || repeats) {
			a.list = append(a.list, candidate{"--" + f.Name, f.Usage})
		}
	})
	a.list = append(a.list, candidate{"--help", "tell about this command"})
	return a
}
