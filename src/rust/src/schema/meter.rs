//! Values as the library reads them, with a meter on each look at one: work and stack that a schema
//! takes are bounded, whatever it says.
//!
//! Where the bound is met the stack is unwound up to `metered`, which gives nothing then.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use jsonschema::json::{cmp, unique, Array, Json, Node, NodeIdentity, Object};
use jsonschema::JsonType;
use serde_json::{Map, Number, Value};

/// Looks at values. 256 KiB of numbers take a tenth of it, with a schema of people.
const WORK_MAX: u64 = 1_000_000;
/// From `metered` on. What goes deeper between two looks is bounded by bounds.rs.
const STACK_BYTES_MAX: usize = 2 << 20;
/// Texts are matched and compared byte by byte.
const BYTES_A_LOOK: usize = 64;
/// An error is an allocation with several others.
const ERROR_LOOKS: u64 = 50;

struct Exhausted;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static TOP: Cell<usize> = const { Cell::new(0) };
}

#[inline]
fn stack_here() -> usize {
    let here = 0u8;
    std::ptr::from_ref(&here) as usize
}

#[inline]
fn burn(looks: u64) {
    let left = LEFT.get();
    if left < looks || TOP.get().abs_diff(stack_here()) > STACK_BYTES_MAX {
        resume_unwind(Box::new(Exhausted));
    }
    LEFT.set(left - looks);
}

fn text_looks(text: &str) -> u64 {
    1 + (text.len() / BYTES_A_LOOK) as u64
}

/// Of a comparison with all that is in it.
fn whole_looks(value: &Value) -> u64 {
    match value {
        Value::String(text) => text_looks(text),
        Value::Array(items) => 1 + items.iter().map(whole_looks).sum::<u64>(),
        Value::Object(members) => 1 + members.values().map(whole_looks).sum::<u64>(),
        _ => 1,
    }
}

/// None: it took too much.
pub fn metered<T>(work: impl FnOnce() -> T) -> Option<T> {
    LEFT.set(WORK_MAX);
    TOP.set(stack_here());
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<Exhausted>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The representation.
pub struct Metered;

#[derive(Clone, Copy)]
pub struct Instance<'a>(&'a Value);

#[derive(Clone, Copy)]
pub struct Members<'a>(&'a Map<String, Value>);

#[derive(Clone, Copy)]
pub struct Items<'a>(&'a [Value]);

pub struct MembersIter<'a>(serde_json::map::Iter<'a>);

pub struct ItemsIter<'a>(std::slice::Iter<'a, Value>);

impl<'a> Instance<'a> {
    pub fn of(value: &'a Value) -> Instance<'a> {
        Instance(value)
    }
}

impl Json for Metered {
    type Node<'a> = Instance<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    const KEYS_PER_LOOKUP: usize = 2;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), text: &str, f: impl FnOnce(Instance<'_>) -> T) -> T {
        let name = Value::String(text.to_owned());
        f(Instance(&name))
    }
}

impl<'a> Node<'a, Metered> for Instance<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        burn(1);
        self.0.as_object().map(Members)
    }

    fn as_array(&self) -> Option<Items<'a>> {
        burn(1);
        self.0.as_array().map(|items| Items(items))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.0.as_str();
        burn(text.map_or(1, text_looks));
        text.map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        burn(1);
        self.0.as_number()
    }

    fn as_boolean(&self) -> Option<bool> {
        burn(1);
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        burn(1);
        self.0.is_null()
    }

    fn json_type(&self) -> JsonType {
        burn(1);
        match self.0 {
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Number(_) => JsonType::Number,
            Value::String(_) => JsonType::String,
            Value::Array(_) => JsonType::Array,
            Value::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        burn(whole_looks(self.0));
        cmp::equal(self.0, expected)
    }

    /// What errors carry: the kind of the value, and no value, for they are for logs.
    fn to_value(&self) -> Cow<'a, Value> {
        burn(ERROR_LOOKS);
        Cow::Owned(Value::String(kind_of(self.0).to_owned()))
    }

    fn identity(&self) -> Option<NodeIdentity> {
        burn(1);
        Some(NodeIdentity::new(std::ptr::from_ref(self.0) as usize))
    }
}

impl<'a> Object<'a, Metered> for Members<'a> {
    type Node = Instance<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<Instance<'a>> {
        burn(1);
        self.0.get(key.as_str()).map(Instance)
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter(self.0.iter())
    }
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, Instance<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.next()?;
        burn(text_looks(name));
        Some((name.as_str(), Instance(value)))
    }
}

impl<'a> Array<'a, Metered> for Items<'a> {
    type Node = Instance<'a>;
    type ElementsIter = ItemsIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> ItemsIter<'a> {
        ItemsIter(self.0.iter())
    }

    fn is_unique(&self) -> bool {
        // A short list is compared item by item.
        burn(4 * self.0.iter().map(whole_looks).sum::<u64>());
        unique::is_unique(self.0)
    }
}

impl<'a> Iterator for ItemsIter<'a> {
    type Item = Instance<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        burn(1);
        self.0.next().map(Instance)
    }
}
