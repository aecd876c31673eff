//! All colours and patterns, for light and for dark. Nothing else in the viewer names a colour.
//!
//! Rules that the tests hold it to: what is written in a block has a contrast of at least 4.5 : 1 to all that lies under
//! it, lines of the pattern included; a term has one hue on every peer, so that two leaders of one term look alike; roles
//! differ by strength and pattern, not by hue; nothing is told by colour alone.

mod style;

use eframe::egui::Color32;
use peerscope_analyzer::detect::finding::Severity;

pub use self::style::install;
use crate::lane::Look;
use crate::scene::Fate;

/// How a block is filled, beside its colour: so that no meaning hangs on colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Evenly.
    Plain,
    /// With slanted lines.
    Slanted,
    /// With dots.
    Dotted,
    /// Only its outline.
    Hollow,
    /// Only its outline, and slanted lines in it.
    Hatched,
}

/// How a block is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Its colour.
    pub color: Color32,
    /// Its outline, where it has one.
    pub outline: Option<Color32>,
    /// Its pattern.
    pub pattern: Pattern,
    /// The colour of the pattern's lines and dots. They differ from `color` away from `text`, so that it stays legible.
    pub lines: Color32,
    /// The colour of what is written in it.
    pub text: Color32,
}

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Whether it is the dark one.
    pub dark: bool,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its colour.
    pub color: Color32,
    /// Whether it has gaps.
    pub dashed: bool,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// By term, cyclic; neighbours differ most. Each: as a leader in the dark, as a leader in the light.
const TERMS: [(Color32, Color32); 8] = [
    (rgb(0x5CA9FF), rgb(0x1A66C9)), // blue
    (rgb(0xF5A04A), rgb(0xA8500A)), // orange
    (rgb(0x45C9A5), rgb(0x0C7358)), // teal
    (rgb(0xEE8BCB), rgb(0xAD2F82)), // pink
    (rgb(0xD8C551), rgb(0x786200)), // gold
    (rgb(0xB09CFF), rgb(0x6A4BD0)), // violet
    (rgb(0x9CCB5A), rgb(0x4B7012)), // lime
    (rgb(0xF58F84), rgb(0xA83C33)), // salmon
];
const NO_TERM: (Color32, Color32) = (rgb(0x9AA3B2), rgb(0x5A6474));

impl Palette {
    /// The dark palette, or the light one.
    pub const fn new(dark: bool) -> Palette {
        Palette { dark }
    }

    /// How a block of this look is drawn; roles take the colour of their term (0 = unknown), queues grow stronger with depth.
    pub fn fill(&self, look: Look, term: u64, depth: u8) -> Fill {
        match look {
            Look::Leader => {
                let color = self.term(term);
                self.block(color, 1.0, Pattern::Plain)
                    .outlined(self.pick(mix(color, Color32::WHITE, 0.6), mix(color, Color32::BLACK, 0.45)))
            }
            Look::Candidate => self.block(self.term(term), 0.48, Pattern::Slanted).outlined(self.term(term)),
            Look::PreCandidate => self.block(self.term(term), 0.36, Pattern::Dotted).outlined(self.term(term)),
            Look::Follower => self.block(self.term(term), 0.2, Pattern::Plain),
            Look::Learner => self.block(self.term(term), 0.12, Pattern::Dotted),
            Look::OtherRole => {
                self.block(self.term(term), 0.2, Pattern::Plain).outlined(mix(self.background(), self.term(term), 0.5))
            }
            Look::Down => self.empty(self.pick(rgb(0x8A93A3), rgb(0x6B7380)), Pattern::Hatched),
            Look::Alive => self.block(self.term(0), 0.16, Pattern::Plain),
            Look::WaitsForLock => {
                self.block(self.pick(rgb(0xFF8A4D), rgb(0xE2570F)), self.pick(0.62, 0.5), Pattern::Slanted)
            }
            Look::WaitsForReply => {
                self.block(self.pick(rgb(0x8E8CFF), rgb(0x5B57D6)), self.pick(0.5, 0.32), Pattern::Plain)
            }
            Look::WaitsForTask => self.block(self.term(0), 0.42, Pattern::Dotted),
            Look::WaitsForOther => self.block(self.term(0), 0.36, Pattern::Slanted),
            Look::Sleeps => self.empty(self.pick(rgb(0x59616F), rgb(0xB4BBC6)), Pattern::Hollow),
            Look::Held => self.block(self.pick(rgb(0x4FB878), rgb(0x2E9C5C)), self.pick(0.62, 0.45), Pattern::Plain),
            Look::HeldContended => self
                .block(self.pick(rgb(0xF2CC45), rgb(0xF0C419)), self.pick(0.92, 0.85), Pattern::Slanted)
                .outlined(self.pick(rgb(0xFFE48A), rgb(0x9A7600))),
            Look::HeldShared => {
                self.block(self.pick(rgb(0x3FBFC4), rgb(0x158F95)), self.pick(0.55, 0.4), Pattern::Dotted)
            }
            Look::HeldByTwo => self
                .block(self.pick(rgb(0xB3202B), rgb(0xE0555E)), 1.0, Pattern::Slanted)
                .outlined(self.pick(rgb(0xFF8F8A), rgb(0x8A0F19))),
            Look::Queue => {
                let strength = 0.42 + 0.09 * f32::from(depth.clamp(1, 6));
                self.block(self.pick(rgb(0xF0605A), rgb(0xD8342C)), strength * self.pick(1.0, 0.72), Pattern::Plain)
            }
            Look::Phase => self.block(self.pick(rgb(0x8FA4C4), rgb(0x6C82A6)), 0.3, Pattern::Plain),
            Look::Failed => self
                .block(self.pick(rgb(0x3C4350), rgb(0xD5D9E0)), 1.0, Pattern::Plain)
                .outlined(self.pick(rgb(0xE6E9EF), rgb(0x23272F))),
            Look::Fault => self
                .block(self.pick(rgb(0xF06A93), rgb(0xC72B5F)), self.pick(0.55, 0.4), Pattern::Slanted)
                .outlined(self.pick(rgb(0xFF9DBA), rgb(0xA51B4A))),
            Look::Missing => self.empty(self.pick(rgb(0x6E7683), rgb(0x949BA8)), Pattern::Hatched),
            Look::Vote | Look::Log | Look::Term | Look::Line | Look::ReplyUsed | Look::Invariant | Look::Other => {
                self.block(self.point(look), 1.0, Pattern::Plain)
            }
        }
    }

    /// The colour of a term on every peer, at full strength; 0 = unknown.
    pub fn term(&self, term: u64) -> Color32 {
        let (dark, light) = match term.checked_sub(1) {
            None => NO_TERM,
            Some(index) => TERMS[(index % TERMS.len() as u64) as usize],
        };
        self.pick(dark, light)
    }

    /// The colour of a severity.
    pub fn severity(&self, severity: Severity) -> Color32 {
        match severity {
            Severity::Error => self.pick(rgb(0xFF6963), rgb(0xC21B27)),
            Severity::Warning => self.pick(rgb(0xF2B33D), rgb(0x895500)),
            Severity::Info => self.pick(rgb(0x64AEFF), rgb(0x0B64C0)),
        }
    }

    /// What lies behind a chip or a card of this severity; [`Palette::text`] and [`Palette::severity`] are legible on it.
    pub fn severity_background(&self, severity: Severity) -> Color32 {
        mix(self.panel(), self.severity(severity), self.pick(0.16, 0.1))
    }

    /// A numbered witness: its disc, and the colour of the number.
    pub fn witness(&self, severity: Severity) -> (Color32, Color32) {
        let disc = match severity {
            Severity::Error => rgb(0xC9202C),
            Severity::Warning => rgb(0x8F5A00),
            Severity::Info => rgb(0x0B5CB3),
        };
        (disc, Color32::WHITE)
    }

    /// The colour of a message.
    pub fn fate(&self, fate: Fate) -> Color32 {
        self.message(fate, false).color
    }

    /// How a message is drawn.
    pub fn message(&self, fate: Fate, is_reply: bool) -> Line {
        let color = match fate {
            Fate::Arrived => self.pick(rgb(0x7F9CC4), rgb(0x4F6F9F)),
            Fate::Unknown => self.pick(rgb(0x8E8E8E), rgb(0x6E6E6E)),
            Fate::NotTaken => self.pick(rgb(0xA99B74), rgb(0x6B6148)),
            Fate::StaleTerm => self.pick(rgb(0xFF9A3D), rgb(0xB85400)),
            Fate::Late => self.pick(rgb(0xC9A227), rgb(0x7D6400)),
            Fate::Dropped => self.pick(rgb(0xB58CF5), rgb(0x7A3FC4)),
            Fate::Unanswered => self.pick(rgb(0xF07AE0), rgb(0xA3198F)),
        };
        Line { color, dashed: is_reply || fate == Fate::Unanswered }
    }

    /// The colour of an event's mark: a small diamond or tick on its lane.
    pub fn point(&self, look: Look) -> Color32 {
        match look {
            Look::Vote => self.pick(rgb(0xC9B6FF), rgb(0x6A4BD0)),
            Look::Log => self.pick(rgb(0x7BD0B4), rgb(0x0C7358)),
            Look::Term => self.pick(rgb(0xFFD28A), rgb(0x8F5A00)),
            Look::ReplyUsed => self.pick(rgb(0xFFB08A), rgb(0xA8430A)),
            Look::Invariant => self.pick(rgb(0x9DDCFF), rgb(0x0B5CB3)),
            Look::Failed => self.pick(rgb(0xE6E9EF), rgb(0x23272F)),
            Look::Fault => self.pick(rgb(0xFF9DBA), rgb(0xA51B4A)),
            _ => self.pick(rgb(0xB4BDCB), rgb(0x5A6474)),
        }
    }

    /// Behind the lanes.
    pub fn background(&self) -> Color32 {
        self.pick(rgb(0x14161B), rgb(0xFFFFFF))
    }

    /// Behind panels, gutter and bar.
    pub fn panel(&self) -> Color32 {
        self.pick(rgb(0x1B1E25), rgb(0xF6F7F9))
    }

    /// Behind headings of groups, chips, buttons.
    pub fn raised(&self) -> Color32 {
        self.pick(rgb(0x252A33), rgb(0xE9ECF1))
    }

    /// Behind what the pointer is on.
    pub fn hovered(&self) -> Color32 {
        self.pick(rgb(0x303643), rgb(0xDDE3EC))
    }

    /// Between lanes.
    pub fn separator(&self) -> Color32 {
        self.pick(rgb(0x262A32), rgb(0xE6E9EE))
    }

    /// Around panels and cards.
    pub fn border(&self) -> Color32 {
        self.pick(rgb(0x343A46), rgb(0xCDD3DC))
    }

    /// Lines of the time axis through the strip.
    pub fn grid(&self) -> Color32 {
        self.pick(rgb(0x1F232A), rgb(0xEFF1F4))
    }

    /// Text that is read.
    pub fn text(&self) -> Color32 {
        self.pick(rgb(0xD9DEE7), rgb(0x1F2630))
    }

    /// Text that stands out.
    pub fn text_strong(&self) -> Color32 {
        self.pick(rgb(0xFFFFFF), rgb(0x0A0E14))
    }

    /// Text that can be passed over.
    pub fn text_weak(&self) -> Color32 {
        self.pick(rgb(0x9BA5B6), rgb(0x566070))
    }

    /// What is selected: its outline, its cursor line.
    pub fn selection(&self) -> Color32 {
        self.pick(rgb(0xFFFFFF), rgb(0x0A0E14))
    }

    /// Behind what is selected in lists and tables.
    pub fn selection_background(&self) -> Color32 {
        self.pick(rgb(0x233A57), rgb(0xD3E4FB))
    }

    /// What is not visible, in the overview.
    pub fn veil(&self) -> Color32 {
        let [r, g, b, _] = self.panel().to_array();
        Color32::from_rgba_unmultiplied(r, g, b, 165)
    }

    /// The frame of what is visible, in the overview; and links.
    pub fn accent(&self) -> Color32 {
        self.pick(rgb(0x6FB1FF), rgb(0x1A66C9))
    }

    /// A range of time that is being chosen.
    pub fn range(&self) -> Color32 {
        let [r, g, b, _] = self.accent().to_array();
        Color32::from_rgba_unmultiplied(r, g, b, 46)
    }

    /// How much happens when, in the overview.
    pub fn density(&self) -> Color32 {
        self.pick(rgb(0x5A7194), rgb(0xA9BAD3))
    }

    /// Slanted lines where events are missing: translucent, for they lie over blocks.
    pub fn hatch(&self) -> Color32 {
        self.pick(rgb(0x5A6270), rgb(0xA9B1BE)).gamma_multiply(0.75)
    }

    /// The line where the trace ends.
    pub fn end(&self) -> Color32 {
        self.pick(rgb(0x6E7789), rgb(0x7C8698))
    }

    /// Under the arrow that the pointer is on, and around what belongs to the pointed-at lock.
    pub fn glow(&self) -> Color32 {
        self.pick(rgb(0xE8F1FF), rgb(0x10233F))
    }

    fn pick<T>(&self, dark: T, light: T) -> T {
        if self.dark { dark } else { light }
    }

    /// A block of `strength` (0 = the background, 1 = `color` itself), with text that is legible on it.
    fn block(&self, color: Color32, strength: f32, pattern: Pattern) -> Fill {
        let color = mix(self.background(), color, strength.min(1.0));
        let (ink, paper) = (rgb(0x0A0D12), Color32::WHITE);
        let (text, away) = if contrast(paper, color) >= contrast(ink, color) {
            (paper, Color32::BLACK)
        } else {
            (ink, Color32::WHITE)
        };
        Fill { color, outline: None, pattern, lines: mix(color, away, 0.3), text }
    }

    /// A block that is but an outline.
    fn empty(&self, line: Color32, pattern: Pattern) -> Fill {
        let color = self.background();
        Fill { color, outline: Some(line), pattern, lines: mix(color, line, 0.35), text: self.text() }
    }
}

impl Fill {
    fn outlined(mut self, outline: Color32) -> Fill {
        self.outline = Some(outline);
        self
    }
}

/// `share` of `over` on `under`, both opaque.
pub fn mix(under: Color32, over: Color32, share: f32) -> Color32 {
    let channel = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
    Color32::from_rgb(channel(under.r(), over.r()), channel(under.g(), over.g()), channel(under.b(), over.b()))
}

/// The contrast of two opaque colours as WCAG has it, from 1 to 21.
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: Color32) -> f32 {
    let linear = |channel: u8| {
        let share = f32::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: [Look; 29] = [
        Look::Follower,
        Look::Candidate,
        Look::Leader,
        Look::PreCandidate,
        Look::Learner,
        Look::OtherRole,
        Look::Down,
        Look::Alive,
        Look::WaitsForLock,
        Look::WaitsForReply,
        Look::WaitsForTask,
        Look::Sleeps,
        Look::WaitsForOther,
        Look::Held,
        Look::HeldContended,
        Look::HeldShared,
        Look::HeldByTwo,
        Look::Queue,
        Look::Phase,
        Look::Failed,
        Look::Fault,
        Look::Missing,
        Look::Vote,
        Look::Log,
        Look::Term,
        Look::Line,
        Look::ReplyUsed,
        Look::Invariant,
        Look::Other,
    ];
    const FATES: [Fate; 7] = Fate::ALL;
    const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

    fn both() -> [Palette; 2] {
        [Palette::new(true), Palette::new(false)]
    }

    #[test]
    fn what_is_written_in_a_block_is_legible() {
        for palette in both() {
            for look in LOOKS {
                for (term, depth) in (0..=8).flat_map(|term| [1, 2, 3, 5, 255].map(|depth| (term, depth))) {
                    let fill = palette.fill(look, term, depth);
                    let on_color = contrast(fill.text, fill.color);
                    assert!(on_color >= 4.5, "{look:?} of term {term}, depth {depth}: {on_color}");
                    let on_lines = contrast(fill.text, fill.lines);
                    assert!(on_lines >= 4.5, "{look:?} of term {term}, depth {depth}: {on_lines} on its lines");
                }
            }
        }
    }

    #[test]
    fn text_outside_of_blocks_is_legible() {
        for palette in both() {
            let grounds = [
                palette.background(),
                palette.panel(),
                palette.raised(),
                palette.hovered(),
                palette.selection_background(),
            ];
            for ground in grounds {
                for text in [palette.text(), palette.text_strong(), palette.text_weak()] {
                    assert!(
                        contrast(text, ground) >= 4.5,
                        "dark {}: {text:?} on {ground:?}: {}",
                        palette.dark,
                        contrast(text, ground)
                    );
                }
            }
            for severity in SEVERITIES {
                let (disc, number) = palette.witness(severity);
                assert!(contrast(disc, number) >= 4.5, "{severity:?}");
                for ground in [palette.background(), palette.panel(), palette.severity_background(severity)] {
                    let got = contrast(palette.severity(severity), ground);
                    assert!(got >= 4.5, "dark {}: {severity:?}: {got}", palette.dark);
                }
            }
            for fate in FATES {
                assert!(contrast(palette.fate(fate), palette.background()) >= 4.5, "dark {}: {fate:?}", palette.dark);
            }
        }
    }

    #[test]
    fn blocks_stand_out_from_the_background() {
        for palette in both() {
            for look in LOOKS.into_iter().filter(|look| !matches!(look, Look::Alive | Look::Learner | Look::Follower)) {
                let fill = palette.fill(look, 3, 1);
                let edge = fill.outline.unwrap_or(fill.color);
                let got = contrast(edge, palette.background());
                assert!(got >= 1.4, "dark {}: {look:?}: {got}", palette.dark);
            }
        }
    }

    #[test]
    fn roles_of_a_term_differ_without_their_colour() {
        for palette in both() {
            let roles = [Look::Leader, Look::Candidate, Look::PreCandidate, Look::Follower, Look::Down];
            for (index, one) in roles.iter().enumerate() {
                for other in &roles[index + 1..] {
                    let (one, other) = (palette.fill(*one, 2, 1), palette.fill(*other, 2, 1));
                    let lightness = contrast(one.color, other.color);
                    assert!(one.pattern != other.pattern || lightness >= 2.0, "{one:?} {other:?} {lightness}");
                }
            }
        }
    }

    #[test]
    fn a_term_is_one_colour_and_its_neighbours_are_others() {
        for palette in both() {
            assert_eq!(palette.term(2), palette.term(10), "the hues cycle");
            assert_eq!(palette.fill(Look::Leader, 2, 1).color, palette.term(2));
            for term in 0..=8 {
                let (a, b) = (palette.term(term), palette.term(term + 1));
                let apart: i32 = [(a.r(), b.r()), (a.g(), b.g()), (a.b(), b.b())]
                    .iter()
                    .map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs())
                    .sum();
                assert!(apart >= 90, "terms {term} and {}: {apart}", term + 1);
            }
            let _ = palette.term(u64::MAX);
        }
    }
}
