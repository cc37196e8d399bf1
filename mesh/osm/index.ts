export { type OsmMesh, osmMesh } from "./mesh";
export { askedService, parseAddress } from "./request/address";
export { decide, RequestError } from "./request/decide";
export type { CallRequest, Outcome, Reason, VariesBy, Verdict } from "./request/request";
export { statusOf } from "./request/request";
export { patternProblems } from "./patterns";
export type { AskedService } from "./state";
export { access, type Access, type AccessEntry } from "./access";
export type { CallTree } from "./request/call-tree";
