export * from "./args";
export * from "./preview-fence";
export { secretsRole } from "./roles";
