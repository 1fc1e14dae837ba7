package policy

import (
	"encoding/json"
	"fmt"
	"net/url"

	"cdrmend/internal/yamlfile"
)

// hidden replaces a secret.
const hidden = "(hidden)"

// Effective returns the loaded configuration as YAML with every default
// filled in and secrets hidden. It can be loaded again from the same
// directory, with the same identity. It is nil for a configuration that was
// not loaded.
func (c *Config) Effective() ([]byte, error) {
	if c.doc == nil {
		return nil, nil
	}

	// The copy is shallow, so everything with a secret is replaced, not changed.
	d := *c.doc
	d.Sources = sourcesDocument{hideAll(d.Sources.Manifests), hideAll(d.Sources.CDRs), hideAll(d.Sources.Registrations)}
	d.Media.S3, d.Output.S3, d.S3 = hide(d.Media.S3), hide(d.Output.S3), hide(d.S3)
	if d.Metrics.Pushgateway != "" {
		d.Metrics.Pushgateway = hideGateway(d.Metrics.Pushgateway)
	}

	if d.Notify != nil { // the whole URL of a webhook may be its password
		d.Notify = &notifyDocument{URL: hiddenURL, Key: d.Notify.Key}
	}
	if d.Timestamp != nil { // it may hold a password, also in its path
		d.Timestamp = &timestampDocument{URL: hiddenURL}
	}
	b, err := yamlfile.Marshal(&d)
	if err != nil {
		return nil, fmt.Errorf("writing the effective configuration: %w", err)
	}

	return b, nil
}

// EffectiveJSON returns the same as Effective as a JSON object. Its keys are in the
// order of their names.
func (c *Config) EffectiveJSON() ([]byte, error) {
	text, err := c.Effective()
	if err != nil || text == nil {
		return nil, err
	}
	f, err := yamlfile.Parse(c.Path, text)
	if err != nil {
		return nil, fmt.Errorf("writing the effective configuration: %w", err)
	}
	var object json.RawMessage
	err = f.Decode(&object)
	return object, err
}

func hideAll(sources []sourceDocument) []sourceDocument {
	all := make([]sourceDocument, 0, len(sources))
	for _, s := range sources {
		s.S3 = hide(s.S3)
		all = append(all, s)
	}
	return all
}

func hide(s s3Document) s3Document {
	if s.ExternalID != "" {
		s.ExternalID = hidden
	}
	s.Endpoint = hideURL(s.Endpoint)
	return s
}

const hiddenURL = "https://" + hidden

// hideURL hides a URL that may hold a password.
func hideURL(text string) string {
	if u, err := url.Parse(text); err != nil || u.User != nil || u.RawQuery != "" {
		return hiddenURL
	}
	return text
}

// hideGateway also hides a URL with a path: a gateway behind a proxy may have its
// token there.
func hideGateway(text string) string {
	if u, err := url.Parse(text); err != nil || u.Path != "" && u.Path != "/" {
		return hiddenURL
	}
	return hideURL(text)
}
