package token

// Cause is why a registration was answered 401 or 403.
type Cause uint8

// The causes, in the order in which they are tested; Unknown is what remains.
// NotPermitted is a refresh race that did not heal.
const (
	Unknown Cause = iota
	Untrusted
	Inactive
	Expired
	NotYetValid
	WrongOrg
	ScopeMissing
	RefreshRace
	CredentialRejected
	NotPermitted
	NumCauses // how many there are
)

// What each cause means, and what to do, says package wording.
var causes = [NumCauses]string{
	Unknown:            "unknown",
	Untrusted:          "token_untrusted",
	Inactive:           "token_inactive",
	Expired:            "token_expired",
	NotYetValid:        "token_not_yet_valid",
	WrongOrg:           "wrong_org",
	ScopeMissing:       "scope_missing",
	RefreshRace:        "refresh_race",
	CredentialRejected: "credential_rejected",
	NotPermitted:       "not_permitted",
}

// String returns the name that tables use.
func (c Cause) String() string { return causes[c] }
