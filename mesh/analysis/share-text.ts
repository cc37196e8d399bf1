import { type Verdict } from "../request/request";

/** A share of calls; null for one that nothing defines. */
export function shareText(share: number | null): string {
  return share === null ? "an undefined share" : `${String(Math.round(share * 1000) / 10)} %`;
}

/** What a change does to the shares of those who answer, such as `shop/cart-v2 20 % → 50 %`; nothing for who keeps its share. */
export function shareChanges(before: Pick<Verdict, "backends">, after: Pick<Verdict, "backends">): readonly string[] {
  const names = [...new Set([...Object.keys(before.backends), ...Object.keys(after.backends)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [shareText(shareOf(before, name)), shareText(shareOf(after, name))];
    return was === is ? [] : [`${name} ${was} → ${is}`];
  });
}

function shareOf({ backends }: Pick<Verdict, "backends">, name: string): number | null {
  const share = Object.hasOwn(backends, name) ? backends[name] : 0;
  return share === undefined ? 0 : share;
}
