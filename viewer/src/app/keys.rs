//! Keys to commands, by the registry of named commands.

use eframe::egui::{Context, Key, KeyboardShortcut, Popup};

use crate::command::{Command, NAMED};

/// Takes the keys that were pressed and pushes their commands, in the order of the registry. A text field that has the
/// focus keeps all keys, and so does an open menu; any other widget with the focus keeps those that work it. While the `help` is shown, only its own
/// keys and the command keys work.
pub(super) fn pressed(context: &Context, help: bool, commands: &mut Vec<Command>) {
    // An open menu closes by the keys that would clear the selection.
    if context.text_edit_focused() || Popup::is_any_open(context) {
        return;
    }
    let focused = context.memory(|memory| memory.focused().is_some());
    let mut shortcuts: Vec<(&KeyboardShortcut, &Command)> =
        NAMED.iter().flat_map(|named| named.keys.iter().map(move |key| (key, &named.command))).collect();
    // A shortcut matches whatever other modifiers are held, so those with most modifiers are asked first.
    shortcuts.sort_by_key(|(key, _)| std::cmp::Reverse(modifiers(key)));
    for (key, command) in shortcuts {
        let for_widget = focused && modifiers(key) == 0 && works_widgets(key.logical_key);
        let behind_help =
            help && !matches!(command, Command::ToggleHelp | Command::ToggleLegend) && !key.modifiers.command;
        if for_widget || behind_help {
            continue;
        }
        // Each press counts: a key that repeats faster than frames come must not be lost.
        let presses = context.input_mut(|input| input.count_and_consume_key(key.modifiers, key.logical_key));
        commands.extend(std::iter::repeat_n(command, presses.min(32)).cloned());
    }
}

fn modifiers(key: &KeyboardShortcut) -> u32 {
    let held = key.modifiers;
    [held.alt, held.ctrl, held.shift, held.command].into_iter().map(u32::from).sum()
}

/// Whether a button or a list that has the focus needs the key itself.
fn works_widgets(key: Key) -> bool {
    matches!(key, Key::Enter | Key::Space | Key::Escape)
        || matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown)
}
