package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	uritemplatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	"net/netip"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// subject is what access rules are about; a nil request is a TCP connection.
type subject struct {
	connection Connection
	request    *Request
	// metadata is what filters before this one said, by filter and key.
	metadata map[string]map[string]string
	// token is what the filter of tokens said before this one, nil for nothing.
	token map[string]any
}

// allows tells what the rules of one RBAC filter say, nil of which say nothing.
func (e *Engine) allows(rules *rbacv3.RBAC, it subject) bool {
	if rules == nil || rules.GetAction() == rbacv3.RBAC_LOG {
		return true
	}
	matched := false
	for _, policy := range rules.GetPolicies() {
		if policy.GetCondition() != nil || policy.GetCheckedCondition() != nil {
			e.Unsupported("an access rule with an expression")
		}
		if e.anyPermission(policy.GetPermissions(), it) && e.anyPrincipal(policy.GetPrincipals(), it) {
			matched = true
		}
	}
	return matched == (rules.GetAction() == rbacv3.RBAC_ALLOW)
}

func (e *Engine) anyPermission(list []*rbacv3.Permission, it subject) bool {
	found := false
	for _, one := range list {
		found = e.permission(one, it) || found
	}
	return found
}

func (e *Engine) anyPrincipal(list []*rbacv3.Principal, it subject) bool {
	found := false
	for _, one := range list {
		found = e.principal(one, it) || found
	}
	return found
}

func (e *Engine) permission(permission *rbacv3.Permission, it subject) bool {
	switch rule := permission.GetRule().(type) {
	case *rbacv3.Permission_Any:
		return rule.Any
	case *rbacv3.Permission_AndRules:
		all := true
		for _, one := range rule.AndRules.GetRules() {
			all = e.permission(one, it) && all
		}
		return all
	case *rbacv3.Permission_OrRules:
		return e.anyPermission(rule.OrRules.GetRules(), it)
	case *rbacv3.Permission_NotRule:
		return !e.permission(rule.NotRule, it)
	case *rbacv3.Permission_Header:
		return it.request != nil && e.header(rule.Header, it.request)
	case *rbacv3.Permission_UrlPath:
		return it.request != nil && e.text(rule.UrlPath.GetPath(), withoutQuery(it.request.Path))
	case *rbacv3.Permission_UriTemplate:
		var config uritemplatev3.UriTemplateMatchConfig
		if err := rule.UriTemplate.GetTypedConfig().UnmarshalTo(&config); err != nil {
			e.Unsupported("a path condition that is no URI template: %v", err)
			return false
		}
		expression, err := templateExpression(config.GetPathTemplate())
		if err != nil {
			e.Unsupported("the URI template %q: %v", config.GetPathTemplate(), err)
			return false
		}
		return it.request != nil && expression.MatchString(withoutQuery(it.request.Path))
	case *rbacv3.Permission_DestinationIp:
		return e.inRange(rule.DestinationIp, it.connection.DestinationIP)
	case *rbacv3.Permission_DestinationPort:
		return rule.DestinationPort == it.connection.DestinationPort
	case *rbacv3.Permission_RequestedServerName:
		return e.text(rule.RequestedServerName, it.connection.ServerName)
	case *rbacv3.Permission_Metadata:
		return e.metadata(rule.Metadata, it)
	}
	e.Unsupported("an access rule on %T", permission.GetRule())
	return false
}

func (e *Engine) principal(principal *rbacv3.Principal, it subject) bool {
	switch identifier := principal.GetIdentifier().(type) {
	case *rbacv3.Principal_Any:
		return identifier.Any
	case *rbacv3.Principal_AndIds:
		all := true
		for _, one := range identifier.AndIds.GetIds() {
			all = e.principal(one, it) && all
		}
		return all
	case *rbacv3.Principal_OrIds:
		return e.anyPrincipal(identifier.OrIds.GetIds(), it)
	case *rbacv3.Principal_NotId:
		return !e.principal(identifier.NotId, it)
	case *rbacv3.Principal_Authenticated_:
		name := identifier.Authenticated.GetPrincipalName()
		if it.connection.Peer == "" {
			return false
		}
		return name == nil || e.text(name, it.connection.Peer)
	case *rbacv3.Principal_DirectRemoteIp:
		return e.inRange(identifier.DirectRemoteIp, it.connection.SourceIP)
	case *rbacv3.Principal_RemoteIp:
		if it.request != nil && len(it.request.Headers["x-forwarded-for"]) > 0 {
			e.Unsupported("the remote address of a request with x-forwarded-for")
		}
		return e.inRange(identifier.RemoteIp, it.connection.SourceIP)
	case *rbacv3.Principal_Header:
		return it.request != nil && e.header(identifier.Header, it.request)
	case *rbacv3.Principal_UrlPath:
		return it.request != nil && e.text(identifier.UrlPath.GetPath(), withoutQuery(it.request.Path))
	case *rbacv3.Principal_Metadata:
		return e.metadata(identifier.Metadata, it)
	}
	e.Unsupported("an access rule on %T", principal.GetIdentifier())
	return false
}

// metadata is what filters say of a request.
func (e *Engine) metadata(matcher *matcherv3.MetadataMatcher, it subject) bool {
	path := matcher.GetPath()
	if matcher.GetFilter() == jwtFilter {
		return e.claim(matcher, it.token) != matcher.GetInvert()
	}
	known := it.metadata[matcher.GetFilter()]
	value, found := "", false
	if len(path) == 1 {
		value, found = known[path[0].GetKey()]
	}
	matched := found && e.value(matcher.GetValue(), value)
	return matched != matcher.GetInvert()
}

func (e *Engine) value(matcher *matcherv3.ValueMatcher, value string) bool {
	switch it := matcher.GetMatchPattern().(type) {
	case *matcherv3.ValueMatcher_StringMatch:
		return e.text(it.StringMatch, value)
	case *matcherv3.ValueMatcher_PresentMatch:
		return it.PresentMatch
	case *matcherv3.ValueMatcher_OrMatch:
		found := false
		for _, one := range it.OrMatch.GetValueMatchers() {
			found = e.value(one, value) || found
		}
		return found
	case *matcherv3.ValueMatcher_ListMatch:
		return false // the values here are no lists
	}
	e.Unsupported("a metadata condition of type %T", matcher.GetMatchPattern())
	return false
}

func (e *Engine) inRange(cidr *corev3.CidrRange, address netip.Addr) bool {
	base, err := netip.ParseAddr(cidr.GetAddressPrefix())
	if err != nil {
		e.Unsupported("the address range %s: %v", cidr, err)
		return false
	}
	return netip.PrefixFrom(base, int(cidr.GetPrefixLen().GetValue())).Masked().Contains(address)
}
