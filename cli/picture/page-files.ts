import bundlePage from "./bundle-page.cjs";

/** What the page consists of beside the data. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

/** Where the command is bundled, the bundle holds the page's files under this name. */
declare const PICTURE_PAGE: PageFiles | undefined;

/** The page's script and style. */
export function pageFiles(): PageFiles {
  return typeof PICTURE_PAGE === "object" ? PICTURE_PAGE : bundlePage();
}
