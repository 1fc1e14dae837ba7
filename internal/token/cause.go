package token

// Cause is why a registration was answered 401 or 403.
type Cause uint8

// The causes, in the order in which they are tested. Unknown means that no
// test said anything.
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
	NumCauses // how many there are
)

var causes = [NumCauses]struct{ name, sentence, remedy string }{
	Unknown: {
		"unknown", "the registration was refused and nothing in the log says why",
		"log the token's claims, the answer to its introspection or the time of its last refresh",
	},
	Untrusted: {
		"token_untrusted", "the token's signature does not verify with the configured keys",
		"find out who issued the token, and keep the key set up to date",
	},
	Inactive: {
		"token_inactive", "the token was revoked or is not active for its issuer",
		"request a new token, and find out why this one was revoked",
	},
	Expired: {
		"token_expired", "the token had expired",
		"refresh the token before it expires",
	},
	NotYetValid: {
		"token_not_yet_valid", "the token was not yet valid",
		"set the clocks of the client and the token's issuer right",
	},
	WrongOrg: {
		"wrong_org", "the token was issued for another organisation",
		"use the credentials of the organisation that the line belongs to",
	},
	ScopeMissing: {
		"scope_missing", "the token lacks a required scope",
		"give the service account that scope, then request a new token",
	},
	RefreshRace: {
		"refresh_race", "the token had only just been issued and may not have been known everywhere",
		"keep using the old token until the new one has spread, or repeat the registration after a pause",
	},
	CredentialRejected: {
		"credential_rejected", "the token looks right, yet it was refused",
		"check the permissions and the state of the service account",
	},
}

// String returns the name that tables use.
func (c Cause) String() string { return causes[c].name }

// Sentence says in plain words what happened, without capital and full stop.
func (c Cause) Sentence() string { return causes[c].sentence }

// Remedy says in plain words what can be done about it.
func (c Cause) Remedy() string { return causes[c].remedy }
