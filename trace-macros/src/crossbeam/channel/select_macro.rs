//! `select!` and `select_biased!`: lists of cases, which become a [`Select`](super::Select).

/// As [`crossbeam_channel::select!`]: waits for several operations and goes on with the first that is possible.
///
/// A case is `recv(receiver) -> result => body`, `send(sender, value) -> result => body`, `default => body` (nothing is possible
/// now), or `default(timeout) => body` (nothing was possible in time). All its events carry the line of the macro.
#[macro_export]
#[doc(hidden)]
macro_rules! __crossbeam_select {
    ($($cases:tt)*) => { $crate::__crossbeam_cases!(@parse new [] [] $($cases)*) };
}

/// As [`crossbeam_channel::select_biased!`]: as [`select!`](super::select!), but the first case that is possible goes first.
#[macro_export]
#[doc(hidden)]
macro_rules! __crossbeam_select_biased {
    ($($cases:tt)*) => { $crate::__crossbeam_cases!(@parse new_biased [] [] $($cases)*) };
}

/// `@parse` makes of each case `{operation handle index (channel) (value) (pattern) (body)}`, with two names of its own; `@bind`
/// evaluates the channels, `@select` selects one, `@complete` does it.
#[macro_export]
#[doc(hidden)]
macro_rules! __crossbeam_cases {
    // A body ends with a comma, or is a block, or is the last.
    (@parse $new:ident $cases:tt $default:tt recv($channel:expr $(,)?) -> $result:pat => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_cases!(@add $new $cases $default {recv handle index ($channel) () ($result) ($body)} $($rest)*)
    };
    (@parse $new:ident $cases:tt $default:tt recv($channel:expr $(,)?) -> $result:pat => $body:block $($rest:tt)*) => {
        $crate::__crossbeam_cases!(@add $new $cases $default {recv handle index ($channel) () ($result) ($body)} $($rest)*)
    };
    (@parse $new:ident $cases:tt $default:tt recv($channel:expr $(,)?) -> $result:pat => $body:expr) => {
        $crate::__crossbeam_cases!(@add $new $cases $default {recv handle index ($channel) () ($result) ($body)})
    };
    (@parse $new:ident $cases:tt $default:tt
        send($channel:expr, $value:expr $(,)?) -> $result:pat => $body:expr, $($rest:tt)*
    ) => {
        $crate::__crossbeam_cases!(
            @add $new $cases $default {send handle index ($channel) ($value) ($result) ($body)} $($rest)*
        )
    };
    (@parse $new:ident $cases:tt $default:tt
        send($channel:expr, $value:expr $(,)?) -> $result:pat => $body:block $($rest:tt)*
    ) => {
        $crate::__crossbeam_cases!(
            @add $new $cases $default {send handle index ($channel) ($value) ($result) ($body)} $($rest)*
        )
    };
    (@parse $new:ident $cases:tt $default:tt send($channel:expr, $value:expr $(,)?) -> $result:pat => $body:expr) => {
        $crate::__crossbeam_cases!(@add $new $cases $default {send handle index ($channel) ($value) ($result) ($body)})
    };
    (@parse $new:ident $cases:tt [] default $(($($timeout:expr)?))? => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_cases!(@parse $new $cases [($($($timeout)?)?) ($body)] $($rest)*)
    };
    (@parse $new:ident $cases:tt [] default $(($($timeout:expr)?))? => $body:block $($rest:tt)*) => {
        $crate::__crossbeam_cases!(@parse $new $cases [($($($timeout)?)?) ($body)] $($rest)*)
    };
    (@parse $new:ident $cases:tt [] default $(($($timeout:expr)?))? => $body:expr) => {
        $crate::__crossbeam_cases!(@parse $new $cases [($($($timeout)?)?) ($body)])
    };
    (@parse $new:ident $cases:tt $default:tt) => {
        $crate::__crossbeam_cases!(@bind $new $cases $default $cases)
    };
    (@parse $new:ident $cases:tt $default:tt $($wrong:tt)+) => {
        compile_error!(concat!(
            "expected `recv(receiver) -> result => body`, `send(sender, value) -> result => body`, or one \
            `default => body` or `default(timeout) => body`, found `", stringify!($($wrong)+), "`"
        ))
    };

    // Each round has names of its own for what it adds.
    (@add $new:ident [$($cases:tt)*] $default:tt $case:tt $($rest:tt)*) => {
        $crate::__crossbeam_cases!(@parse $new [$($cases)* $case] $default $($rest)*)
    };

    // In a match, so that temporaries live as long as the select.
    (@bind $new:ident $cases:tt $default:tt
        [{$operation:ident $handle:ident $index:ident ($channel:expr) $value:tt $result:tt $body:tt} $($rest:tt)*]
    ) => {
        match &$channel {
            $handle => $crate::__crossbeam_cases!(@bind $new $cases $default [$($rest)*]),
        }
    };
    (@bind $new:ident [$({$operation:ident $handle:ident $index:ident $channel:tt $value:tt $result:tt $body:tt})*]
        $default:tt []
    ) => {{
        let mut select = $crate::crossbeam::channel::Select::$new();
        $( let $index = select.$operation($handle); )*
        $crate::__crossbeam_cases!(
            @select select $default [$({$operation $handle $index $value $result $body})*]
        )
    }};

    (@select $select:ident [] $cases:tt) => {{
        let selected = $select.select();
        $crate::__crossbeam_cases!(@complete selected $cases)
    }};
    (@select $select:ident [() ($default:expr)] $cases:tt) => {
        match $select.try_select() {
            ::core::result::Result::Ok(selected) => $crate::__crossbeam_cases!(@complete selected $cases),
            ::core::result::Result::Err(_) => $default,
        }
    };
    (@select $select:ident [($timeout:expr) ($default:expr)] $cases:tt) => {
        match $select.select_timeout($timeout) {
            ::core::result::Result::Ok(selected) => $crate::__crossbeam_cases!(@complete selected $cases),
            ::core::result::Result::Err(_) => $default,
        }
    };

    (@complete $selected:ident
        [$({$operation:ident $handle:ident $index:ident ($($value:expr)?) ($result:pat) ($body:expr)})*]
    ) => {
        $( if $selected.index() == $index {
            let $result = $selected.$operation($handle $(, $value)?);
            $body
        } else )* {
            ::core::unreachable!("it is the index of a case")
        }
    };
}
