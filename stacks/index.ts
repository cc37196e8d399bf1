import { type StackDefinition } from "../program/definition";
import { dev } from "./dev";
import { prod } from "./prod";
import { staging } from "./staging";

export { preview } from "./previews";

/** The stacks there are, by name. */
export const stacks: Readonly<Record<string, StackDefinition>> = { dev, staging, prod };
