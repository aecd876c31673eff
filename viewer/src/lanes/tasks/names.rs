//! What tasks are called, and which of them may share a lane.

use peerscope_analyzer::model::TaskId;
use peerscope_analyzer::report::escape::clip;
use peerscope_analyzer::value::Id;
use peerscope_analyzer::vocabulary::Body;

use crate::lanes::material::Material;
use crate::lanes::shown;
use crate::words::names;

/// The task's name; `None` if it was given none and is only known by a number.
fn name(material: &Material<'_, '_>, task: TaskId) -> Option<String> {
    let tasks = material.trace.tasks();
    let name = tasks.name(task);
    match tasks.id(task) {
        Id::Text(_) => Some(name.into_owned()),
        number => (name != number.to_string()).then(|| name.into_owned()),
    }
}

/// `name` with `…` for each number in it.
fn form(name: &str) -> String {
    let mut form = String::with_capacity(name.len());
    let mut in_number = false;
    for character in clip(name, 200).chars() {
        let digit = character.is_ascii_digit();
        if !digit {
            form.push(character);
        } else if !in_number {
            form.push('…');
        }
        in_number = digit;
    }
    form
}

/// By task: what those have in common that may share a lane. "append 0->1" and "append 0->2" do the same.
pub(super) fn keys(material: &Material<'_, '_>, tasks: &[TaskId]) -> Vec<String> {
    let key = |task: &TaskId| match name(material, *task) {
        None => format!("\0{}", names::spawned_at(material.trace, *task).unwrap_or_default()),
        Some(name) => form(&name),
    };
    tasks.iter().map(key).collect()
}

/// What names of one form have in common, without their numbers: "append" of "append …->…".
fn stem(name: &str) -> String {
    let form = form(name);
    let words = form.split('…').next().unwrap_or_default().trim();
    if words.is_empty() { shown(&form) } else { shown(words) }
}

/// The label of a lane of these tasks, and a sentence on it.
pub(super) fn words(material: &Material<'_, '_>, tasks: &[TaskId]) -> (String, String) {
    let Some(first) = tasks.first() else { return ("tasks".to_owned(), String::new()) };
    let spawned = names::spawned_at(material.trace, *first);
    let spawned = spawned.map_or_else(String::new, |src| format!(", spawned at {}", shown(src)));
    if tasks.len() == 1 {
        let label = names::task(material.trace, *first);
        let about = match name(material, *first) {
            Some(_) => format!("Task {label}{spawned}{}.", how_it_ended(material, tasks)),
            None => {
                let number = names::short_task(material.trace, *first).replacen('t', "T", 1);
                format!("{number}{spawned}{}.", how_it_ended(material, tasks))
            }
        };
        return (label, about);
    }
    let count = tasks.len();
    match name(material, *first) {
        Some(name) => {
            let same = tasks.iter().all(|task| self::name(material, *task).as_deref() == Some(&name));
            let name = if same { shown(&name) } else { stem(&name) };
            (format!("{name} ×{count}"), format!("{count} tasks “{name}” that follow each other{spawned}."))
        }
        None => (format!("tasks ×{count}"), format!("{count} tasks that follow each other{spawned}.")),
    }
}

/// How a task ended, if it says so and it is not well.
fn how_it_ended(material: &Material<'_, '_>, tasks: &[TaskId]) -> String {
    let end = tasks.first().and_then(|task| material.trace.task(*task).end);
    match end.map(|end| material.trace.event(end).body()) {
        Some(Body::TaskEnd(body)) => match body.how {
            Some(how) if how != "ok" => format!("; it ended so: {}", shown(how)),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
