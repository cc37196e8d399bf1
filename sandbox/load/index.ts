export { loadCommand } from "./command";
