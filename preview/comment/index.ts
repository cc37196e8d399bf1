export { commentMarker } from "./marker";
export { renderComment } from "./render";
export { hideIn, hideSecrets, namesSecret } from "./secrets";
export { renderUnreported, runAddress } from "./unreported";
