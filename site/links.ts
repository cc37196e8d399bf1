import { existsSync, statSync } from "node:fs";
import { dirname, posix, relative, resolve } from "node:path";

/** The checkout. */
const root = dirname(__dirname);

/** Where the repository is looked at: that of the workflow that builds the site, or the placeholder of docs/any-repository.md. */
export function repositoryAddress(environment: NodeJS.ProcessEnv = process.env): string {
  const { GITHUB_SERVER_URL = "https://github.com", GITHUB_REPOSITORY = "your-org/aks-mesh" } = environment;
  return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
}

/**
 * Where a link of a document leads on the site: documents link to files of the repository by their paths, and on the site there are
 * documents alone.
 *
 * @param page the document's path in docs/.
 * @returns the file's address in the repository; the link itself where it leads to a document, within one, or elsewhere.
 * @throws Error where there is no such file.
 */
export function linkOnSite(link: string, page: string): string {
  if (/^([a-z][a-z+.-]*:|\/|#|$)/i.test(link)) return asOnSite(link);
  const [path = "", fragment] = link.split("#");
  const file = resolve(root, "docs", dirname(page), decodeURIComponent(path));
  const inRepository = relative(root, file);
  if (!existsSync(file) || inRepository.startsWith("..")) {
    throw new Error(`docs/${page} links to ${link}, and there is no ${inRepository} in the repository: mend the link.`);
  }
  if (inRepository.startsWith("docs/") && file.endsWith(".md")) return asOnSite(link);
  const kind = statSync(file).isDirectory() ? "tree" : "blob";
  const address = posix.join(kind, "main", ...inRepository.split(/[\\/]/).map(encodeURIComponent));
  return `${repositoryAddress()}/${address}${fragment === undefined ? "" : `#${fragment}`}`;
}

/** A link with its heading as VitePress names that: with an underscore before a number, which forges leave out. */
function asOnSite(link: string): string {
  return /^[a-z][a-z+.-]*:/i.test(link) ? link : link.replace(/#(?=\d)/, "#_");
}
