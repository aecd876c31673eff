//! The macro behind the declaration in [`super`]: from one line a kind it derives the kind's name, its typed form, its
//! field table (for JSON, documentation and checks) and its reading from a record.

/// Declares the kinds; see its single use in the parent module.
macro_rules! vocabulary {
    ($(
        $(#[doc = $doc:literal])+
        $name:literal $kind:ident { $($field:ident $(= $field_name:literal)?: $ty:ident),* $(,)? }
    )+) => {
        /// An event kind. The order is that of the vocabulary; nothing outside this process may rely on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Kind {
            /// All kinds in the order of the vocabulary.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),+];

            /// The kind's name, as in JSON Lines.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)+ }
            }

            /// The `tracing` target under which events of this kind are mirrored: `peerscope::` and the [topic](Kind::topic).
            pub const fn target(self) -> &'static str {
                match self { $(Kind::$kind => up_to_dot(concat!("peerscope::", $name)),)+ }
            }

            /// What an event of this kind says.
            pub const fn doc(self) -> &'static str {
                match self { $(Kind::$kind => concat!($($doc),+),)+ }
            }

            /// The kind's own fields.
            pub const fn fields(self) -> &'static [FieldInfo] {
                match self {
                    $(Kind::$kind => &[$(FieldInfo {
                        name: field_name!($field $($field_name)?),
                        ty: field_type!($ty),
                    }),*],)+
                }
            }
        }

        $(
            $(#[doc = $doc])+
            ///
            /// A field that the event does not carry, or carries with another type, is `None`.
            #[derive(Clone, Copy, Debug, Default)]
            pub struct $kind<'a> {
                $(
                    #[doc = concat!("The field `", field_name!($field $($field_name)?), "`.")]
                    pub $field: Option<rust_type!($ty)>,
                )*
                #[doc(hidden)]
                pub lifetime: PhantomData<&'a ()>,
            }

            impl<'a> $kind<'a> {
                #[inline]
                #[allow(unused_mut, unused_variables, non_camel_case_types)]
                fn read(fields: impl Iterator<Item = (u8, ValueRef<'a>)>) -> Self {
                    #[derive(Clone, Copy)]
                    #[repr(u8)]
                    #[allow(dead_code, clippy::enum_variant_names)]
                    enum Slot { $($field,)* End }
                    let mut body = Self::default();
                    for (slot, value) in fields {
                        match slot {
                            $(slot if slot == Slot::$field as u8 => body.$field = FromValue::from_value(value),)*
                            _ => {}
                        }
                    }
                    body
                }
            }
        )+

        /// An event's own fields, typed.
        #[derive(Clone, Copy, Debug)]
        pub enum Body<'a> {
            $($(#[doc = $doc])+ $kind($kind<'a>),)+
            /// The vocabulary does not know the kind: its fields are there, without types.
            Unknown,
        }

        impl<'a> Body<'a> {
            /// Reads the typed form of `kind` from pairs of a field's number (see [`Kind::fields`]) and value.
            #[inline]
            pub fn read(kind: Kind, fields: impl Iterator<Item = (u8, ValueRef<'a>)>) -> Self {
                match kind { $(Kind::$kind => Body::$kind($kind::read(fields)),)+ }
            }
        }
    };
}

macro_rules! field_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

macro_rules! rust_type {
    (Id) => { Id<'a> };
    (Text) => { &'a str };
    (Flag) => { bool };
    (Count) => { u64 };
    (Signed) => { i64 };
    (Term) => { crate::value::Term };
    (Index) => { crate::value::LogIndex };
    (Nanos) => { u64 };
    (Any) => { ValueRef<'a> };
    (Ids) => { crate::value::Ids<'a> };
    (IdSets) => { crate::value::IdSets<'a> };
    (Entries) => { crate::value::Entries<'a> };
    (Map) => { crate::value::MapRef<'a> };
}

macro_rules! field_type {
    ($ty:ident) => {
        FieldType::$ty
    };
}

pub(super) use {field_name, field_type, rust_type, vocabulary};
