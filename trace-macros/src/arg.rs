//! The arguments of an event: each type says how it is encoded, how long it can get, and writes itself.
//!
//! Numbers, truth values and texts are written as they are. Whatever can only be formatted is formatted once, into a
//! buffer of the thread ([`Formatted`]), *before* the record is begun: a `Debug` that itself logs finds the writer idle.

mod named;
mod prepared;

use peerscope_format::shape::{Encoding, Field};
use peerscope_format::value::{Id, Value};
use peerscope_format::varint::{self, Sink, put_u64, zigzag};

pub use self::named::{FormattedArg, Named, Typed, TypedArg};
pub use self::prepared::{EntryList, Formatted, Shown, in_pieces};

/// A text longer than this is cut, and says so at its end, in bytes.
pub const MAX_TEXT: usize = 4 << 10;

/// How an argument is written: an [`Encoding`] that can stand in a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// [`Encoding::U64`].
    U64,
    /// [`Encoding::I64`].
    I64,
    /// [`Encoding::Bool`].
    Bool,
    /// [`Encoding::F64`].
    F64,
    /// [`Encoding::Text`].
    Text,
    /// [`Encoding::Text`], formatted by the program: what the template asked for has been done already.
    Formatted,
    /// [`Encoding::Any`].
    Any,
}

impl Layout {
    /// The encoding in the shape.
    pub fn encoding(self) -> Encoding {
        match self {
            Layout::U64 => Encoding::U64,
            Layout::I64 => Encoding::I64,
            Layout::Bool => Encoding::Bool,
            Layout::F64 => Encoding::F64,
            Layout::Text | Layout::Formatted => Encoding::Text,
            Layout::Any => Encoding::Any,
        }
    }
}

/// One argument of an event.
///
/// The recorder reserves [`Arg::max_len`] bytes and trusts [`Arg::put`] to stay within them and to call no code of the
/// user's; therefore only this module implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in an event as it is",
    label = "a value of an event is a number, a truth value, a text, or a list or `Option` of such",
    note = "write `format!(\"{{value:?}}\")`, or say it with `dprintf!`, which takes anything that is `Debug` or `Display`"
)]
pub trait Arg: sealed::Sealed {
    /// How it is written.
    const LAYOUT: Layout;
    /// The most bytes that [`Arg::put`] will write.
    fn max_len(&self) -> usize;
    /// Writes it as [`Arg::LAYOUT`] says.
    fn put(&self, sink: &mut impl Sink);
    /// Writes it in the self-describing form, for lists; at most one byte longer.
    fn put_any(&self, sink: &mut impl Sink) {
        match Self::LAYOUT {
            Layout::U64 => sink.put(3),
            Layout::I64 => sink.put(4),
            Layout::F64 => sink.put(5),
            Layout::Text | Layout::Formatted => sink.put(6),
            // A truth value is its own type.
            Layout::Bool | Layout::Any => {}
        }
        self.put(sink);
    }
}

pub(crate) use self::sealed::Sealed;

mod sealed {
    /// Keeps [`super::Args`] to this crate.
    pub trait SealedArgs {}
    /// Keeps [`super::Arg`] to this crate.
    pub trait Sealed {}
    macro_rules! sealed {
        ($($ty:ty)*) => { $(impl Sealed for $ty {})* };
    }
    sealed!(u8 i8 u16 i16 u32 i32 u64 i64 usize isize bool f32 f64 str String);
    sealed!(peerscope_format::value::Id<'_> super::Formatted super::Shown super::EntryList super::RpcId);
    impl<T: Sealed + ?Sized> Sealed for &T {}
    impl<T: Sealed> Sealed for Option<T> {}
    impl<T: Sealed> Sealed for [T] {}
    impl<T: Sealed> Sealed for Vec<T> {}
    impl<T: Sealed, const N: usize> Sealed for [T; N] {}
    impl<D: Sealed> Sealed for super::LogEntry<D> {}
}

impl<T: Arg + ?Sized> Arg for &T {
    const LAYOUT: Layout = T::LAYOUT;
    #[inline]
    fn max_len(&self) -> usize {
        T::max_len(self)
    }
    #[inline]
    fn put(&self, sink: &mut impl Sink) {
        T::put(self, sink);
    }
    #[inline]
    fn put_any(&self, sink: &mut impl Sink) {
        T::put_any(self, sink);
    }
}

macro_rules! numbers {
    ($($unsigned:ident $signed:ident)*) => { $(
        impl Arg for $unsigned {
            const LAYOUT: Layout = Layout::U64;
            #[inline]
            fn max_len(&self) -> usize { (Self::BITS as usize).div_ceil(7) }
            #[inline]
            fn put(&self, sink: &mut impl Sink) { put_u64(sink, *self as u64); }
        }
        impl Arg for $signed {
            const LAYOUT: Layout = Layout::I64;
            #[inline]
            fn max_len(&self) -> usize { (Self::BITS as usize).div_ceil(7) }
            #[inline]
            fn put(&self, sink: &mut impl Sink) { put_u64(sink, zigzag(*self as i64)); }
            // A number has one self-describing form, whatever its type was: 4 is the same id as 4_u64.
            fn put_any(&self, sink: &mut impl Sink) { Value::from(*self as i64).encode(sink); }
        }
    )* };
}
numbers!(u8 i8 u16 i16 u32 i32 u64 i64 usize isize);

impl Arg for bool {
    const LAYOUT: Layout = Layout::Bool;
    #[inline]
    fn max_len(&self) -> usize {
        1
    }
    #[inline]
    fn put(&self, sink: &mut impl Sink) {
        sink.put(u8::from(*self));
    }
    #[inline]
    fn put_any(&self, sink: &mut impl Sink) {
        sink.put(1 + u8::from(*self));
    }
}

impl Arg for f64 {
    const LAYOUT: Layout = Layout::F64;
    #[inline]
    fn max_len(&self) -> usize {
        8
    }
    #[inline]
    fn put(&self, sink: &mut impl Sink) {
        sink.put_slice(&self.to_bits().to_le_bytes());
    }
}

impl Arg for f32 {
    const LAYOUT: Layout = Layout::F64;
    #[inline]
    fn max_len(&self) -> usize {
        8
    }
    #[inline]
    fn put(&self, sink: &mut impl Sink) {
        f64::from(*self).put(sink);
    }
}

impl Arg for str {
    const LAYOUT: Layout = Layout::Text;
    #[inline]
    fn max_len(&self) -> usize {
        self.len().min(MAX_TEXT) + CUT_LEN + varint::MAX_LEN
    }
    #[inline]
    fn put(&self, sink: &mut impl Sink) {
        if self.len() <= MAX_TEXT {
            put_u64(sink, self.len() as u64);
            return sink.put_slice(self.as_bytes());
        }
        put_cut(sink, self);
    }
}

impl Arg for String {
    const LAYOUT: Layout = Layout::Text;
    #[inline]
    fn max_len(&self) -> usize {
        self.as_str().max_len()
    }
    #[inline]
    fn put(&self, sink: &mut impl Sink) {
        self.as_str().put(sink);
    }
}

/// What stands at the end of a text that was cut.
const CUT: &str = "[... cut]";
const CUT_LEN: usize = CUT.len();

#[cold]
fn put_cut(sink: &mut impl Sink, text: &str) {
    let kept = &text[..text.floor_char_boundary(MAX_TEXT)];
    put_u64(sink, (kept.len() + CUT_LEN) as u64);
    sink.put_slice(kept.as_bytes());
    sink.put_slice(CUT.as_bytes());
}

impl<T: Arg> Arg for Option<T> {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        self.as_ref().map_or(0, Arg::max_len).saturating_add(1)
    }
    fn put(&self, sink: &mut impl Sink) {
        match self {
            Some(value) => value.put_any(sink),
            None => sink.put(0),
        }
    }
}

impl<T: Arg> Arg for [T] {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        let mut sum = 1 + varint::MAX_LEN;
        for value in self {
            sum = sum.saturating_add(value.max_len()).saturating_add(1);
            // More than any chunk has room for: such an event is lost, whatever else it lists.
            if sum > 1 << 20 {
                break;
            }
        }
        sum
    }
    fn put(&self, sink: &mut impl Sink) {
        sink.put(8);
        put_u64(sink, self.len() as u64);
        self.iter().for_each(|value| value.put_any(sink));
    }
}

impl<T: Arg> Arg for Vec<T> {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        self.as_slice().max_len()
    }
    fn put(&self, sink: &mut impl Sink) {
        self.as_slice().put(sink);
    }
}

impl<T: Arg, const N: usize> Arg for [T; N] {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        self.as_slice().max_len()
    }
    fn put(&self, sink: &mut impl Sink) {
        self.as_slice().put(sink);
    }
}

impl Arg for Id<'_> {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        1 + match self {
            Id::Text(text) => text.max_len(),
            _ => varint::MAX_LEN,
        }
    }
    fn put(&self, sink: &mut impl Sink) {
        match self {
            Id::Number(number) => number.put_any(sink),
            Id::Negative(number) => number.put_any(sink),
            Id::Text(text) => text.put_any(sink),
        }
    }
}

/// The id of an RPC: a number or a short text.
#[derive(Clone, PartialEq, Eq)]
pub enum RpcId {
    /// A number.
    Number(u64),
    /// A text.
    Text(Box<str>),
}

impl std::fmt::Debug for RpcId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RpcId::Number(number) => write!(out, "{number}"),
            RpcId::Text(text) => out.write_str(text),
        }
    }
}

macro_rules! rpc_ids {
    ($($number:ident)*) => { $(
        impl From<$number> for RpcId {
            fn from(id: $number) -> Self { RpcId::Number(id as u64) }
        }
        impl From<&$number> for RpcId {
            fn from(id: &$number) -> Self { RpcId::Number(*id as u64) }
        }
    )* };
}
// `i32` is what a bare literal is.
rpc_ids!(u8 u16 u32 u64 usize i32 i64);
impl From<&str> for RpcId {
    fn from(id: &str) -> Self {
        RpcId::Text(id.into())
    }
}
impl From<String> for RpcId {
    fn from(id: String) -> Self {
        RpcId::Text(id.into())
    }
}
impl From<&String> for RpcId {
    fn from(id: &String) -> Self {
        RpcId::Text(id.as_str().into())
    }
}

impl Arg for RpcId {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        1 + match self {
            RpcId::Number(_) => varint::MAX_LEN,
            RpcId::Text(text) => text.max_len(),
        }
    }
    fn put(&self, sink: &mut impl Sink) {
        match self {
            RpcId::Number(number) => number.put_any(sink),
            RpcId::Text(text) => text.put_any(sink),
        }
    }
}

/// A log entry as `log.append` lists them: the term in which a leader took it in, and what identifies its content.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<D> {
    /// The entry's term.
    pub term: u64,
    /// A number or short text that is equal for equal contents.
    pub digest: D,
}

impl<D: Arg> Arg for LogEntry<D> {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        self.digest.max_len().saturating_add(32)
    }
    fn put(&self, sink: &mut impl Sink) {
        sink.put(9);
        put_u64(sink, 2);
        "term".put(sink);
        self.term.put_any(sink);
        "digest".put(sink);
        self.digest.put_any(sink);
    }
}

/// All arguments of an event.
pub trait Args: sealed::SealedArgs {
    /// How they are written.
    const LAYOUTS: &'static [Layout];
    /// A number that differs for different [`Args::LAYOUTS`].
    const SIGNATURE: u64 = {
        let (mut signature, mut place) = (1_u64, 0);
        while place < Self::LAYOUTS.len() {
            // FNV, in 64 bits.
            signature = (signature ^ (Self::LAYOUTS[place] as u64 + 1)).wrapping_mul(0x0100_0000_01b3);
            place += 1;
        }
        signature
    };
    /// The most bytes that [`Args::put`] will write.
    fn max_len(&self) -> usize;
    /// Writes them one after the other.
    fn put(&self, sink: &mut impl Sink);
}

macro_rules! tuples {
    ($($name:ident $place:tt),*) => {
        impl<$($name: Arg),*> sealed::SealedArgs for ($($name,)*) {}
        impl<$($name: Arg),*> Args for ($($name,)*) {
            const LAYOUTS: &'static [Layout] = &[$($name::LAYOUT),*];
            #[inline]
            fn max_len(&self) -> usize { 0_usize $(.saturating_add(self.$place.max_len()))* }
            #[inline]
            #[allow(unused_variables)]
            fn put(&self, sink: &mut impl Sink) { $(self.$place.put(sink);)* }
        }
    };
}
tuples!();
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);

/// The fields of a shape with these names and layouts.
pub(crate) fn fields(names: &[&str], layouts: &[Layout]) -> Box<[Field]> {
    let field = |(name, layout): (&&str, &Layout)| Field { name: (*name).into(), encoding: layout.encoding() };
    names.iter().zip(layouts).map(field).collect()
}

/// A constant of a call site, as it stands in the shape.
pub(crate) fn constant(name: &str, value: &str) -> Field {
    Field { name: name.into(), encoding: Encoding::constant(&Value::from(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn honest(arg: &(impl Arg + ?Sized)) {
        let (mut plain, mut any) = (Vec::new(), Vec::new());
        arg.put(&mut plain);
        arg.put_any(&mut any);
        assert!(plain.len() <= arg.max_len(), "{} bytes, announced {}", plain.len(), arg.max_len());
        assert!(any.len() <= arg.max_len() + 1);
    }

    #[test]
    fn no_argument_is_longer_than_announced() {
        honest(&u64::MAX);
        honest(&i64::MIN);
        honest(&u8::MAX);
        honest(&true);
        honest(&f64::MAX);
        honest(&1.5_f32);
        honest("");
        honest("text");
        honest("x".repeat(MAX_TEXT).as_str());
        honest("x".repeat(MAX_TEXT + 1).as_str());
        honest("\u{1f980}".repeat(MAX_TEXT).as_str());
        honest(&String::from("text"));
        honest(&Some(u64::MAX));
        honest(&None::<u64>);
        honest(&[u64::MAX; 7]);
        honest(&vec![vec!["text"; 3]; 3]);
        honest(&Id::Number(u64::MAX));
        honest(&Id::Negative(i64::MIN));
        honest(&Id::Text("candidate"));
        honest(&LogEntry { term: u64::MAX, digest: u64::MAX });
        honest(&EntryList::new([LogEntry { term: u64::MAX, digest: "digest" }; 9]));
        honest(&EntryList::new([LogEntry { term: 1, digest: 2_u64 }; 0]));
        honest(&Shown::new(&u64::MAX));
        honest(&Shown::new(&i64::MIN));
        honest(&Shown::new(&true));
        honest(&Shown::new(&""));
        honest(&Shown::new(&"x".repeat(2 * MAX_TEXT)));
        honest(&Formatted::new(format_args!("{:?}", Some("x".repeat(2 * MAX_TEXT)))));
    }

    #[test]
    fn a_signature_tells_layouts_apart() {
        assert_ne!(<(u64, bool)>::SIGNATURE, <(bool, u64)>::SIGNATURE);
        assert_ne!(<(u64,)>::SIGNATURE, <(u64, u64)>::SIGNATURE);
        assert_eq!(<(u64,)>::SIGNATURE, <(&u32,)>::SIGNATURE);
    }
}
