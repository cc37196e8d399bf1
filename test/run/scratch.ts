import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Names in the environment the folder of a run of the tests. */
export const scratchVariable = "AKS_MESH_TEST_SCRATCH";

/** Makes a folder for what test files share, and removes it when the run has ended: the processes that run them are ended without a word. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "aks-mesh-tests-"));
  process.env[scratchVariable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
