//! JSON Schema: texts become schemas, and say what is wrong with values. See schema_ffi.h.

mod bounds;
pub mod ffi;
mod meter;
mod words;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use meter::{Instance, Metered};

/// What is wrong, and where.
pub struct Finding {
    pub at: String,
    pub message: String,
}

impl Finding {
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            at: at.into(),
            message: message.into(),
        }
    }
}

pub const FINDINGS_MAX: usize = 10;

/// Of one compiled expression. Those of people need a tenth.
const REGEX_BYTES_MAX: usize = 256 << 10;

pub struct Schema {
    validator: Validator<Metered>,
}

fn parsed(text: &[u8]) -> Result<Value, Finding> {
    serde_json::from_slice(text).map_err(|error| Finding::new("#", format!("is no JSON: {error}")))
}

/// A time of day, with a zone or without: programs write theirs without one, where RFC 3339 wants one.
fn is_time(text: &str) -> bool {
    let digits = |at: usize, max: u8| {
        let part = text.as_bytes().get(at..at + 2);
        part.is_some_and(|two| {
            two.iter().all(u8::is_ascii_digit) && (two[0] - b'0') * 10 + two[1] - b'0' <= max
        })
    };
    let colon = |at: usize| text.as_bytes().get(at) == Some(&b':');
    if !(digits(0, 23) && colon(2) && digits(3, 59) && colon(5) && digits(6, 60)) {
        return false;
    }
    let rest = &text.as_bytes()[8..];
    let fraction = match rest.first() {
        Some(b'.') => 1 + rest[1..].iter().take_while(|c| c.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = 8 + fraction;
    match text.as_bytes().get(zone) {
        _ if fraction == 1 => false,
        None => true,
        Some(b'Z' | b'z') => text.len() == zone + 1,
        Some(b'+' | b'-') => {
            digits(zone + 1, 23)
                && colon(zone + 3)
                && digits(zone + 4, 59)
                && text.len() == zone + 6
        }
        Some(_) => false,
    }
}

impl Schema {
    pub fn compile(text: &[u8]) -> Result<Schema, Vec<Finding>> {
        let schema = parsed(text).map_err(|finding| vec![finding])?;
        // Before the library sees it: what it compiles is bounded then.
        bounds::check(&schema).map_err(|finding| vec![finding])?;
        let built = jsonschema::options_for::<Metered>()
            .offline()
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .with_format("time", is_time)
            .with_pattern_options(PatternOptions::regex().size_limit(REGEX_BYTES_MAX))
            .build(&schema);
        match built {
            Ok(validator) => Ok(Schema { validator }),
            Err(error) => Err(words::findings(std::iter::once(&error), words::Of::Schema)),
        }
    }

    /// None: the value is as it has to be.
    pub fn check(&self, text: &[u8]) -> Vec<Finding> {
        let value = match parsed(text) {
            Ok(value) => value,
            Err(finding) => return vec![finding],
        };
        let found = meter::metered(|| {
            let instance = Instance::of(&value);
            if self.validator.is_valid(instance) {
                return Vec::new();
            }
            let errors: Vec<_> = self.validator.iter_errors(instance).collect();
            words::findings(errors.iter(), words::Of::Value)
        });
        found.unwrap_or_else(|| {
            vec![Finding::new(
                "#",
                "takes too much work to be checked: its schema has too many alternatives for a value of this size",
            )]
        })
    }
}
