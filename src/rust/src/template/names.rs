//! The filters, tests and functions of the environment, by name.

#[rustfmt::skip]
pub const FILTERS: &[&str] = &[
    "abs", "attr", "batch", "bool", "capitalize", "chain", "count", "d", "date", "default",
    "dictsort", "duration", "first", "float", "format", "groupby", "hash", "indent", "int", "items",
    "join", "json", "last", "length", "lines", "list", "lower", "map", "max", "min", "raw", "reject",
    "rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "slug", "sort",
    "split", "string", "sum", "title", "tojson", "trim", "unique", "upper", "yaml", "zip",
];

#[rustfmt::skip]
pub const TESTS: &[&str] = &[
    "boolean", "defined", "divisibleby", "endingwith", "eq", "equalto", "even", "false", "filter",
    "float", "ge", "greaterthan", "gt", "in", "int", "integer", "iterable", "le", "lessthan",
    "lower", "lt", "mapping", "ne", "none", "number", "odd", "sameas", "sequence", "startingwith",
    "string", "test", "true", "undefined", "upper", "==", "!=", "<", "<=", ">", ">=",
];

pub const FUNCTIONS: &[&str] = &["dict", "env", "files", "hash", "range", "secret"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::engine::environment;
    use minijinja::Value;

    #[test]
    fn the_environment_knows_every_name() {
        let env = environment();
        for name in FILTERS {
            let known = env.compile_expression("name is filter").unwrap();
            let context = minijinja::context!(name => *name);
            assert_eq!(known.eval(context).unwrap(), Value::from(true), "{name}");
        }
        for name in TESTS {
            let known = env.compile_expression("name is test").unwrap();
            let context = minijinja::context!(name => *name);
            assert_eq!(known.eval(context).unwrap(), Value::from(true), "{name}");
        }
        let mut functions: Vec<String> = env.globals().map(|(name, _)| name.to_string()).collect();
        functions.sort();
        assert_eq!(functions, FUNCTIONS);
    }
}
