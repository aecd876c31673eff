//! All that is known of what is selected: a finding with its proof, an event with all that it has to do with; if nothing is
//! selected, the run.

mod event;
mod finding;
mod rows;
mod run;
#[cfg(test)]
pub(crate) mod tests;

use eframe::egui::{Id, ScrollArea, Ui};
use peerscope_analyzer::model::EventId;

use self::finding::Proof;
use crate::command::Command;
use crate::state::{Loaded, State};

/// What the panel showed in the last frame: an event, a finding. Whoever goes to another begins to read at its top.
type Shown = (Option<EventId>, Option<usize>);

/// Shows it in `ui`. With a finding and an event selected, each has half of the height and scrolls by itself, so that one
/// can walk along the proof and read each event.
pub fn show(ui: &mut Ui, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) {
    // Many short lines: closer together than buttons need.
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.spacing_mut().interact_size.y = 17.0;
    let report = loaded.report.as_ref();
    let finding = state.finding.and_then(|place| Some((report?, place, report?.findings.get(place)?)));
    let event = state.event.filter(|event| (event.0 as usize) < loaded.run.trace().len());
    let now: Shown = (event, state.finding);
    let before =
        ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default::<Shown>(Id::unique("details")), now));
    let scroll = |area: ScrollArea, is_new: bool| if is_new { area.vertical_scroll_offset(0.0) } else { area };
    let half = if event.is_some() { ui.available_height() * 0.5 } else { f32::INFINITY };
    if let Some((report, place, note)) = finding {
        let area = ScrollArea::vertical().id_salt("finding").max_height(half).auto_shrink([false, event.is_some()]);
        let proof = Proof { report, place, note, to_witness: before.0 != now.0 };
        scroll(area, before.1 != now.1).show(ui, |ui| proof.show(ui, state, loaded, commands));
    }
    if let Some(event) = event {
        if finding.is_some() {
            ui.separator();
        }
        let area = ScrollArea::vertical().id_salt("event").auto_shrink(false);
        let show = |ui: &mut Ui| loaded.run.facts(|facts| event::show(ui, facts, event, state, loaded, commands));
        scroll(area, before.0 != now.0).show(ui, show);
    }
    if finding.is_none() && event.is_none() {
        let area = ScrollArea::vertical().id_salt("run").auto_shrink(false);
        area.show(ui, |ui| run::show(ui, loaded));
    }
}
