//! Jinja templates: see template_ffi.h.

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
