//! The filters of the flow language that Jinja does not have.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::template::dates;
use crate::template::host;
use crate::template::json;

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// Jinja's own filters take an undefined value for an empty one; ours never do.
fn defined(value: &Value) -> Result<&Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(value)
}

fn text<'a>(filter: &str, value: &'a Value) -> Result<&'a str, Error> {
    defined(value)?.as_str().ok_or_else(|| {
        wrong(format!(
            "filter '{filter}' takes a string, not a {}",
            value.kind()
        ))
    })
}

pub fn date(value: &Value, format: Option<&str>, shift: Kwargs) -> Result<String, Error> {
    let mut moment = dates::parse(text("date", value)?).map_err(wrong)?;
    let amount =
        |name: &str| -> Result<i64, Error> { Ok(shift.get::<Option<i64>>(name)?.unwrap_or(0)) };
    let (days, hours, minutes) = (amount("days")?, amount("hours")?, amount("minutes")?);
    let by = shift.get::<Option<&str>>("shift")?.unwrap_or("0s");
    shift.assert_all_used()?;
    moment = moment.shifted(days, hours, minutes).map_err(wrong)?;
    moment = moment
        .shifted_by(dates::parse_shift(by).map_err(wrong)?)
        .map_err(wrong)?;
    moment.format(format.unwrap_or("%Y-%m-%d")).map_err(wrong)
}

pub fn json(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent = options.get::<Option<usize>>("indent")?;
    options.assert_all_used()?;
    match indent {
        Some(width) => json::to_json_indented(defined(value)?, width),
        None => json::to_json(defined(value)?),
    }
}

pub fn yaml(value: &Value) -> Result<String, Error> {
    json::to_yaml(defined(value)?)
}

/// SHA-256, hexadecimal: of a string's bytes, of anything else's canonical JSON.
pub fn hash(value: &Value) -> Result<String, Error> {
    match defined(value)?.as_str() {
        Some(text) => Ok(host::sha256(text.as_bytes())),
        None => Ok(host::sha256(json::to_canonical(value)?.as_bytes())),
    }
}

/// `hash(a)` is `a | hash`; of several arguments, of their list.
pub fn hash_all(values: &[Value]) -> Result<String, Error> {
    match values {
        [] => Err(Error::new(
            ErrorKind::MissingArgument,
            "hash() takes at least one value",
        )),
        [one] => hash(one),
        many => hash(&Value::from(many.to_vec())),
    }
}

/// Latin letters with marks, as the letters they stand on.
fn folded(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
        'ì'..='ï' | 'ī' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' | 'ţ' => "t",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// Lower-case letters and digits with single hyphens: safe in a file name or a URL.
pub fn slug(value: &Value) -> Result<String, Error> {
    let source = match defined(value)?.kind() {
        ValueKind::String | ValueKind::Number => json::to_text(value)?,
        kind => return Err(wrong(format!("filter 'slug' takes a string, not a {kind}"))),
    };
    let mut out = String::with_capacity(source.len());
    let mut gap = false;
    for c in source.chars().flat_map(char::to_lowercase) {
        let mut single = [0u8; 4];
        let piece = match folded(c) {
            Some(letters) => letters,
            None if c.is_ascii_alphanumeric() => &*c.encode_utf8(&mut single),
            None => {
                gap = true;
                continue;
            }
        };
        if std::mem::take(&mut gap) && !out.is_empty() {
            out.push('-');
        }
        out.push_str(piece);
    }
    Ok(out)
}

/// "5m" → 300; whole seconds as an integer, else with a fraction.
pub fn duration(value: &Value) -> Result<Value, Error> {
    if defined(value)?.is_number() {
        return Ok(value.clone());
    }
    let millis = dates::parse_duration(text("duration", value)?).map_err(wrong)?;
    if millis % 1000 == 0 {
        return Ok(Value::from(millis / 1000));
    }
    Ok(Value::from(millis as f64 / 1000.0))
}

/// The value itself: the word is for the binders of scripts, which look for it in the template.
pub fn raw(value: &Value) -> Result<Value, Error> {
    Ok(defined(value)?.clone())
}
