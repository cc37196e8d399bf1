// Command traces takes spans in Zipkin's format, keeps them in memory and answers Jaeger's queries about them: Jaeger's own store and query
// service with OpenTelemetry's receiver, without the other stores and exporters, which are most of its build. It is compiled inside a copy of
// Jaeger's module, as these packages are internal to that.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/zipkinreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"

	"github.com/jaegertracing/jaeger/cmd/query/app"
	"github.com/jaegertracing/jaeger/cmd/query/app/querysvc"
	v2querysvc "github.com/jaegertracing/jaeger/cmd/query/app/querysvc/v2/querysvc"
	"github.com/jaegertracing/jaeger/internal/jptrace/sanitizer"
	"github.com/jaegertracing/jaeger/internal/storage/metricstore/disabled"
	v1 "github.com/jaegertracing/jaeger/internal/storage/v1/memory"
	"github.com/jaegertracing/jaeger/internal/storage/v2/memory"
	"github.com/jaegertracing/jaeger/internal/telemetry"
	"github.com/jaegertracing/jaeger/internal/tenancy"
)

func main() {
	zipkin := flag.String("zipkin", "127.0.0.1:9411", "where spans are taken, in Zipkin's format")
	query := flag.String("query", "127.0.0.1:16686", "where Jaeger's HTTP API answers")
	traces := flag.Int("traces", 10_000, "how many traces are kept")
	flag.Parse()
	if err := run(*zipkin, *query, *traces); err != nil {
		log.Fatal(err)
	}
}

func run(zipkin, query string, traces int) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	settings := telemetry.NoopSettings()
	store, err := memory.NewFactory(v1.Configuration{MaxTraces: traces}, settings)
	if err != nil {
		return err
	}
	server, err := serve(ctx, store, query, settings)
	if err != nil {
		return err
	}
	defer server.Close()
	spans, err := receive(ctx, store, zipkin, settings)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return spans.Shutdown(context.Background())
}

func serve(ctx context.Context, store *memory.Factory, endpoint string, settings telemetry.Settings) (*app.Server, error) {
	reader, err := store.CreateTraceReader()
	if err != nil {
		return nil, err
	}
	dependencies, err := store.CreateDependencyReader()
	if err != nil {
		return nil, err
	}
	metrics, err := disabled.NewMetricsReader()
	if err != nil {
		return nil, err
	}
	options := app.DefaultQueryOptions()
	options.HTTP.Endpoint = endpoint
	// Nobody here speaks gRPC: any port of loopback.
	options.GRPC.NetAddr.Endpoint = "127.0.0.1:0"
	server, err := app.NewServer(
		ctx,
		querysvc.NewQueryService(reader, dependencies, querysvc.QueryServiceOptions{}),
		v2querysvc.NewQueryService(reader, dependencies, v2querysvc.QueryServiceOptions{}),
		metrics, &options, tenancy.NewManager(&options.Tenancy), settings,
	)
	if err != nil {
		return nil, err
	}
	return server, server.Start(ctx)
}

func receive(ctx context.Context, store *memory.Factory, endpoint string, settings telemetry.Settings) (receiver.Traces, error) {
	writer, err := store.CreateTraceWriter()
	if err != nil {
		return nil, err
	}
	next, err := consumer.NewTraces(func(ctx context.Context, spans ptrace.Traces) error {
		return writer.WriteTraces(ctx, sanitizer.Sanitize(spans))
	})
	if err != nil {
		return nil, err
	}
	factory := zipkinreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*zipkinreceiver.Config)
	config.Endpoint = endpoint
	spans, err := factory.CreateTraces(ctx, receiver.Settings{
		ID: component.NewID(factory.Type()), TelemetrySettings: settings.ToOtelComponent(),
	}, config, next)
	if err != nil {
		return nil, err
	}
	return spans, spans.Start(ctx, componenttest.NewNopHost())
}
