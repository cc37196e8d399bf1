import { type SourceEdits } from "./source-edits";

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
