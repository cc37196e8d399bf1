import { openIstioJudge } from "../../judge/istio-judge";
import { compile } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { assumedCluster } from "../../mesh/policy";
import { policyOf } from "./generate";

/**
 * Milliseconds that Istio's own generators take for the configuration of all sidecars of a policy, callers' and servers', beside those
 * of this analysis for reading the same objects and the whole relation. The former include following one request of each pair.
 */
export async function besideIstiod(rules: number): Promise<{ readonly istiod: number; readonly ours: number }> {
  const policy = policyOf(rules, "istio");
  const objects = [...compile(policy, "istio"), ...assumedCluster(policy)];
  const judge = await openIstioJudge((message) => process.stderr.write(`${message}\n`));
  try {
    const started = performance.now();
    const { entries } = istioMesh({ objects }).access();
    const ours = performance.now() - started;
    const requests = entries.flatMap(({ callers, service }) =>
      callers.map((from) => ({
        from,
        to: `${service.host}:${String(service.port)}`,
        protocol: "http" as const,
        method: "GET",
        path: "/healthz",
      })),
    );
    const asked = performance.now();
    const [answer] = await judge.ask([{ objects, requests }]);
    const istiod = performance.now() - asked;
    if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "the judge gave no answer");
    return { istiod, ours };
  } finally {
    await judge.close();
  }
}
