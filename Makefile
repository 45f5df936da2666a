# make test   everything: with the race detector, then every page in headless
#             Chromium; installs what is missing
# make browser  the pages alone, with axe-core; screenshots in .cache/screenshots
# make check  formatting, vet, staticcheck, generated code up to date
# make bench  every figure with its floor, as a ratio; the last ones take long (test/bench quick)
# make build  the binary, at ./cocarde

GO      ?= go
FUZZFOR ?= 3s
# Alone on the machine, and without the race detector: what it waits for is Chromium.
browse   = $(GO) test -tags browser -timeout 20m ./test/browser

.PHONY: build test browser check bench generate install

build:
	$(GO) build -trimpath -o cocarde ./cmd/cocarde

install:
	test/install

test: install
	$(GO) test -race -timeout 20m ./...
	test/fuzz $(FUZZFOR)
	$(browse)

browser: install
	$(browse)

check:
	test/check

bench:
	test/bench

generate:
	$(GO) generate ./...
