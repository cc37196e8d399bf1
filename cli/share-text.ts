/** A share of calls; null for one that nothing defines. */
export function shareText(share: number | null): string {
  return share === null ? "an undefined share" : `${String(Math.round(share * 1000) / 10)} %`;
}
