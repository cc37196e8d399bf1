export { canariesNotExpanded } from "./analysis/canaries-of-flagger";
export { changeTitles } from "./analysis/change-titles";
export type { CallTree, Rule } from "./analysis/call-tree";
export { bucketText, type CallLimit, callLimits } from "./analysis/call-limits";
export { decide, RequestError, serverNameOf } from "./analysis/decide";
export { type AccessChange, diff, DiffTooLarge } from "./analysis/diff";
export type { AdmissionFinding, Finding } from "./analysis/finding";
export { checkGuarantees, type Guarantee, guaranteeKind, readGuarantees, unprovedRule } from "./analysis/guarantees";
export { hostHeaders } from "./analysis/host-headers";
export { type Access, type AccessEntry, addressOf, hostHeaderFor, type Mesh, type ServicePort } from "./analysis/mesh";
export { callerShowing, isOutside, splitCaller } from "./analysis/outside";
export { type Observed, observed, type SeenCalls } from "./analysis/observed";
export { provedExtentOf, unmetAssumptionsOf } from "./analysis/proved-extent";
export { answeredText, answeringOf, shareChanges, shareText } from "./analysis/share-text";
export { rulesOfTheWhole } from "./analysis/rules-of-the-whole";
export { conditionText, type Extent, mayFail, summarize, type Summary } from "./analysis/summary";
export { type AskedService, askedService, parseAddress } from "./cluster/dns";
export type { CallRequest, Outcome, Reason, VariesBy, Verdict } from "./request/request";
export { describeRequest, statusOf } from "./request/request";
export { describeChange, type RequestChange } from "./request/request-change";
export type { RequestCondition } from "./request/request-set";
export {
  admit,
  compile,
  type MeshObject,
  isMeshName,
  type MeshName,
  meshesOf,
  meshNames,
  meshOf,
  type MeshTarget,
} from "./mesh-targets";
export { type AdmissionContext, advice, type Finding as ObjectFinding } from "./osm/admission";
export {
  describeObject,
  formatProblem,
  type KubernetesObject,
  type ManifestFile,
  type Manifests,
  parseManifests,
  type ParseOptions,
  type Position,
  type Problem,
} from "./manifests";
