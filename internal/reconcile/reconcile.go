// Package reconcile gives each call of an interval its verdict, with the findings
// that speak for it.
//
// It is pure. Its input is [evidence.Evidence], its output is [Decision], and the
// order of the evidence does not matter. [Decide] lists the stages in order; each
// takes values and returns values. The first stages are those of other packages:
// evidence drops what does not count, match joins entries with legs, and doubt finds
// what speaks against whole sources.
//
// # One interval
//
// Say that manifests have two entries of conversation c1. Entry 0 has recording
// id r1, a start and a duration, and lacks its end and its trunk. Entry 1 has no
// recording id. CDRs have two rows of leg 1 in c1, of which the later one lists
// r1 and r2 and names trunk T1.
//
//   - The evidence is reduced to what counts: one row of leg 1 is left. Its facts say
//     that nothing is damaged and that no id is overused (package evidence).
//   - Leg 1 is to be recorded. Entry 0 gets its end and trunk T1, entry 1 gets r2, and
//     both are recordings of leg 1 (package match).
//   - Nothing speaks against a source as a whole: each has what judging needs, they
//     speak of the same calls and their clocks agree (package doubt).
//   - Entries get their findings: repaired fields and remaining defects, those of their
//     media too (entry.go). What they say of the entry as a whole is its outcome
//     (outcome.go).
//   - Entries 0 and 1 cover the talk time of leg 1, so no recording is missing and
//     its [Verdict] is "repaired" (verdict.go). Its findings and its [Call] follow
//     (call.go).
//   - Documents, missing inputs, unfit sources and stray rows get their findings
//     (document.go), and the lists are sorted in the order of their tables (order.go).
//   - [Notices] say what the night as a whole shows (notice.go), and which sources
//     look as if they were configured wrongly (oddity.go).
//   - Writers ask the [Decision] for the rows of its tables (rows.go), after
//     [Decision.Complete] has added the places of repaired values (place.go).
//
// [Explain] makes the same decision and keeps what it rests on as a [Trace].
//
// # Where the rules are tested
//
// Most rules have their tests in the file of their name: verdict_test.go,
// finding_test.go, notice_test.go and so on; findings about media are in
// finding_test.go, what entries cover in coverage_test.go. The tests write small
// nights by hand (package nighttest), as do those of evidence, match and doubt. The
// stories in /testdata tell how rules work together: story_test.go reads and decides
// them, and internal/job runs them to the commit.
package reconcile

import (
	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
)

// Decide makes the decision. It takes over its evidence: it fills in the
// entries' final values, drops superseded legs and overused ids, and releases
// what only the decision needed. The caller may only read the evidence through
// the decision afterwards.
func Decide(ev *evidence.Evidence, spread evidence.Spread) *Decision {
	return decide(ev, spread, &whole{}, nil)
}

// decide also fills in the trace if there is one. Without a trace, each stage's
// result can be collected after the last stage that uses it.
func decide(ev *evidence.Evidence, spread evidence.Spread, night *whole, trace *Trace) *Decision {
	words := newWords(ev)
	contests := trace.newContests()

	// The records that count, and facts about the whole night.
	objects := evidence.OrderObjects(ev)
	evidence.AssignOrganisations(ev)
	blank := report{Evidence: ev, accepts: ev.Policy.InternedSubjects(ev.Texts)} // to fill with findings
	versions := evidence.DropSuperseded(ev, objects, spread)
	facts := night.facts(ev, spread)
	evidence.ForgetOverused(ev, facts.Overused)
	duties := match.DutiesOf(ev, spread)

	// The final values of the entries.
	legs := match.GroupLegs(ev, facts, spread)
	states := match.FillFromNames(ev, facts.Overused)
	owned := match.OwnedBy(ev, legs)
	night.oddUnits(legs, states, owned)
	match.FillTimes(ev, states)
	facts.ExpectInputs(ev.Policy, night.expects(duties, states, owned))
	claims := match.Claim(legs, states, contests)
	repairs := match.RepairEntries(legs, states, owned.Entries, claims, spread)
	spread.Pause()
	entries := match.GroupEntries(ev, states, owned.Entries, spread)
	trace.unlessKept(ev.ReleaseLookup)
	spread.Pause()

	// Whose recording each entry is, and what speaks against sources as a whole.
	pairs := match.Pair(legs, entries, duties, objects, spread)
	night.acceptBlanks(legs, duties, pairs, owned)
	likes := night.likes(legs, entries, duties, pairs)
	doubts := night.doubts(legs, entries, duties, owned)
	links := night.links(ev, entries, owned)
	strays := doubt.Strays(legs, entries)
	spread.Pause()

	// What is wrong with entries, legs, documents and inputs.
	found := &foundDefects{needed: map[uint32]bool{}}
	outcomes, reports := reportEntries(blank, entries, legs, objects, repairs.Candidates, doubts, night.channels(ev, states, owned), words, spread)
	found.add(reports...)
	trace.keep(match.NewValueTrace(legs, states, contests), outcomes)
	trace.unlessKept(ev.ReleaseOfEntries)
	legs = legs.WithoutListed() // only entries look up legs by recording
	spread.Pause()
	assessor := &assessor{
		Evidence: ev, legs: legs, entries: entries, duties: duties, pairs: pairs,
		possible: claims.WithPromised(ev, states), likes: likes, doubts: doubts, media: match.MediaWordsOf(ev), words: words,
	}
	calls := decideCalls(blank, assessor, outcomes, owned.Legs, spread)
	found.add(calls.reports...)
	found.add(reportDocuments(blank, facts, owned.Documents), reportInputs(blank, facts, found.needed), reportUnfit(blank, doubts, words), reportStrays(blank, strays))
	trace.keepAssessor(assessor)
	trace.unlessKept(ev.ReleaseParticulars)
	spread.Pause()

	// The order of the tables.
	d := &Decision{
		Evidence: ev, words: words, found: found.lists, ownedDoc: owned.Documents,
		Repairs: repairs.List, Refs: repairs.Refs, Calls: calls.list,
		Recordings: statusOfEntries(states, outcomes, owned.Entries), Strays: strays,
		Incomplete: facts.Incomplete(), Counts: Counts{
			OverusedIDs: facts.Overused.Count(), Lost: calls.lost, ReusedLegIDs: versions.Reused,
			Voices: voices(states, owned.Entries), WithoutCDR: withoutCDR(outcomes),
		},
	}
	d.Notices = night.notices(d, facts, doubts, duties, states)
	d.Night = night.night(legs, doubts, likes, links)
	d.Balance[policy.Manifests] = balanceOfEntries(states, outcomes, owned.Entries)
	d.Balance[policy.CDRs] = balanceOfLegs(owned.Legs, calls.open, versions)
	d.sort(objects, spread)
	return d
}
