# upload-once. `make help` lists what there is.
# Everything runs on the Node 24 that `npm ci` brings along; the machine's own Node (20 or later) only runs npm.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# What Node compiles once serves every later start: a third less CPU for the tests of packages/access.
export NODE_COMPILE_CACHE := $(CURDIR)/.local/compile-cache
# What runs needs 180 packages; what tests it, 270 more.
runtime := node_modules/.package-lock.json
installed := node_modules/.with-development
need_npm := command -v npm >/dev/null || { echo 'npm is not there: install Node.js 20 or later (https://nodejs.org)' >&2; exit 1; }
package_tools := scripts/packages/node_modules/.package-lock.json
peers := bench/peers/node_modules/.package-lock.json
examples := examples/node_modules/.package-lock.json
stryker := scripts/mutants/stryker/node_modules/.package-lock.json
# Wheels alone: a source package would run code of its own to be installed, and get what that needs by no hash. Not compiled: Python compiles
# what is imported, which is far less.
pip_install := pip install --quiet --disable-pip-version-check --no-compile --only-binary :all: -r

.PHONY: help install demo dev examples local local-down images test check check-api check-workflows test-unit test-acceptance test-local test-containers test-localstack test-python test-schema test-rate-store test-terraform test-faults test-aws test-aws-clean outages soak model fuzz mutants packages test-packages test-browser bench bench-client bench-client-small bench-start-up bench-flood bench-large bench-growth bench-issuer bench-idempotency bench-half-peak bench-peers bench-uploads bench-traces bench-calls bench-consumer bench-containers bench-check profile cost audit format docs deploy clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(installed) ## Install the locked packages, Node 24 among them

$(runtime): package-lock.json
	@$(need_npm)
	npm ci --ignore-scripts --omit=dev
	@node scripts/require-node.mjs
	@touch $@

$(installed): package-lock.json
	@$(need_npm)
	npm ci --ignore-scripts
	npm run --silent prepare
	@node scripts/require-node.mjs
	@touch $(runtime) $@

demo: $(runtime) ## Run an upload, a duplicate, a late and a tampered one through all services, and stop
	@node local/stack/demo.ts

dev: $(runtime) ## Start everything on this machine and keep it running
	@node local/stack/dev/main.ts

# What the example pages are made of; nothing else needs it.
$(examples): examples/package-lock.json
	npm ci --ignore-scripts --prefix examples
	@touch $@

examples: $(runtime) $(examples) ## Serve the example pages; needs CORS_ORIGINS=http://127.0.0.1:3000 make dev
	@test -f .local/dev/env || { echo 'start this first, in another terminal: CORS_ORIGINS=http://127.0.0.1:3000 make dev' >&2; exit 1; }
	@npm run --silent --prefix examples build
	@. .local/dev/env && exec node examples/fastify-backend/server.mjs

local: $(runtime) ## Start everything in containers on LocalStack; needs Docker and Terraform
	@node local/localstack/main.ts up

local-down: $(runtime) ## Remove what `make local` started, and everything uploaded to it
	@node local/localstack/main.ts down

images: $(runtime) ## Build the images of the services, on NODE_IMAGE= or the pinned one
	@node local/localstack/main.ts images

test: check test-unit test-acceptance ## Run all checks and tests

test-unit test-acceptance test-faults test-browser test-terraform test-containers test-localstack: export NODE_OPTIONS := --import="$(CURDIR)/test/support/note-no-npm.mjs"

check: $(installed) ## Check types, style and format
	npm run --silent check

# severity-levels.txt has what oasdiff only mentions, and clients of the last release can depend on.
check-api: ## Compare the API with that of the last release, with oasdiff; needs Go
	@go run github.com/oasdiff/oasdiff@v1.38.0 breaking --fail-on WARN --severity-levels scripts/openapi/severity-levels.txt docs/openapi-released.json docs/openapi.json

check-workflows: ## Check .github/workflows with actionlint; needs Go
	@go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

test-unit: $(installed) ## Run the tests of packages and services, and check their coverage
	npm run --silent test:unit

test-acceptance: $(installed) ## Run the acceptance suite against a stack on this machine
	npm run --silent test:acceptance

# Side by side: both wait for LocalStack most of the time. Where make can, it shows each when it has ended; a make that they run is none
# of its own, and must not wait for its turn to print.
test-local: $(installed) ## Run the next two side by side, and show each when it has ended
	@echo 'test-containers and test-localstack, side by side: some five minutes'
	@$(MAKE) --no-print-directory --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
	  test-containers test-localstack

test-containers: images ## Test the images and `make local`; needs Docker and Terraform
	unset MAKEFLAGS MFLAGS MAKELEVEL; npm run --silent test:containers

test-localstack: images ## Run the acceptance suite on LocalStack; needs Docker and Terraform
	npm run --silent test:localstack

test-python: $(installed) ## Run a Python client (requests) against a stack; needs python3
	@command -v python3 >/dev/null || { echo "python3 is not there: install Python 3.9 or later" >&2; exit 1; }
	python3 -m venv .local/python
	.local/python/bin/$(pip_install) test/acceptance/python/requirements.txt
	node local/stack/with-stack.ts .local/python/bin/python test/acceptance/python/existing_client.py

test-schema: $(installed) ## Try generated requests from the served OpenAPI (schemathesis); needs python3
	@command -v python3 >/dev/null || { echo "python3 is not there: install Python 3.11 or later" >&2; exit 1; }
	python3 -m venv .local/schemathesis
	.local/schemathesis/bin/$(pip_install) test/acceptance/schemathesis/requirements.txt
	node local/stack/with-stack.ts test/acceptance/schemathesis/run.sh

test-rate-store: $(installed) ## Test rates over several tasks on a real Valkey or Redis (valkey-server, redis-server)
	@command -v valkey-server >/dev/null || command -v redis-server >/dev/null || \
	  { echo "no valkey-server or redis-server is there: install one, on Debian by apt-get install redis-server" >&2; exit 1; }
	npm run --silent test:rate-store

test-terraform: $(installed) ## Check all Terraform and apply it to a local AWS; needs terraform and python3
	@command -v python3 >/dev/null || { echo "python3 is not there: install Python 3.10 or later" >&2; exit 1; }
	{ for tool in checkov moto; do \
	  python3 -m venv .local/$$tool && .local/$$tool/bin/$(pip_install) \
	    terraform/tests/$$tool/requirements.txt || exit 1; \
	done; } & installing=$$!; \
	node terraform/tests/prepare.ts; prepared=$$?; wait $$installing && exit $$prepared
	npm run --silent test:terraform

# The tools that build, check and try the packages; nothing else needs them.
$(package_tools): scripts/packages/package-lock.json
	npm ci --ignore-scripts --prefix scripts/packages
	@touch $@

packages: $(installed) $(package_tools) ## Build and pack the packages for npm, into .local/packages
	@node scripts/packages/build.ts

test-packages: packages $(examples) ## Install what npm gets into an empty folder, and upload with it on Node 20 and 24
	npm run --silent test:packages

test-browser: packages $(examples) ## Upload from pages, and by links, in a real browser; needs Chromium or Google Chrome
	npm run --silent test:browser

outages: $(installed) ## Make S3, SQS and DynamoDB unavailable, slow and throttling, a minute each: SECONDS=
	@node test/chaos/src/outages/main.ts

soak: $(installed) ## Upload, kill and fail for ten minutes, and account for every byte: MINUTES= SEED=
	@node test/chaos/src/soak/main.ts

model: $(installed) ## Check the promises in random histories in virtual time: RUNS=10000 SEED=1
	@node test/simulation/src/main.ts

test-faults: $(installed) ## Kill, freeze and cut off real processes at every call, and check the promises
	npm run --silent test:faults

fuzz: $(installed) ## Send broken requests and events for a minute: MINUTES= SEED=
	@node scripts/fuzz.ts

# Nothing else needs it.
$(stryker): scripts/mutants/stryker/package-lock.json
	npm ci --ignore-scripts --prefix scripts/mutants/stryker
	@touch $@

mutants: $(installed) $(stryker) ## Break the code on purpose, in a copy, and check that tests fail: ONLY=id FILE=path
	@node scripts/mutants.ts

bench: $(installed) ## Measure lead time, throughput and memory on this machine
	@node bench/bench.ts

bench-client: $(installed) ## Measure the client library against curl on this machine: SIZE_MIB= ROUNDS=
	@node bench/client/main.ts

bench-client-small: $(installed) ## Measure many small files by the client library against node:http: FILES= ROUNDS=
	@node bench/client/small-files.ts

bench-start-up: $(installed) ## Measure each service's start-up time and memory against `node -e 0`: ROUNDS=
	@node bench/start-up/main.ts

bench-flood: $(installed) ## Measure others' lead time beside a form that is used often: DUPLICATES= ROUNDS=
	@node bench/acceptor/flood.ts

bench-large: $(installed) ## Measure copies of 1 and 5 GiB, and small uploads beside them: ROUNDS=
	@node bench/acceptor/large.ts

bench-growth: $(installed) ## Measure calls, conflicts and memory as uploads and acceptors grow: WINDOWS=
	@node bench/acceptor/growth.ts

bench-issuer: $(installed) ## Measure the url-issuer against a plain one and bare Fastify: ROUNDS=
	@node bench/issuer/main.ts

bench-idempotency: $(installed) ## Measure POST /v1/uploads, without and with an Idempotency-Key: ROUNDS=
	@node bench/issuer/idempotency.ts

bench-half-peak: $(installed) ## Measure a form's time at half of the peak, against bare Fastify: ROUNDS=
	@node bench/issuer/half-peak.ts

# Nothing else needs them, and they are many.
$(peers): bench/peers/package-lock.json
	npm ci --ignore-scripts --prefix bench/peers
	@touch $@

bench-peers: $(installed) $(peers) ## Measure the url-issuer against better-upload and Uppy Companion: ROUNDS=
	@node bench/peers/main.ts

bench-traces: $(installed) ## Measure the CPU of an upload with no, all and 5 % of traces: ROUNDS= UPLOADS=
	@node bench/traces/main.ts
	@node bench/traces/unsampled.ts

bench-calls: $(installed) ## Measure the CPU of a call of AWS against the AWS SDK's: ROUNDS= CALLS=
	@node bench/calls/main.ts

bench-uploads: $(installed) ## Measure an upload's calls of AWS, units, log and CPU by service: ROUNDS= UPLOADS=
	@node bench/uploads/main.ts

bench-consumer: $(installed) ## Measure the consumer of SQS against sqs-consumer: ROUNDS=
	@node bench/consumer/main.ts

bench-check: $(installed) ## Run short benches, and compare ratios and calls with bench/results
	@node bench/check/main.ts

profile: $(installed) ## Draw where a service spends its time, as a flame graph: SERVICE= COMMIT=
	@node bench/profile/main.ts

bench-containers: $(installed) ## Measure images and their start-up; needs a running `make local`
	@node bench/containers.ts

cost: $(installed) ## Print what uploads cost on AWS: UPLOADS_PER_MONTH= … or PLAN= (docs/cost.md)
	@node scripts/cost.ts

audit: $(installed) ## Ask the registry for known vulnerabilities of the locked packages
	@node scripts/audit.mjs

format: $(installed) ## Format the code
	npm run --silent format

docs: $(installed) ## Renew generated tables, and docs/openapi.json, from the code
	@node scripts/write-docs.ts

deploy: $(runtime) ## Build and push images, apply terraform/, wait for ECS: YES=1 TAG= WAIT_MINUTES=
	@node scripts/deploy.ts

test-aws: $(installed) ## Run the suites on your AWS account, and destroy everything again: MINUTES= ACCOUNT=
	@node scripts/test-aws.ts

test-aws-clean: $(installed) ## Remove what a `make test-aws` left on your AWS account: NAME=
	@node scripts/test-aws.ts clean

clean: ## Remove everything that was installed and built
	rm -rf node_modules scripts/packages/node_modules bench/peers/node_modules examples/node_modules scripts/mutants/stryker/node_modules .tap .local
