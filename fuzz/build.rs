//! Linker: counters of coverage of functions that a target does not reach are left out. Otherwise every run looks
//! through those of the whole program, which takes ten times as long as what is tried.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-Wl,--gc-sections,-z,start-stop-gc");
}
