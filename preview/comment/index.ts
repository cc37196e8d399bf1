export { costChangeText } from "./cost";
export { commentMarker } from "./marker";
export { type CommentOptions, renderComment } from "./render";
export { hideIn, hideKnown, hideSecrets, namesSecret } from "./secrets";
export { planCounts } from "./plan";
export { renderDeployment } from "./deployment";
export { renderUnreported, runAddress } from "./unreported";
