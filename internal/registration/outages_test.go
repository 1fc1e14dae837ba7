package registration

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// renewing is a line that registers for 600 s and renews in time; if nobody
// renews it any more, it lapses at 2100.
const renewing = "T/L -3000:200/600@a -2500:200/600@a -2000:200/600@a -1500:200/600@a -1000:200/600@a -500:200/600@a " +
	"0:200/600@a 500:200/600@a 1000:200/600@a 1500:200/600@a "

func TestTheOutagesOfOneKey(t *testing.T) {
	tests := []struct {
		name, log string
		want      []string
	}{
		{"nothing", "", nil},
		{"a failure lasts until a success", "T/L 0:200/600 700:503/60 900:200/600", []string{"L 700-900 success server_error=1 bound 600 off 700"}},
		{"whatever the failed attempt asked for", "T/L 0:200/600 700:503/9 900:200/600", []string{"L 700-900 success server_error=1 bound 600 off 700"}},
		{"the old registration carries calls until its end", "T/L 0:200/600 400:503 900:200/600", []string{"L 400-900 success server_error=1 bound 600 off 600"}},
		{"what lasted longest binds", "T/L 0:200/600 60:200/60 400:503 900:200/600", []string{"L 400-900 success server_error=1 bound 600 off 600"}},
		{"an expiry that was not logged is the default", "T/L 0:200 400:503 4000:200/600", []string{"L 400-4000 success server_error=1 bound 3600 off 3600"}},
		{"a renewal that failed once", "T/L 0:200/600 500:503 632:200/600", []string{"L 500-632 success server_error=1 bound 600 harmless"}},
		{"and one that came too late", "T/L 0:200/600 500:503 632.000001:200/600", []string{"L 500-632.000001 success server_error=1 bound 600 off 600"}},
		{"several failures", "T/L 0:200/60 70:503 80:408 90:0 100:200/600", []string{"L 70-100 success server_error=1;timeout=2 bound 60 off 70"}},
		{"nothing ends it", "T/L 0:200/60 70:503", []string{"L 70-20000 open server_error=1 bound 60 off 70"}},
		{"a success at the same time leaves no outage", "T/L 0:200/60 70:503 70:200/60", nil},
		{"a failure at the time of the success that ends it", "T/L 0:200/60 70:503 80:408 80:200/60", []string{"L 70-80 success server_error=1;timeout=1 bound 60 harmless"}},
		{"what happens from the horizon on", "T/L 0:200/60 70:503 20000:200/60", []string{"L 70-20000 open server_error=1 bound 60 off 70"}},
		{"provisional answers", "T/L 0:200/60 70:100 71:199", nil},
		{"a removal that failed", "T/L 0:200/60 70:503/0", nil},

		{"a removal", "T/L 0:200/600 100:200/0 900:200/600", []string{"L 100-900 success deregistered bound 100 off 100"}},
		{"a removal before a renewal", "T/L 0:200/600 100:200/0 105:200/600", nil},
		{"a renewal that comes too late for that", "T/L 0:200/600 100:200/0 105.000001:200/600", []string{"L 100-105.000001 success deregistered bound 100 off 100"}},
		{"a removal, then a failure", "T/L 0:200/600 100:200/0 200:503 300:200/600", []string{"L 100-200 failure deregistered bound 100 off 100", "L 200-300 success server_error=1 off 200"}},
		{"a removal while it fails", "T/L 0:200/600 100:503 200:200/0 300:200/600", []string{"L 100-300 success server_error=1 bound 200 off 200"}},
		{"a removal at the instant of the failure", "T/L 0:200/600 100:200/0 100:503 300:200/600", []string{"L 100-300 success server_error=1 bound 100 off 100"}},
		{"a removal while it fails, just before a success", "T/L 0:200/600 100:503 200:200/0 203:200/600", []string{"L 100-203 success server_error=1 bound 200 harmless"}},
		{"a removal at the end of an outage", "T/L 0:200/600 100:503 200:200/0 200:200/600", []string{"L 100-200 success server_error=1 bound 600 harmless"}},
		{"the old registration lasts longer than the outage", "T/L 0:200/90000 100:503", []string{"L 100-20000 open server_error=1 bound 90000 off -"}},
		{"a key that was removed is not bound", "T/L 0:200/600 100:200/0 103:200/60 200:503 300:200/60", []string{"L 200-300 success server_error=1 bound 163 off 200"}},

		{"a key that renews lapses", renewing + "9000:200/600 9001:200/9000", []string{"L 2100-9000 success lapsed bound 2100 off 2100"}},
		{"a renewal just in time", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 2132:200/9000", nil},
		{"after a removal it does not lapse", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 1600:200/0 1604:200/9000", nil},
		{"while it fails it does not lapse", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 1600:503 9000:200/9000", []string{"L 1600-9000 success server_error=1 bound 2100 off 2100"}},
		{"a failure ends a lapse", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 9000:503 9001:200/9000", []string{"L 2100-9000 failure lapsed bound 2100 off 2100", "L 9000-9001 success server_error=1 bound 2100 off 9000"}},
		{"a failure where it would lapse", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 2100:503 9001:200/9000", []string{"L 2100-9001 success server_error=1 bound 2100 off 2100"}},
		{"an end that nobody logged", "T/L 0:200/600 500:200/600 1000:200/600 1500:200 9000:200/9000", nil},
		{"nor when one of the successes that it rests on does not say its end", "T/L -3000:200/600 -2500:200/600 -2000:200/600 -1500:200 -1000:200/600 -500:200/600 0:200/600 500:200/600 1000:200/600 1500:200/600 9000:503", []string{"L 9000-20000 open server_error=1 bound 2100 off 9000"}},
		{"renewals that come a little late", "T/L 0:200/600 620:200/600 1240:200/600 1872:200/600 9000:503", []string{"L 2472-9000 failure lapsed bound 2472 off 2472", "L 9000-20000 open server_error=1 bound 2472 off 9000"}},
		{"with few renewals it does not lapse", "T/L 0:200/600 500:200/600 1000:200/600 9000:200 9001:503 9002:200", []string{"L 9001-9002 success server_error=1 bound 12600 harmless"}},
		{"nor when most came late", "T/L 0:200/600 500:200/600 1000:200/600 9000:200/600 19000:200/600", nil},
		{"nor after the last word", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600", nil},
		{"but at the last word", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 T/M 2100:200", []string{"L 2100-20000 open lapsed bound 2100 off 2100"}},

		{"a log of failures", "T/L 0:503/60 T/M 0:503/60", []string{"L 0-60 assumed server_error=1 off 0", "M 0-60 assumed server_error=1 off 0"}},
		{"exposures that touch are one", "T/L 0:503/60 60:429/60", []string{"L 0-120 assumed server_error=1;throttled=1 off 0"}},
		{"a gap makes two", "T/L 0:503/60 60.000001:429/60", []string{"L 0-60 assumed server_error=1 off 0", "L 60.000001-120.000001 assumed throttled=1 off 60.000001"}},
		{"an exposure of the default", "T/L 0:503", []string{"L 0-3600 assumed server_error=1 off 0"}},
		{"an exposure is no longer than a day", "T/L 0:503/90000", []string{"L 0-86400 assumed server_error=1 off 0"}},
		{"fewer than half of the keys have a success", "T/L 0:200/60 70:503/60 80:200/60 T/M 0:503/60 T/N 0:503/60", []string{"L 70-130 assumed server_error=1 bound 60 off 70", "M 0-60 assumed server_error=1 off 0", "N 0-60 assumed server_error=1 off 0"}},
		{"half of the keys have one", "T/L 0:200/60 70:503/60 80:200/60 T/M 0:503/60", []string{"L 70-80 success server_error=1 bound 60 harmless", "M 0-20000 open server_error=1 off 0"}},
		{"a removal in a log of failures", "T/L 0:200/900 10:503/60 40:200/0 T/M 0:503/60 T/N 0:503/60", []string{"L 10-70 assumed server_error=1 bound 40 off 40", "M 0-60 assumed server_error=1 off 0", "N 0-60 assumed server_error=1 off 0"}},
		{"a removal at its start, and one where two exposures touch", "T/L 0:200/900 10:200/0 10:503/60 70:200/0 70:503/60 T/M 0:503/60 T/N 0:503/60", []string{"L 10-130 assumed server_error=2 bound 10 off 10", "M 0-60 assumed server_error=1 off 0", "N 0-60 assumed server_error=1 off 0"}},
		{"but three successes are enough", "T/L 0:200/60 70:503/60 80:200/60 90:200/60 T/M 0:503/60 T/N 0:503/60", []string{"L 70-80 success server_error=1 bound 60 harmless", "M 0-60 assumed server_error=1 off 0", "N 0-60 assumed server_error=1 off 0"}},
		{"accounts of a trunk, by their start", "T//v 0:200/60 70:503 T//u 0:200/60 80:503 T//w 0:200/900", []string{"v 70-20000 open server_error=1 bound 60 off 70", "u 80-20000 open server_error=1 bound 60 off 80"}},
		{"accounts of a trunk", "T//u 0:200/60 70:503 T//v 0:200/900", []string{"u 70-20000 open server_error=1 bound 60 off 70"}},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		got := briefAll(texts, StatesOf(logOf(t, texts, tt.log), texts, testPolicy()))
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", tt.name, tt.log, diff)
		}
	}
}

func TestChallengesAndTheirAnswers(t *testing.T) {
	tests := []struct {
		name, log string
		want      []string
	}{
		{"a success answers", "T/L 0:401 5:200", nil},
		{"a success at once", "T/L 0:407 0:200", nil},
		{"a success after others", "T/L 0:423 1:407 5:200", nil},
		{"a success that comes late", "T/L 0:401 5.000001:200", []string{"L 0-5.000001 success unauthenticated=1 off 0"}},
		{"403 is no challenge", "T/L 0:403 5:200", []string{"L 0-5 success unknown=1 off 0"}},
		{"an answer counts by its own status", "T/L 0:401 1:503 20:200", []string{"L 1-20 success server_error=1 off 1"}},
		{"a refusal answers a challenge", "T/L 0:401 1:401 20:200", []string{"L 1-20 success unauthenticated=1 off 1"}},
		{"pairs in order of time", "T/L 0:401 1:401 2:401 3:401 20:200", []string{"L 1-20 success unauthenticated=2 off 1"}},
		{"an answer that is a challenge as a success follows", "T/L 0:401 3:401 7:200", nil},
		{"a failure between challenge and success", "T/L 0:401 1:500 5:200", []string{"L 1-5 success server_error=1 off 1"}},
		{"a redirection", "T/L 0:302 1:503 20:200", []string{"L 1-20 success server_error=1 off 1"}},
		{"silence answers late", "T/L 0:401 35:408 60:200", []string{"L 35-60 success timeout=1 off 35"}},
		{"no answer at all, too late", "T/L 0:401 35.000001:0 60:200", []string{"L 0-60 success timeout=1;unauthenticated=1 off 0"}},
		{"no answer in time", "T/L 0:401 35:0 60:200", []string{"L 35-60 success timeout=1 off 35"}},
		{"a removal answers", "T/L 0:200/60 50:401 51:200/0 80:200", []string{"L 51-80 success deregistered bound 51 off 51"}},
		{"ignored events in between", "T/L 0:401 1:100 2:503 20:200", []string{"L 2-20 success server_error=1 off 2"}},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		got := briefAll(texts, StatesOf(logOf(t, texts, tt.log), texts, testPolicy()))
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", tt.name, tt.log, diff)
		}
	}
}

func TestTheChallengeWindowIsConfigured(t *testing.T) {
	tests := []struct {
		log    string
		window time.Duration
		want   []string
	}{
		{"T/L 0:401 1:401 9:200", 10 * time.Second, nil},
		{"T/L 0:401 40:408 60:200", 40 * time.Second, []string{"L 40-60 success timeout=1 off 40"}},
		{"T/L 0:401 35:408 60:200", time.Second, []string{"L 35-60 success timeout=1 off 35"}},
		{"T/L 0:401 3:503 60:200", time.Second, []string{"L 0-60 success server_error=1;unauthenticated=1 off 0"}},
		{"T/L 0:200/60 10:200/0 15:200/60", time.Second, nil}, // a removal before a renewal is another matter
	}
	for _, tt := range tests {
		texts, p := intern.NewTable(), testPolicy()
		p.ChallengeWindow = tt.window
		if diff := gocmp.Diff(tt.want, briefAll(texts, StatesOf(logOf(t, texts, tt.log), texts, p))); diff != "" {
			t.Errorf("%s within %s (-want +got)\n%s", tt.log, tt.window, diff)
		}
	}
}

func TestSilenceIsToldByFailedTokenRequests(t *testing.T) {
	const renewing = renewing + "19000:200/600@a "
	tests := []struct {
		name, log string
		want      Cause
		from      string
	}{
		{"no request for a token", renewing, Lapsed, "2100"},
		{"the last request failed", renewing + "2000:token!@a", TokenRequestFailed, "2100"},
		{"one failed later", renewing + "9000:token!@a", TokenRequestFailed, "2100"},
		{"one failed after the outage", renewing + "19000:token!@a", Lapsed, "2100"},
		{"one failed and the next one was answered", renewing + "2000:token!@a 2061:token@a", Lapsed, "2100"},
		{"it was answered at once", renewing + "9000:token!@a 9060:token@a", Lapsed, "2100"},
		{"it was answered too late", renewing + "9000:token!@a 9060.000001:token@a", TokenRequestFailed, "2100"},
		{"another client", renewing + "2000:token!@b", Lapsed, "2100"},
		{"a client that the log does not name", renewing + "2000:token!", TokenRequestFailed, "2100"},
		{"answered to another client", renewing + "9000:token!@a 9001:token@b", TokenRequestFailed, "2100"},
		{"few renewals, and a token that failed", "T/L 0:200/600@a 700:token!@a 19000:200/600@a", TokenRequestFailed, "600"},
		{"few renewals, and a token that failed before the end", "T/L 0:200/600@a 599:token!@a 19000:200/600@a", 0, ""},
		{"few renewals, and a token that failed after a failure", "T/L 0:200/600@a 700:503@a 800:token!@a 19000:200/600@a", ServerError, "700"},
		{"few renewals, and a token that failed after a success", "T/L 0:200/600@a 700:200/18000 701:token!@a 19000:200/600@a", 0, ""},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		s := StatesOf(logOf(t, texts, tt.log), texts, testPolicy())
		if tt.from == "" {
			if len(s.Outages) > 0 {
				t.Errorf("%s: got %v, want no outage", tt.name, briefAll(texts, s))
			}
			continue
		}
		if len(s.Outages) == 0 || s.Outages[0].Cause != tt.want || seconds(s.Outages[0].Span.Start) != tt.from {
			t.Errorf("%s: got %v, want %v from %s", tt.name, briefAll(texts, s), tt.want, tt.from)
		}
	}
}

func TestALogThatKeepsAPartOfTheSuccessesIsSparse(t *testing.T) {
	const some = "T/S 0:200/60 500:200/60 1000:200/60 1500:200/60 "
	tests := []struct {
		name, log string
		known     bool
		want      bool
	}{
		{"most of the renewals of a key are missing", "T/L 0:200/60 500:200/60 1000:200/60 1500:200/60 1510:503 1600:200", false, true},
		{"they are there", "T/L 0:200/600 500:200/600 1000:200/600 1500:200/600 1510:503 2600:200", false, false},
		{"the log is known to have them", "T/L 0:200/60 500:200/60 1000:200/60 1500:200/60 1510:503 1600:200", true, false},
		{"a key with few, in a log that keeps a part", some + "T/L 1510:503", false, true},
		{"a key with few, in a log that is known", some + "T/L 1510:503", true, false},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		log := logOf(t, texts, tt.log)
		log.Sources[0].Successes = tt.known
		for _, o := range StatesOf(log, texts, testPolicy()).Outages {
			if texts.String(o.Line) == "L" && o.Failures > 0 && o.Sparse != tt.want {
				t.Errorf("%s: got %+v, want sparse %v", tt.name, o, tt.want)
			}
		}
	}
}

func TestAnOutageNamesItsKeyCauseAndRows(t *testing.T) {
	texts := intern.NewTable()
	log := logOf(t, texts, `T|\1/L1 -100:200/60 0:503 10:500 20:200/0 60:403,insufficient 90:200/60`)
	for i := range log.Events {
		log.Events[i].Org = texts.OfString("o")
	}
	want := []Outage{{
		ID:  "out-e98aac1e92d6492b", // of o|T\|\\1|L1|2026-11-20T10:00:00.000000Z
		Org: texts.OfString("o"), Trunk: texts.OfString(`T|\1`), Line: texts.OfString("L1"),
		Span: record.Span{Start: start, End: start + 90*second}, EndedBy: EndedBySuccess,
		Cause: ServerError, Causes: "scope_missing=1;server_error=2", Failures: 3,
		BindingUntil: start - 40*second, UnregisteredFrom: start, LastAttempt: start + 60*second, Began: BeganSeen,
		First: record.Ref{Row: 2}, Last: record.Ref{Row: 5}, LastWord: start + 90*second,
	}}
	if diff := gocmp.Diff(want, StatesOf(log, texts, testPolicy()).Outages); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALapseNamesTheSuccessThatExpired(t *testing.T) {
	texts := intern.NewTable()
	log := logOf(t, texts, renewing+"1600:200/60 9000:200/9000")
	s := StatesOf(log, texts, testPolicy())
	if len(s.Outages) != 1 || s.Outages[0].First.Row != 10 || s.Outages[0].Last.Row != 10 || s.Outages[0].LastAttempt.Known() {
		t.Errorf("got %+v, want one that rests on row 10", s.Outages)
	}
}

func TestALapseWithARemovalNamesTheRemoval(t *testing.T) {
	texts := intern.NewTable()
	s := StatesOf(logOf(t, texts, renewing+"3000:200/0 4000:200/0 9000:200/9000"), texts, testPolicy())
	if len(s.Outages) != 1 || s.Outages[0].Cause != Lapsed || s.Outages[0].First.Row != 11 || s.Outages[0].Last.Row != 12 || seconds(s.Outages[0].LastAttempt) != "4000" {
		t.Errorf("got %+v, want one from row 11 to row 12", s.Outages)
	}
}

func TestWhetherAnOutageMayHaveBegunEarlier(t *testing.T) {
	for words, want := range map[string]string{
		"T/L 0:503 100:200":          BeganBefore,
		"T/L -100:200/0 0:503 9:200": BeganSeen,
		"T/L -100:503/0 0:503 9:200": BeganBefore, // ignored
		"T/L -9:401 -8:503 9:200":    BeganBefore, // a challenge
	} {
		texts := intern.NewTable()
		s := StatesOf(logOf(t, texts, words), texts, testPolicy())
		if last := s.Outages[len(s.Outages)-1]; last.Began != want {
			t.Errorf("%s: got %s, want %s", words, last.Began, want)
		}
	}
}

func TestTheCauseOfOneFailure(t *testing.T) {
	tests := []struct {
		event string
		want  Cause
	}{
		{"401", Unauthenticated},
		{"401,fresh", RefreshRace},
		{"401,evidence", CredentialRejected},
		{"401,invalid", CredentialRejected},
		{"403", Unknown},
		{"403,fresh", RefreshRace},
		{"403,fresh,lacks", ScopeMissing},
		{"403,fresh,lacks,lists", RefreshRace}, // what the token lists counts first
		{"403,fresh,insufficient", ScopeMissing},
		{"403,insufficient,lists", ScopeMissing},
		{"404", UnknownLine},
		{"407,evidence", Unauthenticated},
		{"408", Timeout},
		{"410", UnknownLine},
		{"0", Timeout},
		{"423", IntervalTooBrief},
		{"429", Throttled},
		{"460", ClientGaveUp},
		{"499", ClientGaveUp},
		{"500", ServerError},
		{"599", ServerError},
		{"600", Rejected},
		{"302", Rejected},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		log := logOf(t, texts, "T/L 0:"+tt.event)
		if got := CauseOf(&log.Events[0], &token.Rules{Leeway: 60e9, Race: 60e9}); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.event, got, tt.want)
		}
	}

	proved := Event{Status: 401, Token: token.Expired, Issued: record.NoTime, Facts: InsufficientScope}
	if got := CauseOf(&proved, &token.Rules{}); got != TokenExpired {
		t.Errorf("what the token proves: got %v, want %v", got, TokenExpired)
	}
}

func TestARefreshRaceThatDoesNotHealIsNone(t *testing.T) {
	tests := []struct {
		name, log, want string
	}{
		{"it healed", "T/L 0:403,fresh 60:403,fresh 61:200", "refresh_race=2"},
		{"refused for longer", "T/L 0:403,fresh 61:403 62:200", "not_permitted=1;unknown=1"},
		{"another failure is no refusal", "T/L 0:403,fresh 61:503 62:200", "refresh_race=1;server_error=1"},
		{"each by its own status", "T/L 0:401,fresh 10:403,fresh,invalid 20:403,fresh 80:401 90:200", "credential_rejected=2;not_permitted=1;unauthenticated=1"},
		{"also those after", "T/L 0:403,fresh 30:403 70:403,fresh 90:200", "not_permitted=2;unknown=1"},
		{"those of the next outage are its own", "T/L 0:403,fresh 10:200/1 61:403 62:200", "refresh_race=1"},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		s := StatesOf(logOf(t, texts, tt.log), texts, testPolicy())
		if got := s.Outages[0].Causes; got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestFailuresHaveTheCausesOfTheirOutage(t *testing.T) {
	texts := intern.NewTable()
	log := logOf(t, texts, "T/L 0:403,fresh 61:503 70:403 80:200 90:503 T/M 0:503 99:200")
	s := StatesOf(log, texts, testPolicy())
	var got []Cause
	for _, f := range Failures(log, texts, testPolicy(), &s.Outages[0]) {
		got = append(got, f.Cause)
	}
	if diff := gocmp.Diff([]Cause{NotPermitted, ServerError, Unknown}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSourcesWithoutSuccessesAreNamed(t *testing.T) {
	for words, want := range map[string]int{"T/L 0:503": 1, "T/L 0:503 1:200": 0, "": 0, "T/L 0:200/0": 1} {
		texts := intern.NewTable()
		if got := StatesOf(logOf(t, texts, words), texts, testPolicy()).Silent; len(got) != want {
			t.Errorf("%q: got %v, want %d", words, got, want)
		}
	}
}

func TestEveryCauseHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for c := range NumCauses {
		if c.String() == "" || seen[c.String()] {
			t.Errorf("cause %d: name %q (seen before: %v)", c, c, seen[c.String()])
		}
		seen[c.String()] = true
	}
}
