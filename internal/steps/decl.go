package steps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/yamlfile"
)

// Decl is an alternative of a field as a profile spells it: a text, which is a
// place, or an object with exactly one of from, join and value.
type Decl struct {
	From  string
	Join  []Decl
	With  string
	Value *yamlfile.Scalar
	Then  []StepDecl

	Plain bool // a text: the place alone
}

// UnmarshalJSON reads a text or an object.
func (d *Decl) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte(`"`)) {
		d.Plain = true
		return json.Unmarshal(b, &d.From)
	}

	var object struct {
		From  string           `json:"from"`
		Join  []Decl           `json:"join"`
		With  string           `json:"with"`
		Value *yamlfile.Scalar `json:"value"`
		Then  []StepDecl       `json:"then"`
	}
	err := json.Unmarshal(b, &object)
	d.From, d.Join, d.With, d.Value, d.Then = object.From, object.Join, object.With, object.Value, object.Then
	return err
}

// IsZero reports whether nothing was declared.
func (d *Decl) IsZero() bool {
	return !d.Plain && d.From == "" && d.Join == nil && d.Value == nil && d.Then == nil
}

// StepDecl is one step as a profile spells it: an object with exactly one key,
// but for else, which stands with map.
type StepDecl struct {
	Match  string                      `json:"match"`
	Map    map[string]*yamlfile.Scalar `json:"map"`
	Else   *yamlfile.Scalar            `json:"else"`
	Decode string                      `json:"decode"`
	Split  string                      `json:"split"`
	Sort   string                      `json:"sort"`
	Unit   string                      `json:"unit"`
	Time   []string                    `json:"time"`
	Epoch  *EpochDecl                  `json:"epoch"`
}

// EpochDecl is the step that reads a number of units since an instant.
type EpochDecl struct {
	Since string `json:"since"` // a date, 1970-01-01 when empty
	Unit  string `json:"unit"`  // s when empty
}

// Target is what the value of a field is to be.
type Target uint8

// The targets.
const (
	Text         Target = iota
	Milliseconds        // a duration in milliseconds
	Seconds             // a duration in seconds
	Time                // an instant
)

// Compiler compiles declarations. Places gets the name of each place and returns
// its number. Problem gets everything that is wrong, with the key below that of the
// declaration; it is called as often as there is something.
type Compiler struct {
	Place   func(name string) int
	Problem func(key, format string, args ...any)
}

// Compile returns the expression of a declaration for a target, whose key is given.
// It is of use only when there was no problem.
func (c *Compiler) Compile(key string, d *Decl, target Target) *Expr {
	e := &Expr{source: c.source(key, d)}
	for i := range d.Then {
		at := fmt.Sprintf("%s.then[%d]", key, i)
		if s := c.step(at, &d.Then[i], target); s != nil {
			e.steps = append(e.steps, s)
		}
	}
	return e
}

// source compiles where the value comes from.
func (c *Compiler) source(key string, d *Decl) source {
	given := 0
	for _, is := range []bool{d.From != "", len(d.Join) > 0, d.Value != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		c.Problem(key, "has %d of from, join and value, want exactly one", given)
		return constant{}
	}

	switch {
	case d.Value != nil:
		return constant{string(*d.Value)}
	case d.From != "":
		return from{c.Place(d.From)}
	}

	j := join{with: d.With}
	for i := range d.Join {
		j.parts = append(j.parts, c.Compile(fmt.Sprintf("%s.join[%d]", key, i), &d.Join[i], Text))
	}
	return j
}

// step compiles one step, nil after a problem.
func (c *Compiler) step(key string, d *StepDecl, target Target) step {
	named := d.named()
	switch {
	case len(named) == 0 && d.Else != nil:
		c.Problem(key+".else", "stands without map")
		return nil
	case len(named) == 0:
		return nil // the schema reports it
	case len(named) > 1:
		c.Problem(key, "has %d steps (%s), want exactly one in each element of the list", len(named), strings.Join(named, ", "))
		return nil
	case d.Else != nil && d.Map == nil:
		c.Problem(key+".else", "stands without map")
		return nil
	}

	switch named[0] {
	case "match":
		return c.match(key, d.Match)
	case "map":
		return d.words()
	case "decode":
		return decodeURL{}
	case "split":
		return split{d.Split}
	case "sort":
		return sorted{d.Sort}
	case "unit":
		return c.unit(key, d.Unit, target)
	case "time":
		return c.layouts(key, d.Time, target)
	}
	return c.epoch(key, d.Epoch, target)
}

// named returns the names of the steps that are there.
func (d *StepDecl) named() []string {
	var names []string
	for name, is := range map[string]bool{
		"match": d.Match != "", "map": d.Map != nil, "decode": d.Decode != "", "split": d.Split != "", "sort": d.Sort != "",
		"unit": d.Unit != "", "time": len(d.Time) > 0, "epoch": d.Epoch != nil,
	} {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (c *Compiler) match(key, text string) step {
	re, err := regexp.Compile(text)
	if err != nil {
		c.Problem(key+".match", "%v", err)
		return nil
	}
	return match{re}
}

// words compiles a map. A word that is mapped to nothing makes the value missing.
func (d *StepDecl) words() step {
	w := words{to: map[string]string{}}
	for _, from := range slices.Sorted(maps.Keys(d.Map)) {
		to := ""
		if text := d.Map[from]; text != nil {
			to = string(*text)
		}
		w.to[strings.ToLower(strings.TrimSpace(from))] = to
	}

	if d.Else != nil {
		switch other := string(*d.Else); other {
		case "":
			w.others = otherMissing
		case "=":
			w.others = otherKept
		default:
			w.others, w.other = otherText, other
		}
	}
	return w
}

// units are the units by name.
var units = map[string]Unit{"ns": Nanosecond, "us": Microsecond, "ms": Millisecond, "s": Second, "hh:mm:ss": Clock}

func (c *Compiler) unit(key, name string, target Target) step {
	d := duration{from: units[name]}
	switch target {
	case Milliseconds:
		d.to = Millisecond
	case Seconds:
		d.to = Second
	default:
		c.Problem(key+".unit", "is for durations, and the field is none")
		return nil
	}
	return d
}

func (c *Compiler) layouts(key string, texts []string, target Target) step {
	if target != Time {
		c.Problem(key+".time", "is for times, and the field is none")
		return nil
	}

	var l layouts
	for i, text := range texts {
		layout, problem := layoutOf(text)
		if problem != "" {
			c.Problem(fmt.Sprintf("%s.time[%d]", key, i), "%q %s, want a layout of the reference time 2006-01-02T15:04:05 or of strftime", text, problem)
			return nil
		}
		l.list = append(l.list, layout)
	}
	return l
}

func (c *Compiler) epoch(key string, d *EpochDecl, target Target) step {
	if target != Time {
		c.Problem(key+".epoch", "is for times, and the field is none")
		return nil
	}

	e := epoch{since: time.Unix(0, 0), unit: Second}
	if d.Unit != "" {
		e.unit = units[d.Unit]
	}
	if d.Since != "" {
		since, err := time.Parse(time.DateOnly, d.Since)
		if err != nil {
			c.Problem(key+".epoch.since", "%q is no date, want one such as 0000-01-01", d.Since)
			return nil
		}
		e.since = since
	}
	return e
}
