export { aksRootNamespace, upstreamRootNamespace } from "./injection";
export { istioKinds } from "./kinds";
export { istioMesh, type IstioMesh } from "./mesh";
export { gatewayApiGroup, gatewayApiKinds } from "./state/gateway-api/kinds";
export { isUnreadKind, unreadIstioGroups } from "./state/unread-kinds";
