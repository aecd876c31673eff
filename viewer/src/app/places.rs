//! Where panels stand and how large they are. The timeline comes first: in a small window the panels beside it are narrower,
//! then share one column, and the table below it is lower. What the user has made of their sizes in a large window comes
//! back with that.

use eframe::egui::{Panel, Ui};

/// Narrower windows (points) leave the timeline more than half of their width.
const NARROW: f32 = 1200.0;
/// Narrower ones have room for one column beside the timeline.
const ONE_COLUMN: f32 = 820.0;
/// Lower ones have a lower table.
const LOW: f32 = 700.0;
/// What panels take of a window that is narrow or low: findings and details are 45 % together.
const FINDINGS: f32 = 0.2;
const DETAILS: f32 = 0.25;
const COLUMN: f32 = 0.42;
const EVENTS: f32 = 0.22;
/// The least sizes, in points.
const LEAST_WIDTH: f32 = 150.0;
const LEAST_HEIGHT: f32 = 80.0;
/// Sizes in a window that is large enough for them, in points.
const WIDTH_OF_FINDINGS: f32 = 300.0;
const WIDTH_OF_DETAILS: f32 = 320.0;
const HEIGHT_OF_EVENTS: f32 = 220.0;

/// The places of the panels in a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    width: f32,
    height: f32,
}

impl Places {
    /// Those in the window that `ui` fills.
    pub(super) fn of(ui: &Ui) -> Places {
        let window = ui.ctx().content_rect();
        Places { width: window.width(), height: window.height() }
    }

    /// Whether findings and details stand one above the other.
    pub(super) fn is_one_column(self) -> bool {
        self.width < ONE_COLUMN
    }

    /// The findings, at the left.
    pub(super) fn findings(self) -> Panel {
        self.beside(Panel::left, ["findings", "findings, narrow"], WIDTH_OF_FINDINGS, FINDINGS)
    }

    /// The details, at the right.
    pub(super) fn details(self) -> Panel {
        self.beside(Panel::right, ["details", "details, narrow"], WIDTH_OF_DETAILS, DETAILS)
    }

    /// Both, at the left.
    pub(super) fn column(self) -> Panel {
        self.beside(Panel::left, ["column", "column, narrow"], WIDTH_OF_FINDINGS, COLUMN)
    }

    /// The details below the findings, in their column.
    pub(super) fn details_below(self) -> Panel {
        let most = (self.height * 0.6).max(LEAST_HEIGHT);
        Panel::bottom("details below").resizable(true).default_size(self.height * 0.5).size_range(LEAST_HEIGHT..=most)
    }

    /// The table of events, at the bottom.
    pub(super) fn events(self) -> Panel {
        if self.height < LOW {
            let most = (self.height * EVENTS).max(LEAST_HEIGHT);
            return Panel::bottom("events, low").resizable(true).default_size(most).size_range(LEAST_HEIGHT..=most);
        }
        let most = (self.height * 0.6).max(LEAST_HEIGHT);
        Panel::bottom("events").resizable(true).default_size(HEIGHT_OF_EVENTS).size_range(LEAST_HEIGHT..=most)
    }

    /// A panel beside the timeline. In a narrow window it is another one, so that what it has to give up there is not
    /// remembered.
    fn beside(self, side: fn(&'static str) -> Panel, names: [&'static str; 2], width: f32, share: f32) -> Panel {
        if self.width < NARROW {
            let most = (self.width * share).max(LEAST_WIDTH);
            return side(names[1]).default_size(most).size_range(LEAST_WIDTH..=most);
        }
        let most = (self.width * 0.35).max(LEAST_WIDTH);
        side(names[0]).default_size(width.min(self.width * share * 1.1)).size_range(LEAST_WIDTH..=most)
    }
}
