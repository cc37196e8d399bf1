export { canaryMetrics, canaryProblems, type CanaryGate, type CanaryRule } from "./canary";
export { askGate, type GateAnswer, type GatePlace, sharesQuery } from "./gate";
export { type AskedMove, gateIsDue, type Move, nextMove, readAskedMove } from "./move";
export { PrometheusProblem, queryPrometheus, type Sample } from "./prometheus";
export { type GateQuery, type RolloutGate, rolloutProblems, type RolloutRule } from "./rule";
export { readRolloutStates, type RolloutState } from "./state";
export { versionOf } from "./version";
