//! The environment, one evaluation, and the words for what goes wrong in it.

use std::cell::RefCell;
use std::io;
use std::sync::OnceLock;

use minijinja::machinery::{ast, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use crate::template::analyze;
use crate::template::{bytes, filters, host, json};

pub const OUTPUT_BYTES_MAX: usize = 16 << 20;
const FUEL: u64 = 1_000_000;
/// Contexts above this are not kept for the next call: the owner has to stay small.
const CONTEXT_KEPT_MAX: usize = 1 << 20;

pub struct Failure {
    pub message: String,
    pub offset: usize,
    /// An undefined value that is no name of the context: a call that found nothing.
    pub unnamed: bool,
}

impl Failure {
    pub fn new(message: String, offset: usize) -> Failure {
        Failure {
            message,
            offset,
            unnamed: false,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Text,
    Expression,
}

/// A line break at the end of a text stays.
pub fn syntax() -> SyntaxConfig {
    static SYNTAX: OnceLock<SyntaxConfig> = OnceLock::new();
    SYNTAX
        .get_or_init(|| {
            SyntaxConfig::builder()
                .keep_trailing_newline(true)
                .build()
                .unwrap_or_default()
        })
        .clone()
}

pub fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut env = Environment::new();
        env.set_syntax(syntax());
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_debug(false);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(100);
        env.set_formatter(|out, _state, value| {
            if let Some(text) = value.as_str() {
                return out.write_str(text).map_err(Error::from);
            }
            out.write_str(&json::to_json(value)?).map_err(Error::from)
        });
        // Each of them lets a template keep state over a loop, or look into the engine.
        env.remove_global("namespace");
        env.remove_global("debug");
        for name in ["safe", "escape", "e", "pprint"] {
            env.remove_filter(name);
        }
        env.add_function("secret", host::secret);
        env.add_function("env", host::env);
        env.add_function("files", host::files);
        env.add_function("hash", |values: minijinja::value::Rest<Value>| {
            filters::hash_all(&values)
        });
        env.add_filter("date", filters::date);
        env.add_filter("json", filters::json);
        env.add_filter("tojson", filters::json);
        env.add_filter("yaml", filters::yaml);
        env.add_filter("hash", filters::hash);
        env.add_filter("slug", filters::slug);
        env.add_filter("duration", filters::duration);
        env.add_filter("raw", filters::raw);
        env
    })
}

thread_local! {
    /// The last context: a task renders several strings with the same one, and parsing it is most
    /// of the work.
    static CONTEXT: RefCell<(Vec<u8>, Value)> = const { RefCell::new((Vec::new(), Value::UNDEFINED)) };
}

fn parse_context(context: &[u8]) -> Result<Value, Failure> {
    let value: Value = serde_json::from_str(&bytes::encode(context)).map_err(|error| {
        Failure::new(
            format!("the context of the template is not JSON: {error}"),
            0,
        )
    })?;
    if value.kind() != ValueKind::Map {
        return Err(Failure::new(
            format!(
                "the context of a template is a JSON object, not a {}",
                value.kind()
            ),
            0,
        ));
    }
    Ok(value)
}

fn context_value(context: &[u8]) -> Result<Value, Failure> {
    CONTEXT.with(|cell| {
        let mut kept = cell.borrow_mut();
        if !kept.0.is_empty() && kept.0 == context {
            return Ok(kept.1.clone());
        }
        let value = parse_context(context)?;
        if context.len() <= CONTEXT_KEPT_MAX {
            *kept = (context.to_vec(), value.clone());
        } else {
            *kept = (Vec::new(), Value::UNDEFINED);
        }
        Ok(value)
    })
}

struct Bounded {
    content: Vec<u8>,
}

impl io::Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.content.len() + data.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other("its text is larger than 16 MiB"));
        }
        self.content.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn render_text(text: &str, context: &Value) -> Result<String, Error> {
    let template = environment().template_from_named_str("template", text)?;
    let mut out = Bounded {
        content: Vec::with_capacity(text.len() + 32),
    };
    template.render_captured_to(context.clone(), &mut out)?;
    String::from_utf8(out.content)
        .map_err(|_| Error::new(ErrorKind::WriteFailure, "the result is not text"))
}

fn render_expression(text: &str, context: &Value) -> Result<String, Error> {
    let value = environment()
        .compile_expression(text)?
        .eval(context.clone())?;
    let result = json::to_json(&value)?;
    if result.len() > OUTPUT_BYTES_MAX {
        return Err(Error::new(
            ErrorKind::WriteFailure,
            "its text is larger than 16 MiB",
        ));
    }
    Ok(result)
}

/// Text: the template's text. Expression: the value of one expression, as JSON.
pub fn render(text: &str, context: &[u8], mode: Mode) -> Result<String, Failure> {
    let context = context_value(context)?;
    let result = match mode {
        Mode::Text => render_text(text, &context),
        Mode::Expression => render_expression(text, &context),
    };
    result.map_err(|error| failure(&error, text, Some(&context), mode))
}

fn names_of(value: &Value) -> String {
    let mut names: Vec<String> = match value.try_iter() {
        Ok(keys) => keys.map(|key| key.to_string()).collect(),
        Err(_) => Vec::new(),
    };
    names.sort();
    let more = names.len().saturating_sub(12);
    names.truncate(12);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// The first name of `path` that the context does not have, or nothing.
fn missing(path: &[String], context: &Value) -> Option<String> {
    let mut at = context.clone();
    for (depth, name) in path.iter().enumerate() {
        let next = at.get_attr(name).unwrap_or(Value::UNDEFINED);
        if !next.is_undefined() {
            at = next;
            continue;
        }
        let full = path[..=depth].join(".");
        if depth == 0 {
            return Some(format!(
                "undefined name '{full}'; there are: {}",
                names_of(&at)
            ));
        }
        let parent = path[..depth].join(".");
        return Some(match at.kind() {
            ValueKind::Map if at.len() == Some(0) => {
                format!("undefined name '{full}'; {parent} is empty")
            }
            ValueKind::Map => format!("undefined name '{full}'; {parent} has: {}", names_of(&at)),
            kind => format!("undefined name '{full}'; {parent} is a {kind} and has no names"),
        });
    }
    None
}

/// Names what was undefined: of the references that lead nowhere, the one at the place of the
/// error, else the nearest before it.
fn undefined(
    text: &str,
    context: &Value,
    mode: Mode,
    range: &std::ops::Range<usize>,
) -> Option<String> {
    let mut best: Option<(bool, usize, String)> = None;
    let mut look = |finding: analyze::Finding| {
        let analyze::Finding::Reference { offset, path } = finding else {
            return;
        };
        if matches!(path[0].as_str(), "env" | "files" | "secret") {
            return;
        }
        let Some(message) = missing(&path, context) else {
            return;
        };
        let inside = range.contains(&offset);
        let before = if offset <= range.start { offset } else { 0 };
        let better = match &best {
            None => true,
            Some((was_inside, was_before, _)) => !was_inside && (inside || before > *was_before),
        };
        if better {
            best = Some((inside, before, message));
        }
    };
    match mode {
        Mode::Text => analyze::analyze(text, &mut look),
        Mode::Expression => {
            if let Ok(expr) = parse_expr(text) {
                analyze::walk_expression(&expr, &mut look);
            }
        }
    }
    best.map(|(_, _, message)| message)
}

fn excerpt(text: &str, range: &std::ops::Range<usize>) -> String {
    let part = text.get(range.clone()).unwrap_or_default();
    part.chars().take(80).collect()
}

/// The sentence for an error of the engine.
pub fn failure(error: &Error, text: &str, context: Option<&Value>, mode: Mode) -> Failure {
    let range = error.range().unwrap_or(0..0);
    let detail = error.detail().unwrap_or("").to_string();
    let mut unnamed = false;
    let message = match error.kind() {
        ErrorKind::SyntaxError => format!("syntax error: {detail}"),
        ErrorKind::UndefinedError => {
            let named = context.and_then(|context| undefined(text, context, mode, &range));
            unnamed = named.is_none();
            named.unwrap_or_else(|| format!("'{}' is undefined", excerpt(text, &range)))
        }
        ErrorKind::OutOfFuel => {
            format!("the template does too much: it was stopped after {FUEL} steps")
        }
        ErrorKind::WriteFailure => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            format!(
                "the template cannot be rendered: {}",
                cause.unwrap_or(detail)
            )
        }
        kind if detail.is_empty() => kind.to_string(),
        _ => detail,
    };
    Failure {
        message,
        offset: range.start,
        unnamed,
    }
}

/// The tree of a text. Offsets in it count from the text's first byte.
pub fn tree(text: &str) -> Result<ast::Stmt<'_>, Error> {
    parse(text, "template", syntax())
}
