// Package reconcile decides which recording belongs to which leg, which values
// repair missing ones, which recordings are missing, and what cannot be decided.
//
// It is pure. Its input is [Evidence], its output is [Decision], and the order
// of the evidence does not matter. [Decide] lists the stages in order; each
// takes values and returns values.
//
// # One interval
//
// Say that manifests have two entries of conversation c1. Entry 0 has recording
// id r1, a start and a duration, and lacks its end and its trunk. Entry 1 has no
// recording id. CDRs have two rows of leg 1 in c1, of which the later one lists
// r1 and r2 and names trunk T1.
//
//   - The entries get their organisations (names.go). The earlier row of leg 1 is
//     superseded (supersede.go). One leg is left.
//   - [nightFacts] hold for the night as a whole: nothing is damaged and no id is
//     overused (facts.go, overuse.go).
//   - Leg 1 is to be recorded: no exclusion applies, and it was answered (duty.go,
//     exclusion.go).
//   - Legs are indexed by their conversation and by the recordings that they list
//     (leg.go, index.go).
//   - Object keys and media keys fill in ids (names.go). Entry 0 ends where its
//     start and its duration say (arithmetic.go).
//   - [ownership] says which entries, documents and legs belong to the interval:
//     here all of them (owned.go).
//   - Entry 1 claims r2: it is the one id that legs of c1 list and no entry has,
//     and entry 1 is the only entry of c1 that lacks its id (claim.go).
//   - Entry 0 gets trunk T1 from the leg that lists r1. Each value filled in is a
//     [Repair] if the source requires the field (repair.go).
//   - Now that all values are final, leg 1 gets entries 0 and 1 by the ids that it
//     lists (match.go). A leg without an entry would be compared with entries that
//     have no leg (lookalike.go).
//   - Nothing speaks against a source as a whole: each has what judging needs
//     (unfit.go), they speak of the same calls (stranger.go) and their clocks agree
//     (clock.go). All of that is [doubts] (doubts.go). No row belongs to an interval
//     that does not read it (stray.go).
//   - Entries get their findings: repaired fields and remaining defects (entry.go),
//     of their media, too (media.go).
//   - Entries 0 and 1 cover the talk time of leg 1, so no recording is missing and
//     its [Verdict] is "repaired" (coverage.go, verdict.go). Its findings and its
//     [Call] follow (call.go).
//   - Documents and missing inputs get their findings (document.go), and the lists
//     are sorted in the order of their tables (order.go).
//   - [Notices] say what the night as a whole shows (notice.go), and which sources
//     look as if they were configured wrongly (oddity.go).
//
// # Where the rules are tested
//
// Most rules have their tests in the file of their name: supersede_test.go,
// match_test.go, lookalike_test.go, verdict_test.go, coverage_test.go,
// clock_test.go, unfit_test.go, stranger_test.go, stray_test.go, notice_test.go
// and so on. Rules about duties are tested in exclusion_test.go; findings, those
// about media included, in finding_test.go; oddities in oddity_internal_test.go.
// The tests build small evidence by hand (evidence_test.go). The stories in
// /testdata tell how rules work together: story_test.go reads and decides them,
// and internal/job runs them to the commit.
package reconcile

import "cdrmend/internal/policy"

// Decide makes the decision. It takes over its evidence: it fills in the
// entries' final values, drops superseded legs and overused ids, and releases
// what only the decision needed. The caller may only read the evidence through
// the decision afterwards.
func Decide(ev *Evidence, spread Spread) *Decision { return decide(ev, spread, nil) }

// decide also fills in the trace if there is one. Without a trace, each stage's
// result can be collected after the last stage that uses it.
func decide(ev *Evidence, spread Spread, trace *Trace) *Decision {
	words := newWords(ev)

	// The records that count, and facts about the whole night.
	objects := orderObjects(ev)
	assignOrganisations(ev)
	ev.acceptedSubjects = acceptedSubjectsOf(ev)
	versions := dropSupersededLegs(ev, objects, spread)
	facts := factsOf(ev, spread)
	forgetOverusedIDs(ev, facts.overused)
	duties := dutiesOf(ev, compileExclusions(ev), spread)

	// The final values of the entries.
	legs := groupLegs(ev, facts, spread)
	states := fillFromNames(ev, facts.overused)
	owned := ownedBy(ev, legs)
	facts.expectInputs(ev, duties, states, owned)
	claims := claimUnclaimed(legs, states, trace)
	repairs := repairEntries(legs, states, owned.entries, claims, spread)
	spread.Pause()
	entries := groupEntries(ev, states, owned.entries, spread)
	ev.releaseLookup(trace)
	spread.Pause()

	// Whose recording each entry is, and what speaks against sources as a whole.
	matches := matchLegs(legs, entries, duties, objects, spread)
	facts.acceptBlanks(ev.Documents, lacksRecording(legs, duties, matches, owned.legs))
	likes := findLookAlikes(legs, entries, duties, matches)
	doubts := doubtSources(legs, entries, duties, owned)
	strays := findStrays(legs, entries)
	spread.Pause()

	// What is wrong with entries, legs, documents and inputs.
	found := &foundDefects{needed: map[uint32]bool{}}
	outcomes, reports := reportEntries(entries, legs, objects, repairs.candidates, doubts, words, spread)
	found.add(reports...)
	trace.keep(legs, states, outcomes)
	ev.releaseOfEntries(trace)
	legs = legs.withoutListed() // only entries look up legs by recording
	spread.Pause()
	assessor := &assessor{
		Evidence: ev, legs: legs, entries: entries, duties: duties, matches: matches,
		possible: claims.withPromised(ev, states), likes: likes, doubts: doubts, media: mediaWordsOf(ev), words: words,
	}
	calls := decideCalls(assessor, outcomes, owned.legs, spread)
	found.add(calls.reports...)
	found.add(reportDocuments(ev, facts, owned.documents), reportInputs(ev, facts, found.needed), doubts.report(ev, words), reportStrays(ev, strays))
	trace.keepAssessor(assessor)
	ev.releaseParticulars(trace)
	spread.Pause()

	// The order of the tables.
	d := &Decision{
		Evidence: ev, words: words, found: found.lists, ownedDoc: owned.documents,
		Repairs: repairs.list, Refs: repairs.refs, Calls: calls.list,
		Recordings: statusOfEntries(states, outcomes, owned.entries), Strays: strays,
		Lost: calls.lost, Voices: voices(states, owned.entries), WithoutCDR: withoutCDR(outcomes), ReusedLegIDs: versions.reused,
		Incomplete: facts.incomplete(), OverusedIDs: facts.overused.count(),
	}
	d.Notices = noticesOf(d, facts, doubts)
	d.Notices.Warnings = append(d.Notices.Warnings, oddities(d, duties, states)...)
	d.Balance[policy.Manifests] = balanceOfEntries(states, outcomes, owned.entries)
	d.Balance[policy.CDRs] = balanceOfLegs(owned.legs, calls.open, versions)
	d.sort(objects, spread)
	return d
}
