/** A group of pages as VitePress shows it beside each page. */
export interface SidebarGroup {
  readonly text: string;
  readonly items: { readonly text: string; readonly link: string }[];
}

/** The groups of pages that the list of documents has: its headings, and the links that its items begin with. */
export function sidebarOf(list: string): SidebarGroup[] {
  const [, ...sections] = list.split(/^## /m);
  return sections.map((section) => ({
    text: section.slice(0, section.indexOf("\n")).trim(),
    items: [...section.matchAll(/^- \[([^\]]+)\]\(([^)]+)\.md\)/gm)].map(([, text = "", page = ""]) => ({
      text,
      link: `/${page}`,
    })),
  }));
}
