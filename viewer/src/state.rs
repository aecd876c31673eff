//! What is visible and selected. [`State::apply`] is the only way to change it.

mod causes;
mod navigation;
mod selection;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use peerscope_analyzer::model::{Dense, EventId};
use peerscope_analyzer::report::Report;
use serde::{Deserialize, Serialize};

pub use self::causes::{Told, told};
use self::navigation::History;
use crate::command::Command;
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
    /// Groups of which only the heading is shown.
    pub collapsed: BTreeSet<usize>,
    /// The rows that follow from that.
    pub layout: Layout,
    /// Whether the keys are shown.
    pub help: bool,
    /// Whether the user went anywhere, or selected something, since the run was opened.
    pub touched: bool,
    history: History,
}

/// What a command asks of the program around the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask for files.
    AskForFiles,
    /// Open these.
    Open(Vec<PathBuf>),
    /// Read again what is open.
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
            collapsed: BTreeSet::new(),
            layout: Layout::default(),
            help: false,
            touched: false,
            history: History::default(),
        }
    }

    /// Shows a run that was just opened: all of it, nothing selected.
    pub fn opened(&mut self, loaded: &Loaded) {
        let (settings, strip, help) = (self.settings.clone(), self.strip, self.help);
        *self = State { strip, help, ..State::new(settings) };
        self.layout = Layout::new(&loaded.scene, &self.collapsed);
        self.view = navigation::whole(&loaded.scene);
    }

    /// Shows a run that was read again: what was visible and selected stays so if the run still has it. The report may
    /// be another one: nothing of it is selected until [`State::judged`].
    pub fn reopened(&mut self, loaded: &Loaded) {
        self.event = self.event.filter(|event| event.index() < loaded.run.trace().len());
        self.lane = None;
        self.finding = None;
        self.collapsed.retain(|group| *group < loaded.scene.groups.len());
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
            && let Some(first) = told(report).first()
        {
            self.select_finding(loaded, first.finding);
        }
    }

    /// Takes note of how large the timeline's strip is on the screen, in points.
    pub fn measured(&mut self, strip: (f32, f32)) {
        self.strip = strip;
        self.set_scroll(self.scroll);
    }

    /// Changes the state. Without a run, commands that need one do nothing.
    pub fn apply(&mut self, command: &Command, loaded: Option<&Loaded>) -> Option<Effect> {
        match command {
            Command::AskForFiles => return Some(Effect::AskForFiles),
            Command::Open(paths) => return Some(Effect::Open(paths.clone())),
            Command::Reload => return loaded.map(|_| Effect::Reload),
            Command::Quit => return Some(Effect::Quit),
            Command::ToggleFindings => self.settings.findings ^= true,
            Command::ToggleDetails => self.settings.details ^= true,
            Command::ToggleEvents => self.settings.events ^= true,
            Command::ToggleArrows => self.settings.arrows ^= true,
            Command::ToggleHelp => self.help ^= true,
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
