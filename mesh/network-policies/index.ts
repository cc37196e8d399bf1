export { type Certainty } from "./certainty";
export { type PodEnds, podEnds } from "./ends";
export { notRead, unreadPolicyGroups } from "./not-read";
export {
  type Direction,
  calledRanges,
  callerRanges,
  type NetworkPolicy,
  networkPolicyVersion,
  readNetworkPolicy,
} from "./network-policy";
export {
  type AddressEnd,
  type AnybodyEnd,
  type CalledPort,
  type NetworkEnd,
  type NetworkPolicies,
  networkPolicies,
  type Passage,
  passage,
  type PodEnd,
  selectsPod,
} from "./reach";
export { isSelected, type KnownLabels } from "./selector";
export { networkPolicyProblems } from "./validate";
