//! Checks a JSON value against a JSON Schema.
//!
//! It supports only the keywords of this project's schemas and panics at others. It is stricter
//! than JSON Schema about documentation: a member without a schema or a description is an error.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// Keywords without constraints.
const ANNOTATIONS: [&str; 6] = ["$schema", "$id", "$defs", "title", "description", "examples"];

/// The errors of `value`, each as `PLACE: WHAT`; empty if it conforms to `schema`.
#[must_use]
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Check { root: schema, faults: &mut faults }.value("report", schema, value);
    faults
}

struct Check<'a> {
    root: &'a Value,
    faults: &'a mut Vec<String>,
}

impl Check<'_> {
    fn expect(&mut self, holds: bool, place: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(format!("{place}: {}", what()));
        }
    }

    fn value(&mut self, place: &str, schema: &Value, value: &Value) {
        for (keyword, argument) in schema.as_object().unwrap() {
            let is = || format!("{value} is not {keyword} {argument}");
            match keyword.as_str() {
                "type" => {
                    let fits = match argument {
                        Value::Array(types) => types.iter().any(|one| is_of(one, value)),
                        one => is_of(one, value),
                    };
                    self.expect(fits, place, is);
                }
                "const" => self.expect(argument == value, place, is),
                "enum" => self.expect(argument.as_array().unwrap().contains(value), place, is),
                "pattern" => {
                    let pattern = Regex::new(argument.as_str().unwrap()).unwrap();
                    let fits = value.as_str().is_none_or(|text| pattern.is_match(text));
                    self.expect(fits, place, is);
                }
                "minimum" => {
                    let fits = value.as_f64().is_none_or(|n| n >= argument.as_f64().unwrap());
                    self.expect(fits, place, is);
                }
                "$ref" => {
                    let name = argument.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    let root = self.root;
                    self.value(place, &root["$defs"][name], value);
                }
                "items" => {
                    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(&format!("{place}[{n}]"), argument, item);
                    }
                }
                "required" => {
                    for name in argument.as_array().unwrap() {
                        let name = name.as_str().unwrap();
                        let there = value.as_object().is_none_or(|map| map.contains_key(name));
                        self.expect(there, place, || format!("has no {name}"));
                    }
                }
                "properties" => self.members(place, schema, argument.as_object().unwrap(), value),
                "additionalProperties" => {
                    let known = schema.get("properties");
                    for (name, member) in value.as_object().into_iter().flatten() {
                        if known.is_none_or(|known| known.get(name).is_none()) {
                            self.value(&format!("{place}.{name}"), argument, member);
                        }
                    }
                }
                annotation => assert!(ANNOTATIONS.contains(&annotation), "keyword {annotation}"),
            }
        }
    }

    fn members(&mut self, place: &str, schema: &Value, known: &Map<String, Value>, value: &Value) {
        for (name, member) in value.as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            match known.get(name) {
                Some(described) => {
                    let words = described.get("description");
                    self.expect(words.is_some(), &place, || "is not described".to_owned());
                    self.value(&place, described, member);
                }
                None => {
                    let open = schema.get("additionalProperties").is_some();
                    self.expect(open, &place, || "is not in the schema".to_owned());
                }
            }
        }
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}
