package wording

// causes explain why registrations failed, ended or were removed.
var causes = map[string]Words{
	// Refusals with 401 and 403.
	"token_untrusted": {
		Sentence: "the signature of the token does not verify with the configured keys",
		Remedy:   "find out who issued the token, and keep the configured key set up to date",
		Title:    "set up the keys that verify tokens",
	},
	"token_inactive": {
		Sentence: "the issuer says that the token is not active: it was revoked, or it expired",
		Remedy:   "request a new token, and find out who or what revoked this one",
		Title:    "find out who revoked the token",
	},
	"token_expired": {
		Sentence: "the token had expired",
		Remedy:   "refresh the token before it expires",
		Title:    "refresh tokens before they expire",
	},
	"token_not_yet_valid": {
		Sentence: "the token was not valid yet",
		Remedy:   "set the clocks of the client and of the token's issuer right",
		Title:    "set the clocks right",
	},
	"wrong_org": {
		Sentence: "the token was issued for another organisation",
		Remedy:   "use the credentials of the organisation that the line belongs to",
		Title:    "use the credentials of the right organisation",
	},
	"scope_missing": {
		Sentence: "the token lacks a required scope",
		Remedy:   "give the OAuth client that scope, then request a new token",
		Title:    "give the OAuth client the scope",
	},
	"refresh_race": {
		Sentence: "the token had only just been issued, and was perhaps not known everywhere yet",
		Remedy:   "keep using the old token until the new one is known everywhere, or repeat the registration after a pause",
		Title:    "keep old tokens until new ones are known",
	},
	"credential_rejected": {
		Sentence: "the token looks right, but it was refused",
		Remedy:   "check whether the OAuth client is active and its secret is the current one, and request a new token",
		Title:    "check the OAuth client and its secret",
	},
	"not_permitted": {
		Sentence: "the token was valid and known, but the client may not register this line",
		Remedy:   "check the role, the division and the scopes of the OAuth client; if they are right, give the vendor the correlation id of a refusal",
		Title:    "check what the OAuth client is permitted to do",
	},
	"unknown": {
		Sentence: "the registration was refused, and nothing in the log says why",
		Remedy:   "log the claims of the token, the answer to its introspection, the WWW-Authenticate header or the requests for tokens",
		Title:    "log why registrations are refused",
	},

	// Other answers.
	"unauthenticated": {
		Sentence: "the registration carried no valid credentials",
		Remedy:   "check the SIP user name and password of the line, and whether the client sends its token at all",
		Title:    "check the SIP user names and passwords",
	},
	"unknown_line": {
		Sentence: "the registrar does not know the line",
		Remedy:   "provision the line again, or correct its id in the client",
		Title:    "provision unknown lines again",
	},
	"timeout": {
		Sentence: "nobody answered the registration in time",
		Remedy:   "look at what lies between the client and the registrar: name resolution, certificates, the firewall and the SIP transport",
		Title:    "check the network between client and registrar",
	},
	"interval_too_brief": {
		Sentence: "the registration was asked for too short a time",
		Remedy:   "ask for at least the time that the registrar names in Min-Expires",
		Title:    "ask for longer registrations",
	},
	"throttled": {
		Sentence: "the registrar refused because of too many requests",
		Remedy:   "spread the registrations of all lines out, and wait as long as the answer says",
		Title:    "spread registrations out",
	},
	"client_gave_up": {
		Sentence: "the client ended the request before it was answered",
		Remedy:   "raise the client's time limit above that of the registrar, and find out why the answer took so long",
		Title:    "raise the time limit of the client",
	},
	"server_error": {
		Sentence: "the registrar failed",
		Remedy:   "ask the provider what happened at that time",
		Title:    "ask the provider what happened",
	},
	"rejected": {
		Sentence: "the registrar refused the registration",
		Remedy:   "look up the status and the reason of the answer in the log",
		Title:    "look up why registrations were refused",
	},

	// Outages without a failure.
	"lapsed": {
		Sentence: "the registration ended, and the client did not try to renew it",
		Remedy:   "find out why the client stopped: look at its process, its host and its own log at that time",
		Title:    "find out why clients stopped registering",
	},
	"deregistered": {
		Sentence: "the client removed the registration",
		Remedy:   "find out who or what signed the line off, and whether calls were still routed to it",
		Title:    "find out who signed lines off",
	},
	"token_request_failed": {
		Sentence: "the registration ended while the client could not get a token",
		Remedy:   "rotate credentials with an overlap, so that the old secret works until every client has the new one; let one process refresh the token for all lines",
		Title:    "rotate credentials with an overlap",
	},
}

// Opening says what opened an outage.
type Opening uint8

// What opens an outage.
const (
	Failure Opening = iota
	Lapse
	Removal
)

// OpenedBy returns what opened an outage of a cause. Nobody failed to register in
// one that a lapse or a removal opened.
func OpenedBy(cause string) Opening {
	switch cause {
	case "lapsed", "token_request_failed":
		return Lapse
	case "deregistered":
		return Removal
	}
	return Failure
}
