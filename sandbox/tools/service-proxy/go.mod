// The way from an emulated cluster's API server to its webhooks: see main.go.
module aks-mesh/sandbox/tools/service-proxy

go 1.25.0
