export { costChange } from "./cost-change";
export { monthlyCost, type StackResource } from "./monthly-cost";
