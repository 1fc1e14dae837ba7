package sample

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a refused token says of itself, or the log of its renewal, has to be
// reason enough for the cause that the story names.
func TestTheLogShowsTheCauseOfEveryRefusal(t *testing.T) {
	n := New(day)
	renewed := map[string]time.Time{} // by client
	unhealed := map[string]bool{}     // paths whose outage has a race that did not heal
	log := read(t, n).log
	for i, a := range log {
		if strings.HasSuffix(a.Path, "/oauth/token") && a.Status == 200 {
			renewed[a.Request.Client] = a.Time
		}
		if !strings.HasSuffix(a.Path, "/registrations") {
			continue
		}
		got := a.cause(t, renewed[a.Request.Client])
		if got == "refresh_race" && (unhealed[a.Path] || !heals(a, log[i+1:])) {
			got, unhealed[a.Path] = "not_permitted", true
		}
		if a.Status == 200 {
			unhealed[a.Path] = false
		}
		if want := n.causeAt(a); got != want {
			t.Errorf("the attempt at %v answered %d on %s looks like %q, want %q", a.Time, a.Status, a.Path, got, want)
		}
	}
}

// heals reports whether the line of a refusal is accepted before it is refused
// again more than a minute later.
func heals(refusal attempt, later []attempt) bool {
	for _, a := range later {
		if a.Path == refusal.Path && a.Status == 200 {
			return true
		}
		if a.Path == refusal.Path && a.Time.Sub(refusal.Time) > time.Minute {
			return false
		}
	}
	return false
}

// causeAt returns what the story says about an attempt.
func (n *Night) causeAt(a attempt) string {
	for _, o := range n.Story.Outages {
		if strings.Contains(a.Path, o.Line) && !a.Time.Before(o.Start) && a.Time.Before(o.End) {
			return o.Cause
		}
	}
	if a.Status == 401 {
		return "challenge"
	}
	return ""
}

func (a attempt) cause(t *testing.T, renewed time.Time) string {
	t.Helper()
	claims := a.Claims
	if a.AccessToken != "" {
		claims = decode(t, a.AccessToken)
	}
	var found []string
	if claims != nil {
		if claims["org_id"] != Org {
			found = append(found, "wrong_org")
		}
		if !slices.Contains(strings.Fields(claims["scope"].(string)), "sip:manage") {
			found = append(found, "scope_missing")
		}
		if claims["exp"].(float64) < float64(a.Time.Add(-time.Minute).Unix()) {
			found = append(found, "token_expired")
		}
	}
	switch {
	case a.Status == 499:
		found = append(found, "client_gave_up")
	case a.Status == 429:
		found = append(found, "throttled")
	case a.Status == 401 && len(found) == 0:
		found = append(found, "challenge")
	case a.Status == 403 && len(found) == 0 && a.Time.Sub(renewed) <= time.Minute:
		found = append(found, "refresh_race")
	}
	return strings.Join(found, " ")
}

func decode(t *testing.T, token string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatalf("token %q: %v", token, err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatalf("token %q: %v", token, err)
	}
	return claims
}
