//! Tells Cargo that the migrations are embedded: a new folder there is no file that the compiler has read.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
