import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitepress";
import { linkOnSite, repositoryAddress } from "../links";
import { sidebarOf } from "../sidebar";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const docs = join(root, "docs");

/** The folder that the site is published in, which the variable SITE_BASE names with or without slashes. */
const folderOf = (name: string): string => `/${name}/`.replace(/^\/+|\/+$/g, "/");

/** What the search's button shows and is called. */
const searchText = "Search, or press /";

/**
 * Makes the theme's front page the page's main part, as the documents are: without a landmark, a screen reader cannot jump to it.
 *
 * @throws Error where the theme's front page is another than this is for.
 */
const frontIsMain: Plugin = {
  name: "front-is-main",
  enforce: "pre",
  transform(code, id) {
    if (!id.endsWith("/theme-default/components/VPHome.vue")) return undefined;
    const changed = code.replace(/<div(\s+class="VPHome"[\s\S]*)<\/div>(\s*<\/template>\s*<style)/, "<main$1</main>$2");
    if (changed === code)
      throw new Error("VitePress's front page has changed: see frontIsMain in site/.vitepress/config.mts");
    return changed;
  },
};

export default defineConfig({
  title: "aks-mesh",
  description: "An AKS cluster with a service mesh, and a proof of who may call whom.",
  lang: "en-GB",
  // As the browser says, and nothing else: a switch would leave the picture behind, which is a page of its own.
  appearance: "force-auto",
  base: folderOf(process.env["SITE_BASE"] ?? ""),
  srcDir: docs,
  rewrites: { "README.md": "index.md" },
  outDir: join(root, "dist", "site"),
  cacheDir: join(root, "dist", "site-parts", "cache"),
  vite: {
    publicDir: join(root, "dist", "site-parts", "public"),
    plugins: [
      frontIsMain,
      {
        // The documents lie beside this folder and not in it, so that Vite does not find its packages from them.
        name: "packages-of-the-site",
        enforce: "pre",
        resolveId(source, _importer, options) {
          if (!/^vue(\/|$)/.test(source)) return null;
          if (options.ssr === true) return { id: source, external: true };
          return this.resolve(source, join(root, "site", "build.ts"), { ...options, skipSelf: true });
        },
      },
    ],
  },
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config(md) {
      md.core.ruler.push("links-into-the-repository", ({ tokens, env }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const link = token.type === "link_open" ? token.attrGet("href") : null;
          if (link !== null) token.attrSet("href", linkOnSite(link, env.relativePath));
        }
      });
    },
  },
  transformPageData(page) {
    if (page.relativePath !== "index.md") return;
    page.frontmatter = {
      layout: "home",
      hero: {
        name: "aks-mesh",
        text: "Who may call whom, proved before it is deployed",
        tagline: "AKS with a service mesh, as a Pulumi program that also runs whole on one machine.",
        actions: [
          { text: "Your own application", link: "/your-application" },
          { text: "In any repository", link: "/any-repository", theme: "alt" },
        ],
      },
    };
  },
  themeConfig: {
    // The name that a screen reader says has to be what the button shows: the keys beside it are hidden by style.css.
    search: {
      provider: "local",
      options: { translations: { button: { buttonText: searchText, buttonAriaLabel: searchText } } },
    },
    sidebar: sidebarOf(readFileSync(join(docs, "README.md"), "utf8")),
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: repositoryAddress() }],
  },
});
