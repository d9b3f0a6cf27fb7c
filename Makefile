# Each target calls a script; `make` alone lists the targets.

.PHONY: help build install deb demo check test bench pictures vm-test faults fuzz clean

help:
	@echo 'make build   the programs, for this machine (target/debug)'
	@echo 'make install   the files for a device, to DESTDIR (/) and PREFIX (/usr, or /usr/local)'
	@echo 'make deb     the same as a Debian package, in target/deb'
	@echo 'make demo    a licence partition, keys, a daemon, a licence for this machine'
	@echo 'make check   form, lints and the unit tests of the library crates, before every commit'
	@echo 'make test    everything that continuous integration runs'
	@echo 'make bench   what imports cost compared with a survey; fails above the bars'
	@echo 'make pictures   the pictures of the window, for docs/pictures'
	@echo 'make vm-test all scenarios of a device in a virtual machine'
	@echo 'make faults  each system call failing, and a kill at each (POINT=, OPERATIONS=, JOBS=1)'
	@echo 'make fuzz    each parser for a minute (SECONDS=60)'

build:
	tests/build

install:
	packaging/build $${CARGO_TARGET_DIR:-target}/install
	packaging/install $${CARGO_TARGET_DIR:-target}/install

deb:
	packaging/deb

demo:
	tests/prepare demo
	tests/build
	demo/run

check:
	tests/check

test:
	tests/run

bench:
	cargo build --locked --release -p licd -p rescue-tools
	cargo run --locked --release -p acceptance --bin bench

pictures:
	tests/prepare
	tests/build
	cargo run --locked -p acceptance --bin pictures

vm-test:
	tests/vm/run

faults:
	tests/build
	cargo build --locked -p acceptance --bin faults
	$${CARGO_TARGET_DIR:-target}/debug/faults $(if $(POINT),$(POINT),--jobs $${JOBS:-1} $(OPERATIONS))

fuzz:
	license-format/fuzz/run $${SECONDS:-60}

clean:
	cargo clean
	cargo clean --manifest-path license-format/fuzz/Cargo.toml
