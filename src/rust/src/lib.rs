//! What Cordyna has of Rust, as a C library: the headers beside the crate say what each function
//! promises.

mod ffi;
pub mod git;
pub mod mail;
pub mod schema;
pub mod template;
