//! `plots DIRECTORY`: charts of time and memory against the number of licences and units, as SVG.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a figure that cannot be taken is a failed test"
)]

use std::path::Path;

use acceptance::{World, maker};
use benches::measure::{Cost, Run};
use benches::{stored, text};
use plotters::prelude::*;

/// Licences in the store.
const LICENCES: [u32; 5] = [1, 10, 100, 1_000, 10_000];
/// Units of a mass licence.
const UNITS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Runs of each point. The fastest counts, because a busy machine only adds time.
const TIMES: usize = 5;
const SIZE: (u32, u32) = (640, 400);

/// Points of a chart.
type Points = Vec<(f64, f64)>;

fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let by_licences = |figure: fn(&World) -> f64| -> Points {
        LICENCES.map(|count| (f64::from(count), figure(&stored(count)))).into()
    };
    let by_units = |figure: fn(&World, &str) -> f64| -> Points {
        let point = |units: u32| {
            let world = World::new();
            // The device is one of them.
            let mass = world.file("mass.lic", maker::licence().mass(units - 1).sign());
            (f64::from(units), figure(&world, &mass))
        };
        UNITS.map(point).into()
    };
    for (name, heading, abscissa, points) in [
        ("start-time", "Start of licd: milliseconds", "licences", by_licences(start_time)),
        ("start-memory", "licd: peak memory in KiB", "licences", by_licences(start_memory)),
        (
            "import-time",
            "Import of one licence: milliseconds",
            "licences",
            by_licences(import_time),
        ),
        ("mass-time", "Import of a mass licence: milliseconds", "units", by_units(mass_time)),
        ("mass-memory", "Its peak memory in KiB", "units", by_units(mass_memory)),
    ] {
        draw(&Path::new(&dir).join(format!("{name}.svg")), heading, abscissa, &points);
    }
}

fn fastest(mut run: impl FnMut() -> f64) -> f64 {
    (0..TIMES).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn start_time(world: &World) -> f64 {
    fastest(|| Run::start(world).milliseconds())
}

fn start_memory(world: &World) -> f64 {
    let daemon = world.start();
    (daemon.peak() / 1024) as f64
}

fn import_time(world: &World) -> f64 {
    let mut serials = 1..;
    fastest(|| {
        let licence = maker::licence().pack("NEW-1").serial(serials.next().unwrap()).sign();
        let file = world.file("new.lic", licence);
        Run::licctl(world, &["import", &file]).milliseconds()
    })
}

fn mass_time(world: &World, mass: &str) -> f64 {
    let slice = world.root().with_extension("slice");
    fastest(|| Run::licctl(world, &["slice", mass, "-o", text(&slice)]).milliseconds())
}

fn mass_memory(world: &World, mass: &str) -> f64 {
    let slice = world.root().with_extension("slice");
    Run::licctl(world, &["slice", mass, "-o", text(&slice)]).cost(Cost::Memory) as f64
}

/// A chart with a logarithmic abscissa.
fn draw(file: &Path, heading: &str, abscissa: &str, points: &[(f64, f64)]) {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).unwrap();
    let across = points[0].0..points[points.len() - 1].0;
    let top = points.iter().map(|(_, y)| *y).fold(0.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(&root)
        .caption(heading, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(across.log_scale(), 0.0..top)
        .unwrap();
    chart.configure_mesh().x_desc(abscissa).draw().unwrap();
    chart.draw_series(LineSeries::new(points.iter().copied(), &BLUE)).unwrap();
    root.present().unwrap();
}
