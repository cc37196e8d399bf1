package envoy

import (
	rbac_v3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
)

// rbacAllows evaluates access rules as OSM writes them: action ALLOW, policies in OR, principals by exact name or any,
// permissions by destination port or any. A rule of any other form matches nothing.
func rbacAllows(rules *rbac_v3.RBAC, connection Connection) bool {
	if rules == nil {
		return true
	}
	for _, policy := range rules.GetPolicies() {
		if anyPrincipal(policy.GetPrincipals(), connection) && anyPermission(policy.GetPermissions(), connection) {
			return true
		}
	}
	return false
}

func anyPrincipal(principals []*rbac_v3.Principal, connection Connection) bool {
	for _, it := range principals {
		switch it.GetIdentifier().(type) {
		case *rbac_v3.Principal_Any:
			return true
		case *rbac_v3.Principal_Authenticated_:
			if connection.TLS && connection.Peer != "" &&
				it.GetAuthenticated().GetPrincipalName().GetExact() == connection.Peer {
				return true
			}
		}
	}
	return false
}

func anyPermission(permissions []*rbac_v3.Permission, connection Connection) bool {
	for _, it := range permissions {
		switch it.GetRule().(type) {
		case *rbac_v3.Permission_Any:
			return true
		case *rbac_v3.Permission_DestinationPort:
			if it.GetDestinationPort() == connection.DestinationPort {
				return true
			}
		}
	}
	return false
}
