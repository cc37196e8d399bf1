import { type CallTree, end, type Rule, type Rules } from "../../analysis/call-tree";
import { conditionKey } from "../../request/condition-key";
import { type RequestCondition } from "../../request/request-set";
import { isClaim, issuerClaim } from "../../request/token-claims";
import { anyOfPatterns, anyRequest, anything, literally } from "../authorization/matcher";
import { type IstioPlane } from "../plane";
import { type TokenRule } from "../state/request-authentications";
import { type Client } from "./client";

/** Whether pods look at tokens before they route: gateways do. */
export function readsTokens(plane: IstioPlane, client: Client): boolean {
  return tokenRules(plane, client).length > 0;
}

function tokenRules({ policiesOf }: IstioPlane, { pods: [pod] }: Client): readonly TokenRule[] {
  return pod === undefined ? [] : policiesOf(pod).tokens.flatMap(({ rules }) => rules);
}

interface TokenRuleOnward extends Rule {
  readonly leadsTo: CallTree;
}

/**
 * What comes of requests that a gateway has looked at the tokens of: a token that a rule takes goes no further, unless the rule says so
 * (Envoy, jwt_authn/authenticator.cc, by JwtProvider.forward; istiod writes forwardOriginalToken there).
 *
 * @param on what comes of them with their token, or without.
 */
export function withTokens(plane: IstioPlane, gateway: Client, on: (withoutToken: boolean) => CallTree): CallTree {
  const kept = on(false);
  const rules = tokenRules(plane, gateway);
  const taking = rules.filter(({ forwards }) => !forwards);
  if (taking.length === 0 || !asksForTokens(kept)) return kept;
  const forwarding = rules.filter(({ forwards }) => forwards);
  const gone = on(true);
  if (forwarding.length === 0) return gone;
  const issuers = (some: readonly TokenRule[]): RequestCondition => ({
    ...anyRequest,
    headers: new Map([[issuerClaim, patternOf(some)]]),
  });
  const condition = { ...issuers(forwarding), except: [issuers(taking)] };
  const ways: readonly TokenRuleOnward[] = [
    { ...condition, key: conditionKey(condition), text: "a token that goes on", leadsTo: kept },
    { ...anyRequest, key: conditionKey(anyRequest), text: "any other request", leadsTo: gone },
  ];
  const onward: Rules<TokenRuleOnward> = {
    kind: "rules",
    list: { rules: ways, groups: [{ source: "forwardOriginalToken", rules: ways }] },
    then: (rule) => rule.leadsTo,
    because: () => [],
    // Every request is one of these.
    otherwise: end("denied", []),
  };
  return onward;
}

function patternOf(rules: readonly TokenRule[]): string {
  const issuers = rules.map(({ issuer }) => issuer);
  return issuers.includes(undefined) ? anything : anyOfPatterns(issuers.map((one) => literally(one ?? "")));
}

/** Whether anything in a tree asks for claims of tokens. */
function asksForTokens(tree: CallTree): boolean {
  switch (tree.kind) {
    case "end":
      return false;
    case "choice":
      return tree.branches.some((branch) => asksForTokens(branch.tree));
    case "rules":
      return (
        tree.list.rules.some((rule) => asksForClaim(rule) || asksForTokens(tree.then(rule))) ||
        asksForTokens(tree.otherwise)
      );
    default:
      return asksForTokens(tree.tree);
  }
}

function asksForClaim({ headers, also = [], except = [] }: RequestCondition): boolean {
  return (headers !== undefined && [...headers.keys()].some(isClaim)) || [...also, ...except].some(asksForClaim);
}
