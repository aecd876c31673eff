//! Where the view goes, how far the way back leads, and what is switched on and off.

use super::*;

#[test]
fn earlier_is_to_the_left_up_is_up_and_zooming_in_shows_less() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened_in(&loaded, 100.0);
    run(&mut state, &loaded, &[Command::ToggleAllGroups, Command::ScrollDown]);
    assert_eq!(state.scroll, 50.0, "half of the strip");
    run(&mut state, &loaded, &[Command::ScrollUp]);
    assert_eq!(state.scroll, 0.0);
    run(&mut state, &loaded, &[Command::ScrollBy(10.0), Command::ScrollBy(f64::NAN)]);
    assert_eq!(state.scroll, 10.0, "what is no number scrolls nowhere");
    let whole = state.view;
    run(&mut state, &loaded, &[Command::ZoomIn]);
    let near = state.view;
    assert!(near.length() < whole.length() && whole.begin < near.begin && near.end < whole.end);
    run(&mut state, &loaded, &[Command::PanLeft]);
    assert!(state.view.begin < near.begin && state.view.length() == near.length());
    for broken in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let before = state.view;
        run(&mut state, &loaded, &[Command::ZoomAt { at: 0, factor: broken }]);
        assert_eq!(state.view, before, "{broken}");
    }
}

#[test]
fn zooming_out_leads_to_the_widest_view_and_then_stands_still() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    let whole = loaded.scene.span;
    run(&mut state, &loaded, &[Command::ZoomOut]);
    let widest = state.view;
    assert!(widest.length().abs_diff(whole.length() / 4 * 5) <= 4, "{widest:?} of {whole:?}");
    run(&mut state, &loaded, &[Command::ZoomOut, Command::ZoomAt { at: whole.begin, factor: 9.0 }]);
    assert!(state.view.begin.abs_diff(widest.begin) <= 2 && state.view.end.abs_diff(widest.end) <= 2);
    run(&mut state, &loaded, &[Command::ZoomIn, Command::PanLeft, Command::PanLeft, Command::PanLeft]);
    let beyond = whole.begin - state.view.begin;
    assert_eq!(beyond, state.view.length() / 10, "a tenth of the view lies before the trace");
}

#[test]
fn a_marked_moment_stays_until_something_is_selected() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::Mark(7_000), Command::PanLeft]);
    assert_eq!(state.moment, Some(7_000));
    run(&mut state, &loaded, &[Command::Select(EventId(1))]);
    assert_eq!(state.moment, None);
}

#[test]
fn the_way_back_has_an_end_and_a_new_step_leaves_no_way_forward() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    let selects = |event: u32| Command::Select(EventId(event % 2));
    run(&mut state, &loaded, &(0..300).map(selects).collect::<Vec<_>>());
    let mut steps = 0;
    loop {
        let before = state.place();
        run(&mut state, &loaded, &[Command::Back]);
        if state.place() == before {
            break;
        }
        steps += 1;
    }
    assert_eq!(steps, 200);
    run(&mut state, &loaded, &[Command::Select(EventId(3)), Command::Forward]);
    assert_eq!(state.event, Some(EventId(3)));
    // What changes nothing is no step.
    run(&mut state, &loaded, &[Command::Select(EventId(4)), Command::Select(EventId(4)), Command::Back]);
    assert_eq!(state.event, Some(EventId(3)));
}

#[test]
fn each_switch_switches_its_own() {
    let mut state = State::new(Settings::default());
    let mut after = |command: Command| {
        assert_eq!(state.apply(&command, None), None);
        let Settings { findings, details, events, arrows, .. } = state.settings;
        (findings, details, events, arrows)
    };
    assert_eq!(after(Command::ToggleFindings), (false, true, true, true));
    assert_eq!(after(Command::ToggleDetails), (false, false, true, true));
    assert_eq!(after(Command::ToggleEvents), (false, false, false, true));
    assert_eq!(after(Command::ToggleArrows), (false, false, false, false));
    let themes = [Theme::Light, Theme::Dark, Theme::System].map(|expected| {
        state.apply(&Command::NextTheme, None);
        (state.settings.theme, expected)
    });
    assert!(themes.iter().all(|(theme, expected)| theme == expected), "{themes:?}");
    let mut over = |command: Command| {
        state.apply(&command, None);
        (state.help, state.legend)
    };
    assert_eq!(over(Command::ToggleHelp), (true, false));
    assert_eq!(over(Command::ToggleLegend), (false, true));
    assert_eq!(over(Command::ToggleHelp), (true, false));
}

#[test]
fn reading_again_forgets_the_way_back_and_what_the_report_said() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::SelectFinding(0), Command::Select(EventId(1))]);
    state.reopened(&loaded, &loaded);
    assert_eq!((state.event, state.lane, state.finding), (Some(EventId(1)), None, None));
    let there = state.view;
    run(&mut state, &loaded, &[Command::Back]);
    assert_eq!((state.event, state.view), (Some(EventId(1)), there));
    let findings = &loaded.report.as_ref().expect("it is judged").findings;
    let last = findings.len() - 1;
    state.judged(&loaded, Some(&findings[last].id));
    assert_eq!(state.finding, Some(last), "the one with that id");
}
