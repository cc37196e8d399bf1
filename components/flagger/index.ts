export type { FlaggerArgs, FlaggerSettings } from "./args";
export { Flagger, flaggerNamespace, type FlaggerOptions } from "./flagger";
