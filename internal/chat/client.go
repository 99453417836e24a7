package chat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Sign is the signature of an external id that lets its client continue a session in a chat
// with IdentitySigned: hex HMAC-SHA256 with the chat's secret (TWIN, clientSignature (D)).
func Sign(secret, externalID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(externalID))
	return hex.EncodeToString(mac.Sum(nil))
}

// trustedAliases are the names by which the caller may continue a client's session. The
// first one found decides. A signature that is there but wrong is CodeUnauthenticated.
func trustedAliases(c *Chat, p *StartParams) ([]Alias, error) {
	if p.Signature != "" {
		if p.ExternalID == "" {
			return nil, Invalid("clientExternalId", "expected the external id that clientSignature signs")
		}
		want := Sign(c.Secret, p.ExternalID)
		if c.Secret == "" || !hmac.Equal([]byte(strings.ToLower(p.Signature)), []byte(want)) {
			return nil, &Error{Code: CodeUnauthenticated, Field: "clientSignature", Message: "the signature does not match"}
		}
		return []Alias{{AliasExternal, p.ExternalID}}, nil
	}
	if c.Identity != IdentityOpen {
		return nil, nil
	}
	var names []Alias
	add := func(k AliasKind, v string) {
		if v != "" {
			names = append(names, Alias{k, v})
		}
	}
	add(AliasExternal, p.ExternalID)
	if p.Details.MessengerUserID != "" {
		add(AliasMessenger, p.Details.MessengerType+":"+p.Details.MessengerUserID)
	}
	add(AliasPhone, digits(p.Client.Phone))
	add(AliasEmail, strings.ToLower(p.Client.Email))
	return names, nil
}

// digits is a phone number as it is compared: however it is written, by its digits.
func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// findClient finds the returning client by the names the caller has a right to, nil if there
// is none.
func findClient(tx Tx, c *Chat, names []Alias) (*Client, error) {
	names, _ = decisive(names)
	for _, a := range names {
		client, err := tx.FindClientByAlias(c.Key, a)
		if err == nil {
			return client, nil
		}
		if CodeOf(err) != CodeNotFound {
			return nil, err
		}
	}
	return nil, nil
}

// decisive parts the names by which a client is found from the others. Up to an external id all
// of them are: a person with another one is another person, though they share a phone.
func decisive(names []Alias) (known, others []Alias) {
	for i := range names {
		if names[i].Kind == AliasExternal {
			return names[:i+1], names[i+1:]
		}
	}
	return names, nil
}

// createClient stores a new client under the names it may later be found by.
func (s *Service) createClient(tx Tx, c *Chat, p *StartParams, names []Alias) (*Client, error) {
	client := p.Client
	client.ID = s.NewSecretID()
	client.ExternalID = externalID(names)
	client.CreatedAt = s.Now()
	if err := tx.CreateClient(&client); err != nil {
		return nil, err
	}
	known, others := decisive(names)
	for _, a := range known { // of two who come at once under a name, the second finds the first
		if err := tx.CreateAlias(c.Key, client.Key, a); err != nil {
			return nil, err
		}
	}
	return &client, addAliases(tx, c, &client, others)
}

// externalID is the external id the caller has a right to, "" if none.
func externalID(names []Alias) string {
	for _, a := range names {
		if a.Kind == AliasExternal {
			return a.Value
		}
	}
	return ""
}

func addAliases(tx Tx, c *Chat, client *Client, names []Alias) error {
	for _, a := range names {
		if err := tx.AddAlias(c.Key, client.Key, a); err != nil {
			return err
		}
	}
	return nil
}

// refresh takes over what the caller newly says of a known client; it reports a change.
func (c *Client) refresh(p *StartParams, names []Alias) bool {
	changed := false
	set := func(old *string, now string) {
		if now != "" && now != *old {
			*old, changed = now, true
		}
	}
	set(&c.ExternalID, externalID(names))
	set(&c.Name, p.Client.Name)
	set(&c.FirstName, p.Client.FirstName)
	set(&c.MiddleName, p.Client.MiddleName)
	set(&c.LastName, p.Client.LastName)
	set(&c.NameForOperator, p.Client.NameForOperator)
	set(&c.Phone, p.Client.Phone)
	set(&c.Email, p.Client.Email)
	set(&c.DeviceID, p.Client.DeviceID)
	if t := p.Client.Timezone; t != nil && (c.Timezone == nil || *c.Timezone != *t) {
		c.Timezone, changed = t, true
	}
	for k, v := range p.Client.Metadata {
		if old, ok := c.Metadata[k]; !ok || old != v {
			if c.Metadata == nil {
				c.Metadata = make(map[string]string, len(p.Client.Metadata))
			}
			c.Metadata[k], changed = v, true
		}
	}
	return changed
}
