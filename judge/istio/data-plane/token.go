package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	securityv1beta1 "istio.io/api/security/v1beta1"

	"aks-mesh/judge/istio/internal/cluster"
)

// signedToken is a token that says so, signed by the one key that the objects' RequestAuthentications name. Without any nobody reads it.
func signedToken(objects *cluster.Objects, claims map[string]any) (string, error) {
	var key []byte
	for _, config := range objects.Configs {
		authentication, isOne := config.Spec.(*securityv1beta1.RequestAuthentication)
		if !isOne {
			continue
		}
		for _, rule := range authentication.GetJwtRules() {
			var set struct {
				Keys []struct {
					K string `json:"k"`
				} `json:"keys"`
			}
			if err := json.Unmarshal([]byte(rule.GetJwks()), &set); err != nil {
				return "", fmt.Errorf("keys of %s: %w", rule.GetIssuer(), err)
			}
			if len(set.Keys) != 1 || set.Keys[0].K == "" {
				return "", fmt.Errorf("keys of %s: not one of the type oct", rule.GetIssuer())
			}
			var err error
			if key, err = base64.RawURLEncoding.DecodeString(set.Keys[0].K); err != nil {
				return "", err
			}
		}
	}
	said, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	text := head + "." + base64.RawURLEncoding.EncodeToString(said)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
