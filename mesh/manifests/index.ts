export * from "./object";
export * from "./parse";
export * from "./position";
export { unreadFields } from "./unread-fields";
