package discover

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/bag"
	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/scratch"
	"cdrmend/internal/token"
	"cdrmend/internal/wording"
)

// Checked is what a production shows about itself, beyond what every bag shows.
type Checked struct {
	Matter   string        `json:"matter"`
	Time     time.Time     `json:"time"` // of the newest commit that it rests on
	Tool     string        `json:"tool"`
	Signed   bool          `json:"signed"`
	KeyID    string        `json:"key_id,omitempty"`
	Key      string        `json:"key,omitempty"` // thumbprint of the key whose signature verifies
	Brought  bool          `json:"brought"`       // the production itself brings that key, so that its thumbprint has to be compared
	Records  int64         `json:"records"`       // commit records that it rests on
	Chains   int64         `json:"chains"`        // files whose way from their source is shown
	Problems []bag.Problem `json:"problems"`
}

// Text tells it to people.
func (c *Checked) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "production of cdrmend%s: %s, and %s whose way from the source is told\n", optional(" for matter ", printable.Text(c.Matter)), wording.Count(c.Records, "commit record"), wording.Count(c.Chains, "file"))
	switch {
	case !c.Signed:
		b.WriteString("  it is not signed: whoever could change it could also have made it anew\n")
	case c.Key == "":
		fmt.Fprintf(&b, "  it is said to be signed by key %q, which nobody gave: --keys FILE checks the signature\n", c.KeyID)
	case c.Brought:
		fmt.Fprintf(&b, "  signed by a key that it brings itself: compare %s with what the sender\n  says in another way, or give --keys FILE\n", c.Key)
	default:
		fmt.Fprintf(&b, "  signed by key %s, which was given\n", c.KeyID)
	}
	for _, p := range c.Problems {
		fmt.Fprintf(&b, "  wrong: %s\n", printable.Text(p.String()))
	}
	if len(c.Problems) == 0 {
		b.WriteString("  nothing in it contradicts its records\n")
	}
	return b.String()
}

func optional(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// mostSmall is the largest file of a production that is read as a whole, in bytes.
const mostSmall = 512 << 20

// Check checks what cdrmend puts into a bag: who sealed it, that the commit records are those that the seal names, that
// the journal and the list of files of each run belong to them, that each file has the hash that custody.jsonl gives its
// source, and that the load files, exceptions and counts are those of the tables. Whether files have the hashes of the
// manifest is for [bag.Validate]. It returns nil for a bag that is no production. Keys are those that may have signed;
// nil: those that the production brings. Files of rows wait below the directory scratchDir; of them an interval at a time is
// in memory.
func Check(ctx context.Context, tree bag.Tree, keys *token.Keys, scratchDir string) (*Checked, error) {
	c := &checking{
		Checked: &Checked{Problems: []bag.Problem{}}, small: map[string][]byte{}, sizes: map[string]int64{}, named: map[string]int{}, kept: map[string]*scratch.Spool{},
		pool: scratch.NewPool(scratchDir), from: map[string]origin{}, lists: map[string]bool{},
	}
	defer c.pool.Close()
	if err := bag.Each(ctx, tree, c.isSmall, c.first); err != nil {
		return nil, err
	}
	if c.small[ledger.ProductionFile] == nil && !c.ours {
		return nil, nil
	}
	if c.small[ledger.ProductionFile] == nil {
		c.problem(ledger.ProductionFile, "it is missing: nobody vouches for this production, and nothing in it was held against its records")
		return c.Checked, nil
	}
	for _, name := range c.strange {
		c.problem(name, "a production has no such file")
	}
	if !c.tagged { // a bag may lack it, a production never does
		c.problem(tagManifestName, "it is missing")
	}
	var err error
	if c.manifest, err = bag.Sums(c.small[manifestName]); err != nil {
		c.problem(manifestName, "%v", err)
	}
	c.seal(keys)
	if c.sealed == nil {
		return c.done(), nil
	}
	c.begunWith()
	c.evidence()
	if err := bag.Each(ctx, tree, isLong, c.second); err != nil {
		return nil, err
	}
	if err := c.compare(); err != nil {
		return nil, err
	}
	return c.done(), nil
}

// mostProblems is how many problems of one file are named.
const mostProblems = 100

// done says how many problems were not named.
func (c *checking) done() *Checked {
	for _, file := range slices.Sorted(maps.Keys(c.named)) {
		if more := c.named[file] - mostProblems; more > 0 {
			c.Problems = append(c.Problems, bag.Problem{File: file, Detail: fmt.Sprintf("%s like those before", wording.Count(more, "more thing"))})
		}
	}
	return c.Checked
}

const (
	custodyFile     = "data/custody.jsonl"
	manifestName    = "manifest-sha256.txt"
	tagManifestName = "tagmanifest-sha256.txt"
)

// checking is a check under way.
type checking struct {
	*Checked
	small    map[string][]byte // files that are read as a whole
	manifest map[string]string // SHA-256 of each payload file
	ours     bool              // it has files of a production
	tagged   bool              // the manifest of tag files is there
	strange  []string          // files that no production has
	sizes    map[string]int64  // of the files of documents/ and media/ that are here
	keys     *token.Keys
	sealed   *ledger.Production
	records  map[string]*ledger.Record // by their paths in the output
	from     map[string]origin         // where files of documents/ and media/ come from
	request  *Request
	begun    *Begun
	kept     map[string]*scratch.Spool // files of rows, and lists of files
	lists    map[string]bool           // the lists of files of runs that are here
	pool     *scratch.Pool
	named    map[string]int // problems of a file
}

// origin is where a file comes from: an object of a source, or a file of a run.
type origin struct {
	source, object string
	record         string // path of the commit record
	size           int64
}

func (c *checking) problem(file, format string, args ...any) {
	if c.named[file]++; c.named[file] > mostProblems {
		return
	}
	c.Problems = append(c.Problems, bag.Problem{File: file, Detail: fmt.Sprintf(format, args...)})
}

// isSmall notes which files there are, and reports whether all others are judged by one.
func (c *checking) isSmall(name string, size int64) bool {
	c.tagged = c.tagged || name == tagManifestName
	c.ours = c.ours || name == custodyFile || strings.HasPrefix(name, "data/evidence/")
	if isFileList(name) {
		c.lists[name] = true
	}
	if !isOurs(name) {
		c.strange = append(c.strange, name)
	}
	if strings.HasPrefix(name, "data/documents/") || strings.HasPrefix(name, "data/media/") {
		c.sizes[name] = size
	}
	return slices.Contains([]string{ledger.ProductionFile, manifestName, "data/answer.json", "data/" + requestFile, "data/" + BegunFile}, name) || strings.HasPrefix(name, "data/evidence/") && !isFileList(name)
}

// isFileList reports whether a file is the list of the files of a run, which may be long.
func isFileList(name string) bool {
	return strings.HasPrefix(name, "data/evidence/interval=") && strings.HasSuffix(name, "/run.json")
}

// first keeps the small files.
func (c *checking) first(name string, r io.Reader) error {
	most := int64(mostSmall)
	if strings.HasPrefix(name, "data/evidence/") {
		most = mostRecord // of these there are many
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if int64(len(b)) > most {
		c.problem(name, "it has more than %d bytes, and is not looked at", most)
		return err
	}
	if err == nil {
		c.small[name] = b
	}
	return err
}

// seal checks who sealed the production, and that it is about this manifest.
func (c *checking) seal(keys *token.Keys) {
	if c.keys = keys; keys == nil {
		var err error
		if set := c.small["data/"+keysFile]; set != nil {
			if c.keys, err = token.ParseKeys(set); err != nil {
				c.problem("data/"+keysFile, "the keys cannot be read: %v", err)
			}
			c.Brought = true
		}
	}

	p, seal, err := ledger.OpenProduction(c.small[ledger.ProductionFile], c.keys)
	if err != nil {
		c.problem(ledger.ProductionFile, "it cannot be read: %v", err)
		return
	}
	c.sealed = p
	c.Matter, c.Time, c.Tool, c.Signed, c.KeyID, c.Key = p.Matter, p.Time, p.Tool, seal.Signed, seal.KeyID, seal.Key
	switch {
	case seal.Signed && c.keys != nil && seal.Check != token.Verified:
		c.problem(ledger.ProductionFile, "its signature does not verify: %s", seal.Check.Sentence())
	case !seal.Signed && keys != nil:
		c.problem(ledger.ProductionFile, "it is not signed, and keys were given")
	}
	if sum := sumOf(c.small[manifestName]); sum != p.Manifest {
		c.problem(manifestName, "it is not the manifest that was sealed: it has the SHA-256 %s, and %s names %s", sum, ledger.ProductionFile, p.Manifest)
	}
}

// evidence checks the records, lists of files and entries that the production brings.
func (c *checking) evidence() {
	c.records = map[string]*ledger.Record{}
	sealed := map[string]string{}
	for _, r := range c.sealed.Records {
		sealed[ledger.RecordPath(r.Interval, r.Number)] = r.SHA256
	}
	entered, expected := map[string]bool{}, map[string]bool{"data/" + keysFile: true}
	for _, name := range slices.Sorted(maps.Keys(c.small)) {
		if folder, ok := strings.CutPrefix(name, "data/evidence/"+ledger.JournalFolder); ok {
			c.entry(name, folder, sealed, entered)
			expected[name] = true
		}
	}
	c.identity(expected)
	for _, want := range c.sealed.Records {
		at := ledger.RecordPath(want.Interval, want.Number)
		name := "data/evidence/" + at
		file := c.small[name]
		if file == nil {
			continue // of an interval of which nothing was produced
		}
		expected[name] = true
		c.Records++
		if sum := sumOf(file); sum != want.SHA256 {
			c.problem(name, "it is not the record that was sealed: it has the SHA-256 %s", sum)
			continue
		}
		r, seal, err := ledger.OpenRecord(file, c.keys)
		if err != nil {
			c.problem(name, "it is no commit record: %v", err)
			continue
		}
		if !seal.Trusted() {
			c.problem(name, "its signature does not verify: %s", seal.Check.Sentence())
		}
		if !entered[want.SHA256] {
			c.problem(name, "no entry of the journal that is here names it")
		}
		c.records[at] = r
		list := fileList(r)
		if expected[list] = true; !c.lists[list] && !c.request.redacted() {
			c.problem(list, "it is missing, and only a redacted production leaves it out")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.lists)) {
		if !expected[name] {
			c.problem(name, "nothing that was sealed names it")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.small)) {
		if strings.HasPrefix(name, "data/evidence/") && !expected[name] {
			c.problem(name, "nothing that was sealed names it")
		}
	}
}

// identity checks what says whose the output is.
func (c *checking) identity(expected map[string]bool) {
	const name = "data/evidence/" + ledger.IdentityFile
	expected[name] = true
	if c.small[name] == nil {
		return // an output of an earlier version has none
	}
	id, seal, err := ledger.OpenIdentity(c.small[name], c.keys)
	switch {
	case err != nil:
		c.problem(name, "it cannot be read: %v", err)
	case !seal.Trusted():
		c.problem(name, "its signature does not verify: %s", seal.Check.Sentence())
	case id.ID != c.sealed.Output:
		c.problem(name, "it is that of output %s, and %s is about %s", id.ID, ledger.ProductionFile, c.sealed.Output)
	}
}

func (c *checking) entry(name, number string, sealed map[string]string, entered map[string]bool) {
	e, seal, err := ledger.OpenEntry(c.small[name], c.keys)
	if err != nil {
		c.problem(name, "it is no entry of a journal: %v", err)
		return
	}
	if !seal.Trusted() {
		c.problem(name, "its signature does not verify: %s", seal.Check.Sentence())
	}
	n, _ := ledger.EntryNumber(number)
	if wrong := e.Misplaced(n, c.sealed.Output); wrong != "" {
		c.problem(name, "%s", wrong)
		return
	}
	if sum, ok := sealed[e.Path]; !ok || sum != e.SHA256 {
		c.problem(name, "it enters %q, which %s does not name", e.Path, ledger.ProductionFile)
	}
	entered[e.SHA256] = true
}

// fileList returns the path of the list of the files of a run.
func fileList(r *ledger.Record) string {
	return "data/evidence/interval=" + r.Interval + "/runs/" + r.RunID + "/run.json"
}

// runFiles are the files of a run.
type runFiles struct {
	sums    map[string]string    // SHA-256 by path below the folder of the run
	renamed map[[2]string]string // paths of documents, by source and key, that are not those of these
}

// filesOf reads the list of the files of a run; nil when it is not there, or not what the
// record names.
func (c *checking) filesOf(r *ledger.Record) (*runFiles, error) {
	name := fileList(r)
	kept := c.kept[name]
	if kept == nil {
		return nil, nil
	}
	if kept.Sum() != r.RunSHA256 {
		c.problem(name, "it is not the list of files that the record names: it has the SHA-256 %s", kept.Sum())
		return nil, nil
	}
	at, err := kept.ReaderAt()
	if err != nil {
		return nil, err
	}
	var m ledger.Manifest
	if err := json.NewDecoder(io.NewSectionReader(at, 0, kept.Size())).Decode(&m); err != nil {
		c.problem(name, "it cannot be read: %v", err)
		return nil, nil
	}
	files := &runFiles{map[string]string{}, map[[2]string]string{}}
	for _, f := range m.Files {
		files.sums[f.Path] = f.SHA256
	}
	for _, f := range m.Renamed {
		files.renamed[[2]string{f.Source, f.Key}] = f.Path
	}
	return files, nil
}

// isLong reports whether a file is read line by line.
func isLong(name string, _ int64) bool {
	return name == custodyFile || isFileList(name) || slices.ContainsFunc(compared, func(f rowFormat) bool { return f.name == name })
}

// second checks the chain of custody, and keeps the files of rows.
func (c *checking) second(name string, r io.Reader) error {
	if name == custodyFile {
		return c.custody(name, r)
	}
	kept := c.pool.NewSpool()
	c.kept[name] = kept
	_, err := io.Copy(kept, r)
	return err
}

// custody checks each chain: what was read, repaired and committed is what was produced.
func (c *checking) custody(name string, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var chain []Step
	produced := map[string]bool{}
	end := func() {
		if len(chain) > 0 {
			c.chain(name, chain)
			produced[chain[len(chain)-1].Object] = true
		}
		chain = nil
	}
	for n := 1; lines.Scan(); n++ {
		var s Step
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil {
			c.Problems = append(c.Problems, bag.Problem{File: name, Line: n, Detail: "it is no step: " + err.Error()})
			continue
		}
		if len(chain) > 0 && chain[0].Chain != s.Chain {
			end()
		}
		chain = append(chain, s)
	}
	end()
	if err := lines.Err(); err != nil {
		c.problem(name, "it cannot be read: %v", err)
	}
	for file := range c.manifest {
		if folder, _, _ := strings.Cut(strings.TrimPrefix(file, "data/"), "/"); (folder == "documents" || folder == "media") && !produced[file] {
			c.problem(file, "%s does not say where it comes from", name)
		}
	}
	return nil
}

func (c *checking) chain(name string, chain []Step) {
	c.Chains++
	last := chain[len(chain)-1]
	sum, ok := c.manifest[last.Object]
	if last.Step != "produced" || !ok {
		c.problem(name, "chain %d does not end with a file of the production", last.Chain)
		return
	}
	if sum != last.SHA256 {
		c.problem(last.Object, "it is not what chain %d of %s produced: that has the SHA-256 %s", last.Chain, path.Base(name), last.SHA256)
	}

	if _, twice := c.from[last.Object]; twice {
		c.problem(last.Object, "%s tells twice where it comes from", path.Base(name))
	}
	if size, here := c.sizes[last.Object]; here && size != last.Size {
		c.problem(last.Object, "it has %d bytes, and chain %d of %s says %d", size, last.Chain, path.Base(name), last.Size)
	}
	record, from := "", origin{size: last.Size}
	for _, s := range chain {
		switch s.Step {
		case "listed":
			from.source, from.object = s.Source, s.Object
		case "read":
			if s.SHA256 != last.SHA256 {
				c.problem(last.Object, "it is not what the run read: that has the SHA-256 %s", s.SHA256)
			}
		case "repaired":
			from.object = s.Object
			if s.SHA256 != last.SHA256 {
				c.problem(last.Object, "it is not what run %s wrote", s.RunID)
			}
		case "committed":
			record = s.Object
			if c.records[s.Object] == nil || c.records[s.Object].RunID != s.RunID {
				c.problem(last.Object, "chain %d names a commit record that is not in the production: %s", last.Chain, s.Object)
			}
		case "entered":
			if entry := c.small["data/evidence/"+s.Object]; sumOf(entry) != s.SHA256 {
				c.problem(last.Object, "chain %d names a journal entry that is not in the production: %s", last.Chain, s.Object)
			}
		}
	}
	if from.record = record; record == "" {
		c.problem(last.Object, "chain %d names no commit record", last.Chain)
	}
	c.from[last.Object] = from
}

// redacted reports whether a production shows less than there is.
func (r *Request) redacted() bool {
	how, _ := policy.ParseRedaction(r.Redact)
	return r.Redact != "" && how != policy.RedactNothing
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
