package policy

import (
	"fmt"

	"cdrmend/internal/token"
)

// parseKeys parses the keys with which tokens are checked.
func (p *Policy) parseKeys() error {
	if p.TokenKeys == nil {
		return nil
	}
	var err error
	if p.keys, err = token.ParseKeys(p.TokenKeys); err != nil {
		return fmt.Errorf("reading policy.token_keys: %w", err)
	}
	return nil
}

// TokenRules returns what tokens are checked against.
func (c *Config) TokenRules() *token.Rules {
	p := &c.Policy
	return &token.Rules{Keys: p.keys, Required: p.RequiredScopes, ScopeClaims: p.ScopeClaims, Leeway: p.Leeway, Race: p.RefreshRace, Limits: c.Limits}
}

// parseSigning parses the key that signs commit records and the keys that may
// have signed earlier ones.
func (b *builder) parseSigning() error {
	if b.signingKey == nil {
		return nil
	}
	d := b.doc.Signing
	signer, err := token.ParseSigner(b.signingKey, d.KeyID)
	if err != nil {
		return fmt.Errorf("reading signing.key: %q %w", b.path(d.Key), err)
	}

	// Records that an earlier key signed must stay valid.
	keys := signer.Public()
	if b.signingKeys != nil {
		earlier, err := token.ParseKeys(b.signingKeys)
		if err != nil {
			return fmt.Errorf("reading signing.keys: it %w", err)
		}
		keys = keys.And(earlier)
	}
	if keys.Ended(signer.Thumbprint()) {
		return fmt.Errorf("reading signing.key: %q has an end in signing.keys, so nothing that it signs would count; sign with the key that follows it", b.path(d.Key))
	}

	b.cfg.Signing.Signer, b.cfg.Signing.Keys = signer, keys
	return nil
}
