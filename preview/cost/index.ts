export { monthlyCost, type StackResource } from "./monthly-cost";
