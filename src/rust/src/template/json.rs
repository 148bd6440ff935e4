//! Values as JSON text, canonical JSON, and YAML.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::template::engine::OUTPUT_BYTES_MAX;

const DEPTH_MAX: usize = 128;

struct Writer {
    out: String,
    sorted: bool,
    indent: Option<usize>,
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::BadSerialization, message)
}

pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7F => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The pairs of a map; `sorted` by key text.
fn pairs(value: &Value, sorted: bool) -> Result<Vec<(String, Value)>, Error> {
    let mut out = Vec::new();
    for key in value.try_iter()? {
        let item = value.get_item(&key)?;
        let name = match key.as_str() {
            Some(text) => text.to_string(),
            None => key.to_string(),
        };
        out.push((name, item));
    }
    if sorted {
        out.sort_by(|a, b| a.0.cmp(&b.0));
    }
    Ok(out)
}

impl Writer {
    fn line(&mut self, depth: usize) {
        if let Some(width) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', width * depth));
        }
    }

    fn number(&mut self, value: &Value) -> Result<(), Error> {
        if value.is_integer() {
            self.out.push_str(&value.to_string());
            return Ok(());
        }
        let number = f64::try_from(value.clone())?;
        if !number.is_finite() {
            return Err(bad(format!("{number} is not a number that JSON can hold")));
        }
        let text = serde_json::to_string(&number).map_err(|e| bad(e.to_string()))?;
        self.out.push_str(&text);
        Ok(())
    }

    fn sequence(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.out.push('[');
        let mut first = true;
        for item in value.try_iter()? {
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            self.line(depth + 1);
            self.value(&item, depth + 1)?;
        }
        if !first {
            self.line(depth);
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.out.push('{');
        let mut first = true;
        for (key, item) in pairs(value, self.sorted)? {
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            self.line(depth + 1);
            write_string(&mut self.out, &key);
            self.out
                .push_str(if self.indent.is_some() { ": " } else { ":" });
            self.value(&item, depth + 1)?;
        }
        if !first {
            self.line(depth);
        }
        self.out.push('}');
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            return Err(bad(format!("values are nested deeper than {DEPTH_MAX}")));
        }
        if self.out.len() > OUTPUT_BYTES_MAX {
            return Err(bad("the value is larger than 16 MiB"));
        }
        match value.kind() {
            ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
            ValueKind::None => {
                self.out.push_str("null");
                Ok(())
            }
            ValueKind::Bool => {
                self.out
                    .push_str(if value.is_true() { "true" } else { "false" });
                Ok(())
            }
            ValueKind::Number => self.number(value),
            ValueKind::String => {
                write_string(&mut self.out, value.as_str().unwrap_or_default());
                Ok(())
            }
            ValueKind::Seq | ValueKind::Iterable => self.sequence(value, depth),
            ValueKind::Map => self.map(value, depth),
            kind => Err(bad(format!("a {kind} cannot be written as text"))),
        }
    }
}

fn write(value: &Value, sorted: bool, indent: Option<usize>) -> Result<String, Error> {
    let mut writer = Writer {
        out: String::new(),
        sorted,
        indent,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

/// Compact, keys in the order they have.
pub fn to_json(value: &Value) -> Result<String, Error> {
    write(value, false, None)
}

pub fn to_json_indented(value: &Value, indent: usize) -> Result<String, Error> {
    write(value, false, Some(indent.min(16)))
}

/// Compact, keys sorted: equal values give equal text.
pub fn to_canonical(value: &Value) -> Result<String, Error> {
    write(value, true, None)
}

/// What a value is in the text around it: strings as they are, everything else as JSON.
pub fn to_text(value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_string()),
        None => to_json(value),
    }
}

/// Whether YAML 1.1 and 1.2 readers both take the text, unquoted, as that very string.
fn is_plain(text: &str) -> bool {
    let letters = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let word = text.to_ascii_lowercase();
    let special = [
        "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf",
    ];
    letters && starts && !special.contains(&word.as_str())
}

fn yaml_scalar(value: &Value, out: &mut String) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if is_plain(text) => out.push_str(text),
        Some(text) => write_string(out, text),
        None => out.push_str(&to_json(value)?),
    }
    Ok(())
}

fn is_block(value: &Value) -> bool {
    matches!(
        value.kind(),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map
    ) && value.len() != Some(0)
}

fn yaml_block(value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
    if depth > DEPTH_MAX || out.len() > OUTPUT_BYTES_MAX {
        return Err(bad("the value is too large or nested too deeply for YAML"));
    }
    let margin = "  ".repeat(depth);
    if value.kind() == ValueKind::Map {
        for (key, item) in pairs(value, false)? {
            out.push_str(&margin);
            yaml_scalar(&Value::from(key), out)?;
            out.push(':');
            yaml_item(&item, depth, out)?;
        }
    } else {
        for item in value.try_iter()? {
            out.push_str(&margin);
            out.push('-');
            yaml_item(&item, depth, out)?;
        }
    }
    Ok(())
}

fn yaml_item(item: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
    if is_block(item) {
        out.push('\n');
        return yaml_block(item, depth + 1, out);
    }
    out.push(' ');
    yaml_scalar(item, out)?;
    out.push('\n');
    Ok(())
}

/// Block style, ending in a line break for lists and maps; strings quoted where they must be.
pub fn to_yaml(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    if is_block(value) {
        yaml_block(value, 0, &mut out)?;
    } else {
        yaml_scalar(value, &mut out)?;
    }
    Ok(out)
}
