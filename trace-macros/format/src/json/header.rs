//! The header: the first line of a trace in JSON Lines.

use std::collections::HashSet;

use super::lines::RawLine;
use super::read::MAX_LINE;
use super::scan;
use super::trouble::Troubles;
use crate::header::TraceHeader;
use crate::value::{FromValue, MapRef, Value, ValueRef};
use crate::varint::Cursor;
use crate::wire::{Corrupt, ReadError, Strings};

/// The version of the form.
pub(super) const VERSION: u64 = 1;

/// Reads the header from the first line.
pub(super) fn read(line: Option<RawLine<'_>>, troubles: &mut Troubles) -> Result<TraceHeader, ReadError> {
    let corrupt = |why| ReadError::Corrupt(Corrupt(why));
    let line =
        line.ok_or(corrupt("the file is empty; a trace in JSON Lines begins with {\"peerscope\":1,\"unit\":\"ns\"}"))?;
    if line.bytes.starts_with(b"\x89PScope") {
        return Err(corrupt("this is a trace in the native form, not in JSON Lines; its name should end in .pscope"));
    }
    if line.bytes.starts_with(b"\xff\xfe") || line.bytes.starts_with(b"\xfe\xff") {
        return Err(corrupt("the file is UTF-16; JSON Lines are UTF-8"));
    }
    if line.too_long {
        return Err(corrupt("this is not a trace in JSON Lines: its first line is longer than 8 MiB"));
    }
    let mut bytes = Vec::new();
    let text = std::str::from_utf8(line.bytes);
    if text.is_err() || text.is_ok_and(|text| scan::scan_any(text, &mut bytes).is_err()) {
        let torn = !line.ended && line.bytes.starts_with(b"{");
        return Err(corrupt(match torn {
            true => "the trace ends within its header",
            false => "this is not a trace in JSON Lines: its first line is not JSON",
        }));
    }
    if bytes.len() > MAX_LINE {
        return Err(corrupt("the header says more than a native file could keep"));
    }
    let strings = Strings::default();
    let value = ValueRef::decode(&mut Cursor::new(&bytes), &strings).map_err(ReadError::Corrupt)?;
    let fields =
        MapRef::from_value(value).ok_or(corrupt("this is not a trace in JSON Lines: its first line is no object"))?;
    check(fields).map_err(corrupt)?;
    Ok(take(fields, &line, troubles))
}

/// Whether these are the keys of a header that this version understands.
fn check(fields: MapRef<'_>) -> Result<(), &'static str> {
    let Some(version) = last(fields, "peerscope") else {
        return Err(match fields.get("kind") {
            Some(_) => "the header is missing: before the first event must stand {\"peerscope\":1,\"unit\":\"ns\"}",
            None => "this is not a trace in JSON Lines: its first line has no key `peerscope`",
        });
    };
    if u64::from_value(version) != Some(VERSION) {
        return Err("the trace is of another version of JSON Lines than 1; write it again, or update Peerscope");
    }
    match last(fields, "unit") {
        Some(ValueRef::Text("ns")) => Ok(()),
        Some(_) => Err("the trace counts time in another `unit` than \"ns\""),
        None => Err("the header does not say its `unit`, which must be \"ns\""),
    }
}

fn last<'a>(fields: MapRef<'a>, name: &str) -> Option<ValueRef<'a>> {
    fields.iter().filter(|(other, _)| *other == name).last().map(|(_, value)| value)
}

fn take(fields: MapRef<'_>, line: &RawLine<'_>, troubles: &mut Troubles) -> TraceHeader {
    // The lines stand in the order in which their writer saw the events.
    let mut header = TraceHeader { one_writer: true, ..TraceHeader::default() };
    for (name, value) in fields.iter() {
        let text = <&str>::from_value(value).map(str::to_owned);
        let known = match name {
            "peerscope" | "unit" => true,
            "start" => set(&mut header.start, text),
            "host" => set(&mut header.host, text),
            "boot" => set(&mut header.boot, text),
            "clock" => set(&mut header.clock, text),
            "pid" => set(&mut header.pid, u64::from_value(value)),
            "meta" => match MapRef::from_value(value) {
                Some(meta) => {
                    header.meta.extend(meta.iter().map(|(name, value)| (name.to_owned(), value.to_value())));
                    true
                }
                None => false,
            },
            _ => {
                header.meta.push((name.to_owned(), value.to_value()));
                continue;
            }
        };
        if !known && !matches!(value, ValueRef::Null) {
            let place = troubles.unexpected("the header", name);
            troubles.met_unexpected(place, line.place);
            header.meta.push((name.to_owned(), value.to_value()));
        }
    }
    keep_last(&mut header.meta);
    header
}

/// Leaves out what was set again: the native file must not say two things under one key.
fn keep_last(meta: &mut Vec<(String, Value)>) {
    let mut seen = HashSet::new();
    meta.reverse();
    meta.retain(|(name, _)| seen.insert(name.clone()));
    meta.reverse();
}

fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let fits = value.is_some();
    *field = value.or(field.take());
    fits
}
