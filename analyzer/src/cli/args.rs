//! Pieces of argument parsing that several commands share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
#[cfg(unix)]
use std::time::Duration;

use lexopt::{Arg, Parser};

use super::Failure;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            _ => Err(format!("there is no format `{text}`; there are: text, json")),
        }
    }
}

/// A span of time with its unit: `5s`, `300ms`, `2min`.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

#[cfg(unix)]
impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{text}` is no span of time; give 5s, 300ms or 2min");
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
        let scale = match unit {
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            _ => return Err(unknown()),
        };
        let number: f64 = number.parse().map_err(|_| unknown())?;
        let time = Duration::try_from_secs_f64(number * scale).map_err(|_| unknown())?;
        if time < Duration::from_millis(1) { Err(unknown()) } else { Ok(Time(time)) }
    }
}

/// The value of the option that was just read, as text.
pub(crate) fn text(args: &mut Parser) -> Result<String, Failure> {
    args.value()?.into_string().map_err(|_| Failure::Usage("an option's value is not UTF-8".into()))
}

/// The value of the option that was just read, parsed.
pub(crate) fn parsed<T: FromStr<Err = String>>(args: &mut Parser) -> Result<T, Failure> {
    text(args)?.parse().map_err(Failure::Usage)
}

/// The value of the option that was just read: names with commas between.
pub(crate) fn names(args: &mut Parser) -> Result<Vec<String>, Failure> {
    let names: Vec<_> =
        text(args)?.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() { Err(Failure::Usage("a list of names is empty".into())) } else { Ok(names) }
}

/// What no command knows: help if it asks for that, else an error that names it.
pub(crate) fn other(arg: Arg<'_>) -> Failure {
    match arg {
        Arg::Long("help") | Arg::Short('h') => Failure::Help,
        unknown => unknown.unexpected().into(),
    }
}

/// At least one path.
pub(crate) fn some(paths: Vec<OsString>) -> Result<Vec<PathBuf>, Failure> {
    if paths.is_empty() {
        return Err(Failure::Usage("a trace is missing".into()));
    }
    Ok(paths.into_iter().map(PathBuf::from).collect())
}

/// Exactly one path.
pub(crate) fn one(paths: Vec<OsString>) -> Result<PathBuf, Failure> {
    match &some(paths)?[..] {
        [path] => Ok(path.clone()),
        _ => Err(Failure::Usage("more than one trace is given".into())),
    }
}
