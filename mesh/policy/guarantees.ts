import { type Guarantee } from "../analysis/guarantees";
import { type Policy } from "./model";
import { kubernetesName, serviceOf } from "./names";

/** The policy's guarantees in the terms of the analysis. */
export function guaranteesOf(policy: Policy): readonly Guarantee[] {
  return (policy.guarantees ?? []).map((rule, index) => {
    const place = `guarantees[${String(index)}]`;
    const to = serviceOf(policy, rule.to, `${place}.to`);
    const callers = rule.from === undefined ? undefined : typeof rule.from === "string" ? [rule.from] : rule.from;
    const { methods, path, headers } = rule.requests ?? {};
    return {
      name: rule.name,
      kind: rule.kind,
      from: callers?.map((name) => {
        const { namespace, serviceAccount } = serviceOf(policy, name, `${place}.from`);
        return `${namespace}/${serviceAccount}`;
      }) ?? ["*"],
      to: `${to.namespace}/${kubernetesName(policy, rule.to)}`,
      requests: {
        ...(methods && { methods }),
        ...(path !== undefined && { path }),
        ...(headers && { headers: new Map(Object.entries(headers)) }),
      },
    };
  });
}
