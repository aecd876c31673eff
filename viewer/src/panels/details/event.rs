//! The selected event.

use eframe::egui::{Align, Id, Label, Layout, RichText, Ui};
use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::source_line;
use peerscope_analyzer::vocabulary::Kind;

use super::rows::{Link, code, field, heading, story, title, weak};
use crate::colors::Palette;
use crate::command::Command;
use crate::state::{Loaded, State};
use crate::words::{self, names};

/// So many findings that an event bears witness to are named.
const MAX_FINDINGS: usize = 8;

pub(super) fn show(
    ui: &mut Ui,
    facts: &Facts<'_>,
    event: EventId,
    state: &State,
    loaded: &Loaded,
    commands: &mut Vec<Command>,
) {
    let trace = facts.trace();
    head(ui, facts, event);
    for (name, value) in words::event_head(trace, event) {
        field(ui, &name, &value);
    }
    let own: Vec<_> = words::own_fields(facts, event).into_iter().filter(|(name, _)| name != "src").collect();
    if !own.is_empty() {
        heading(ui, "Fields");
        for (name, value) in own {
            field(ui, &name, &value);
        }
    }
    source(ui, trace.event(event).src());
    let stories = words::event_stories(facts, loaded.scene.times(trace), event);
    if !stories.is_empty() {
        heading(ui, "Part of");
        for lines in stories {
            story(ui, &lines);
        }
    }
    rpc(ui, facts, event, commands);
    witness_of(ui, event, state, loaded, commands);
    let steps: Vec<_> = words::rpc_of_event(facts, event)
        .map(|rpc| words::rpc_steps(facts, rpc).into_iter().map(|(_, step)| step).collect())
        .unwrap_or_default();
    let mut related = one_way(event, facts, loaded);
    related.extend(words::related(facts, event));
    related.retain(|(_, other)| !steps.contains(other));
    if !related.is_empty() {
        heading(ui, "Related events");
        for (what, other) in related {
            link(ui, facts, &what, other, false, commands);
        }
    }
}

/// What happened, who did it, when.
fn head(ui: &mut Ui, facts: &Facts<'_>, event: EventId) {
    let trace = facts.trace();
    let what = format!("{}: {}", names::author(trace, event), words::event_text(facts, event));
    title(ui, &what);
    let kind = names::name(trace.event(event).kind_name());
    weak(ui, &format!("#{} · {kind} · {}", event.0, words::at_moment(trace.event(event).ts())));
    ui.add_space(4.0);
}

fn source(ui: &mut Ui, src: Option<&str>) {
    let Some(src) = src.map(|src| names::safe(src, 300)) else { return };
    heading(ui, "Source");
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        if ui.small_button("Copy").on_hover_text("copies file:line, as editors take it").clicked() {
            ui.ctx().copy_text(src.clone());
        }
        ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
            ui.add(Label::new(RichText::new(&src).size(12.0).monospace()).truncate()).on_hover_text(&src);
        });
    });
    if let Some(line) = quoted(ui, &src) {
        code(ui, &line);
    }
}

/// The line of the program that `src` names, if it stands below the folder where the viewer was started. The line that was
/// shown last is not read again in each frame.
fn quoted(ui: &Ui, src: &str) -> Option<String> {
    type Quoted = (String, Option<String>);
    let id = Id::unique("line of a program");
    let last = ui.data(|data| data.get_temp::<Quoted>(id));
    if let Some((_, line)) = last.filter(|(of, _)| of == src) {
        return line;
    }
    let line = std::env::current_dir().ok().and_then(|root| source_line(&root, src));
    let line = line.map(|line| names::safe(line.trim(), 200));
    ui.data_mut(|data| data.insert_temp::<Quoted>(id, (src.to_owned(), line.clone())));
    line
}

/// The RPC as one object, with its events as rows.
fn rpc(ui: &mut Ui, facts: &Facts<'_>, event: EventId, commands: &mut Vec<Command>) {
    let Some(rpc) = words::rpc_of_event(facts, event) else { return };
    heading(ui, "RPC");
    story(ui, &words::rpc_lines(facts, rpc));
    for (what, step) in words::rpc_steps(facts, rpc) {
        link(ui, facts, what, step, step == event, commands);
    }
}

/// The other end of a one-way message. The facts do not pair those, the scene's arrows do.
fn one_way(event: EventId, facts: &Facts<'_>, loaded: &Loaded) -> Vec<(String, EventId)> {
    /// So many messages that were sent before are looked at for each pair of peers.
    const MAX_LOOK: usize = 1_000;
    let kind = facts.trace().event(event).kind();
    if !matches!(kind, Some(Kind::MsgSend | Kind::MsgRecv)) {
        return Vec::new();
    }
    let is_sent = kind == Some(Kind::MsgSend);
    let peer = facts.trace().event(event).peer();
    let mut found = Vec::new();
    for route in &loaded.scene.routes {
        let sent = route.legs.sent_by(event);
        if is_sent {
            let legs = route.legs.within(sent);
            found.extend(legs.filter_map(|leg| Some(("its arrival".to_owned(), leg.to?))));
        } else if route.to == peer {
            let leg = route.legs.within(0..sent.start).rev().take(MAX_LOOK).find(|leg| leg.to == Some(event));
            found.extend(leg.map(|leg| ("its sending".to_owned(), leg.from)));
        }
    }
    found
}

/// An event that can be gone to: what it is to this one, when, who, what.
fn link(ui: &mut Ui, facts: &Facts<'_>, what: &str, event: EventId, selected: bool, commands: &mut Vec<Command>) {
    let trace = facts.trace();
    let head = format!("{what} · {}", words::at_moment(trace.event(event).ts()));
    let text = format!("{}: {}", names::author(trace, event), words::event_text(facts, event));
    let label = format!("{what} #{}", event.0);
    let link = Link { number: None, head: &head, text: &text, code: "", label: &label, selected };
    if link.show(ui).clicked() {
        commands.push(Command::Select(event));
    }
}

/// The findings that the event bears witness to.
fn witness_of(ui: &mut Ui, event: EventId, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) {
    // The marks are sorted, the witnesses of all findings are not: most events end here.
    if loaded.scene.marks.of(event).is_none() {
        return;
    }
    let Some(report) = &loaded.report else { return };
    let proof = |place: usize| {
        let witnesses = &report.findings[place].witnesses;
        witnesses.iter().position(|witness| witness.event == event.0)
    };
    let findings = (0..report.findings.len()).filter_map(|place| Some((place, proof(place)?)));
    heading(ui, "Witness of");
    for (place, witness) in findings.take(MAX_FINDINGS) {
        let note = &report.findings[place];
        let color = Palette::of(ui.visuals()).severity(note.severity);
        let title = names::safe(&note.title, 300);
        let head = format!("{} · {}", note.severity.name(), note.id);
        let link = Link {
            number: Some((witness + 1, color)),
            head: &head,
            text: &title,
            code: "",
            label: &note.id,
            selected: state.finding == Some(place),
        };
        if link.show(ui).clicked() {
            commands.push(Command::SelectFinding(place));
        }
    }
}
