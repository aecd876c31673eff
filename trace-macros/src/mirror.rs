//! The mirror: our events as ordinary `tracing` events for whoever listens (an fmt layer, a test's own subscriber). The
//! record has been written by then; no filter can lose it.

/// Whether a subscriber may want events of this level: one load, and false where none is set.
#[cfg(feature = "tracing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mirrors {
    ($target:expr, $level:ident) => {
        $crate::__private::tracing::level_enabled!($crate::__private::tracing::Level::$level)
    };
}

/// Without the feature `tracing` nobody listens.
#[cfg(not(feature = "tracing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mirrors {
    ($target:expr, $level:ident) => {
        false
    };
}

/// An event as a `tracing` event: numbers, truth values and texts as such, everything else as it would be printed.
#[cfg(feature = "tracing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mirror {
    (($($peer:expr)?) $target:expr, $level:ident, ($($message:tt)+) $(($value:ident $name:literal $format:literal))*) => {{
        #[allow(unused_imports)]
        use $crate::__private::{FormattedArg as _, TypedArg as _};
        $crate::__private::tracing::event!(
            target: $target,
            $crate::__private::tracing::Level::$level,
            {
                "peerscope.peer" = $crate::__private::tracing::field::display(
                    $crate::__private::Label($crate::__peer!($($peer)?))
                ),
                $($name = (&$crate::__private::Named($value)).peerscope_mirror(format_args!($format, $value)),)*
            },
            $($message)+
        )
    }};
}

/// Without the feature `tracing` the compiler still checks the template.
#[cfg(not(feature = "tracing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mirror {
    (($($peer:expr)?) $target:expr, $level:ident, ($($message:tt)+) $(($value:ident $name:literal $format:literal))*) => {
        if false {
            let _ = (format_args!($($message)+), $($value,)*);
        }
    };
}

use std::fmt;

use crate::peer::InScope;

/// Shows the peer of an event.
#[derive(Debug)]
pub struct Label<'a, P>(pub &'a P);

impl<P: InScope> fmt::Display for Label<'_, P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        use peerscope_format::value::Value;
        // Copied out: what `out` is, a subscriber decides, and its code may leave the scope.
        match self.0.with_scope(|scope| scope.scope().peer.clone()) {
            Some(Value::U64(number)) => write!(out, "{number}"),
            Some(Value::I64(number)) => write!(out, "{number}"),
            Some(Value::Text(text)) => out.write_str(&text),
            _ => out.write_str("-"),
        }
    }
}
