//! Taking in the events of images, chunk by chunk.

use std::ops::Range;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::Kind;
use peerscope_format::wire::{self, Context, EventChunk, Image, Tables};

use super::decode::{Decoder, Run};
use super::merge::merge;
use super::progress::{Progress, Stage};
use super::{Problem, ProblemKind, Reading, gaps, runs};
use crate::model::{Draft, Scope, Source, SourceId};

/// Events taken in so far.
pub(super) struct Scan {
    draft: Draft,
    /// Ranges of the draft's events within which times never run backwards: its chunks.
    runs: Vec<Range<u32>>,
    problems: Vec<Problem>,
    /// Whether some shape is of a kind that is worth a walk over all events: `lost`, or one that nobody knows.
    has_rare: bool,
}

/// What the contexts of one image are in the draft.
struct Rows<'i> {
    source: SourceId,
    tables: &'i Tables,
    scopes: Vec<Option<Scope>>,
    /// By context: the term that its last events had, and their row.
    last: Vec<Option<(Option<Term>, u32)>>,
    /// Of records before a chunk's first control record.
    nobody: Scope,
}

impl Scan {
    pub(super) fn new() -> Self {
        Scan { draft: Draft::new(), runs: Vec::new(), problems: Vec::new(), has_rare: false }
    }

    /// Takes in all events of `image`, unless somebody stops that; `problems` are what reading it said.
    pub(super) fn image(&mut self, name: &str, image: Image, problems: Vec<wire::Problem>, progress: &Progress) {
        let (clock, one_writer) = (image.clock(), image.header.one_writer);
        let Image { header, tables, chunks, lost_events, .. } = image;
        let source = self.draft.add_source(Source {
            name: name.to_owned(),
            header,
            events: 0,
            lost_events,
            strings: tables.strings.clone(),
        });
        self.problems.extend(problems.into_iter().map(|problem| Problem {
            source: Some(source),
            kind: problem.kind.into(),
            offset: Some(problem.offset),
            detail: problem.detail,
        }));
        let is_rare = |kind: Option<Kind>| matches!(kind, None | Some(Kind::Lost));
        self.has_rare |= tables.shapes.iter().any(|(_, shape)| is_rare(shape.kind));
        let mut rows = self.rows(source, &tables);
        let decoder = Decoder { clock, tables: &tables, shapes: self.shapes(source, &tables) };
        let (mut ended, mut first_chunk) = (false, true);
        decoder.each(chunks, |chunk, mut decoded| {
            if progress.is_stopped() {
                return false;
            }
            let first = self.draft.trace().len() as u32;
            decoded.cut(self.draft.room(), &chunk, &tables);
            let scopes: Vec<_> = decoded.runs.iter().map(|run| (rows.row(&mut self.draft, run), run.count)).collect();
            self.draft.append(source, &decoded.part, &scopes);
            ended |= decoded.ended;
            let after = self.draft.trace().len() as u32;
            match self.runs.last_mut() {
                // One writer's chunks follow one another.
                Some(run) if one_writer && !first_chunk => run.end = after,
                _ => self.runs.push(first..after),
            }
            first_chunk = false;
            progress.advance(chunk.payload.len() as u64);
            if let Some((at, why)) = decoded.broken {
                self.broken(source, &chunk, at, &why);
            }
            true
        });
        if progress.is_stopped() {
            return;
        }
        if !ended {
            let detail = "there is no process.end: the program was killed or is still running";
            self.problem(Some(source), ProblemKind::CutOff, None, detail.into());
        }
    }

    fn rows<'i>(&mut self, source: SourceId, tables: &'i Tables) -> Rows<'i> {
        let nobody = self.draft.resolve(source, &Context::default());
        let contexts = tables.contexts.len();
        Rows { source, tables, scopes: vec![None; contexts], last: vec![None; contexts], nobody }
    }

    /// By id: the row of each shape of `tables`; `None` if there are too many to tell apart.
    fn shapes(&mut self, source: SourceId, tables: &Tables) -> Vec<Option<u32>> {
        let mut shapes = vec![None; tables.shapes.len()];
        for (id, shape) in tables.shapes.iter() {
            shapes[id as usize] = self.draft.add_shape(source, shape.clone());
        }
        shapes
    }

    fn broken(&mut self, source: SourceId, chunk: &EventChunk, at: usize, why: &str) {
        let left = chunk.payload.len() - at;
        let detail = format!("{why}; the last {left} bytes of a chunk of events are left out");
        self.problem(Some(source), ProblemKind::Corrupt, Some(chunk.offset + at as u64), detail);
    }

    fn problem(&mut self, source: Option<SourceId>, kind: ProblemKind, offset: Option<u64>, detail: String) {
        self.problems.push(Problem { source, kind, offset, detail });
    }

    /// Puts all events into one order; `None` if somebody stopped that.
    pub(super) fn finish(mut self, progress: &Progress) -> Option<Reading> {
        let len = self.draft.trace().len() as u64;
        progress.begin(Stage::Connecting, len);
        let mut goes_on = |done: usize| progress.reach(done as u64);
        if !self.draft.connect(&mut goes_on) {
            return None;
        }
        progress.begin(Stage::Ordering, len);
        let trace = self.draft.trace();
        // The order of one file by one writer is what it is.
        let in_order = trace.sources().len() == 1 && trace.sources()[0].header.one_writer;
        let order = if in_order { None } else { Some(merge(trace, &self.runs, &mut goes_on)?) };
        let (trace, contradicted) = self.draft.finish(order);
        let mut problems = self.problems;
        if contradicted > 0 {
            let detail = format!(
                "{contradicted} events should follow others that, by the rest of the trace, come later; these links are not used"
            );
            problems.push(Problem { source: None, kind: ProblemKind::Contradictory, offset: None, detail });
        }
        problems.extend(runs::unrelated(&trace));
        let mut notes = Vec::new();
        if self.has_rare {
            problems.extend(gaps::lost(&trace));
            notes = gaps::unknown_kinds(&trace);
        }
        progress.reach(len).then_some(Reading { trace, problems, notes })
    }
}

impl Rows<'_> {
    /// The row of the events of `run`.
    fn row(&mut self, draft: &mut Draft, run: &Run) -> u32 {
        // Tasks take turns with every event or two, while terms hardly change.
        let last = run.context.and_then(|id| self.last.get(id as usize).copied().flatten());
        if let Some((_, row)) = last.filter(|(term, _)| *term == run.term) {
            return row;
        }
        let scope = self.scope(draft, run.context);
        let row = draft.scope(&scope, run.term);
        if let Some(last) = run.context.and_then(|id| self.last.get_mut(id as usize)) {
            *last = Some((run.term, row));
        }
        row
    }

    fn scope(&mut self, draft: &mut Draft, context: Option<u32>) -> Scope {
        let Some(id) = context else { return self.nobody };
        let Some(row) = self.scopes.get_mut(id as usize) else { return self.nobody };
        if let Some(scope) = row {
            return *scope;
        }
        match self.tables.contexts.get(u64::from(id)) {
            Some(context) => *row.insert(draft.resolve(self.source, context)),
            None => self.nobody,
        }
    }
}
