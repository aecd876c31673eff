//! Tests of `paint`.

use std::cell::Cell;

use eframe::egui::{Color32, Context, RawInput, Rect, pos2, vec2};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::EventId;

use super::*;
use crate::fold::Piece;
use crate::lane::Look;
use crate::picture::Arrow;
use crate::raster::{Image, Raster};
use crate::scene::Fate;

const SIZE: (u32, u32) = (400, 200);

/// What a picture becomes on a screen, and how many shapes that takes.
fn painted(shown: &Picture, palette: Palette, labels: &dyn Fn(&Placed) -> Vec<String>) -> (Image, usize) {
    let context = Context::default();
    let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(SIZE.0 as f32, SIZE.1 as f32));
    let mut raster = Raster::default();
    let mut frame = || {
        let input = RawInput { screen_rect: Some(rect), time: Some(0.0), ..RawInput::default() };
        let mut output = context.run_ui(input, |ui| picture(&ui.painter_at(rect), shown, palette, labels));
        raster.update(&output.textures_delta);
        output.textures_delta.clear();
        output.shapes
    };
    frame();
    let shapes = frame();
    let count = shapes.len();
    let image = raster.draw(&context.tessellate(shapes, 1.0), 1.0, SIZE);
    (image, count)
}

fn dark() -> Palette {
    Palette::new(true)
}

fn pixel(image: &Image, x: u32, y: u32) -> Color32 {
    let at = (y * image.width + x) as usize * 4;
    Color32::from_rgb(image.rgba[at], image.rgba[at + 1], image.rgba[at + 2])
}

fn has(image: &Image, color: Color32) -> bool {
    (0..image.height).any(|y| (0..image.width).any(|x| pixel(image, x, y) == color))
}

fn block(look: Look, left: f32, right: f32) -> Placed {
    let piece = Piece { count: 1, ..folded(1) };
    Placed { lane: 0, track: 0, piece, look, left, right, top: 20.0, bottom: 44.0, open: false, term: 2, depth: 1 }
}

fn folded(count: u32) -> Piece {
    Piece { first: 0, count, begin: 0, end: 100, longest: 0, busy: 50, worst: None, grade: 0 }
}

fn arrow(fate: Fate, from: (f32, f32), to: (f32, f32)) -> Arrow {
    let arrived = matches!(fate, Fate::Arrived | Fate::StaleTerm | Fate::Late);
    Arrow { route: 0, piece: folded(1), fate, is_reply: false, from, to, arrived }
}

fn of_blocks(blocks: Vec<Placed>) -> Picture {
    Picture { blocks, ..Picture::default() }
}

fn silent(_: &Placed) -> Vec<String> {
    Vec::new()
}

#[test]
fn two_leaders_of_one_term_have_one_colour_and_a_follower_has_another() {
    let leader = block(Look::Leader, 10.0, 100.0);
    let other = Placed { top: 80.0, bottom: 104.0, ..leader };
    let follower = Placed { top: 140.0, bottom: 164.0, look: Look::Follower, ..leader };
    let (image, _) = painted(&of_blocks(vec![leader, other, follower]), dark(), &silent);
    assert_eq!(pixel(&image, 50, 32), dark().term(2));
    assert_eq!(pixel(&image, 50, 92), dark().term(2));
    assert_eq!(pixel(&image, 50, 152), dark().fill(Look::Follower, 2, 1).color);
    assert_eq!(pixel(&image, 200, 32), dark().background());
}

#[test]
fn a_finding_is_seen_on_the_narrowest_block_and_through_blocks_that_lie_over_it() {
    for (look, count) in [(Look::Held, 1), (Look::Held, 900), (Look::Vote, 1)] {
        let piece = Piece { worst: Some(Severity::Error), ..folded(count) };
        let small = Placed { piece, ..block(look, 50.0, 51.5) };
        let over = Placed { track: 1, ..block(Look::WaitsForLock, 40.0, 90.0) };
        let (image, _) = painted(&of_blocks(vec![small, over]), dark(), &silent);
        assert!(has(&image, dark().severity(Severity::Error)), "{look:?} {count}");
    }
}

#[test]
fn words_stand_where_they_fit() {
    let asked = Cell::new(0);
    let labels = |_: &Placed| {
        asked.set(asked.get() + 1);
        vec!["a very long name that fits nowhere at all in so narrow a block".to_owned(), "short".to_owned()]
    };
    let narrow = block(Look::Held, 10.0, 20.0);
    let (without, _) = painted(&of_blocks(vec![narrow]), dark(), &labels);
    assert_eq!(asked.get(), 0, "nobody is asked for words that cannot fit");
    let fill = dark().fill(Look::Held, 2, 1);
    assert!(!has(&without, fill.text));
    let wide = block(Look::Held, 10.0, 70.0);
    let (_, silent_shapes) = painted(&of_blocks(vec![wide]), dark(), &silent);
    let (_, shapes) = painted(&of_blocks(vec![wide]), dark(), &labels);
    assert_eq!(shapes, silent_shapes + 1, "the short name is one shape");
    let covered = Placed { track: 1, ..block(Look::WaitsForLock, 12.0, 68.0) };
    let (_, both) = painted(&of_blocks(vec![wide, covered]), dark(), &labels);
    assert_eq!(both, shapes, "what is covered has no words");
}

#[test]
fn what_never_ends_says_so_and_what_leads_to_the_end_does_not() {
    let open = |look| Placed { open: true, ..block(look, 10.0, 300.0) };
    let shapes = |look| painted(&of_blocks(vec![open(look)]), dark(), &silent).1;
    assert_eq!(shapes(Look::WaitsForLock), shapes(Look::Leader) + 1);
    let ends = Picture { end: Some(300.0), ..of_blocks(vec![open(Look::Leader)]) };
    let (image, _) = painted(&ends, dark(), &silent);
    let edge: Vec<bool> = (22..43).map(|y| pixel(&image, 298, y) == dark().background()).collect();
    assert!(edge.contains(&true) && edge.contains(&false), "the right edge has teeth: {edge:?}");
}

#[test]
fn fates_have_their_colours_and_the_bad_ones_lie_on_top() {
    for fate in [Fate::Arrived, Fate::StaleTerm, Fate::Late, Fate::Dropped, Fate::Unanswered] {
        let ordinary = arrow(Fate::Arrived, (200.0, 20.0), (200.0, 180.0));
        let shown =
            Picture { arrows: vec![arrow(fate, (100.0, 100.0), (300.0, 100.0)), ordinary], ..Picture::default() };
        let (image, _) = painted(&shown, dark(), &silent);
        assert!(has(&image, dark().fate(fate)), "{fate:?}");
    }
}

#[test]
fn discs_of_witnesses_do_not_hide_each_other() {
    let marker =
        |number| Marker { event: EventId(0), number: Some(number), severity: Severity::Error, at: (100.0, 50.0) };
    let markers: Vec<Marker> = (1..=4).map(marker).collect();
    let placed = markers::discs(&markers);
    for (index, (_, one)) in placed.iter().enumerate() {
        for (_, other) in &placed[index + 1..] {
            assert!((*one - *other).length() >= 2.0 * markers::RADIUS);
        }
    }
}

#[test]
fn blocks_and_patterns_cost_few_shapes() {
    let looks = [Look::Candidate, Look::PreCandidate, Look::Down, Look::Leader, Look::Sleeps];
    let blocks: Vec<Placed> = (0..2000)
        .map(|index| Placed {
            top: 10.0 + (index % 9) as f32 * 20.0,
            bottom: 25.0 + (index % 9) as f32 * 20.0,
            ..block(looks[index % 5], 5.0, 395.0)
        })
        .collect();
    let rows = vec![Row { of: RowOf::Lane(0), top: 10.0, height: 26.0 }; 9];
    let hatches = vec![Hatch { missing: 0, rect: [0.0, 0.0, 400.0, 200.0] }];
    let ticks = vec![Tick { x: 50.0, label: "1 ms".to_owned() }; 20];
    let shown = Picture { rows, hatches, ticks, ..of_blocks(blocks) };
    let (_, shapes) = painted(&shown, dark(), &silent);
    assert!(shapes <= 6, "{shapes}");
}

#[test]
fn places_that_are_no_numbers_do_no_harm() {
    let odd = [f32::NAN, f32::INFINITY, -1e30, 1e30, 0.0];
    let mut shown = Picture::default();
    for (index, a) in odd.iter().enumerate() {
        let b = odd[(index + 1) % odd.len()];
        shown.blocks.push(Placed { top: *a, open: true, ..block(Look::Candidate, *a, b) });
        shown.blocks.push(Placed { bottom: b, ..block(Look::PreCandidate, 0.0, *a) });
        shown.arrows.push(arrow(Fate::Dropped, (*a, b), (b, *a)));
        shown.hatches.push(Hatch { missing: 0, rect: [*a, b, b, *a] });
        shown.markers.push(Marker { event: EventId(0), number: Some(1), severity: Severity::Info, at: (*a, b) });
        shown.ticks.push(Tick { x: *a, label: String::new() });
        shown.rows.push(Row { of: RowOf::Group(0), top: *a, height: b });
    }
    shown.end = Some(f32::NAN);
    let (image, _) = painted(&shown, Palette::new(false), &|_| vec!["words".to_owned()]);
    assert_eq!((image.width, image.height), SIZE);
}
