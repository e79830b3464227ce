//! Built-in steps that touch the world.
