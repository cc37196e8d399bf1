/** Changes to a Go module's source, made in a copy of it before the build. */
export interface SourceEdits {
  /** Path of the module that is changed. */
  readonly module: string;
  /** Folders of the module that the build needs; the others are not copied. */
  readonly folders: readonly string[];
  readonly edits: readonly SourceEdit[];
}

/** One change: the text must occur exactly once. */
export interface SourceEdit {
  /** File inside the module. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const importListen = { find: "import (\n", replace: 'import (\n\t"aks-mesh/sandbox/tools/osm/listen"\n' };

/**
 * OSM's commands expect to run in a pod: they listen on fixed ports of all interfaces, and the controller takes the API server's
 * address from the pod's environment alone. These edits let several of them run on one machine, on loopback: ports come from
 * OSM_SANDBOX_PORT_<port>, the API server from KUBECONFIG. With both unset, little differs from upstream.
 */
export const osmEdits: SourceEdits = {
  module: "github.com/openservicemesh/osm",
  folders: ["cmd", "pkg"],
  edits: [
    { file: "pkg/webhook/server.go", ...importListen },
    { file: "pkg/webhook/server.go", find: 'fmt.Sprintf(":%d", port)', replace: "listen.Address(port)" },
    { file: "pkg/httpserver/httpserver.go", ...importListen },
    // Sprint, because nothing else in that file uses fmt, and an unused import is an error.
    {
      file: "pkg/httpserver/httpserver.go",
      find: 'fmt.Sprintf(":%d", port)',
      replace: "fmt.Sprint(listen.Address(int(port)))",
    },
    {
      file: "pkg/httpserver/httpserver.go",
      find: 'fmt.Sprintf(":%d", s.port)',
      replace: "listen.Address(int(s.port))",
    },
    { file: "pkg/utils/grpc.go", ...importListen },
    { file: "pkg/utils/grpc.go", find: 'fmt.Sprintf(":%d", port)', replace: "fmt.Sprint(listen.Address(port))" },
    {
      file: "cmd/osm-controller/osm-controller.go",
      find: 'clientcmd.BuildConfigFromFlags("", "")',
      replace: 'clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))',
    },
    // The module holds a placeholder in place of the compiled filter that counts for dashboards, and Envoy would refuse it with
    // every listener. OSM does without the filter where there is none.
    {
      file: "pkg/envoy/lds/wasm.go",
      find: "if len(statsWASMBytes) == 0 {",
      replace: 'if !strings.HasPrefix(string(statsWASMBytes), "\\x00asm") {',
    },
  ],
};

/**
 * The source with the edits made.
 * @throws when the text of an edit does not occur exactly once: the module is another version than the one the edits are for.
 */
export function applyEdits(source: string, edits: readonly SourceEdit[]): string {
  return edits.reduce((text, edit) => {
    const occurrences = text.split(edit.find).length - 1;
    if (occurrences !== 1) {
      throw new Error(
        `${edit.file}: expected ${JSON.stringify(edit.find)} exactly once, found it ${occurrences} times. ` +
          "The edits in sandbox/tools/osm-edits.ts do not fit this version of the module.",
      );
    }
    return text.replace(edit.find, () => edit.replace);
  }, source);
}
