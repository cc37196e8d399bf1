import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { type JudgeRequest, type JudgeVerdict } from ".";

/**
 * A named case: a file of YAML documents. The first says what it shows and what is asked, with the real mesh's verdicts; the
 * others are the manifests.
 */
export interface CaseFile {
  readonly name: string;
  readonly file: string;
  readonly description: string;
  /** Why the real mesh cannot read the manifests; then there are no requests. */
  readonly error?: string;
  readonly requests: readonly (JudgeRequest & { readonly verdict?: JudgeVerdict })[];
  readonly objects: readonly unknown[];
}

/** The request alone, as it is asked. */
export function requestOf({ from, to, protocol, method, path, host, headers, serverName }: JudgeRequest): JudgeRequest {
  return {
    from,
    to,
    protocol,
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(host !== undefined && { host }),
    ...(headers !== undefined && { headers }),
    ...(serverName !== undefined && { serverName }),
  };
}

/** Where the cases of each mesh lie. */
const directories = { osm: "cases", istio: "istio-cases" } as const;

/** All cases of a mesh, by name. */
export function readCases(mesh: keyof typeof directories = "osm"): readonly CaseFile[] {
  const directory = join(__dirname, "..", "test", "judge", directories[mesh]);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => {
      const file = join(directory, name);
      const [head, ...objects] = parseAllDocuments(readFileSync(file, "utf8")).map((document) => {
        const [error] = document.errors;
        if (error !== undefined) throw new Error(`${file}: ${error.message}`);
        return document.toJS() as unknown;
      });
      return {
        ...(head as Pick<CaseFile, "description" | "error" | "requests">),
        objects,
        name: name.replace(/\.yaml$/, ""),
        file,
      };
    });
}
