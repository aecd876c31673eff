//! Which groups are folded, and when.

use super::*;

/// The groups that have these lanes.
fn groups(loaded: &Loaded, lanes: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    lanes.into_iter().filter_map(|lane| super::super::folding::group_of(&loaded.scene, lane)).collect()
}

fn peers(loaded: &Loaded) -> BTreeSet<usize> {
    (0..loaded.scene.groups.len()).filter(|group| loaded.scene.groups[*group].peer.is_some()).collect()
}

fn unfolded(state: &State, loaded: &Loaded) -> BTreeSet<usize> {
    peers(loaded).difference(&state.collapsed).copied().collect()
}

#[test]
fn a_run_that_is_higher_than_the_strip_opens_with_its_peers_folded_and_another_does_not() {
    let loaded = loaded(TWO_LEADERS);
    assert!(opened(&loaded).collapsed.is_empty());
    let mut low = opened_low(&loaded);
    assert_eq!(*low.collapsed, peers(&loaded));
    // It is decided once: whoever makes the strip higher or lower does not move the rows.
    assert!(!low.measured((1000.0, 4_000.0), &loaded));
    assert_eq!(*low.collapsed, peers(&loaded));
    let mut high = opened(&loaded);
    assert!(!high.measured((1000.0, 100.0), &loaded));
    assert!(high.collapsed.is_empty());
    // The strip of the run before is known already.
    low.measured((1000.0, 120.0), &loaded);
    low.opened(&loaded);
    assert_eq!(*low.collapsed, peers(&loaded));
}

#[test]
fn a_finding_unfolds_the_groups_of_its_witnesses_and_folds_those_of_the_one_before() {
    let loaded = loaded(TWO_LEADERS);
    let report = loaded.report.as_ref().expect("it is judged");
    // A little lower than all rows are: whatever of them is folded, the rest fits.
    let height = opened(&loaded).layout.height() as f32 - 1.0;
    let mut state = opened_in(&loaded, height);
    let mut sets = BTreeSet::new();
    for (place, finding) in report.findings.iter().enumerate() {
        run(&mut state, &loaded, &[Command::SelectFinding(place)]);
        let lanes = super::super::selection::lanes_of_witnesses(&loaded, place);
        let wanted = groups(&loaded, lanes.iter().copied());
        assert!(unfolded(&state, &loaded).is_subset(&wanted), "{}", finding.id);
        for lane in lanes {
            let group = super::super::folding::group_of(&loaded.scene, lane).expect("every lane is in a group");
            let is_role = loaded.scene.groups[group].lanes.start == lane;
            assert!(is_role || !state.collapsed.contains(&group), "{}: {lane} is hidden", finding.id);
            let row = state.layout.row_of_lane(lane).expect("every lane has a row");
            let seen = state.scroll..=state.scroll + f64::from(state.strip.1);
            assert!(seen.contains(&row.top) && seen.contains(&(row.top + f64::from(row.height))), "{}", finding.id);
        }
        sets.insert(unfolded(&state, &loaded));
    }
    assert!(sets.len() > 1, "the findings have witnesses in several groups");
    run(&mut state, &loaded, &[Command::Back, Command::Back, Command::Back]);
    assert_eq!(*state.collapsed, peers(&loaded), "back at the beginning, all are folded again");
}

#[test]
fn an_event_unfolds_its_group_where_it_stands_and_the_one_before_folds_again() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened_low(&loaded);
    let mut several = BTreeSet::new();
    for event in 0..loaded.run.trace().len() as u32 {
        run(&mut state, &loaded, &[Command::Select(EventId(event))]);
        let Some(lane) = loaded.scene.lane_of(loaded.run.trace(), EventId(event)) else { continue };
        let row = state.layout.row_of_lane(lane).expect("every lane has a row");
        assert_eq!(row.of, RowOf::Lane(lane), "its group is unfolded");
        assert!(unfolded(&state, &loaded).len() <= 1, "event {event}");
        several.extend(unfolded(&state, &loaded));
        let visible = state.scroll..=state.scroll + f64::from(state.strip.1);
        assert!(visible.contains(&row.top) && visible.contains(&(row.top + f64::from(row.height))), "event {event}");
    }
    assert!(several.len() > 1);
}

#[test]
fn what_the_user_folds_or_unfolds_by_hand_stays_so() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened_low(&loaded);
    let last = *peers(&loaded).last().expect("there are peers");
    run(&mut state, &loaded, &[Command::ToggleGroup(last)]);
    assert!(!state.collapsed.contains(&last));
    for _ in 0..3 {
        run(&mut state, &loaded, &[Command::NextFinding, Command::NextWitness]);
        assert!(!state.collapsed.contains(&last), "it stays unfolded");
    }
    run(&mut state, &loaded, &[Command::ToggleGroup(last)]);
    for event in 0..loaded.run.trace().len() as u32 {
        run(&mut state, &loaded, &[Command::Select(EventId(event))]);
        assert!(state.collapsed.contains(&last), "it stays folded");
    }
    for _ in 0..40 {
        run(&mut state, &loaded, &[Command::Back]);
        assert!(state.collapsed.contains(&last), "on the way back too");
    }
    // All at once is another beginning.
    run(&mut state, &loaded, &[Command::ToggleAllGroups]);
    if !state.collapsed.is_empty() {
        run(&mut state, &loaded, &[Command::ToggleAllGroups]);
    }
    assert!(state.collapsed.is_empty());
    run(&mut state, &loaded, &[Command::ToggleAllGroups]);
    assert_eq!(*state.collapsed, peers(&loaded));
}

#[test]
fn keys_walk_into_folded_groups() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened_low(&loaded);
    let mut walked = BTreeSet::new();
    for _ in 0..loaded.scene.lanes.len() {
        run(&mut state, &loaded, &[Command::LaneBelow]);
        walked.extend(state.lane);
    }
    assert_eq!(groups(&loaded, walked), (0..loaded.scene.groups.len()).collect::<BTreeSet<usize>>());
}

#[test]
fn a_run_that_was_read_again_folds_the_peers_that_were_folded_though_another_came_first() {
    let story = |peers: &[u32]| {
        let line =
            |peer: &u32| format!("{{\"ts\":1,\"peer\":{peer},\"kind\":\"role\",\"role\":\"follower\",\"term\":1}}\n");
        loaded(&peers.iter().map(line).collect::<String>())
    };
    let (before, after, less) = (story(&[3, 5, 7]), story(&[1, 3, 5, 7]), story(&[5, 9]));
    let place = |loaded: &Loaded, name: &str| loaded.scene.groups.iter().position(|group| group.label == name);
    let five = |loaded: &Loaded| BTreeSet::from([place(loaded, "peer 5").expect("it is there")]);
    let mut state = opened(&before);
    run(&mut state, &before, &[Command::ToggleGroup(place(&before, "peer 5").expect("it is there"))]);
    state.reopened(&before, &after);
    assert_eq!(*state.collapsed, five(&after));
    // It was done by hand, and stays so when all else changes.
    run(&mut state, &after, &[Command::ToggleGroup(0), Command::ToggleGroup(0)]);
    state.reopened(&after, &less);
    assert_eq!(*state.collapsed, five(&less));
}
