# make test   everything: with the race detector, then every page in headless
#             Chromium; installs what is missing
# make browser  the pages alone, with axe-core; screenshots in .cache/screenshots
# make torture  KILLS processes and database servers killed at random moments, and
#             what was lost by that
# make years  an issuer that lives for five years, held against what was done each hour
# make check  formatting, vet, staticcheck, generated code up to date
# make bench  every figure with its floor, as a ratio; the last ones take long (test/bench quick)
# make build  the binary, at ./cocarde

GO      ?= go
# Counted, not timed: what go test fuzzes until a deadline may fail by that alone.
FUZZFOR ?= 1000x
KILLS   ?= 1000
YEARS   ?= 5
# Suites of real servers run one after the other, or a slow machine is mistaken for a fault.
# The browser's runs alone, and without the race detector: what it waits for is Chromium.
browse   = $(GO) test -tags browser -timeout 20m ./test/browser

.PHONY: build test browser torture years check bench generate install

build:
	$(GO) build -trimpath -o cocarde ./cmd/cocarde

install:
	test/install

test: install
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v /test/)
	$(GO) test -race -timeout 20m -p 1 ./test/...
	test/fuzz $(FUZZFOR)
	$(browse)

browser: install
	$(browse)

torture: install
	$(GO) test -v -count 1 -timeout 3h -run TestTorture ./test/torture -kills $(KILLS)

years:
	$(GO) test -v -count 1 -timeout 3h -run TestYears ./test/years -years $(YEARS) -every 1h

check:
	test/check

bench:
	test/bench

generate:
	$(GO) generate ./...
