package envoy

import (
	"net/http"
	"slices"
	"strings"

	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

const jwtFilter = "envoy.filters.http.jwt_authn"

// payload is the key under which the filter keeps what a token says.
const payload = "payload"

// taken is what the filter makes of a token.
type taken struct {
	token map[string]any
	// removed tells whether the token goes no further, clears whether the route is looked for again.
	removed, clears bool
}

// authenticate tells what the filter makes of a token, and the status with which it refuses its request, 0 where it does not. Every token is signed by the keys of the
// rules that take it; one without a claim iss is that of no issuer.
func (e *Engine) authenticate(filter *hcmv3.HttpFilter, token map[string]any) (taken, int) {
	var it taken
	var config jwtv3.JwtAuthentication
	if err := filter.GetTypedConfig().UnmarshalTo(&config); err != nil {
		e.Unsupported("the filter of tokens: %v", err)
		return it, http.StatusUnauthorized
	}
	if len(config.GetRules()) != 1 || config.GetRules()[0].GetMatch().GetPrefix() != "/" {
		e.Unsupported("tokens that are asked for by the path")
	}
	if token == nil {
		return it, 0
	}
	status := http.StatusUnauthorized
	for _, provider := range config.GetProviders() {
		if issuer := provider.GetIssuer(); issuer != "" && issuer != token["iss"] {
			continue
		}
		if len(provider.GetAudiences()) > 0 && !slices.ContainsFunc(texts(token["aud"]), func(audience string) bool {
			return slices.ContainsFunc(provider.GetAudiences(), func(taken string) bool { return plain(audience) == plain(taken) })
		}) {
			// An error that tells more than that the issuer is unknown.
			status = http.StatusForbidden
			continue
		}
		// Each provider that takes the token does its own with it.
		it.token = token
		it.removed = it.removed || !provider.GetForward()
		it.clears = it.clears || provider.GetClearRouteCache()
	}
	if it.token == nil {
		return it, status
	}
	return it, 0
}

// plain is an audience as it is compared with others.
func plain(audience string) string {
	for _, scheme := range []string{"http://", "https://"} {
		if rest, found := strings.CutPrefix(audience, scheme); found {
			return strings.TrimSuffix(rest, "/")
		}
	}
	return strings.TrimSuffix(audience, "/")
}

// texts are the texts of a claim that is one, or a list of them.
func texts(claim any) []string {
	if text, isText := claim.(string); isText {
		return []string{text}
	}
	list, _ := claim.([]any)
	var found []string
	for _, one := range list {
		if text, isText := one.(string); isText {
			found = append(found, text)
		}
	}
	return found
}

// claim holds a claim against a condition.
func (e *Engine) claim(matcher *matcherv3.MetadataMatcher, token map[string]any) bool {
	path := matcher.GetPath()
	if len(path) < 2 || path[0].GetKey() != payload {
		e.Unsupported("a condition on what the filter of tokens keeps beside the token")
		return false
	}
	var value any = token
	for _, segment := range path[1:] {
		inner, isObject := value.(map[string]any)
		if !isObject {
			return false
		}
		var found bool
		if value, found = inner[segment.GetKey()]; !found {
			return false
		}
	}
	return e.claimValue(matcher.GetValue(), value)
}

func (e *Engine) claimValue(matcher *matcherv3.ValueMatcher, value any) bool {
	switch it := matcher.GetMatchPattern().(type) {
	case *matcherv3.ValueMatcher_StringMatch:
		text, isText := value.(string)
		return isText && e.text(it.StringMatch, text)
	case *matcherv3.ValueMatcher_OrMatch:
		found := false
		for _, one := range it.OrMatch.GetValueMatchers() {
			found = e.claimValue(one, value) || found
		}
		return found
	case *matcherv3.ValueMatcher_ListMatch:
		list, isList := value.([]any)
		found := false
		for _, one := range list {
			found = e.claimValue(it.ListMatch.GetOneOf(), one) || found
		}
		return isList && found
	}
	e.Unsupported("a condition on a claim of type %T", matcher.GetMatchPattern())
	return false
}
