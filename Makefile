# Nothing but calls; `make` alone lists them.

.PHONY: help build demo test fuzz clean

help:
	@echo 'make build   the programs, for this machine (target/debug)'
	@echo 'make demo    a licence partition, keys, a daemon, a licence for this machine'
	@echo 'make test    everything that continuous integration runs'
	@echo 'make fuzz    each parser for a minute (SECONDS=60)'

build:
	tests/build

demo:
	tests/prepare demo
	tests/build
	demo/run

test:
	tests/run

fuzz:
	license-format/fuzz/run $${SECONDS:-60}

clean:
	cargo clean
	cargo clean --manifest-path license-format/fuzz/Cargo.toml
