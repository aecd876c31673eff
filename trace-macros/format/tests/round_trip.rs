//! Whatever is recorded comes back: through the native file, through JSON Lines, and through both.

mod common;

use std::io::Cursor;

use common::{Event, any_events, build, build_encoded, events};
use peerscope_format::header::TraceHeader;
use peerscope_format::value::Value;
use peerscope_format::wire::{EventHead, Image, ImageBuilder};
use proptest::prelude::*;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn through_a_file(image: &Image) -> Image {
    let mut file = Vec::new();
    image.write_to(&mut file).expect("memory takes all");
    let (image, problems) = Image::read(&mut Cursor::new(file)).expect("a trace that was just written");
    assert_eq!(problems, []);
    image
}

fn whole(image: &Image) -> Vec<Event> {
    let (events, errors) = events(image);
    assert_eq!(errors, []);
    events
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn the_native_file_keeps_every_event(written in any_events(), choices in proptest::collection::vec(any::<u8>(), 1..50)) {
        prop_assert_eq!(&whole(&through_a_file(&build(&written))), &written);
        prop_assert_eq!(&whole(&through_a_file(&build_encoded(&written, &choices))), &written);
    }
}

#[cfg(feature = "json")]
proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn json_lines_keep_the_meaning_and_have_one_form(written in any_events(), choices in proptest::collection::vec(any::<u8>(), 1..50)) {
        let original = build_encoded(&written, &choices);
        let text = common::to_json(&original);
        let (image, problems) = peerscope_format::json::read(&mut text.as_bytes()).expect("a trace that was just written");
        prop_assert_eq!(problems, []);
        let back = whole(&image);
        prop_assert_eq!(back.len(), written.len());
        for (back, written) in back.iter().zip(&written) {
            prop_assert_eq!(common::meaning(back), common::meaning(written));
        }
        prop_assert_eq!(&common::to_json(&image), &text);
        // And from there through the native file.
        prop_assert_eq!(whole(&through_a_file(&image)), back);
    }

    #[test]
    fn every_line_is_json_and_says_what_the_event_says(written in any_events()) {
        for (line, event) in common::to_json(&build(&written)).lines().skip(1).zip(&written) {
            let parsed: serde_json::Value = serde_json::from_str(line).expect("JSON");
            prop_assert_eq!(parsed["ts"].as_u64(), Some(event.head.ts));
            prop_assert_eq!(parsed["kind"].as_str(), Some(&event.kind[..]));
            for head in ["test", "cluster", "peer", "task"] {
                prop_assert!(parsed.get(head).is_none_or(serde_json::Value::is_string), "{} is an id", head);
            }
            for (name, _) in &event.fields {
                prop_assert!(parsed.get(name).is_some(), "{} is in {}", name, line);
            }
        }
    }
}

fn full_header() -> TraceHeader {
    TraceHeader {
        start: Some("2026-01-31T12:00:00Z".into()),
        host: Some("h1".into()),
        boot: Some("b".into()),
        pid: Some(4711),
        clock: Some("monotonic".into()),
        one_writer: true,
        meta: vec![
            ("program".into(), Value::from("lab")),
            ("seed".into(), Value::List(vec![Value::U64(42), Value::Null])),
        ],
    }
}

#[test]
fn the_header_comes_back() {
    let image = ImageBuilder::new(full_header()).finish();
    assert_eq!(through_a_file(&image).header, full_header());
    #[cfg(feature = "json")]
    {
        let (back, problems) = peerscope_format::json::read(&mut common::to_json(&image).as_bytes()).expect("a header");
        assert_eq!((back.header, problems), (full_header(), Vec::new()));
    }
}

#[test]
fn many_chunks_keep_their_order_and_times() {
    let event = |ts: u64| Event {
        head: EventHead { ts, ..EventHead::default() },
        kind: "log".into(),
        fields: vec![("msg".into(), Value::Text("m".repeat(1000)))],
    };
    let written: Vec<_> = (0..5000).map(|number| event(number * 3)).collect();
    let image = build(&written);
    assert!(image.chunks.len() > 3);
    assert!(whole(&through_a_file(&image)) == written);
}

#[test]
fn the_largest_event_passes_and_a_larger_one_is_refused() {
    let event = |length: usize| [("msg", Value::Text("m".repeat(length)))];
    let mut builder = ImageBuilder::new(TraceHeader::default());
    assert_eq!(builder.event(&EventHead::default(), "log", &event((8 << 20) - 8)), Ok(false));
    assert!(builder.event(&EventHead::default(), "log", &event(8 << 20)).is_err());
    assert_eq!(whole(&through_a_file(&builder.finish())).len(), 1);
}

/// Simulated times of events in turn, as a recorder writes them: at their heads.
#[cfg(feature = "json")]
#[test]
fn simulated_times_survive_both_forms() {
    let times = [None, Some(0), Some(7), Some(7), None, Some(u64::MAX - 2), Some(3)];
    let mut builder = ImageBuilder::new(TraceHeader::default());
    for time in times {
        builder.simulated(time);
        builder.event(&EventHead::default(), "log", &[]).expect("a small event");
    }
    let image = through_a_file(&builder.finish());
    let read: Vec<_> = image.records(&image.chunks[0]).map(|raw| raw.expect("whole").simulated).collect();
    assert_eq!(read, times);
    let text = common::to_json(&image);
    let said: Vec<_> = text.lines().skip(1).map(|line| line.contains("\"sim\":")).collect();
    assert_eq!(said, times.map(|time| time.is_some()), "{text}");
    let (image, problems) = peerscope_format::json::read(&mut text.as_bytes()).expect("a trace that was just written");
    assert_eq!((problems.as_slice(), common::to_json(&image)), (&[][..], text));
}

/// What was never written reads as zeros, and zeros are no records.
#[test]
fn zeros_are_damage_and_no_simulated_time() {
    let mut image = build(&[]);
    image.chunks.push(peerscope_format::wire::EventChunk { offset: 0, base_ticks: 0, payload: [0; 16].into() });
    let (_, errors) = events(&image);
    assert_eq!(errors, [peerscope_format::wire::Corrupt("a record has no shape")]);
}
