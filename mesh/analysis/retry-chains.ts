import { type AccountKey } from "../cluster/keys";
import { type Mesh } from "./mesh";
import { hasAnswer } from "./outcome-sets";

/** Retries of one caller's calls to one Service, which it may make. */
export interface RetriedCall<T> {
  readonly from: AccountKey;
  /** `namespace/name`. */
  readonly service: string;
  /** Attempts after the first, above 0. */
  readonly retries: number;
  /** What says so. */
  readonly by: T;
}

/** Calls in a row, each of which is tried again for itself. */
export interface RetryChain<T> {
  readonly calls: readonly [RetriedCall<T>, ...RetriedCall<T>[]];
  /** Requests that the last Service may get for one of the first caller. */
  readonly factor: number;
}

/** By Service, `namespace/name`: the callers of whom any HTTP request to it passes. */
export function askers(mesh: Mesh): (service: string) => ReadonlySet<AccountKey> {
  const byService = new Map<string, Set<AccountKey>>();
  for (const { callers, service, tree } of mesh.access().entries) {
    if (service.kind !== "http" || !hasAnswer(tree, "allowed")) continue;
    const known = byService.get(service.service) ?? new Set();
    byService.set(service.service, known);
    for (const caller of callers) known.add(caller);
  }
  return (service) => byService.get(service) ?? new Set();
}

/** Chains are followed no longer than this; each account once. */
const longest = 8;

/**
 * For each call that is tried again and that no other such call leads to, or that is part of a ring, the chain behind it that multiplies most.
 * Calls without another behind them multiply nothing.
 */
export function retryChains<T>(mesh: Mesh, calls: readonly RetriedCall<T>[]): readonly RetryChain<T>[] {
  const byCaller = new Map<AccountKey, RetriedCall<T>[]>();
  for (const call of calls) {
    const known = byCaller.get(call.from);
    if (known === undefined) byCaller.set(call.from, [call]);
    else known.push(call);
  }
  const behind = (call: RetriedCall<T>): readonly RetriedCall<T>[] =>
    mesh.accountsBehind(call).flatMap((account) => byCaller.get(account) ?? []);
  const most = calls.reduce((greatest, { retries }) => Math.max(greatest, retries + 1), 1);
  const worst = (start: RetriedCall<T>): RetryChain<T> => {
    let found: RetryChain<T> = { calls: [start], factor: start.retries + 1 };
    const follow = (chain: RetryChain<T>): void => {
      if (chain.factor > found.factor) found = chain;
      const further = longest + 1 - chain.calls.length;
      // No way on can come to more: where all call all there are millions of ways.
      if (chain.factor * most ** further <= found.factor) return;
      const last = chain.calls[chain.calls.length - 1] ?? start;
      for (const next of behind(last)) {
        if (chain.calls.some(({ from }) => from === next.from)) continue;
        follow({ calls: [...chain.calls, next], factor: chain.factor * (next.retries + 1) });
      }
    };
    follow(found);
    return found;
  };
  const reached = new Set(calls.flatMap(behind));
  const starts = calls.filter((call) => !reached.has(call));
  return (starts.length > 0 ? starts : calls.slice(0, 1)).map(worst).filter(({ calls: chain }) => chain.length > 1);
}

/** The chain and what it comes to, in a sentence. */
export function multipliedText<T>({ calls, factor }: RetryChain<T>): string {
  const last = calls[calls.length - 1] ?? calls[0];
  const steps = calls.map(({ from, service, retries }) => `${from} → ${service} (${String(retries + 1)} attempts)`);
  return `Retries multiply along ${steps.join(", ")}: while ${last.service} fails, one request to ${calls[0].service} can become ${String(factor)} there.`;
}

/** What to do about it. */
export const multipliedRemedy =
  "Retry at one place, next to what fails, and take the others out; or bound them by the circuit breaker of retries, maxRetries.";
