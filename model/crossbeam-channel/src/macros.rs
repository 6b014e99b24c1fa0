//! `select!` and `select_biased!`.

/// Does one of several operations, any of those that are ready. Waits until one is, or for as long
/// as its `default` arm says.
///
/// The arms are `recv(receiver) -> result => ..`, `send(sender, message) -> result => ..`, and at
/// most one of `default => ..` and `default(timeout) => ..`. A message is evaluated only if its arm
/// is chosen.
#[macro_export]
macro_rules! select {
    // Behind the `@` are the arms that have been read, each with two names that no other has. Then
    // comes the arm for when none is ready, if there is one.
    (@ $new:ident $arms:tt $default:tt) => {
        $crate::select!(# $new $arms $default)
    };
    (@ $new:ident $arms:tt $default:tt , $($rest:tt)*) => {
        $crate::select!(@ $new $arms $default $($rest)*)
    };
    (@ $new:ident $arms:tt () default $(($($time:expr)?))? => $body:block $($rest:tt)*) => {
        $crate::select!(@ $new $arms [($($($time)?)?) $body] $($rest)*)
    };
    (@ $new:ident $arms:tt () default $(($($time:expr)?))? => $body:expr $(, $($rest:tt)*)?) => {
        $crate::select!(@ $new $arms [($($($time)?)?) { $body }] $($($rest)*)?)
    };
    (@ $new:ident [$($arms:tt)*] $default:tt
        $operation:ident($end:expr $(, $message:expr)? $(,)?) -> $result:pat => $body:block
        $($rest:tt)*
    ) => {
        $crate::select!(
            @ $new [$($arms)* ($operation end index ($end) ($($message)?) ($result) $body)]
            $default $($rest)*
        )
    };
    (@ $new:ident [$($arms:tt)*] $default:tt
        $operation:ident($end:expr $(, $message:expr)? $(,)?) -> $result:pat => $body:expr
        $(, $($rest:tt)*)?
    ) => {
        $crate::select!(
            @ $new [$($arms)* ($operation end index ($end) ($($message)?) ($result) { $body })]
            $default $($($rest)*)?
        )
    };
    (@ $new:ident $arms:tt $default:tt $($rest:tt)*) => {
        compile_error!(concat!("not an arm of a select: ", stringify!($($rest)*)))
    };
    (# $new:ident [$(
        ($operation:ident $end:ident $index:ident
            ($handle:expr) ($($message:expr)?) ($result:pat) $body:block)
    )*] $default:tt) => {{
        #[allow(unused_mut, reason = "there may be no operations")]
        let mut select = $crate::Select::$new();
        $(
            let $end = &$handle;
            let $index = select.$operation($end);
        )*
        $crate::select!(? select selected $default {
            let selected_index = selected.index();
            $(
                if selected_index == $index {
                    let result = selected.$operation($end $(, $message)?);
                    let $result = result;
                    $body
                } else
            )* {
                unreachable!("every operation has an arm")
            }
        })
    }};
    (? $select:ident $selected:ident () $done:block) => {{
        let $selected = $select.select();
        drop($select);
        $done
    }};
    (? $select:ident $selected:ident [() $body:block] $done:block) => {{
        let tried = $select.try_select();
        drop($select);
        match tried {
            Ok($selected) => $done,
            Err(_) => $body,
        }
    }};
    (? $select:ident $selected:ident [($time:expr) $body:block] $done:block) => {{
        let in_time = $select.select_timeout($time);
        drop($select);
        match in_time {
            Ok($selected) => $done,
            Err(_) => $body,
        }
    }};
    ($($arms:tt)*) => {
        $crate::select!(@ new [] () $($arms)*)
    };
}

/// As [`select!`], but of those that are ready it does the first.
#[macro_export]
macro_rules! select_biased {
    ($($arms:tt)*) => {
        $crate::select!(@ new_biased [] () $($arms)*)
    };
}
