import { type Metafile } from "esbuild";

declare function bundlePage(): { readonly script: string; readonly style: string; readonly metafile: Metafile };
export = bundlePage;
