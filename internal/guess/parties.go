package guess

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// trunk finds the trunk: a column of that name, or a channel that holds it.
func (g *calls) trunk() {
	isName := func(c *column) bool { return g.times[c] == nil && !c.truths && !c.list }
	if c := g.pick(isName, `trunk_?(id|sid|name|group)?$`, `gateway`, `carrier`, `origdevicename`, `ingress`, `peer`); c != nil {
		g.put("trunk_id", c, "", fmt.Sprintf("its name; %d different values", c.distinct()))
		return
	}
	if g.channels() {
		return
	}
	if g.kind != "manifests" { // one edit names all that they lack
		g.edit("fields.trunk_id: which column names the trunk; no name of one says so")
	}
}

// channels takes the trunk from columns of channels, and reports whether there are
// any. A call that goes out has the trunk in another one than a call that comes in.
func (g *calls) channels() bool {
	var all []string
	for _, c := range g.table.columns {
		if slices.ContainsFunc(c.values(), channel.MatchString) && !g.taken[c] {
			g.put("trunk_id", c, `{match: '^(?:PJSIP|SIP|IAX2|DAHDI)/(.*[A-Za-z].*)-[0-9a-f]{8}$'}`, "its values are channels, which hold the name of the trunk")
			last := len(g.found) - 1
			all = append(all, strings.Trim(g.found[last].values, "[]"))
			g.found = g.found[:last]
		}
	}
	if all == nil {
		return false
	}
	g.found = append(g.found, found{field: "trunk_id", values: "[" + strings.Join(all, ", ") + "]", rests: "the values are channels, which hold the name of the trunk"})
	return true
}

// voice keeps the rows of calls when a column says that others are chats or the like.
func (g *calls) voice() {
	isWord := func(c *column) bool {
		return c.distinct() > 1 && c.distinct() <= 8 && c.all(isShort) && !c.list && slices.ContainsFunc(words(c), isWritten)
	}
	c := g.pick(isWord, `^(channel|media_?type|contact_?type|type)$`)
	if c == nil {
		return
	}

	var kept, skipped []string
	for _, word := range words(c) {
		if isWritten(word) {
			skipped = append(skipped, word)
		} else {
			kept = append(kept, quote(word))
		}
	}
	if kept == nil {
		return
	}
	g.taken[c] = true
	g.keep = fmt.Sprintf("{reason: not a call, where: {%s: [%s]}}", quote(c.place), strings.Join(kept, ", "))
	g.edit("keep: whether rows whose %s is %s are no calls; they are skipped", c.place, strings.Join(skipped, " or "))
}

// isWritten reports whether a word is that of a contact in which nobody speaks.
func isWritten(word string) bool {
	return slices.Contains([]string{"chat", "email", "e-mail", "mail", "message", "messaging", "sms", "task", "text"}, strings.ToLower(word))
}

// parties finds numbers and directions.
func (g *calls) parties() {
	isPhone := func(c *column) bool { return c.all(phone.MatchString) && g.times[c] == nil && !c.list }
	isWord := func(c *column) bool {
		return c.distinct() <= 8 && c.all(isShort) && !c.truths && g.times[c] == nil && !c.list
	}
	isParty := func(c *column) bool { // a tag of SIP names a dialog
		return !named(c, `tag$`) && (c.all(extension.MatchString) || c.all(phone.MatchString)) && g.times[c] == nil && !c.list
	}
	for _, f := range []struct {
		field    string
		fits     func(*column) bool
		patterns []string
	}{
		{"ani", isParty, []string{`^from (no|num|number)$`}},
		{"ani", isPhone, []string{`^ani$`, `^(from|src)$`, `calling|caller(id)?_?num|caller_number|caller`, `customer.*(address|phone)|customerphone`, `from_user|from`}},
		{"ani", isParty, []string{`^from dn$`, `^(calling|caller|from|ani)`}},
		{"dnis", isParty, []string{`^to (no|num|number)$`}},
		{"dnis", isPhone, []string{`^dnis$|^did$`, `^(to|dst)$`, `finalcalled|callee|called|dialed|destination`, `system.*address`, `to_user|to$`}},
		{"dnis", isParty, []string{`^to dn$`, `^(called|callee|dnis)`}},
		{"direction", isWord, []string{`^direction$`, `direction|initiationmethod`}},
	} {
		if g.place(f.field) != nil {
			continue
		}
		if c := g.pick(f.fits, f.patterns...); c != nil {
			g.put(f.field, c, "", "its name")
		}
	}
	if g.kind != "manifests" {
		return
	}
	isState := func(c *column) bool { return isWord(c) && slices.ContainsFunc(words(c), saysNoMedia) }
	c := g.pick(isWord, `^(state|status)$`, `export_?status|recording_?status`)
	if c == nil {
		c = g.pick(isState, `state|status|export|result|outcome`)
	}
	if c != nil {
		g.put("state", c, "", fmt.Sprintf("its name; its words are %s", strings.Join(words(c), ", ")))
	}
}

// saysNoMedia reports whether a word says that there is no media, or not yet.
func saysNoMedia(word string) bool {
	return slices.Contains([]string{"absent", "deleted", "failed", "processing", "in-progress", "queued", "uploading", "pending"}, strings.ToLower(word))
}

// isShort reports whether a text can be a word of a state, which a draft may show:
// anything longer, or with a digit, may be a secret.
func isShort(text string) bool { return len(text) <= 24 && wordLike.MatchString(text) }

var wordLike = regexp.MustCompile(`^\pL[\pL _.-]*$`)
