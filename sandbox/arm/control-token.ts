import { randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ArmRequest } from "./http";

/** The file with the token of the control endpoints, in a sandbox's folder. */
export function controlTokenFile(sandboxDirectory: string): string {
  return join(sandboxDirectory, "control-token");
}

/** Reads the token, or makes one: whoever may read the file (mode 0600) steers the emulator, and no other user of the machine. */
export function ensureControlToken(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, "utf8").trim();
}

/** Whether a request brings the token, as `Authorization: Bearer TOKEN`. */
export function bringsControlToken({ headers }: Pick<ArmRequest, "headers">, token: string): boolean {
  const [given, wanted] = [Buffer.from(headers.authorization ?? ""), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
