//! `list`: the registry as a table for people, or as JSON for programs (the form is a contract).

use std::io::Write as _;

use peerscope_samples::registry::{SAMPLES, Sample, Variant};
use serde_json::{Value, json};

pub(crate) fn list(as_json: bool) -> Result<(), String> {
    let text = if as_json { format!("{}\n", to_json()) } else { to_text() };
    // A reader that has seen enough and closed the pipe is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

fn to_json() -> Value {
    let variant = |variant: &Variant| json!({"name": variant.name, "expect": variant.expect, "also": variant.also});
    let sample = |sample: &Sample| {
        let variants: Vec<_> = sample.variants.iter().map(variant).collect();
        json!({"name": sample.name, "lecture": sample.lecture, "variants": variants})
    };
    SAMPLES.iter().map(sample).collect()
}

fn to_text() -> String {
    let mut text = String::new();
    for sample in SAMPLES {
        text.push_str(&format!("{:<22} {}  {}\n", sample.name, sample.lecture, sample.summary));
        for variant in sample.variants {
            let found = if variant.expect.is_empty() { "clean".to_owned() } else { variant.expect.join(", ") };
            let also = if variant.also.is_empty() { String::new() } else { format!(" -> {}", variant.also.join(", ")) };
            text.push_str(&format!("    {:<12} {found}{also}\n", variant.name));
        }
    }
    text
}
