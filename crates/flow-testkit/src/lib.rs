//! Builders, a manual clock, scripted steps and the store's conformance suite.
