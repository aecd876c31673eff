//! Tests of time and pixels.

use proptest::prelude::*;

use super::{SHORTEST_VIEW, Span, TimeScale};

fn labels(visible: Span, width: f32) -> Vec<String> {
    let scale = TimeScale { visible, left: 0.0, width };
    scale.ticks().into_iter().map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
}

#[test]
fn labels_have_the_unit_and_the_decimals_of_their_step() {
    assert_eq!(labels(Span::new(0, 1_000), 500.0), ["0.0000 ms", "0.0002 ms", "0.0004 ms", "0.0006 ms", "0.0008 ms"]);
    assert_eq!(labels(Span::new(1_190_000, 1_290_000), 500.0), ["1.20 ms", "1.22 ms", "1.24 ms", "1.26 ms", "1.28 ms"]);
    assert_eq!(labels(Span::new(-500_000_000, 2_500_000_000), 400.0), ["0 s", "1 s", "2 s"]);
    assert_eq!(labels(Span::new(5_000_000_000, 5_000_000_020), 300.0), ["5000.00000 ms", "5000.00001 ms"]);
}

#[test]
fn a_view_is_ten_ns_long_at_least_and_crosses_the_ends_of_the_trace_by_a_tenth_of_itself_at_most() {
    let whole = Span::new(0, 1_000_000);
    assert_eq!(Span::new(500, 501).clamped(whole).length(), SHORTEST_VIEW);
    assert_eq!(Span::new(i64::MIN, i64::MAX).clamped(whole), Span::new(-125_000, 1_125_000));
    assert_eq!(Span::new(100, 200).clamped(whole), Span::new(100, 200), "what is sane stays");
    assert_eq!(Span::new(-100, 900).clamped(whole), Span::new(-100, 900));
    assert_eq!(Span::new(-101, 899).clamped(whole), Span::new(-100, 900));
    assert_eq!(Span::new(5_000_000, 5_001_000).clamped(whole), Span::new(999_100, 1_000_100));
    assert_eq!(
        Span::new(0, 40).clamped(Span::new(20, 21)),
        Span::new(15, 25),
        "a trace too short stands in the middle"
    );
}

#[test]
fn fit_and_frame_leave_room() {
    assert_eq!(Span::new(0, 1_000).fit(), Span::new(-20, 1_020));
    assert_eq!(Span::new(1_000, 2_000).framed(), Span::new(750, 2_250));
    assert!(Span::new(7, 7).framed().length() >= SHORTEST_VIEW);
    assert_eq!(Span::new(0, 100).centered(500), Span::new(450, 550));
}

#[test]
fn zooming_keeps_the_moment_in_its_place() {
    assert_eq!(Span::new(0, 1_000).zoomed(250, 0.5), Span::new(125, 625));
    let far = 9_000_000_000_000_000_001;
    assert_eq!(Span::new(far - 8, far + 8).zoomed(far, 0.5), Span::new(far - 4, far + 4), "to the ns, however late");
    assert_eq!(Span::new(0, 10).zoomed(5, f64::NAN), Span::new(0, 10));
}

fn spans() -> impl Strategy<Value = Span> {
    let usual = (-1_000_000_000_000_i64..1_000_000_000_000, 1_i64..1_000_000_000_000);
    let usual = usual.prop_map(|(begin, length)| Span::new(begin, begin + length));
    prop_oneof![4 => usual, 1 => (any::<i64>(), any::<i64>()).prop_map(|(one, other)| Span::new(one.min(other), one.max(other)))]
}

proptest! {
    #[test]
    fn pixels_and_time_are_inverse(begin in -1_000_000_000_000_i64..1_000_000_000_000, length in 10_000_i64..1_000_000_000_000,
                                   width in 50_f32..4_000.0, share in 0_f32..1.0) {
        let scale = TimeScale { visible: Span::new(begin, begin + length), left: 200.0, width };
        let x = 200.0 + share * width;
        prop_assert!((scale.x(scale.at(x)) - x).abs() < 0.5);
    }

    #[test]
    fn no_span_overflows_or_loses_the_trace(view in spans(), whole in spans(), at in any::<i64>(), by in any::<i64>(), factor in any::<f64>()) {
        for changed in [view.zoomed(at, factor), view.panned(by), view.fit(), view.framed(), view.centered(at)] {
            prop_assert!(changed.begin < changed.end);
            let view = changed.clamped(whole);
            let longest = whole.length().saturating_add(whole.length() / 4);
            prop_assert!(view.length() >= SHORTEST_VIEW && view.length() <= longest.max(SHORTEST_VIEW));
            prop_assert!(view.begin < whole.end && view.end > whole.begin, "{view:?} shows nothing of {whole:?}");
            prop_assert_eq!(view.clamped(whole), view, "what is sane stays");
        }
        prop_assert_eq!(view.panned(by).length(), view.length());
    }

    #[test]
    fn labels_do_not_overlap(view in spans(), width in 20_f32..3_000.0) {
        let scale = TimeScale { visible: view, left: 0.0, width };
        let ticks = scale.ticks();
        let labelled: Vec<_> = ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
        prop_assert!(labelled.len() as f32 <= width / 90.0 + 1.5);
        for pair in labelled.windows(2) {
            prop_assert!(pair[1].x - pair[0].x >= pair[0].label.chars().count() as f32 * 7.0, "{pair:?}");
        }
    }
}

#[test]
fn a_distance_has_a_direction() {
    let scale = TimeScale { visible: Span::new(0, 1_000), left: 50.0, width: 100.0 };
    assert_eq!([2.5, -2.5, 0.0, 0.01, -0.01].map(|points| scale.distance(points)), [25, -25, 0, 1, -1]);
    assert_eq!(scale.distance(f32::NAN), 0);
}

#[test]
fn before_the_start_has_a_sign_and_a_span_ends_before_its_end() {
    let span = Span::new(-1_000, 1_000);
    assert_eq!([-1_001, -1_000, 999, 1_000].map(|at| span.contains(at)), [false, true, true, false]);
    let labels: Vec<String> = labels(span, 1_000.0).into_iter().filter(|label| !label.is_empty()).collect();
    assert!(labels.iter().any(|label| label.starts_with("-0.000")), "{labels:?}");
    let is_before = |label: &&String| label.starts_with('-');
    assert_eq!(labels.iter().filter(is_before).count(), labels.iter().take_while(is_before).count(), "{labels:?}");
}
