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

var causes = [NumCauses]struct{ name, sentence, remedy string }{
	Unknown: {
		"unknown", "the registration was refused, and nothing in the log says why",
		"log the claims of the token, the answer to its introspection, the WWW-Authenticate header or the requests for tokens",
	},
	Untrusted: {
		"token_untrusted", "the signature of the token does not verify with the configured keys",
		"find out who issued the token, and keep the configured key set up to date",
	},
	Inactive: {
		"token_inactive", "the issuer says that the token is not active: it was revoked, or it expired",
		"request a new token, and find out who or what revoked this one",
	},
	Expired: {
		"token_expired", "the token had expired",
		"refresh the token before it expires",
	},
	NotYetValid: {
		"token_not_yet_valid", "the token was not valid yet",
		"set the clocks of the client and of the token's issuer right",
	},
	WrongOrg: {
		"wrong_org", "the token was issued for another organisation",
		"use the credentials of the organisation that the line belongs to",
	},
	ScopeMissing: {
		"scope_missing", "the token lacks a required scope",
		"give the OAuth client that scope, then request a new token",
	},
	RefreshRace: {
		"refresh_race", "the token had only just been issued, and was perhaps not known everywhere yet",
		"keep using the old token until the new one is known everywhere, or repeat the registration after a pause",
	},
	CredentialRejected: {
		"credential_rejected", "the token looks right, but it was refused",
		"check whether the OAuth client is active and its secret is the current one, and request a new token",
	},
	NotPermitted: {
		"not_permitted", "the token was valid and known, but the client may not register this line",
		"check the role, the division and the scopes of the OAuth client; if they are right, give the vendor the correlation id of a refusal",
	},
}

// String returns the name that tables use.
func (c Cause) String() string { return causes[c].name }

// Sentence says in plain words what happened, without capital and full stop.
func (c Cause) Sentence() string { return causes[c].sentence }

// Remedy says in plain words what can be done about it.
func (c Cause) Remedy() string { return causes[c].remedy }
