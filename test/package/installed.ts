import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { typescriptArguments } from "../../scripts/typescript-arguments";

const root = resolve(__dirname, "..", "..");

/**
 * Installs the package in an empty folder, from no registry, as it depends on nothing: the one that the variable AKS_MESH_PACKED names, which
 * is about to be released, or one that is built and packed for it.
 */
export function installPackage(): { readonly folder: string; readonly packed: string } {
  const folder = mkdtempSync(join(tmpdir(), "aks-mesh-package-"));
  const npm = (...args: string[]) =>
    execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
      encoding: "utf8",
    });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const pack = () => {
    const built = join(folder, "built");
    execFileSync(process.execPath, [...typescriptArguments, join(root, "scripts", "package.ts"), "--out", built], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    return join(folder, npm("pack", "--silent", built).trim());
  };
  const packed = process.env["AKS_MESH_PACKED"] ?? pack();
  npm("install", packed);
  return { folder, packed };
}

/** Gives a folder the packages of the checkout that a Pulumi program has: Pulumi's, and what Node.js is declared by. */
export function linkPulumi(folder: string): void {
  for (const name of ["@pulumi", "@types"]) {
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
}

/** The code of a page of the documentation, block by block. */
export function codeOf(page: string, language: string): readonly string[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, code = ""]) => code);
}
