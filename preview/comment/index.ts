export { commentMarker } from "./marker";
export { renderComment } from "./render";
export { hideIn, hideSecrets } from "./secrets";
export { renderUnreported, runAddress } from "./unreported";
