//! Jinja templates for Cordyna, as a C library: see template_ffi.h beside the crate.

mod analyze;
mod bytes;
mod dates;
mod engine;
pub mod ffi;
mod filters;
mod host;
mod json;
mod names;
mod pattern;
