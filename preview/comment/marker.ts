/** First line of our comment, by which the next run finds it. Invisible in the rendered text. */
export const commentMarker = "<!-- aks-mesh preview -->";
