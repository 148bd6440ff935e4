//! What a schema may be, looked at before the library sees it: references lead within it, nothing leads
//! back to itself at one place, and a value meets a bounded number of schemas at each place.
//!
//! The library itself retrieves nothing, and stops at circles; but alternatives that refer to
//! alternatives multiply, which only a look at the whole can tell.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::Finding;

const SCHEMA_DEPTH_MAX: usize = 64;
/// Schemas that one place of a value is held against, each as often as it is reached.
const SCHEMAS_A_PLACE_MAX: u64 = 1_000;
/// How many of them may be one within the other: the stack that one place takes.
const NESTED_A_PLACE_MAX: u32 = 100;
/// Each compiled one takes memory for as long as its schema is there.
const PATTERNS_MAX: usize = 200;

const DRAFTS: [&str; 4] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
];

/// Keywords whose schemas are for the same place of a value.
const SAME_PLACE: [&str; 4] = ["not", "if", "then", "else"];
const SAME_PLACE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SAME_PLACE_MAPS: [&str; 2] = ["dependentSchemas", "dependencies"];
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// Those whose schemas are for what is in a value, or for none.
const FURTHER_IN: [&str; 8] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "items",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const FURTHER_IN_LISTS: [&str; 2] = ["items", "prefixItems"];
const FURTHER_IN_MAPS: [&str; 4] = ["$defs", "definitions", "patternProperties", "properties"];

pub fn check(schema: &Value) -> Result<(), Finding> {
    let mut looked = Looked {
        root: schema,
        anchors: HashMap::new(),
        costs: HashMap::new(),
        waiting: vec![(schema, "#".to_string())],
        patterns: 0,
    };
    check_draft(schema)?;
    looked.scan(schema, &mut Vec::new())?;
    while let Some((next, at)) = looked.waiting.pop() {
        looked.visit(next, &at, 0)?;
    }
    Ok(())
}

fn check_draft(schema: &Value) -> Result<(), Finding> {
    let Some(draft) = schema.get("$schema") else {
        return Ok(());
    };
    let name = draft.as_str().unwrap_or_default().trim_end_matches('#');
    if DRAFTS.contains(&name) {
        return Ok(());
    }
    let right = "must be a draft that is known here: 2020-12, 2019-09, 7 or 6, as https://json-schema.org/draft/2020-12/schema";
    Err(Finding::new("#/$schema", right))
}

#[derive(Clone, Copy)]
struct Cost {
    schemas: u64,
    nested: u32,
}

const LEAF: Cost = Cost {
    schemas: 1,
    nested: 1,
};

struct Looked<'a> {
    root: &'a Value,
    anchors: HashMap<&'a str, (&'a Value, String)>,
    /// By address; None: it is being looked at, so that who meets it again goes in a circle.
    costs: HashMap<*const Value, Option<Cost>>,
    waiting: Vec<(&'a Value, String)>,
    patterns: usize,
}

fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl<'a> Looked<'a> {
    /// All of it, whether it is a schema or not, since a reference may make it one.
    fn scan(&mut self, value: &'a Value, path: &mut Vec<String>) -> Result<(), Finding> {
        let place = |path: &[String]| {
            path.iter()
                .fold("#".to_string(), |at, name| below(&at, name))
        };
        if path.len() > SCHEMA_DEPTH_MAX {
            let message = format!("is nested deeper than {SCHEMA_DEPTH_MAX} levels");
            return Err(Finding::new(place(path), message));
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.scan(item, path)?;
                    path.pop();
                }
            }
            Value::Object(members) => {
                // With it, references from there would be to another document.
                if !path.is_empty() && members.get("$id").is_some_and(Value::is_string) {
                    let message = "may stand at the top alone: use '$defs' with a reference such as '#/$defs/name', or '$anchor'";
                    return Err(Finding::new(below(&place(path), "$id"), message));
                }
                for keyword in ["$anchor", "$dynamicAnchor"] {
                    let Some(name) = members.get(keyword).and_then(Value::as_str) else {
                        continue;
                    };
                    if self.anchors.insert(name, (value, place(path))).is_some() {
                        let message = format!("is there twice: '{name}'");
                        return Err(Finding::new(below(&place(path), keyword), message));
                    }
                }
                for (name, member) in members {
                    path.push(name.clone());
                    self.scan(member, path)?;
                    path.pop();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `within`: so many schemas of the same place stand around it.
    fn visit(&mut self, schema: &'a Value, at: &str, within: u32) -> Result<Cost, Finding> {
        let Value::Object(members) = schema else {
            return Ok(LEAF); // true, false, or what the library refuses
        };
        let key = std::ptr::from_ref(schema);
        match self.costs.get(&key) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => {
                let message = "leads back to itself without going further into the value";
                return Err(Finding::new(at, message));
            }
            None => {}
        }
        let too_nested = |at: &str| {
            let message = format!(
                "holds a value against more than {NESTED_A_PLACE_MAX} schemas within each other"
            );
            Finding::new(at, message)
        };
        if within >= NESTED_A_PLACE_MAX {
            return Err(too_nested(at));
        }
        self.costs.insert(key, None);
        self.note_further_in(members, at)?;
        let mut inner = Cost {
            schemas: 0,
            nested: 0,
        };
        for (next, next_at) in self.at_same_place(members, at)? {
            let cost = self.visit(next, &next_at, within + 1)?;
            inner.schemas = inner.schemas.saturating_add(cost.schemas);
            inner.nested = inner.nested.max(cost.nested);
            if inner.nested >= NESTED_A_PLACE_MAX {
                return Err(too_nested(at));
            }
        }
        // What is unevaluated is found out by another round over the schemas beside it.
        let rounds = members
            .keys()
            .filter(|name| name.starts_with("unevaluated"))
            .count() as u64;
        let cost = Cost {
            schemas: inner
                .schemas
                .saturating_mul(1 + 2 * rounds)
                .saturating_add(1),
            nested: inner.nested + 1,
        };
        if cost.schemas > SCHEMAS_A_PLACE_MAX {
            let message = format!(
                "holds a value against more than {SCHEMAS_A_PLACE_MAX} schemas at one place: give it fewer alternatives"
            );
            return Err(Finding::new(at, message));
        }
        self.costs.insert(key, Some(cost));
        Ok(cost)
    }

    fn note_further_in(
        &mut self,
        members: &'a Map<String, Value>,
        at: &str,
    ) -> Result<(), Finding> {
        let is_pattern = |name: &str| name == "pattern" && members[name].is_string();
        self.patterns += members.keys().filter(|name| is_pattern(name)).count();
        for (name, value) in members {
            let here = below(at, name);
            if FURTHER_IN.contains(&name.as_str()) && value.is_object() {
                self.waiting.push((value, here));
            } else if FURTHER_IN_LISTS.contains(&name.as_str()) {
                for (index, one) in value.as_array().into_iter().flatten().enumerate() {
                    self.waiting.push((one, format!("{here}/{index}")));
                }
            } else if FURTHER_IN_MAPS.contains(&name.as_str()) {
                let each = value.as_object();
                if name == "patternProperties" {
                    self.patterns += each.map_or(0, Map::len);
                }
                for (key, one) in each.into_iter().flatten() {
                    self.waiting.push((one, below(&here, key)));
                }
            }
        }
        if self.patterns > PATTERNS_MAX {
            let message = format!("is one of more than {PATTERNS_MAX} patterns");
            return Err(Finding::new(at, message));
        }
        Ok(())
    }

    fn at_same_place(
        &self,
        members: &'a Map<String, Value>,
        at: &str,
    ) -> Result<Vec<(&'a Value, String)>, Finding> {
        let mut next = Vec::new();
        for (name, value) in members {
            let here = below(at, name);
            if SAME_PLACE.contains(&name.as_str()) {
                next.push((value, here));
            } else if SAME_PLACE_LISTS.contains(&name.as_str()) {
                for (index, one) in value.as_array().into_iter().flatten().enumerate() {
                    next.push((one, format!("{here}/{index}")));
                }
            } else if SAME_PLACE_MAPS.contains(&name.as_str()) {
                for (key, one) in value.as_object().into_iter().flatten() {
                    next.push((one, below(&here, key)));
                }
            } else if REFERENCES.contains(&name.as_str()) {
                next.extend(self.target(value, &here)?);
            }
        }
        Ok(next)
    }

    fn target(&self, reference: &Value, at: &str) -> Result<Option<(&'a Value, String)>, Finding> {
        let Some(text) = reference.as_str() else {
            return Ok(None); // the library refuses it
        };
        let Some(fragment) = text.strip_prefix('#') else {
            let message = "must lead within the schema, as '#/$defs/name': nothing is fetched";
            return Err(Finding::new(at, message));
        };
        let fragment = percent_decoded(fragment);
        let found = if fragment.is_empty() || fragment.starts_with('/') {
            let target = self.root.pointer(&fragment);
            target.map(|target| (target, format!("#{fragment}")))
        } else {
            self.anchors.get(fragment.as_str()).cloned()
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => Err(Finding::new(
                at,
                "leads to nothing: the schema has no such place",
            )),
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|c| char::from(*c).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
