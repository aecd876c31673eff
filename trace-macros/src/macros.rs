//! The macros. Each is thin: it names a kind and its fields, and expands to [`__event!`] or [`__dprintf!`], which hand
//! over to one function of [`crate::emit`]. Nothing is evaluated while nothing is recorded (or the filter has left the call
//! site out) and no subscriber listens.

/// Records a DPrintf line: `dprintf!([peer,] [topic,] "template", values...)`.
///
/// The template is that of [`format!`], with values captured inline, by position or by name; it is not formatted while the
/// program runs: numbers, truth values and texts are recorded as they are, other values as their `Display` or `Debug` once.
/// A named value that the template does not mention is recorded beside it. Without a peer, the line belongs to
/// the thread's current peer. Of one word before the template, `peer` is a peer and any other a topic; a peer of another
/// name wants its topic beside it, or more than one word (`self.peer`, `&leader`).
///
/// ```
/// let (peer, from, granted) = (peerscope::Peer::new(1), 2, true);
/// peerscope::dprintf!(peer, vote, "answer of {from}: {granted:?}");
/// peerscope::dprintf!(vote, "answer of {}: {}", from, granted);
/// peerscope::dprintf!("nothing new", from, attempt = 3);
/// ```
#[macro_export]
macro_rules! dprintf {
    ($($call:tt)*) => { $crate::__private::dprintf!($crate; $($call)*) };
}

/// What [`dprintf!`] becomes once its template is taken apart.
#[doc(hidden)]
#[macro_export]
macro_rules! __dprintf {
    // Items are not hygienic, and the user's expressions see the site: hence its long name.
    (
        ($($peer:expr)?) $topic:literal $template:literal $message:tt
        $(($value:ident $name:literal $format:literal ($($expr:tt)+)))*
    ) => {{
        static PEERSCOPE_SITE: $crate::__private::Site = $crate::__private::Site::log(
            concat!(file!(), ":", line!()), "debug", $topic, $template, &[$($name),*],
        );
        let recording = PEERSCOPE_SITE.is_recorded();
        if recording || $crate::__mirrors!(concat!("peerscope::", $topic), DEBUG) {
            // Bound by reference, each evaluated once.
            #[allow(unused_imports)]
            use $crate::__private::{FormattedArg as _, TypedArg as _};
            match ($crate::__peer!($($peer)?), $(&($($expr)+),)*) {
                (peer, $($value,)*) => {
                    if recording {
                        $crate::__private::emit(
                            &PEERSCOPE_SITE,
                            peer,
                            ($((&$crate::__private::Named($value)).peerscope_arg(format_args!($format, $value)),)*),
                        );
                    }
                    $crate::__mirror!(
                        (peer) concat!("peerscope::", $topic), DEBUG, $message $(($value $name $format))*
                    );
                }
            }
        }
    }};
}

/// The peer of an event: the one given, or the thread's current one.
#[doc(hidden)]
#[macro_export]
macro_rules! __peer {
    () => {
        &$crate::__private::Current
    };
    ($peer:expr) => {
        &$peer
    };
}

/// Records an event of any kind of the vocabulary: `event!(peer, Kind { "field": value, ... })`. That the kind has these
/// fields is checked by the compiler; [`Kind`](peerscope_format::vocabulary::Kind) lists them.
///
/// ```
/// let peer = peerscope::Peer::new(0);
/// peerscope::event!(peer, Progress { "of": 2, "next": 7, "match": 6 });
/// ```
#[macro_export]
macro_rules! event {
    ($peer:expr, $kind:ident { $($name:literal: $value:expr),* $(,)? }) => {
        $crate::__event!(($peer) $kind "debug" DEBUG $($name ($value))*)
    };
}

/// What all macros of typed events become. The values are first bound to variables, each evaluated once; every step of
/// the recursion makes a `value` of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! __event {
    (@bind $head:tt [$($bound:tt)*] $name:literal ($value:expr) $($rest:tt)*) => {
        $crate::__event!(@bind $head [$($bound)* ($name value ($value))] $($rest)*)
    };
    (
        @bind (($($peer:expr)?) $kind:ident $(.$restored:ident)? $level:literal $LEVEL:ident)
        [$(($name:literal $value:ident ($expr:expr)))*]
    ) => {{
        $(const _: () = assert!(
            $crate::__private::Kind::$kind.has_field($name),
            concat!("the vocabulary knows no field `", $name, "` at the kind ", stringify!($kind)),
        );)*
        static PEERSCOPE_SITE: $crate::__private::Site = $crate::__private::Site::event(
            $crate::__private::Kind::$kind, concat!(file!(), ":", line!()), $level, &[$($name),*],
        )$(.$restored())?;
        let recording = PEERSCOPE_SITE.is_recorded();
        if recording || $crate::__mirrors!($crate::__private::Kind::$kind.target(), $LEVEL) {
            match ($crate::__peer!($($peer)?), $(&$expr,)*) {
                (peer, $($value,)*) => {
                    if recording {
                        $crate::__private::emit(&PEERSCOPE_SITE, peer, ($($value,)*));
                    }
                    $crate::__mirror!(
                        (peer) $crate::__private::Kind::$kind.target(), $LEVEL, ("{}", $crate::__private::Kind::$kind.name())
                        $(($value $name "{:?}"))*
                    );
                }
            }
        }
    }};
    ($peer:tt $kind:ident $(.$restored:ident)? $level:literal $LEVEL:ident $($fields:tt)*) => {
        $crate::__event!(@bind ($peer $kind $(.$restored)? $level $LEVEL) [] $($fields)*)
    };
}

/// The peer's current term is now this; later events of the peer carry it: `term!(peer, self.current_term)`.
#[macro_export]
macro_rules! term {
    ($peer:expr, $term:expr $(,)?) => {
        match &$peer {
            peer => {
                $crate::__private::set_term(peer, $term);
                $crate::__event!((peer) TermChange "info" INFO)
            }
        }
    };
}

/// The peer now has this role (`follower candidate leader precandidate learner`), in its current term or in the one given:
/// `role!(peer, "leader")`, `role!(peer, "leader", term)`.
#[macro_export]
macro_rules! role {
    ($peer:expr, $role:expr $(,)?) => {
        $crate::__event!(($peer) Role "info" INFO "role" ($role))
    };
    ($peer:expr, $role:expr, $term:expr $(,)?) => {
        match &$peer {
            peer => {
                $crate::__private::set_term(peer, $term);
                $crate::role!(peer, $role)
            }
        }
    };
}

/// The peer gave its vote of its current term: `vote!(peer, candidate)`.
#[macro_export]
macro_rules! vote {
    ($peer:expr, $candidate:expr $(,)?) => { $crate::__event!(($peer) Vote "info" INFO "for" ($candidate)) };
}

/// The peer wrote entries into its log: `log_append!(peer, first_index, entries)`, entries being anything that yields
/// [`LogEntry`](crate::LogEntry)s. Many entries become several events.
#[macro_export]
macro_rules! log_append {
    ($peer:expr, $first:expr, $entries:expr $(,)?) => {
        $crate::__log_append!(($peer) LogAppend ($first) ($entries))
    };
}

/// What entries of a log become.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_append {
    (($peer:expr) $kind:ident $(.$restored:ident)? ($first:expr) ($entries:expr)) => {
        if $crate::__private::records($crate::__private::Kind::$kind) || $crate::__mirrors!("peerscope::log", DEBUG) {
            match &$peer {
                peer => $crate::__private::in_pieces($first, $entries, |first, entries| {
                    $crate::__event!((peer) $kind $(.$restored)? "debug" DEBUG "first" (first) "entries" (entries))
                }),
            }
        }
    };
}

/// What a restarted peer read back from its disk: `restored!(peer, term, vote, entries)`, `vote` being an `Option` and
/// `entries` the whole log from index 1. It is not a new deed, and counts as durable.
#[macro_export]
macro_rules! restored {
    ($peer:expr, $term:expr, $vote:expr, $entries:expr $(,)?) => {
        match &$peer {
            peer => {
                $crate::__private::set_term(peer, $term);
                $crate::__event!((peer) TermChange.restored "info" INFO);
                if ($crate::is_recording() || $crate::__mirrors!("peerscope::vote", INFO))
                    && let Some(vote) = $vote
                {
                    $crate::__event!((peer) Vote.restored "info" INFO "for" (vote));
                }
                $crate::__log_append!((peer) LogAppend.restored (1_u64) ($entries))
            }
        }
    };
}

/// The peer removed this index of its log and all behind it.
#[macro_export]
macro_rules! log_truncate {
    ($peer:expr, $from:expr $(,)?) => { $crate::__event!(($peer) LogTruncate "debug" DEBUG "from" ($from)) };
}

/// The peer's commit index is now this.
#[macro_export]
macro_rules! commit {
    ($peer:expr, $index:expr $(,)?) => { $crate::__event!(($peer) Commit "debug" DEBUG "index" ($index)) };
}

/// The peer applied an entry to its state machine: `apply!(peer, index, entry_term, digest)`.
#[macro_export]
macro_rules! apply {
    ($peer:expr, $index:expr, $term:expr, $digest:expr $(,)?) => {
        $crate::__event!(($peer) Apply "debug" DEBUG "index" ($index) "entry_term" ($term) "digest" ($digest))
    };
}

/// This state of the peer is durable now: `persist!(peer, term, vote, last_index)`, `vote` being an `Option`.
#[macro_export]
macro_rules! persist {
    ($peer:expr, $term:expr, $vote:expr, $last_index:expr $(,)?) => {
        $crate::__event!(
            ($peer) Persist "debug" DEBUG "durable_term" ($term) "vote" ($vote) "last_index" ($last_index)
        )
    };
}

/// The caller sends a request: `rpc_send!(peer, rpc, "Method", to)`, and further fields of `rpc.send` as `"name": value`
/// (`msg_term`, `last_index`, `last_term`, `prev_index`, `prev_term`, `count`, `leader_commit`).
///
/// The id must be unique in the whole run: one counter for all peers of a process, or `format!("{me}-{count}")`. Both ends
/// must know it, so it rides in the message.
///
/// ```
/// # let (caller, callee, granted) = (peerscope::Peer::new(0), peerscope::Peer::new(1), true);
/// let rpc = 7_u64;
/// peerscope::rpc_send!(caller, rpc, "RequestVote", 1, "msg_term": 3); // before it goes out
/// peerscope::rpc_recv!(callee, rpc, "RequestVote", 0, "msg_term": 3); // the handler, before it takes its lock
/// peerscope::rpc_reply!(callee, rpc, "granted": granted);             // the handler, before it answers
/// peerscope::rpc_return!(caller, rpc, "ok", "granted": granted);      // or "timeout", "dropped", "error"
/// peerscope::reply_used!(caller, "count the vote");                   // where the answer is acted on
/// ```
#[macro_export]
macro_rules! rpc_send {
    ($peer:expr, $rpc:expr, $method:expr, $to:expr $(, $name:literal: $value:expr)* $(,)?) => {
        $crate::__event!(($peer) RpcSend "debug" DEBUG "rpc" ($rpc) "method" ($method) "to" ($to) $($name ($value))*)
    };
}

/// The handler starts: `rpc_recv!(peer, rpc, "Method", from)`, and further fields.
#[macro_export]
macro_rules! rpc_recv {
    ($peer:expr, $rpc:expr, $method:expr, $from:expr $(, $name:literal: $value:expr)* $(,)?) => {
        $crate::__event!(($peer) RpcRecv "debug" DEBUG "rpc" ($rpc) "method" ($method) "from" ($from) $($name ($value))*)
    };
}

/// The handler answers: `rpc_reply!(peer, rpc)`, and further fields.
#[macro_export]
macro_rules! rpc_reply {
    ($peer:expr, $rpc:expr $(, $name:literal: $value:expr)* $(,)?) => {
        $crate::__event!(($peer) RpcReply "debug" DEBUG "rpc" ($rpc) $($name ($value))*)
    };
}

/// The caller has the outcome (`ok timeout error dropped`): `rpc_return!(peer, rpc, "ok")`, and further fields. The thread
/// remembers the RPC for [`reply_used!`](crate::reply_used).
#[macro_export]
macro_rules! rpc_return {
    ($peer:expr, $rpc:expr, $outcome:expr $(, $name:literal: $value:expr)* $(,)?) => {
        $crate::__event!(
            ($peer) RpcReturn "debug" DEBUG
            "rpc" ($crate::__private::remember_reply($rpc)) "outcome" ($outcome) $($name ($value))*
        )
    };
}

/// The caller acts on an answer (counts the vote, moves an index): `reply_used!(peer, "count vote")`, for the RPC that
/// returned last *on this thread*, or `reply_used!(peer, rpc, "count vote")` where the answer came in on another.
/// Stepping down because the answer carries a higher term is no use of it.
#[macro_export]
macro_rules! reply_used {
    ($peer:expr, $purpose:expr $(,)?) => {
        $crate::reply_used!($peer, $crate::__private::last_reply(), $purpose)
    };
    ($peer:expr, $rpc:expr, $purpose:expr $(,)?) => {
        $crate::__event!(($peer) ReplyUsed "debug" DEBUG "rpc" ($rpc) "purpose" ($purpose))
    };
}

/// What the test does now: `phase!(test, "disconnect leader {leader}")`.
#[macro_export]
macro_rules! phase {
    ($test:expr, $($name:tt)+) => {
        $crate::__event!(($test) TestPhase "info" INFO "name" ($crate::__private::Formatted::new(format_args!($($name)+))))
    };
}

/// A fault that the test or the network injects: `fault!(test, "disconnect", [1])`, and optionally a detail.
#[macro_export]
macro_rules! fault {
    ($scope:expr, $what:expr, $peers:expr $(,)?) => {
        $crate::__event!(($scope) Fault "info" INFO "what" ($what) "peers" ($peers))
    };
    ($scope:expr, $what:expr, $peers:expr, $detail:expr $(,)?) => {
        $crate::__event!(($scope) Fault "info" INFO "what" ($what) "peers" ($peers) "detail" ($detail))
    };
}

/// The program evaluated one of its own invariants: `invariant!(peer, "one vote a term", holds)`. Returns whether it holds.
#[macro_export]
macro_rules! invariant {
    ($peer:expr, $name:expr, $holds:expr $(,)?) => {{
        let holds: bool = $holds;
        if holds {
            $crate::__event!(($peer) Invariant "debug" DEBUG "name" ($name) "holds" (holds));
        } else {
            $crate::__event!(($peer) Invariant "warn" WARN "name" ($name) "holds" (holds));
        }
        holds
    }};
}
