import { type Guarantee } from "../analysis/guarantees";
import { type GuaranteeRule, type Policy } from "./model";
import { kubernetesName, serviceOf } from "./names";

/** A name as objects have it, which is no service of a policy: `shop/cart`, `*`, `outside` and the like. */
function isObjectName(name: string): boolean {
  return name.includes("/") || name === "*" || /^outside\b/.test(name);
}

/**
 * Guarantees in the terms of the analysis.
 *
 * @param rules what has to hold, of services by their names in the policy, or by those of their objects: callers as
 * `namespace/service account`, or what else a guarantee may say of callers, services as `namespace/name`. Default: the policy's own.
 * @throws {PolicyError} for a name that the policy does not have.
 */
export function guaranteesOf(
  policy: Policy,
  rules: readonly GuaranteeRule<string>[] = policy.guarantees ?? [],
): readonly Guarantee[] {
  return rules.map((rule, index) => {
    const place = `guarantees[${String(index)}]`;
    const callers = rule.from === undefined ? undefined : typeof rule.from === "string" ? [rule.from] : rule.from;
    const { methods, path, headers } = rule.requests ?? {};
    return {
      name: rule.name,
      kind: rule.kind,
      from: callers?.map((name) => {
        if (isObjectName(name)) return name;
        const { namespace, serviceAccount } = serviceOf(policy, name, `${place}.from`);
        return `${namespace}/${serviceAccount}`;
      }) ?? ["*"],
      to: isObjectName(rule.to)
        ? rule.to
        : `${serviceOf(policy, rule.to, `${place}.to`).namespace}/${kubernetesName(policy, rule.to)}`,
      requests: {
        ...(methods && { methods }),
        ...(path !== undefined && { path }),
        ...(headers && { headers: new Map(Object.entries(headers)) }),
      },
    };
  });
}
