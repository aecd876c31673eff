//! What the detectors look for, from their own declarations.

use std::io::{self, Write};

use super::style::{Ink, Pen, Style};
use crate::detect::registry::{DETECTORS, Detector};

const WIDTH: usize = 100;

/// All detectors, one a line.
pub fn list(out: &mut dyn Write, style: Style) -> io::Result<()> {
    let mut pen = Pen::new(out, style);
    let width = DETECTORS.iter().map(|detector| detector.name.len()).max().unwrap_or(0);
    for Detector { name, summary, .. } in DETECTORS {
        pen.put(Ink::Strong, format_args!("{name:width$}"))?;
        pen.line(Ink::Plain, format_args!("  {summary}"))?;
    }
    Ok(())
}

/// One detector in full.
pub fn one(out: &mut dyn Write, style: Style, detector: &Detector) -> io::Result<()> {
    let mut pen = Pen::new(out, style);
    pen.put(Ink::Strong, detector.name)?;
    pen.line(Ink::Plain, format_args!(": {}", detector.summary))?;
    let explain = &detector.explain;
    let parts = [
        ("What it is", explain.what_it_is),
        ("Why it matters", explain.why_it_matters),
        ("Example", explain.example),
        ("How to fix", explain.how_to_fix),
    ];
    for (heading, text) in parts {
        pen.end()?;
        pen.line(Ink::Strong, heading)?;
        for line in text.lines() {
            // What is indented is a program or a sequence of events: it keeps its lines.
            if line.starts_with(' ') {
                pen.line(Ink::Plain, format_args!("  {line}"))?;
            } else {
                pen.paragraph(Ink::Plain, 2, WIDTH, line)?;
            }
        }
    }
    for threshold in detector.thresholds {
        pen.end()?;
        pen.line(Ink::Strong, format_args!("Threshold {} = {}", threshold.name, threshold.default))?;
        pen.paragraph(Ink::Plain, 2, WIDTH, threshold.reason)?;
    }
    Ok(())
}
