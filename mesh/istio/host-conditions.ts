import { rulesOf } from "./calls/delegates";
import { patternOf } from "./calls/routes";
import { anything, literally, valuePattern } from "./authorization/matcher";
import { type IstioPlane } from "./plane";
import { type AuthorizationPolicyState, isOfHost, isOfHostHeader } from "./state/authorization-policies";
import { type HttpMatchState, type StringMatchState, type VirtualServiceState } from "./state/virtual-services";

/** What is asked of the Host header. */
export interface HostCondition {
  /** RE2 of those that meet it; in lower case where case does not count. */
  readonly pattern: string;
  /** The only one that meets it; undefined where others do. */
  readonly only: string | undefined;
  /** Whether upper and lower case are told apart. */
  readonly tellsCase: boolean;
}

/** What a policy asks: case counts in `when` alone. */
export function conditionsOfPolicy({ rules }: AuthorizationPolicyState): readonly HostCondition[] {
  const found: HostCondition[] = [];
  const add = (values: readonly string[], tellsCase: boolean): void => {
    for (const value of values) {
      const text = tellsCase ? value : value.toLowerCase();
      const isExact = !text.startsWith("*") && !text.endsWith("*");
      found.push({ pattern: valuePattern(text, anything), only: isExact ? text : undefined, tellsCase });
    }
  };
  for (const { to, when } of rules) {
    for (const { hosts = [], notHosts = [] } of to) {
      add(hosts, false);
      add(notHosts, false);
    }
    for (const condition of when) {
      if (!isOfHost(condition)) continue;
      add(condition.values, true);
      add(condition.notValues, true);
    }
  }
  return found;
}

/** What the HTTP rules of a VirtualService ask, those included that it delegates to. */
export function conditionsOfRoutes(plane: IstioPlane, service: VirtualServiceState): readonly HostCondition[] {
  return rulesOf(plane, service).flatMap(({ matches }) => matches.flatMap(askedBy).map(conditionOf));
}

function askedBy({ authority, headers, withoutHeaders }: HttpMatchState): readonly StringMatchState[] {
  const named = [headers, withoutHeaders].flatMap((all) =>
    [...all].flatMap(([name, value]) => (isOfHostHeader(name) ? [value] : [])),
  );
  return authority === undefined ? named : [authority, ...named];
}

function conditionOf(match: StringMatchState): HostCondition {
  return { pattern: patternOf(match), only: match.kind === "exact" ? match.value : undefined, tellsCase: true };
}

/** RE2 of the Host headers that have a name: in any case, with any port, and with a dot at the end. */
export function withName(names: string): string {
  return `(?i:${names})\\.?(?::[0-9]+)?`;
}

/** RE2 of the Host headers of a name, or of all names within a pattern. */
export function withNameWithin(pattern: string): string {
  return withName(pattern.startsWith("*") ? `[^:]*${literally(pattern.slice(1))}` : literally(pattern));
}
