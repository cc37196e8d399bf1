import { type Verdict } from "../request/request";
import { type AnsweredBy, conditionText } from "./summary";

/** A share of calls; null for one that nothing defines. */
export function shareText(share: number | null): string {
  return share === null ? "an undefined share" : `${String(Math.round(share * 1000) / 10)} %`;
}

/** Which requests go to whom, in one line: `{end-user: jason} → default/reviews v2`. */
export function answeredText({ rules, shares }: AnsweredBy): string {
  const entries = Object.entries(shares);
  const who = entries.map(([name, share]) => (share === 1 ? name : `${shareText(share)} ${name}`)).join(", ");
  return `${rules?.map(conditionText).join(" or ") ?? "the rest"} → ${who}`;
}

/** What a change does to the shares of those who answer, such as `shop/cart-v2 20 % → 50 %`; nothing for who keeps its share. */
export function shareChanges(before: Shared, after: Shared): readonly string[] {
  const [then, now] = [answeringOf(before), answeringOf(after)];
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [shareText(shareOf(then, name)), shareText(shareOf(now, name))];
    return was === is ? [] : [`${name} ${was} → ${is}`];
  });
}

type Shared = Pick<Verdict, "backends" | "subsets">;

/** Shares of those who answer: of subsets where any are told, of Services otherwise. */
export function answeringOf({ backends, subsets }: Shared): Verdict["backends"] {
  return subsets ?? backends;
}

function shareOf(shares: Verdict["backends"], name: string): number | null {
  const share = Object.hasOwn(shares, name) ? shares[name] : 0;
  return share === undefined ? 0 : share;
}
