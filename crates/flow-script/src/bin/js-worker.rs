//! A worker without a server around it.

fn main() -> Result<(), flow_script::Error> {
    flow_script::worker::run()
}
