VERSION  ?= $(or $(shell git describe --tags --exact-match 2>/dev/null),devel)
FUZZTIME ?= 20s
RUNS     ?= 5
LEGS     ?= 1000000
SIDECARS ?= 100000

export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help build release image packagers gateway tools test e2e-k8s fuzz bench bench-large growth chaos lint demo

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the program, ./cdrmend
	go build -trimpath -buildvcs=auto -ldflags '-s -w -X main.version=$(VERSION)' -o cdrmend ./cmd/cdrmend

release: packagers ## build archives, deb, rpm, a container image, checksums and bills of materials for all platforms into dist/; ONLY=linux/amd64
	go run ./internal/release -only '$(ONLY)'

image: ## build the container image of linux/amd64 and linux/arm64 into dist-image/, without a container engine; ONLY=linux/amd64
	go run ./internal/release -image -out dist-image -only '$(ONLY)'

packagers:
	@.ci/go-tool github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
	@.ci/go-tool github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

gateway:
	@.ci/go-tool github.com/versity/versitygw/cmd/versitygw@v1.8.0

tools: gateway packagers ## install what the tests need beside Go: an S3 server, DuckDB, a Parquet writer, axe-core, packagers (into .tools), readers of container images and of manifests for Kubernetes and of files of Terraform, Chromium, LibreOffice, Poppler, FFmpeg, SoX, encoders of audio, Prometheus with its exporters, zsh, fish, mandoc, groff, systemd (which is not started), cron
	@.ci/go-tool sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
	@cd cmd/cdrmend/testdata/kubestrict && go build -o ../../../../.tools/bin/kubestrict .
	@cd cmd/cdrmend/testdata/hclread && go build -o ../../../../.tools/bin/hclread .
	@cd internal/parquetfile/testdata/arrowwrite && go build -o ../../../../.tools/bin/arrowwrite .
	@.ci/npm-tool duckdb @duckdb/node-api@1.5.6-r.1
	@.ci/npm-tool axe axe-core@4.14.1
	@command -v skopeo >/dev/null || .ci/apt-tool skopeo
	@command -v umoci >/dev/null || .ci/apt-tool umoci
	@command -v chromium >/dev/null || .ci/apt-tool chromium
	@command -v soffice >/dev/null || .ci/apt-tool libreoffice-calc-nogui
	@command -v pdftotext >/dev/null || .ci/apt-tool poppler-utils
	@command -v ffmpeg >/dev/null || .ci/apt-tool ffmpeg
	@command -v sox >/dev/null || .ci/apt-tool sox
	@command -v opusenc >/dev/null || .ci/apt-tool opus-tools
	@command -v oggenc >/dev/null || .ci/apt-tool vorbis-tools
	@command -v lame >/dev/null || .ci/apt-tool lame
	@command -v flac >/dev/null || .ci/apt-tool flac
	@command -v promtool >/dev/null || .ci/apt-tool prometheus
	@command -v prometheus-node-exporter >/dev/null || .ci/apt-tool prometheus-node-exporter
	@command -v prometheus-pushgateway >/dev/null || .ci/apt-tool prometheus-pushgateway
	@command -v zsh >/dev/null || .ci/apt-tool zsh
	@command -v fish >/dev/null || .ci/apt-tool fish
	@command -v mandoc >/dev/null || .ci/apt-tool mandoc
	@command -v groff >/dev/null || .ci/apt-tool groff
	@command -v systemd-analyze >/dev/null || .ci/apt-tool systemd
	@command -v crontab >/dev/null || .ci/apt-tool cron

# With CI set, a test whose server is missing fails instead of being skipped. Tests build
# the program as releases are built: with the same flag here, nothing is compiled twice.
test: tools ## run all tests, those against real servers too
	CI=true go test -trimpath -count=1 -timeout 40m ./...

# It has a module of its own, as the program needs nothing of Kubernetes.
e2e-k8s: build gateway ## run the manifests on a real Kubernetes control plane, which is built first, and disturb what runs; needs root, and takes 10 minutes; ONLY='a pattern of names'
	@.ci/go-tool sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
	deploy/kubernetes/e2e/controlplane/build .tools/k8s
	cd deploy/kubernetes/e2e && go build -o $(CURDIR)/.tools/bin/e2e-k8s .
	.tools/bin/e2e-k8s -program cdrmend -control-plane .tools/k8s -tools .tools/bin -manifests deploy/kubernetes -only '$(ONLY)'

growth: build ## run hostile structures at n, 2n and 4n, and show how time, memory and output grow; ONLY='a pattern of names'
	go test -c -o .tools/bin/growth ./internal/growth
	cd internal/growth && ../../.tools/bin/growth -program $(CURDIR)/cdrmend -growth -only '$(ONLY)' -test.timeout 3h -test.run '^TestGrowth$$'

chaos: tools ## run the program under every fault, kills, restarts and races; about 9 minutes
	cd internal/chaos && CI=true CHAOS=1 go test -count=1 -timeout 15m
	CI=true CHAOS=1 go test -count=1 -run '^TestAKilled' ./cmd/cdrmend

fuzz: ## run every fuzz target for FUZZTIME=20s
	.ci/fuzz $(FUZZTIME)

# All run on two cores. The floor checks JSON with what is still an experiment of the standard library.
ratios = GOEXPERIMENT=jsonv2 go test -c -o .tools/bin/ratios ./internal/bench && cd internal/bench && \
	CI=true taskset -c 0,1 ../../.tools/bin/ratios -program $(CURDIR)/cdrmend -legs $(LEGS) -sidecars $(SIDECARS) -test.timeout 3h

bench: build tools ## measure parts, then whole jobs beside DuckDB and others; RUNS=5 LEGS=1000000 SIDECARS=100000 ONLY='a pattern of comparisons'
	go test -run '^$$' -bench . $(or $(BENCH),-benchtime=500ms) ./...
	$(ratios) -ratios -runs $(RUNS) -only '$(ONLY)' -test.run '^TestRatios$$'

bench-large: build tools ## measure ten times as many legs, and one large manifest; takes 30 GB of disk
	$(ratios) -large -runs 1 -test.run '^TestLarge$$'

lint: ## gofumpt, vet, staticcheck, golangci-lint, govulncheck, go mod tidy
	.ci/lint

demo: build gateway ## run the demo on a real S3 server, which on a terminal waits for a key; KEEP=0 ends it, KEEP=1 keeps it
	@KEEP=$(KEEP) .ci/demo ./cdrmend
