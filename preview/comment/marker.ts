/** First line of a preview's comment, by which the next run finds it. Invisible in the rendered text. */
export const commentMarker = "<!-- aks-mesh preview -->";

/** Names that tell the comments of several reviews of one pull request apart; empty for the only one. */
export const reviewName = /^[\w.-]{0,40}$/;

/** First line of the comment on a review of manifests. */
export function reviewMarker(name: string): string {
  if (!reviewName.test(name)) throw new Error("The name of a review may not end its marker.");
  return `<!-- aks-mesh review${name === "" ? "" : ` ${name}`} -->`;
}

/** The marker in a comment's first line; undefined where the comment is none of ours. */
export function markerOf(body: string): string | undefined {
  return /^<!-- aks-mesh (?:preview|review(?: [\w.-]{1,40})?) -->(?=\r?\n|$)/.exec(body)?.[0];
}
