//! How a macro finds out whether a value can be recorded as it is, or must be formatted.

use std::fmt;

use super::{Arg, Formatted};

/// A named value of an event. The macros call the methods on `&Named`: for types that are [`Typed`] the method of
/// [`TypedArg`] fits as it is and yields the value itself; all others need one more reference and get to
/// [`FormattedArg`], which formats them.
#[derive(Debug)]
pub struct Named<'a, T: ?Sized>(pub &'a T);

/// Types that are recorded and mirrored as they are.
#[cfg(feature = "tracing")]
pub trait Typed: Arg + tracing::Value {}
/// Types that are recorded as they are.
#[cfg(not(feature = "tracing"))]
pub trait Typed: Arg {}

macro_rules! typed {
    ($($ty:ty)*) => { $(impl Typed for $ty {})* };
}
// Not `f32`: its text is shorter than that of the same number as `f64`, which is what a record holds.
typed!(u8 i8 u16 i16 u32 i32 u64 i64 usize isize bool f64 str String);
impl<T: Typed + ?Sized> Typed for &T {}

/// The way of [`Typed`] values.
pub trait TypedArg<'a, T: ?Sized> {
    /// The value itself; its formatted `text` is not asked for.
    fn peerscope_arg(&self, text: fmt::Arguments<'_>) -> &'a T;
    /// The same for the mirror.
    fn peerscope_mirror(&self, text: fmt::Arguments<'_>) -> &'a T;
}

impl<'a, T: Typed + ?Sized> TypedArg<'a, T> for Named<'a, T> {
    #[inline]
    fn peerscope_arg(&self, _text: fmt::Arguments<'_>) -> &'a T {
        self.0
    }
    #[inline]
    fn peerscope_mirror(&self, _text: fmt::Arguments<'_>) -> &'a T {
        self.0
    }
}

/// The way of all other values.
pub trait FormattedArg {
    /// Formats the value as its place in the template asks.
    fn peerscope_arg(&self, text: fmt::Arguments<'_>) -> Formatted;
    /// The same for the mirror.
    #[cfg(feature = "tracing")]
    fn peerscope_mirror<'t>(&self, text: fmt::Arguments<'t>) -> tracing::field::DisplayValue<fmt::Arguments<'t>>;
}

impl<T: ?Sized> FormattedArg for &Named<'_, T> {
    #[inline]
    fn peerscope_arg(&self, text: fmt::Arguments<'_>) -> Formatted {
        Formatted::new(text)
    }
    #[cfg(feature = "tracing")]
    #[inline]
    fn peerscope_mirror<'t>(&self, text: fmt::Arguments<'t>) -> tracing::field::DisplayValue<fmt::Arguments<'t>> {
        tracing::field::display(text)
    }
}
