package intake

import (
	"cmp"
	"sync"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/rows"
)

// collector gathers the batches of objects, which are read in any order. It
// decides nothing: claims and duplicates are known only when all objects have
// been read.
type collector struct {
	in      *Inputs
	ev      *evidence.Evidence // its lists are empty until all objects are read
	account *Account

	mu            sync.Mutex        // guards everything below, and the counts of the account
	manifests     []*manifest.Batch // by object, like the next two
	cdrs          []*cdr.Batch
	registrations []*registration.Batch
	damaged       map[uint32]bool            // partitions
	blank         map[uint32]bool            // partitions with a blank document in lines
	unplaceable   map[uint32]int64           // by partition: entries whose conversation cannot be read
	usable        map[uint32]bool            // sources that delivered something that is evidence
	paging        map[uint32]*profile.Paging // by partition of sources whose documents are pages
	details       map[uint32]details         // by partition of conversation details
	columns       map[uint32]record.Fields   // by object in CSV or Parquet: the fields that have a column
	margin        *margin                    // nil as long as all rows are kept
}

func newCollector(in *Inputs) *collector {
	n := len(in.Objects)
	return &collector{
		in: in, ev: newEvidence(in), account: newAccount(n, in.config.Scratch),
		manifests: make([]*manifest.Batch, n), cdrs: make([]*cdr.Batch, n), registrations: make([]*registration.Batch, n),
		damaged: map[uint32]bool{}, blank: map[uint32]bool{}, unplaceable: map[uint32]int64{}, usable: map[uint32]bool{},
		paging: map[uint32]*profile.Paging{}, details: map[uint32]details{}, columns: map[uint32]record.Fields{},
	}
}

// objectOrg returns the organisation of those records of an object that do not
// carry their own.
func (c *collector) objectOrg(n uint32) intern.Text {
	o := &c.in.Objects[n]
	p := c.in.Sources[o.Source].Profile
	norm := profile.Normalizer{Profile: p, Texts: c.ev.Texts}
	return c.ev.OrgOf(o.Source, intern.None, manifest.KeyOf(p, o.Key, &norm).Org)
}

// addManifest adds the batch of a document, and keeps a copy of the document if
// it may have to be repaired.
func (c *collector) addManifest(o *opened, b *manifest.Batch) error {
	if err := b.KeepDetails(c.account.spill.keep); err != nil {
		return err
	}
	if o.copy != nil && b.Doc.Extra != nil {
		var err error
		if b.Doc.Extra.Copy, err = c.account.spill.keepCopy(o.copy.Bytes()); err != nil {
			return err
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	b.Doc.Object, b.Doc.Partition, b.Details = o.n, o.Partition, nil // the details are in the spill
	c.manifests[o.n] = b

	// An object of a margin may be read again, and is counted only once.
	if !c.account.Objects[o.n].Read {
		c.accountManifest(o, b)
	}
	if c.filters(o.n) {
		c.filterManifest(o.n, b)
	}

	return nil
}

// accountManifest counts the rows of a document and notes its damage.
func (c *collector) accountManifest(o *opened, b *manifest.Batch) {
	c.usable[o.Source] = true
	if b.Tabular {
		c.columns[o.n] = b.Places
	}
	// An entry that only its key proves says nothing of places.
	keyOnly := b.Doc.Extra != nil && b.Doc.Extra.Recovery != nil && b.Doc.Extra.Recovery.Empty
	if b.Tabular || b.Rows > 0 && !keyOnly {
		c.account.addPlaces(o.Source, b.Places)
	}
	c.account.addRows(o.n, o.Partition, policy.Manifests, b.Rows, b.Rejects)
	c.account.Balance[policy.Manifests].Skipped += b.Skipped
	if !b.Doc.Virtual && !b.Doc.OfMedia { // media without metadata are on no page
		c.addPage(o, b.Page, b.Rows-b.Rejects-b.Skipped, b.Rows > 0 || b.Framed)
	}
	if why := b.Doc.Why(); why != nil {
		c.account.Broken[o.n] = why
	}
	if b.Doc.Damaged() {
		c.damaged[o.Partition] = true
	}
	if b.Doc.Blank {
		c.blank[o.Partition] = true
	}
	if n := b.Unplaceable(c.in.Sources[o.Source].Profile); n > 0 {
		c.unplaceable[o.Partition] += n
	}
}

// addLegs adds the batch of an object with legs.
func (c *collector) addLegs(o *opened, b *cdr.Batch) error {
	o.noteDamage(&b.Reading)
	org := c.objectOrg(o.n)

	c.mu.Lock()
	defer c.mu.Unlock()

	for _, part := range b.Parts() {
		for i := range part.Legs {
			l := &part.Legs[i]
			l.Org = cmp.Or(l.Org, org)
		}
	}

	c.cdrs[o.n] = b
	if b.Tabular {
		c.columns[o.n] = b.Places
	}
	if !c.account.Objects[o.n].Read {
		c.accountLegs(o, b)
	}
	if c.filters(o.n) {
		c.margin.take(o.n, &b.Filtered, b.Filtered.Orgless)
	}

	return nil
}

// accountLegs counts the rows of an object with legs and notes its damage.
func (c *collector) accountLegs(o *opened, b *cdr.Batch) {
	c.usable[o.Source] = true
	balance := &c.account.Balance[policy.CDRs]
	balance.Skipped += b.Skipped
	c.noteReading(o, &b.Reading)
	c.account.addRows(o.n, o.Partition, policy.CDRs, b.Rows, b.Rejected)
	c.account.Rows[o.Partition].Blank += b.Blank + b.Unmatched

	// Where a row holds several legs, the balance counts the legs instead.
	if c.in.Sources[o.Source].Profile.Shape != "" {
		balance.Read += int64(b.Found()) + b.Skipped - (b.Rows - b.Rejected)
	}
	c.addDamage(o, &b.Reading)
	c.addPage(o, b.Page, b.Listed, b.Lists())
	c.accountDetails(o, &b.Details)
}

// details are how many conversations a partition of conversation details has.
type details struct {
	elements, speaking int64
}

// accountDetails counts the conversations of an object.
func (c *collector) accountDetails(o *opened, d *cdr.Details) {
	if c.in.Sources[o.Source].Profile.Shape != profile.ConversationDetail {
		return
	}
	sum := c.details[o.Partition]
	c.details[o.Partition] = details{sum.elements + d.Elements, sum.speaking + d.Speaking}
}

// addTorn notes an object whose partition and last modification say different years.
func (c *collector) addTorn(object uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account.Torn[object] = true
}

// addPage adds what an object tells of the list that it is a page of.
func (c *collector) addPage(o *opened, p profile.Page, elements int64, lists bool) {
	if c.in.Sources[o.Source].Profile.Pages == (profile.Pages{}) {
		return
	}
	if c.paging[o.Partition] == nil {
		c.paging[o.Partition] = new(profile.Paging)
	}
	c.paging[o.Partition].Add(p, elements, lists)
}

// addEvents adds the batch of an object with events.
func (c *collector) addEvents(o *opened, b *registration.Batch) error {
	o.noteDamage(&b.Reading)

	c.mu.Lock()
	defer c.mu.Unlock()

	c.registrations[o.n] = b
	if len(b.Events) > 0 {
		c.usable[o.Source] = true
	}

	// Events are evidence wherever they are, so all of them count as margin.
	balance := &c.account.Balance[policy.Registrations]
	balance.Skipped += b.Skipped
	balance.Rejected += b.Unusable
	balance.Margin += int64(len(b.Events))
	c.noteReading(o, &b.Reading)
	c.account.addRows(o.n, o.Partition, policy.Registrations, b.Rows, b.Rejected)
	c.addDamage(o, &b.Reading)
	c.addPage(o, b.Page, b.Listed, b.Lists())
	c.account.addJoined(o.Source, b.Joined)
	c.account.addTimes(o.Source, TimeTrouble{Unread: b.Unread, Doubtful: b.Doubtful})
	if o.format == profile.TextLines {
		n := c.account.Unmatched[o.Source]
		c.account.Unmatched[o.Source] = UnmatchedLines{n.Objects + 1, n.Lines + b.Rows, n.Matched + b.Rows - b.Reading.Unmatched}
	}
	return nil
}

// noteReading notes which rows of an object were skipped, and which fields have a
// place in it. An object without a row
// or a header shows nothing of them.
func (c *collector) noteReading(o *opened, r *rows.Reading) {
	c.account.addSkipped(o.Source, r.Filtered)
	if r.Tabular || r.Rows > 0 {
		c.account.addPlaces(o.Source, r.Places)
	}
}

// addDamage notes that an object of rows is damaged, and its partition.
func (c *collector) addDamage(o *opened, r *rows.Reading) {
	why := r.Incomplete()
	if why == nil {
		return
	}
	c.damaged[o.Partition] = true
	c.account.Broken[o.n] = why
	if r.Damage != nil {
		c.account.unused[o.n] = r.Used
	}
}
