package job

import (
	"bytes"
	"cmp"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// addManifest takes over what a document holds, and a copy of one that may have
// to be repaired.
func (s *scan) addManifest(sc *scanner, n uint32, b *manifest.Batch, stored *bytes.Buffer) error {
	in := &sc.snap.inputs[n]
	if err := b.Keep(s.rests.keep); err != nil {
		return err
	}
	if stored != nil && b.Doc.Rare != nil {
		var err error
		if b.Doc.Rare.Copy, err = s.rests.keepCopy(stored.Bytes()); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Doc.Object, b.Doc.Partition, b.Rest = n, in.partition, nil
	s.manifests[n] = b
	if !s.read[n].Read {
		s.accountManifest(n, in, b)
	}
	if sc.sifts(n) {
		s.thin(sc, n, b)
	}
	return nil
}

// accountManifest notes what a document is like as a whole.
func (s *scan) accountManifest(n uint32, in *input, b *manifest.Batch) {
	if !b.Doc.Virtual {
		s.usable[in.source] = true
	}
	s.account(n, in.partition, policy.Manifests, b.Rows, b.Rejects)
	if why := b.Doc.Why(); why != nil {
		s.broken[n] = why
	}
	if b.Doc.Damaged() {
		s.damage[in.partition] = true
	}
}

// addLegs takes over the legs of an object.
func (s *scan) addLegs(sc *scanner, n uint32, b *cdr.Batch) {
	in := &sc.snap.inputs[n]
	org := sc.orgOf(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, part := range b.Parts() {
		for i := range part.Legs {
			l := &part.Legs[i]
			l.Org = cmp.Or(l.Org, org)
		}
	}
	s.cdrs[n] = b
	if !s.read[n].Read {
		s.accountLegs(sc, n, in, b)
	}
	if sc.sifts(n) {
		sc.margin.take(n, &b.Sifted, 0)
	}
}

// accountLegs notes what an object of legs is like as a whole.
func (s *scan) accountLegs(sc *scanner, n uint32, in *input, b *cdr.Batch) {
	s.usable[in.source] = true
	s.balance[policy.CDRs].Skipped += b.Skipped
	s.account(n, in.partition, policy.CDRs, b.Rows, b.Rejected)
	if sc.snap.sources[in.source].Profile.Shape != "" {
		s.balance[policy.CDRs].Read += int64(b.Found()) + b.Skipped - (b.Rows - b.Rejected)
	}
	s.noteDamage(n, in.partition, &b.Reading)
}

// addEvents takes over the events of an object.
func (s *scan) addEvents(sc *scanner, n uint32, b *registration.Batch) {
	in := &sc.snap.inputs[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registrations[n] = b
	for _, r := range b.Refreshes {
		key := refreshKey{in.source, r.Org}
		s.refreshes[key] = append(s.refreshes[key], r.Time)
	}
	if len(b.Events) > 0 {
		s.usable[in.source] = true
	}
	balance := &s.balance[policy.Registrations]
	balance.Skipped += b.Skipped
	balance.Rejected += b.Unusable
	balance.Margin += int64(len(b.Events))
	s.account(n, in.partition, policy.Registrations, b.Rows, b.Rejected)
	s.noteDamage(n, in.partition, &b.Reading)
}

// noteDamage notes that an object of rows is damaged, and its partition.
func (s *scan) noteDamage(n, partition uint32, r *record.Reading) {
	if r.Damage != nil {
		s.damage[partition] = true
		s.lost[n], s.broken[n] = r.Used, r.Damage
	}
}

// account counts the rows of an object.
func (s *scan) account(n, partition uint32, kind policy.Kind, rows, rejects int64) {
	s.read[n].Rows, s.read[n].Rejects, s.read[n].Read = rows, rejects, true
	s.balance[kind].Read += rows
	s.balance[kind].Rejected += rejects
	count := s.rows[partition]
	if count == nil {
		count = &rowCount{}
		s.rows[partition] = count
	}
	count.rows += rows
	count.rejects += rejects
}
