//! What is visible and selected. [`State::apply`] is the only way to change it.

mod causes;
mod folding;
mod navigation;
mod selection;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use peerscope_analyzer::model::{Dense, EventId, Trace};
use peerscope_analyzer::report::Report;
use peerscope_analyzer::vocabulary::Kind;
use serde::{Deserialize, Serialize};

pub use self::causes::{Chains, Told, told};
pub use self::folding::Folded;
use self::folding::Folding;
use self::navigation::History;
use crate::command::Command;
use crate::lane::{Look, Subject};
use crate::layout::Layout;
use crate::run::Run;
use crate::scene::Scene;
use crate::timescale::Span;

/// A run that is open.
pub struct Loaded {
    /// The files, as they were given.
    pub paths: Vec<PathBuf>,
    /// The trace and its facts.
    pub run: Arc<Run>,
    /// What can be shown of it.
    pub scene: Scene,
    /// What a check found; `None` while that goes on.
    pub report: Option<Report>,
    told: Vec<Told>,
    chains: Chains,
    failed: Vec<EventId>,
    gave_up: bool,
}

impl Loaded {
    /// A run that is not judged yet.
    pub fn new(paths: Vec<PathBuf>, run: Arc<Run>, scene: Scene) -> Loaded {
        let failed = failed(run.trace(), &scene);
        Loaded { paths, run, scene, report: None, told: Vec::new(), chains: Chains::default(), failed, gave_up: false }
    }

    /// Takes in what a check found: the scene shows it, and its findings are told.
    pub fn judge(&mut self, report: Report) {
        self.scene.mark(self.run.trace(), &report);
        self.told = told(&report);
        self.chains = Chains::new(&report);
        self.report = Some(report);
    }

    /// Which finding led to which; nothing while there is no report.
    pub fn chains(&self) -> &Chains {
        &self.chains
    }

    /// Takes note that the check came to no end, and that there will be no report.
    pub fn give_up(&mut self) {
        self.gave_up = true;
    }

    /// Whether the check came to no end.
    pub fn is_given_up(&self) -> bool {
        self.gave_up
    }

    /// What stands where the report is not there: that it is on its way, or that there will be none.
    pub fn unjudged(&self) -> &'static str {
        if self.gave_up { "could not be checked" } else { "checking…" }
    }

    /// The ends of tests that failed, in the order of the trace.
    pub fn failed(&self) -> &[EventId] {
        &self.failed
    }

    /// The findings in the order in which they are told; none while the check goes on.
    pub fn told(&self) -> &[Told] {
        &self.told
    }
}

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What is remembered from one window to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// Whether the findings are shown.
    pub findings: bool,
    /// Whether the details are shown.
    pub details: bool,
    /// Whether the table of events is shown.
    pub events: bool,
    /// Whether the arrows of messages are shown.
    pub arrows: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { theme: Theme::System, findings: true, details: true, events: true, arrows: true }
    }
}

/// What is visible and selected.
#[derive(Clone, Debug)]
pub struct State {
    /// What is remembered.
    pub settings: Settings,
    /// The visible time.
    pub view: Span,
    /// How far the lanes are scrolled down, in points.
    pub scroll: f64,
    /// The size of the timeline's strip on the screen, in points; told by the last frame.
    pub strip: (f32, f32),
    /// The selected event.
    pub event: Option<EventId>,
    /// The lane on which the selected event was reached, as a place in the scene: arrows go on there. A lock's lane shows
    /// events that stand on the lanes of tasks, so that it does not follow from the event.
    pub lane: Option<usize>,
    /// The selected finding, as a place in the report.
    pub finding: Option<usize>,
    /// The moment (ns) that was asked for and is marked.
    pub moment: Option<i64>,
    /// Groups of which only the heading is shown.
    pub collapsed: Folded,
    /// The rows that follow from that.
    pub layout: Layout,
    /// Whether the keys are shown.
    pub help: bool,
    /// Whether it is shown what the picture shows.
    pub legend: bool,
    /// Whether the user went anywhere, or selected something, since the run was opened.
    pub touched: bool,
    folding: Folding,
    history: History,
}

/// What a command asks of the program around the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask for files.
    AskForFiles,
    /// Open these.
    Open(Vec<PathBuf>),
    /// Read again what is open, or what could not be opened.
    Reload,
    /// Close the window.
    Quit,
}

impl State {
    /// The state of a window without a trace.
    pub fn new(settings: Settings) -> State {
        State {
            settings,
            view: Span::new(0, 1),
            scroll: 0.0,
            strip: (0.0, 0.0),
            event: None,
            lane: None,
            finding: None,
            moment: None,
            collapsed: Folded::default(),
            layout: Layout::default(),
            help: false,
            legend: false,
            touched: false,
            folding: Folding::default(),
            history: History::default(),
        }
    }

    /// Shows a run that was just opened: all of its time, nothing selected. If its rows are higher than the strip, peers are
    /// folded as soon as that is known.
    pub fn opened(&mut self, loaded: &Loaded) {
        let (settings, strip, help, legend) = (self.settings.clone(), self.strip, self.help, self.legend);
        *self = State { strip, help, legend, ..State::new(settings) };
        self.layout = Layout::new(&loaded.scene, &self.collapsed);
        self.view = navigation::whole(&loaded.scene);
        self.folding = Folding::undecided();
        self.fold_what_is_high(loaded);
    }

    /// Shows a run that was read again: what was visible and selected stays so if the run still has it. The report may
    /// be another one: nothing of it is selected until [`State::judged`]. `before` is the run as it was: where another event
    /// has the number of the selected one, none is selected.
    pub fn reopened(&mut self, before: &Loaded, loaded: &Loaded) {
        self.event = self.event.filter(|event| is_same(before.run.trace(), loaded.run.trace(), *event));
        self.lane = None;
        self.finding = None;
        // Groups are told by their names: a peer more, or a test, moves the places of the others.
        let names = loaded.scene.groups.iter().enumerate().rev().map(|(place, group)| (group.label.as_str(), place));
        let places: BTreeMap<&str, usize> = names.collect();
        let now = |group: usize| places.get(before.scene.groups.get(group)?.label.as_str()).copied();
        self.folding = self.folding.moved(&now);
        self.collapsed = Arc::new(self.collapsed.iter().filter_map(|group| now(*group)).collect());
        self.layout = Layout::new(&loaded.scene, &self.collapsed);
        self.view = navigation::valid(&loaded.scene, self.view);
        self.set_scroll(self.scroll);
        self.history = History::default();
    }

    /// Takes note that the report is there. If the user has not gone anywhere yet, the first cause is framed: that shows
    /// the bug fastest, and [`Command::Back`] leads to the whole trace. `again` names the finding that was selected before
    /// the run was read again.
    pub fn judged(&mut self, loaded: &Loaded, again: Option<&str>) {
        let Some(report) = &loaded.report else { return };
        if let Some(id) = again {
            self.finding = report.findings.iter().position(|finding| finding.id == id);
        } else if !self.touched
            && let Some(first) = loaded.told().first()
        {
            self.select_finding(loaded, first.finding);
        }
    }

    /// Takes note of how large the timeline's strip is on the screen, in points; gives whether the rows became others by
    /// that, so that the next frame is another picture.
    pub fn measured(&mut self, strip: (f32, f32), loaded: &Loaded) -> bool {
        self.strip = strip;
        self.set_scroll(self.scroll);
        self.fold_what_is_high(loaded)
    }

    /// Changes the state. Without a run, commands that need one do nothing.
    pub fn apply(&mut self, command: &Command, loaded: Option<&Loaded>) -> Option<Effect> {
        match command {
            Command::AskForFiles => return Some(Effect::AskForFiles),
            Command::Open(paths) => return Some(Effect::Open(paths.clone())),
            Command::Reload => return Some(Effect::Reload),
            Command::Quit => return Some(Effect::Quit),
            Command::ToggleFindings => self.settings.findings ^= true,
            Command::ToggleDetails => self.settings.details ^= true,
            Command::ToggleEvents => self.settings.events ^= true,
            Command::ToggleArrows => self.settings.arrows ^= true,
            // One lies over all else, so the other makes room.
            Command::ToggleHelp => (self.help, self.legend) = (!self.help, false),
            Command::ToggleLegend => (self.help, self.legend) = (false, !self.legend),
            Command::NextTheme => {
                self.settings.theme = match self.settings.theme {
                    Theme::System => Theme::Light,
                    Theme::Light => Theme::Dark,
                    Theme::Dark => Theme::System,
                }
            }
            of_a_run => {
                if let Some(loaded) = loaded {
                    self.touched = true;
                    self.navigate(of_a_run, loaded);
                }
            }
        }
        None
    }
}

/// Whether the event with this number is the same in both traces, as far as anybody can tell. Ids are told apart by their
/// names: their numbers may be others.
fn is_same(one: &Trace, other: &Trace, event: EventId) -> bool {
    let told = |trace: &Trace| {
        let event = (event.index() < trace.len()).then(|| trace.event(event))?;
        let peer = event.peer().map(|peer| trace.peers().name(peer).into_owned());
        let task = event.task().map(|task| trace.tasks().name(task).into_owned());
        Some((event.ts(), event.kind_name().to_owned(), peer, task))
    };
    told(one).is_some_and(|here| told(other) == Some(here))
}

/// The events by which tests failed; lanes of tests show them.
fn failed(trace: &Trace, scene: &Scene) -> Vec<EventId> {
    let lanes = scene.lanes.iter().filter(|lane| matches!(lane.subject, Subject::Test(_)));
    let tracks = lanes.flat_map(|lane| &lane.tracks);
    let blocks = tracks.flat_map(|track| (0..track.len()).map(|index| track.block(index)));
    let ends = blocks.filter(|block| block.look == Look::Failed).map(|block| block.end.unwrap_or(block.begin));
    let ends = ends.filter(|end| trace.event(*end).kind() == Some(Kind::TestEnd));
    ends.collect::<BTreeSet<EventId>>().into_iter().collect()
}
