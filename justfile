# The daily work; `just` alone lists it.

paint := "target/release/pointillist colorize target/gallery/galaxy.tiff --png small"

[private]
default:
    @just --list

# Build the program as it ships
build:
    cargo build --release

# Run all tests
test:
    cargo test --workspace

# Format, then look at everything that CI looks at
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Run the kernels' benchmarks, or those whose name contains `filter`
bench filter="":
    cargo bench --workspace --benches -- {{ filter }}

# Everything a change must pass
ci:
    .ci/run

# Compare with NumPy, datashader, matplotlib, tifffile, rasterio and GDAL, and with what programs write as text (Python with tests/neighbours/requirements.txt)
neighbours: build
    cargo build --release --workspace --example scatter
    python3 tests/neighbours/check.py target/release/pointillist
    python3 tests/neighbours/writers.py target/release/pointillist

# Try to make it lose, mix up or leave something: kills, full disks, failing calls, damage, races, power cuts (gcc, strace; all of it as root)
torture *options: build
    tests/torture/torture.py target/release/pointillist {{ options }}

# A worked example: the three stages one by one, the last again with other colours, then all at once from the text
stages text="fixtures/galaxy.txt" folder="target/stages": build
    mkdir -p {{ folder }}
    target/release/pointillist ingest {{ text }} -o {{ folder }}/stages.points
    target/release/pointillist bin2d {{ folder }}/stages.points -o {{ folder }}/stages.tiff --size 800
    target/release/pointillist colorize {{ folder }}/stages.tiff -o {{ folder }}/stages.png
    target/release/pointillist colorize {{ folder }}/stages.tiff -o {{ folder }}/stages.png --by count --cmap inferno --background black
    target/release/pointillist render {{ text }} -o {{ folder }}/render.png --cache-dir {{ folder }} --size 800 --by count --cmap inferno --background black
    cmp {{ folder }}/stages.png {{ folder }}/render.png
    target/release/pointillist info {{ folder }}/stages.tiff

# Write `rows` stars of the made-up galaxy to `file`
galaxy rows="1000000" file="galaxy.txt":
    cargo run --release --quiet --example galaxy -- --rows {{ rows }} -o {{ file }}

# The six pictures of one grid in docs/colours.md, and the figure of docs/figures.md
gallery folder="docs/images/gallery": build
    mkdir -p {{ folder }} target/gallery
    cargo run --release --quiet --example galaxy -- --rows 1000000 -o target/gallery/galaxy.txt
    target/release/pointillist ingest target/gallery/galaxy.txt -o target/gallery/galaxy.points
    target/release/pointillist bin2d target/gallery/galaxy.points -o target/gallery/galaxy.tiff --size 800
    {{ paint }} -o {{ folder }}/count.png --by count --cmap inferno --background black
    {{ paint }} -o {{ folder }}/equalized.png --by count --norm eq_hist --cmap fire --background black
    {{ paint }} -o {{ folder }}/mean.png --cmap RdYlBu_r --clip 2,98 --background '#222222'
    {{ paint }} -o {{ folder }}/bivariate.png --cmap coolwarm --clip 5,95 --alpha 0.2 --background black
    {{ paint }} -o {{ folder }}/spread.png --spread 3 --cmap plasma --clip 2,98 --alpha 0.3 --background black
    {{ paint }} -o {{ folder }}/table.png --cmap fixtures/colormaps/metallicity.cpt --background white
    target/release/pointillist scatter fixtures/galaxy.txt -o {{ folder }}/figure.png --cache-dir target/gallery --png small --figure --cmap coolwarm --s 1 --alpha 0.3 --title 'A galaxy of 120,000 stars' --xlabel 'x / kpc' --ylabel 'y / kpc' --zlabel metallicity

# Fuzz each target for so many seconds (installs cargo-fuzz if it is missing; RUSTC_BOOTSTRAP=1 for its sanitizer)
fuzz seconds="60":
    command -v cargo-fuzz >/dev/null || CARGO_TARGET_DIR=target/cargo-fuzz cargo install --locked cargo-fuzz --version 0.13.2
    for target in kernels_agree grid_file points_folder color_table picture_record array_file; do \
        mkdir -p fuzz/corpus/$target && \
        RUSTC_BOOTSTRAP=1 cargo fuzz run $target fuzz/corpus/$target fuzz/seeds/$target -- -max_total_time={{ seconds }} -timeout=20 || exit 1; \
    done

# Compare with other tools, in turn, on `rows` stars; stages: ingest, bin2d, colorize, render (makes data and a venv where they are missing)
bench-peers rows="40000000" rounds="5" stage="ingest" *options:
    bench/peers.py --stage {{ stage }} --rows {{ rows }} --rounds {{ rounds }} {{ options }}
