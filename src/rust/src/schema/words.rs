//! What is wrong with a value, or with a schema, in words: what was found and what would be right. No
//! message has a value in it, but those that a schema names.

use std::borrow::Cow;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonType;
use jsonschema::ValidationError;
use serde_json::Value;

use crate::schema::meter::kind_of;
use crate::schema::{Finding, FINDINGS_MAX};

const SHOWN_MAX: usize = 200;
const FORMS_TOLD_MAX: usize = 4;

/// What the errors are about: a schema is there itself, of a value there is only its kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Schema,
    Value,
}

type Errors = Vec<ValidationError<'static>>;

pub fn findings<'e, 'i: 'e>(
    errors: impl Iterator<Item = &'e ValidationError<'i>>,
    of: Of,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for error in errors {
        add(error, of, &mut found);
        if found.len() >= FINDINGS_MAX {
            break;
        }
    }
    found.truncate(FINDINGS_MAX);
    found
}

fn add(error: &ValidationError<'_>, of: Of, found: &mut Vec<Finding>) {
    let at = pointer(error);
    let each = |names: &[String], found: &mut Vec<Finding>| {
        for name in names.iter().take(FINDINGS_MAX) {
            found.push(Finding::new(within(&at, name), "is not known here"));
        }
    };
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            found.push(Finding::new(within(&at, name), "is missing"));
        }
        Kind::AdditionalProperties { unexpected } => each(unexpected, found),
        Kind::UnevaluatedProperties { unexpected } => each(unexpected, found),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            match likeliest(error, context) {
                Some(errors) => {
                    for error in errors.iter().take(FINDINGS_MAX) {
                        add(error, of, found);
                    }
                }
                None => found.push(Finding::new(at, forms(context, of))),
            }
        }
        _ => found.push(Finding::new(at, words(error, of))),
    }
}

fn pointer(error: &ValidationError<'_>) -> String {
    format!("#{}", error.instance_path().as_str())
}

fn within(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The one form that the value has as such, and in which something further in is wrong.
fn likeliest<'e>(error: &ValidationError<'_>, context: &'e [Errors]) -> Option<&'e Errors> {
    let here = error.instance_path().as_str().len();
    let is_deeper = |errors: &&Errors| {
        !errors.is_empty()
            && errors.iter().all(|one| {
                one.instance_path().as_str().len() > here
                    || matches!(
                        one.kind(),
                        Kind::Required { .. } | Kind::AdditionalProperties { .. }
                    )
            })
    };
    let mut fitting = context.iter().filter(is_deeper);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

fn forms(context: &[Errors], of: Of) -> String {
    let told: Option<Vec<String>> = context
        .iter()
        .map(|errors| match errors.as_slice() {
            [one] if is_plain(one.kind()) => Some(words(one, of)),
            _ => None,
        })
        .collect();
    match told {
        Some(told) if told.len() <= FORMS_TOLD_MAX => told.join(", or "),
        _ => format!("has none of the {} forms that it may have", context.len()),
    }
}

fn is_plain(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Type { .. } | Kind::Enum { .. } | Kind::Constant { .. } | Kind::Format { .. }
    )
}

fn fit(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN_MAX {
        return Cow::Borrowed(text);
    }
    let end = (0..=SHOWN_MAX).rev().find(|at| text.is_char_boundary(*at));
    Cow::Owned(format!("{}…", &text[..end.unwrap_or(0)]))
}

fn json(value: &Value) -> String {
    fit(&value.to_string()).into_owned()
}

fn type_word(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a text",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

fn type_words(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => type_word(*one).to_string(),
        TypeKind::Multiple(several) => {
            let words: Vec<_> = several.iter().map(type_word).collect();
            words.join(" or ")
        }
    }
}

fn choice(options: &Value) -> String {
    let all: Vec<String> = match options {
        Value::Array(items) => items.iter().take(50).map(Value::to_string).collect(),
        other => vec![other.to_string()],
    };
    fit(&all.join(", ")).into_owned()
}

fn words(error: &ValidationError<'_>, of: Of) -> String {
    let found = || match (of, error.instance().as_ref()) {
        (Of::Value, Value::String(kind)) => kind.clone(),
        (_, value) => kind_of(value).to_string(),
    };
    match error.kind() {
        Kind::Type { kind } => format!("must be {}, but is {}", type_words(kind), found()),
        Kind::Enum { options } => format!("must be one of {}", choice(options)),
        Kind::Constant { expected_value } => format!("must be {}", json(expected_value)),
        Kind::Format { format } => format!("must have the format '{format}'"),
        Kind::Pattern { pattern } => format!("must match the pattern {}", fit(pattern)),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::AdditionalItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("must have at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} fields"),
        Kind::UniqueItems => "must have each item once".to_string(),
        Kind::Contains => "must contain more or fewer items of a kind that it names".to_string(),
        Kind::UnevaluatedItems { .. } => "has items that nothing describes".to_string(),
        Kind::FalseSchema => "may not be there".to_string(),
        Kind::Not { .. } => "is what it must not be".to_string(),
        Kind::OneOfMultipleValid { .. } => {
            "has more than one of the forms of which it may have one".to_string()
        }
        Kind::PropertyNames { error } => format!("has a name that {}", words(error, of)),
        Kind::ContentEncoding { content_encoding } => format!("must be {content_encoding}"),
        Kind::ContentMediaType { content_media_type } => format!("must be {content_media_type}"),
        Kind::RegexEngineFailure { .. } | Kind::BacktrackLimitExceeded { .. } => {
            "cannot be matched with its pattern".to_string()
        }
        Kind::Referencing(error) => fit(&error.to_string()).into_owned(),
        _ => match of {
            Of::Schema => fit(&error.to_string()).into_owned(),
            Of::Value => "is not as its schema says".to_string(),
        },
    }
}
