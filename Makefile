# make test   everything, with the race detector; installs what is missing
# make browser  every page in headless Chromium, with axe-core and screenshots
# make check  formatting, vet, staticcheck, generated code up to date
# make bench  every figure with its floor, as a ratio
# make build  the binary, at ./cocarde

GO      ?= go
FUZZFOR ?= 3s

.PHONY: build test browser check bench generate install

build:
	$(GO) build -trimpath -o cocarde ./cmd/cocarde

install:
	test/install

test: install
	$(GO) test -race -timeout 20m ./...
	test/fuzz $(FUZZFOR)

browser: install
	$(GO) test -tags browser -timeout 30m ./test/browser

check:
	test/check

bench:
	test/bench

generate:
	$(GO) generate ./...
