//! Tests of what is painted: pictures by hand, and the pixels that come of them.

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
    Arrow { route: 0, piece: folded(1), fate, is_reply: false, from, to, arrived, others: 0 }
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
    let crossed = Picture { arrows: vec![arrow(Fate::Arrived, (0.0, 30.0), (90.0, 30.0))], ..of_blocks(vec![wide]) };
    let beside = painted(&crossed, dark(), &labels).1 - painted(&crossed, dark(), &silent).1;
    assert_eq!(beside, 2, "where there are arrows, it has a quiet ground");
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
    let hatches = vec![Hatch { missing: 0, count: 1, is_faint: false, rect: [0.0, 0.0, 400.0, 200.0] }];
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
        shown.hatches.push(Hatch { missing: 0, count: 1, is_faint: false, rect: [*a, b, b, *a] });
        shown.markers.push(Marker {
            event: EventId(0),
            number: Some(1),
            severity: Severity::Info,
            at: (*a, b),
            disc: (b, *a),
        });
        shown.ticks.push(Tick { x: *a, label: String::new() });
        shown.rows.push(Row { of: RowOf::Group(0), top: *a, height: b });
    }
    shown.end = Some(f32::NAN);
    let (image, _) = painted(&shown, Palette::new(false), &|_| vec!["words".to_owned()]);
    assert_eq!((image.width, image.height), SIZE);
}

#[test]
fn lonely_marks_are_rhombs_and_dense_ones_a_thin_strip() {
    let marks = |distance: f32| {
        let mark = |index: u8| {
            let left = 50.0 + f32::from(index) * distance;
            Placed { left, right: left + 1.5, ..block(Look::ReplyUsed, 0.0, 0.0) }
        };
        painted(&of_blocks((0..10).map(mark).collect()), dark(), &silent).0
    };
    // The marks' middles stand at a height of 32 points.
    let (sparse, dense) = (marks(20.0), marks(4.0));
    assert_eq!(pixel(&sparse, 50, 35), dark().point(Look::ReplyUsed));
    assert_eq!(pixel(&sparse, 60, 32), dark().background(), "nothing between them");
    assert_eq!(pixel(&dense, 60, 35), dark().background(), "the strip is thin");
    let strip: Vec<Color32> = (52..85).map(|x| pixel(&dense, x, 32)).collect();
    assert!(strip.iter().all(|color| *color != dark().background()), "it has no gaps: {strip:?}");
    assert!(!strip.contains(&dark().point(Look::ReplyUsed)), "it is paler than a mark");
}

#[test]
fn many_ordinary_messages_lie_below_the_roles_and_a_lost_one_lies_above() {
    let role = block(Look::Leader, 0.0, 400.0);
    let upright = |x: f32| arrow(Fate::Arrived, (x, 0.0), (x, 200.0));
    let mut arrows: Vec<Arrow> = (0..390).map(|x| upright(x as f32 + 0.5)).collect();
    let few = Picture { arrows: vec![upright(100.5)], ..of_blocks(vec![role]) };
    assert_ne!(pixel(&painted(&few, dark(), &silent).0, 100, 32), dark().term(2), "a single one crosses the role");
    arrows.push(arrow(Fate::Dropped, (200.5, 10.0), (200.5, 150.0)));
    let many = Picture { arrows, ..of_blocks(vec![role]) };
    let (image, _) = painted(&many, dark(), &silent);
    assert_eq!(pixel(&image, 100, 32), dark().term(2));
    let (lost, red) = (pixel(&image, 200, 32), dark().fate(Fate::Dropped));
    let off = [lost.r().abs_diff(red.r()), lost.g().abs_diff(red.g()), lost.b().abs_diff(red.b())];
    assert!(off.iter().all(|off| *off < 30), "{lost:?} is not {red:?}");
    let haze = pixel(&image, 100, 100);
    let away = |color: Color32| i32::from(color.b()) - i32::from(dark().background().b());
    assert!(away(haze) > 0 && away(haze) < away(dark().fate(Fate::Arrived)) / 3, "{haze:?}");
}

#[test]
fn few_bundles_say_how_many_they_are_and_only_where_that_hides_nothing() {
    let bundle = |index: u8, count| {
        let x = f32::from(index) * 40.0 + 20.0;
        Arrow { piece: folded(count), ..arrow(Fate::Arrived, (x, 60.0), (x, 160.0)) }
    };
    let shapes = |count, blocks: Vec<Placed>| {
        let arrows = (0..9).map(|index| bundle(index, count)).collect();
        painted(&Picture { arrows, ..of_blocks(blocks) }, dark(), &silent).1
    };
    assert_eq!(shapes(7, Vec::new()), shapes(1, Vec::new()) + 2 * 9, "a ground and a number each");
    let over_the_middle = || vec![Placed { top: 100.0, bottom: 120.0, ..block(Look::Held, 0.0, 400.0) }];
    assert_eq!(shapes(7, over_the_middle()), shapes(1, over_the_middle()));
}

#[test]
fn what_is_not_of_the_finding_steps_back_and_what_is_stands_out() {
    let own = block(Look::Held, 100.0, 300.0);
    let other = Placed { lane: 1, top: 100.0, bottom: 124.0, ..own };
    let rows = [(0, 18.0), (1, 98.0)].map(|(lane, top)| Row { of: RowOf::Lane(lane), top, height: 28.0 }).to_vec();
    let marker = Marker {
        event: EventId(0),
        number: Some(1),
        severity: Severity::Error,
        at: (50.0, 180.0),
        disc: (50.0, 180.0),
    };
    let plain = Picture { rows, markers: vec![marker], ..of_blocks(vec![own, other]) };
    let focus = Focus { lanes: [0].into(), blocks: [0].into(), ..Focus::default() };
    let selected = Picture { focus, ..plain.clone() };
    let (before, after) = (painted(&plain, dark(), &silent).0, painted(&selected, dark(), &silent).0);
    let held = dark().fill(Look::Held, 2, 1).color;
    assert_eq!([pixel(&before, 200, 32), pixel(&before, 200, 112)], [held, held]);
    assert_eq!(pixel(&after, 200, 32), held);
    let back = pixel(&after, 200, 112);
    assert!(
        back.g() < held.g() && back.g() > dark().background().g(),
        "{back:?} is not between {held:?} and the ground"
    );
    assert_eq!(pixel(&after, 200, 19), dark().severity(Severity::Error), "a frame");
    assert_ne!(pixel(&before, 200, 19), dark().severity(Severity::Error));
}

#[test]
fn a_link_leads_from_what_waits_to_what_it_waits_for_and_around_what_is_between() {
    let link = Link { from: EventId(1), to: EventId(0), from_at: (300.0, 150.0), to_at: (100.0, 50.0) };
    let marker =
        |event, at| Marker { event: EventId(event), number: Some(event + 1), severity: Severity::Error, at, disc: at };
    let markers = vec![marker(0, link.to_at), marker(1, link.from_at)];
    let focus = Focus { lanes: [0].into(), links: vec![link], ..Focus::default() };
    let (image, _) = painted(&Picture { markers, focus, ..Picture::default() }, dark(), &silent);
    let red = dark().severity(Severity::Error);
    let is_line =
        |x: u32, y: u32| pixel(&image, x, y) == red || pixel(&image, x, y - 1) == red || pixel(&image, x - 1, y) == red;
    assert!(is_line(200, 150), "back along the row of what waits");
    assert!(is_line(100, 100), "then up");
    assert!(!is_line(200, 100), "not straight through what lies between");
}

#[test]
fn a_message_that_was_answered_ends_without_a_sign_and_a_bundle_ends_as_its_worst() {
    let shapes = |fate, arrived, count| {
        let arrow = Arrow { piece: folded(count), arrived, ..arrow(fate, (100.0, 100.0), (130.0, 100.0)) };
        painted(&Picture { arrows: vec![arrow], ..Picture::default() }, dark(), &silent).1
    };
    let bare = shapes(Fate::Arrived, false, 1);
    assert_eq!(shapes(Fate::Arrived, true, 1), bare + 1, "a head");
    assert_eq!(shapes(Fate::NotTaken, false, 1), bare + 1, "a bar");
    assert_eq!(shapes(Fate::Dropped, false, 1), bare + 4, "a cross and its ground");
    assert_eq!(shapes(Fate::Dropped, true, 9), bare + 4, "one of nine was lost");
    assert_eq!(shapes(Fate::Arrived, true, 9), bare + 1, "all of them arrived");
}

#[test]
fn what_is_missing_is_hatched_over_the_blocks_which_are_seen_through_it() {
    let hatch = Hatch { missing: 0, count: 1, is_faint: false, rect: [50.0, 20.0, 100.0, 44.0] };
    let shown = Picture { hatches: vec![hatch], ..of_blocks(vec![block(Look::Leader, 0.0, 200.0)]) };
    let (image, _) = painted(&shown, dark(), &silent);
    let term = dark().term(2);
    let row = |from: u32| -> Vec<Color32> { (from..from + 40).map(|x| pixel(&image, x, 32)).collect() };
    assert!(row(120).iter().all(|color| *color == term));
    assert!(row(55).contains(&term) && row(55).iter().any(|color| *color != term), "{:?}", row(55));
    assert!(dark().hatch().a() < 255);
}

#[test]
fn words_at_an_open_end_find_room_beside_a_shorter_label() {
    let shown = |stops_early| Picture {
        stops_early,
        ..of_blocks(vec![Placed { open: true, ..block(Look::WaitsForLock, 10.0, 190.0) }])
    };
    let labels = |_: &Placed| {
        let long = "waits for Mutex<State>, held by me";
        vec![long.to_owned(), "waits for it".to_owned(), "waits".to_owned()]
    };
    let one_label = |_: &Placed| vec!["waits".to_owned()];
    let (both, two) = painted(&shown(false), dark(), &labels);
    assert_eq!(two, painted(&shown(false), dark(), &one_label).1, "a label and the end");
    assert!(both.rgba != painted(&shown(true), dark(), &labels).0.rgba, "a cut trace says something else");
}

#[test]
fn lost_messages_are_not_as_red_as_findings() {
    for palette in [Palette::new(true), Palette::new(false)] {
        let (lost, error) = (palette.fate(Fate::Dropped), palette.severity(Severity::Error));
        assert!(lost.b() > lost.r() && error.r() > error.b(), "{lost:?} {error:?}");
    }
}
