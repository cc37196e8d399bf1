module aks-mesh/judge/re2/client

go 1.25.0
