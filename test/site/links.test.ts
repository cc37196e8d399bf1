import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { linkOnSite, repositoryAddress } from "../../site/links";
import { sidebarOf } from "../../site/sidebar";

const docs = resolve(__dirname, "../../docs");

describe("links of documents, on the site", () => {
  it("lead to documents as they are", () => {
    for (const link of ["istio.md", "istio.md#upgrades", "#findings", "https://www.pulumi.com/docs/", "/convert"]) {
      expect(linkOnSite(link, "policy.md")).toBe(link);
    }
  });

  it("name headings that begin with a number as the site does", () => {
    expect(linkOnSite("migrate.md#2-move", "policy.md")).toBe("migrate.md#_2-move");
    expect(linkOnSite("#2-move", "migrate.md")).toBe("#_2-move");
    expect(linkOnSite("https://www.pulumi.com/docs/#2-move", "policy.md")).toBe("https://www.pulumi.com/docs/#2-move");
  });

  it("lead into the repository where they name its files and folders", () => {
    const repository = repositoryAddress();
    expect(linkOnSite("../action.yml", "package.md")).toBe(`${repository}/blob/main/action.yml`);
    expect(linkOnSite("../README.md#try-it", "package.md")).toBe(`${repository}/blob/main/README.md#try-it`);
    expect(linkOnSite("plan-access.yaml", "package.md")).toBe(`${repository}/blob/main/docs/plan-access.yaml`);
    expect(linkOnSite("orders", "package.md")).toBe(`${repository}/tree/main/docs/orders`);
  });

  it("are refused where there is no such file, with the place", () => {
    expect(() => linkOnSite("../no-such.ts", "policy.md")).toThrow(
      "docs/policy.md links to ../no-such.ts, and there is no no-such.ts in the repository: mend the link.",
    );
    expect(() => linkOnSite("../../elsewhere", "policy.md")).toThrow("docs/policy.md links to ../../elsewhere");
  });

  it("lead into the repository whose workflow builds the site", () => {
    expect(repositoryAddress({ GITHUB_SERVER_URL: "https://forge.example", GITHUB_REPOSITORY: "shop/mesh" })).toBe(
      "https://forge.example/shop/mesh",
    );
  });
});

describe("the list of documents", () => {
  it("has each of them once", () => {
    const listed = sidebarOf(readFileSync(join(docs, "README.md"), "utf8")).flatMap(({ items }) => items);
    const pages = readdirSync(docs).filter((file) => file.endsWith(".md") && file !== "README.md");
    expect(listed.map(({ link }) => link).sort()).toEqual(pages.map((file) => `/${file.replace(/\.md$/, "")}`).sort());
  });

  it("is read with its groups", () => {
    const list = "What there is.\n\n## Use it\n\n- [On Azure](azure.md): cost.\n- [Istio](istio.md)\n\n## More\n";
    expect(sidebarOf(list)).toEqual([
      {
        text: "Use it",
        items: [
          { text: "On Azure", link: "/azure" },
          { text: "Istio", link: "/istio" },
        ],
      },
      { text: "More", items: [] },
    ]);
  });
});
