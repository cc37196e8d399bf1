export { commentMarker } from "./marker";
export { renderComment } from "./render";
export { hideIn, hideSecrets } from "./secrets";
