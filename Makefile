# Each target calls a script; `make` alone lists the targets.

.PHONY: help build install deb demo demo-fleet check test bench page-test power-cut vm-test faults crashes \
  violence mutants pictures fuzz undefined clean

help:
	@echo 'make build       the programs, for this machine (target/debug)'
	@echo 'make install     the files for a device, to DESTDIR (/) and PREFIX (/usr, or /usr/local)'
	@echo 'make deb         the same as a Debian package, in target/deb'
	@echo 'make demo        a licence partition, keys, a daemon, a licence for this machine'
	@echo 'make demo-fleet  a reference UMS with 21 devices (STAY=1 leaves its page open)'
	@echo 'make check       form, lints and the unit tests of the library crates, before every commit'
	@echo 'make test        everything that continuous integration runs'
	@echo 'make bench       what the programs cost, next to peers and budgets; fails above the bars'
	@echo 'make page-test   the page of the reference UMS in Chromium'
	@echo 'make power-cut   what a fleet asks of UMS after a power cut: the figures of docs/power-cut.md'
	@echo 'make pictures    the pictures of the window, for docs/pictures'
	@echo 'make vm-test     all scenarios of a device in a virtual machine'
	@echo 'make faults      each system call failing, and a kill at each (POINT=, OPERATIONS=, JOBS=1)'
	@echo 'make crashes     a loss of power at every write; needs root (OPERATIONS=)'
	@echo 'make violence    random violence to a device (SECONDS=600, SEED= of the clock)'
	@echo 'make mutants     small changes of the code that decides, and whether tests notice them (JOBS=1)'
	@echo 'make fuzz        each parser for a minute (SECONDS=60)'
	@echo 'make undefined   AddressSanitizer and Valgrind over the tests of the inner crates and the worker'

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

demo-fleet:
	tests/prepare fleet
	tests/build
	tests/ums/build
	$${CARGO_TARGET_DIR:-target}/debug/demo-fleet $(if $(STAY),--stay)

check:
	tests/check

test:
	tests/run

bench:
	benches/run

page-test:
	tests/prepare page
	tests/build
	tests/ums/build
	$${CARGO_TARGET_DIR:-target}/debug/page-trial

power-cut:
	tests/ums/power-cut

pictures:
	tests/prepare
	tests/build
	cargo run --locked -p acceptance --bin pictures

vm-test:
	tests/vm/run

faults:
	tests/build
	cargo build --locked -p acceptance --bin faults --bin traced
	$${CARGO_TARGET_DIR:-target}/debug/faults $(if $(POINT),$(POINT),--jobs $${JOBS:-1} $(OPERATIONS))

crashes:
	tests/build
	cargo build --locked -p acceptance --bin crashes
	$${CARGO_TARGET_DIR:-target}/debug/crashes $(OPERATIONS)

violence:
	tests/build
	cargo build --locked -p acceptance --bin violence --bin flood
	$${CARGO_TARGET_DIR:-target}/debug/violence --seconds $${SECONDS:-600} $(if $(SEED),--seed $(SEED))

mutants:
	tests/prepare mutants
	tests/mutants/run

fuzz:
	license-format/fuzz/run $${SECONDS:-60}
	licd/fuzz/run $${SECONDS:-60}

undefined:
	tests/undefined

clean:
	cargo clean
	cargo clean --manifest-path license-format/fuzz/Cargo.toml
	cargo clean --manifest-path licd/fuzz/Cargo.toml
