package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/token"
	"cdrmend/internal/wording"

	"golang.org/x/sync/errgroup"
)

// journal is output.json and the journal as they were found.
type journal struct {
	root     *chain // stands for the output itself, which is always verified
	identity *identity
	pages    []*page // in the order of their numbers
	matters  []*matter
	held     map[string]*holdRecord // records of legal holds by their paths below the root
	tokens   int                    // files that are named like timestamps

	id       string            // of the output; empty for one of an earlier version
	first    int64             // number of the first entry of an earlier version's records
	earlier  int64             // how many of these there are
	adopted  map[string]string // SHA-256 of a file to the key of what says so
	disowned map[string]string
}

// identity is output.json as it was found.
type identity struct {
	key      string
	sum      string
	fault    string
	said     *ledger.Identity // nil if the file is none
	seal     ledger.Seal
	disowned bool
}

// page is one journal entry as it was found.
type page struct {
	number   int64 // that its name says
	key      string
	sum      string
	fault    string
	entry    *ledger.Entry // nil if the file is none
	seal     ledger.Seal
	disowned bool
}

func (p *page) String() string { return fmt.Sprintf("journal entry %d", p.number) }

// verified reports whether a known key signed the entry, or whether no keys are known
// and nothing more can be asked for.
func (p *page) verified(keys *token.Keys) bool {
	return p.entry != nil && (keys == nil || p.seal.Check == token.Verified)
}

// at returns the entry of a number, nil when it is not there.
func (j *journal) at(number int64) *page {
	i, ok := slices.BinarySearchFunc(j.pages, number, func(p *page, n int64) int { return cmp.Compare(p.number, n) })
	if !ok {
		return nil
	}
	return j.pages[i]
}

// newest returns the newest entry that counts, nil for none.
func (j *journal) newest() *page {
	for _, p := range slices.Backward(j.pages) {
		if !p.disowned && p.entry != nil {
			return p
		}
	}
	return nil
}

// names reports whether an entry names a record of an interval.
func (j *journal) names(label string) bool {
	return slices.ContainsFunc(j.pages, func(p *page) bool {
		return p.entry != nil && !p.disowned && strings.HasPrefix(p.entry.Path, "interval="+label+"/")
	})
}

// journalReader reads output.json and the journal.
type journalReader struct {
	*results
	out *Output
}

func (v journalReader) read(ctx context.Context) (*journal, error) {
	j := &journal{
		root:    &chain{chosen: true, prefix: v.out.Root, objects: map[string]object.Info{}},
		adopted: map[string]string{}, disowned: map[string]string{}, held: map[string]*holdRecord{},
	}
	if err := v.readIdentity(ctx, j); err != nil {
		return nil, err
	}

	folder := v.out.Root + ledger.JournalFolder
	var infos []object.Info
	for info, err := range v.out.Store.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(info.Key, folder)
		number, ok := ledger.EntryNumber(name)
		switch {
		case ok:
			j.pages = append(j.pages, &page{number: number, key: info.Key})
			infos = append(infos, info)
			j.root.objects[ledger.JournalFolder+name] = info
		case ledger.ReservedName(name):
			j.tokens++
			j.root.objects[ledger.JournalFolder+name] = info
		default:
			v.report.Leftovers = append(v.report.Leftovers, info.Key)
		}
	}

	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, v.out.Concurrency))
	for i, p := range j.pages {
		g.Go(func() error {
			if err := v.readPage(gctx, p, infos[i]); err != nil {
				return v.unreadable(gctx, j.root, JournalLink, p.key, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return j, err
	}
	err := v.readHolds(ctx, j)
	slices.SortFunc(j.pages, func(a, b *page) int { return cmp.Compare(a.number, b.number) })
	return j, err
}

func (v journalReader) readIdentity(ctx context.Context, j *journal) error {
	key := v.out.Root + ledger.IdentityFile
	info, body, err := v.out.Store.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return v.unchecked(ctx, err)
	}
	body.Close()

	file, sum, err := smallFile(ctx, v.out.Store, info)
	if err != nil {
		return v.unreadable(ctx, j.root, OutputLink, key, err)
	}
	j.root.objects[ledger.IdentityFile] = info
	j.identity = &identity{key: key, sum: sum}
	said, seal, err := ledger.OpenIdentity(file, v.out.Keys)
	if err != nil {
		j.identity.fault = fmt.Sprintf("it does not state an output's identity: %v", err)
		return nil
	}
	j.identity.said, j.identity.seal = said, seal
	return nil
}

func (v journalReader) readPage(ctx context.Context, p *page, info object.Info) error {
	file, sum, err := smallFile(ctx, v.out.Store, info)
	if err != nil {
		return err
	}

	p.sum = sum
	e, seal, err := ledger.OpenEntry(file, v.out.Keys)
	if err != nil {
		p.fault = fmt.Sprintf("it is no journal entry: %v", err)
		return nil
	}
	if p.fault = e.Misplaced(p.number, ""); p.fault == "" {
		p.entry, p.seal = e, seal
	}
	return nil
}

// journalCheck checks the journal, and the records against it.
type journalCheck struct {
	*results
	out    *Output
	chains map[string]*chain
	*journal
}

// decide takes over what signed records and entries say about files that were not
// trusted. Without keys all of them count, as nothing better is known.
func (v journalCheck) decide() {
	v.endKeys()
	note := func(key string, adopted, disowned []string) {
		for _, sum := range adopted {
			v.adopted[sum] = key
		}
		for _, sum := range disowned {
			v.disowned[sum] = key
		}
	}
	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record != nil && (v.out.Keys == nil || e.seal.Check == token.Verified) {
				note(e.key, e.record.Adopted, e.record.Disowned)
			}
		}
	}
	for _, p := range v.pages {
		if p.verified(v.out.Keys) {
			note(p.key, p.entry.Adopted, p.entry.Disowned)
		}
	}
	for r := range v.holdRecords() {
		if r.said != nil && (v.out.Keys == nil || r.seal.Check == token.Verified) {
			note(r.key, r.said.Adopted, r.said.Disowned)
		}
	}

	objects := map[string]string{}
	if id := v.identity; id != nil {
		objects[id.sum] = id.key
		id.disowned = v.disowned[id.sum] != ""
	}
	for _, p := range v.pages {
		objects[p.sum] = p.key
		p.disowned = v.disowned[p.sum] != ""
	}
	for r := range v.holdRecords() {
		objects[r.sum] = r.key
		r.disowned = r.sum != "" && v.disowned[r.sum] != ""
	}
	for _, c := range v.chains {
		for _, e := range c.entries {
			objects[e.sum] = e.key
			e.disowned = e.sum != "" && v.disowned[e.sum] != ""
			if e.disowned && e.seal.Check == token.Verified {
				v.note("%s: a known key signed it, and %s disowns it all the same: it is no forgery by somebody without the key", e.key, v.disowned[e.sum])
			}
		}
	}

	list := func(all map[string]string) []Decision {
		found := []Decision{}
		for sum, by := range all {
			found = append(found, Decision{Object: objects[sum], SHA256: sum, By: by})
		}
		slices.SortFunc(found, func(a, b Decision) int {
			return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.SHA256, b.SHA256))
		})
		return found
	}
	v.report.Adopted, v.report.Disowned = list(v.adopted), list(v.disowned)
}

// endKeys takes back the signatures of records that came after the ends of their keys.
func (v journalCheck) endKeys() {
	if v.out.Keys == nil {
		return
	}
	output := ""
	if v.identity != nil && v.identity.said != nil {
		output = v.identity.said.ID
	}
	named := map[string]int64{}
	for _, p := range slices.Backward(v.pages) { // the first that names a record counts
		if p.entry != nil && p.seal.Check == token.Verified && p.entry.Kind == ledger.RecordEntry {
			named[p.entry.Path+" "+p.entry.SHA256] = p.number
		}
	}

	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record == nil {
				continue
			}
			path := ledger.RecordPath(c.label, e.number)
			if e.seal.Late(v.out.Keys, cmp.Or(e.record.Output, output), named[path+" "+e.sum]) {
				e.seal.Check = token.Ended
			}
		}
	}
}

// check checks everything that crosses intervals.
func (v journalCheck) check() {
	v.checkIdentity()
	v.checkPages()
	v.checkNamed()
	v.checkHolds()
	v.checkHead()
	v.checkKeys()
	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record != nil && !e.disowned {
				v.checkOutput(e)
				v.checkSeen(e)
			}
		}
	}
}

// checkIdentity checks output.json, and finds out the output's id.
func (v journalCheck) checkIdentity() {
	key := v.out.Root + ledger.IdentityFile
	id := v.identity
	switch {
	case id == nil && v.begun():
		v.broken(v.root, OutputLink, key, "it is missing, though records or journal entries name the output's id")
		return
	case id == nil && !v.committed():
		v.note("nothing was ever committed here: there is no output.json, no journal and no commit record; is this the output's folder?")
		return
	case id == nil:
		v.note("an earlier version wrote the output, and it has no journal: the loss of its newest records shows nowhere")
		return
	case id.disowned:
		v.restated()
		return
	case id.fault != "":
		v.broken(v.root, OutputLink, key, "%s", id.fault)
		return
	case id.seal.Signed && v.out.Keys != nil && id.seal.Check != token.Verified:
		v.broken(v.root, SignatureLink, key, "it says that key %q signed it, but %s", id.seal.KeyID, id.seal.Check.Sentence())
	case !id.seal.Signed && v.out.Keys != nil && v.adopted[id.sum] == "":
		v.broken(v.root, SignatureLink, key, "it is unsigned, and nobody adopted it")
	}

	v.id, v.first, v.earlier = id.said.ID, 1, id.said.Earlier
	if name := usualName(v.chains); name != "" && id.said.Name != name {
		v.broken(v.root, NameLink, key, "it belongs to the configuration named %q, the records to %q", id.said.Name, name)
	}
	if id.said.Earlier > 0 {
		v.note("the output began with %s of an earlier version, which %s no output and no journal entry", wording.Count(id.said.Earlier, "record"), wording.Verb(id.said.Earlier, "names", "name"))
	}
}

// committed reports whether the output has any commit record.
func (v journalCheck) committed() bool {
	for _, c := range v.chains {
		if len(c.entries) > 0 {
			return true
		}
	}
	return false
}

// begun reports whether something in the output names an id.
func (v journalCheck) begun() bool {
	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record != nil && !e.disowned && e.record.Output != "" {
				return true
			}
		}
	}
	return slices.ContainsFunc(v.pages, func(p *page) bool { return p.entry != nil && !p.disowned })
}

// restated takes the identity from the first entry that counts, as output.json is
// disowned.
func (v journalCheck) restated() {
	for _, p := range v.pages {
		if p.disowned || p.entry == nil {
			continue
		}
		if p.entry.Kind != ledger.IdentityEntry {
			v.broken(v.root, OutputLink, p.key, "output.json is disowned, and the first entry does not state the output's identity")
			return
		}
		v.id, v.first, v.earlier = p.entry.Output, p.number+1, p.entry.Earlier
		return
	}
}

// checkPages checks that each entry follows the one before it, and who signed it.
func (v journalCheck) checkPages() {
	if v.identity == nil && len(v.pages) == 0 {
		return
	}

	r := &Journal{}
	v.report.Journal = r
	var before *page
	last := int64(0)
	for _, p := range v.pages {
		if p.disowned {
			last = max(last, p.number)
			continue
		}
		if p.number != last+1 {
			v.broken(v.root, JournalLink, v.out.Root+ledger.JournalFolder+ledger.EntryName(last+1), "it is missing, though entry %d is there", p.number)
		}

		v.checkPage(p, before, p.number == last+1)
		last, before = p.number, p
		r.Entries++
		if p.seal.Signed {
			r.Signed++
		}
		if p.seal.Check == token.Verified {
			r.Verified++
		}
	}

	if p := v.newest(); p != nil {
		r.Number, r.SHA256 = p.number, p.sum
		if v.out.Keys != nil && !p.seal.Signed {
			v.broken(v.root, SignatureLink, p.key, "it is unsigned, and no signed entry follows it")
		}
	}
}

// checkPage checks one entry against the one before it that counts. After a gap the
// one before is not known.
func (v journalCheck) checkPage(p, before *page, adjacent bool) {
	switch {
	case p.fault != "":
		v.broken(v.root, JournalLink, p.key, "%s", p.fault)
		return
	case p.entry == nil:
		return // it could not be read, which is reported already
	case v.id != "" && p.entry.Output != v.id:
		v.broken(v.root, OutputLink, p.key, "it belongs to the output of id %s, this one is %s", p.entry.Output, v.id)
	case v.out.Keys != nil && p.seal.Signed && p.seal.Check != token.Verified:
		v.broken(v.root, SignatureLink, p.key, "it says that key %q signed it, but %s", p.seal.KeyID, p.seal.Check.Sentence())
	}

	previous := ""
	if before != nil {
		previous = before.sum
	}
	switch {
	case adjacent && p.entry.Previous != previous && (before == nil || before.sum != ""):
		v.broken(v.root, JournalLink, p.key, "it follows an entry with SHA-256 %s, and the entry before it has %s", cmp.Or(p.entry.Previous, "(none)"), cmp.Or(previous, "(none)"))
	case v.out.Keys == nil || before == nil || before.entry == nil:
	case before.seal.Signed && !p.seal.Signed && v.adopted[p.sum] == "":
		v.broken(v.root, SignatureLink, p.key, "it is unsigned, though entry %d before it is signed, and nobody adopted it", before.number)
	case !before.seal.Signed && p.seal.Signed && v.adopted[before.sum] == "":
		v.broken(v.root, SignatureLink, before.key, "it is unsigned, and nobody adopted it, though entry %d after it is signed", p.number)
	}
}

// checkNamed compares every record with the entry that names it.
func (v journalCheck) checkNamed() {
	for _, p := range v.pages {
		if p.disowned || p.entry == nil || p.entry.Kind != ledger.RecordEntry {
			continue
		}
		v.checkNames(p)
	}
	if v.identity == nil {
		return
	}

	for _, c := range v.chains {
		for _, e := range c.entries {
			if c.chosen && e.record != nil && e.entered == 0 && !e.disowned {
				v.note("%s: no journal entry names it; the next run of its interval enters it", e.key)
			}
		}
	}
}

func (v journalCheck) checkNames(p *page) {
	label, number, ok := recordAt(p.entry.Path)
	if !ok {
		v.broken(v.root, JournalLink, p.key, "it names %q, which is no place of a commit record", p.entry.Path)
		return
	}

	c := v.chains[label]
	if c == nil { // its whole folder is gone
		c = &chain{label: label, chosen: v.out.asks(label)}
	}
	e := c.at(number)
	switch {
	case e == nil:
		v.broken(c, RecordLink, v.out.Root+p.entry.Path, "it is missing, though %s names it", p)
	case e.disowned || e.sum == "": // which is reported already
	case e.sum != p.entry.SHA256:
		e.entered = p.number
		v.broken(c, JournalLink, e.key, "its SHA-256 is %s, and %s names it with %s: one of the two was replaced", e.sum, p, p.entry.SHA256)
	case e.entered > 0:
		v.note("%s: entries %d and %d name it", e.key, e.entered, p.number)
	default:
		e.entered = p.number
	}
}

// recordAt splits the path of a record below the root of an output.
func recordAt(path string) (label string, number int64, ok bool) {
	label, name, ok := strings.Cut(strings.TrimPrefix(path, "interval="), "/log/")
	if !ok {
		return "", 0, false
	}
	number, ok = ledger.RecordNumber(name)
	return label, number, ok && ledger.RecordPath(label, number) == path
}

// checkHead looks for the entry whose hash somebody kept in another place.
func (v journalCheck) checkHead() {
	if v.out.Head == "" {
		return
	}
	if !slices.ContainsFunc(v.pages, func(p *page) bool { return p.sum == v.out.Head && p.entry != nil && !p.disowned }) {
		v.broken(v.root, JournalLink, v.out.Root+ledger.JournalFolder, "no entry has the SHA-256 %s: that entry was removed or replaced, and with it what came after", v.out.Head)
	}
}

// checkOutput checks that a record is one of this output.
func (v journalCheck) checkOutput(e *entry) {
	switch {
	case v.id == "" || e.record.Output == v.id || v.adopted[e.sum] != "":
	case e.record.Output != "":
		v.broken(e.chain, OutputLink, e.key, "it belongs to the output of id %s, and this one is %s: it was brought from elsewhere", e.record.Output, v.id)
	case e.entered < v.first || e.entered >= v.first+v.earlier:
		v.broken(e.chain, OutputLink, e.key, "it names no output, and came after the output got its id: the records that were there before are %d", v.earlier)
	}
}

// checkSeen checks that the entry that a record saw is still there, and came before
// the record's own.
func (v journalCheck) checkSeen(e *entry) {
	saw := e.record.Journal
	if saw == nil {
		return
	}
	key := v.out.Root + ledger.JournalFolder + ledger.EntryName(saw.Number)
	blamed := *v.root
	blamed.chosen = e.chain.chosen || v.out.All

	switch p := v.at(saw.Number); {
	case p == nil:
		v.broken(&blamed, JournalLink, key, "it is missing, though %s saw it", e)
	case p.sum != "" && p.sum != saw.SHA256:
		v.broken(&blamed, JournalLink, key, "its SHA-256 is %s, and %s saw it with %s: one of the two was replaced", p.sum, e, saw.SHA256)
	case e.entered > 0 && e.entered <= saw.Number:
		v.broken(e.chain, JournalLink, e.key, "it saw journal entry %d, and entry %d names it, which came before", saw.Number, e.entered)
	}
}
